//! Eight scalars cut into digits side by side: each step of [`Cutter`] in all lanes at once.

use ark_ff::PrimeField;

use super::cut::Cutter;
use crate::kernel::Kernel;
use crate::vector::memory::gather;
use crate::vector::{Ifma, Mask, Task, Word, LANES};

/// The instructions, and r.
#[derive(Clone, Copy)]
pub(super) struct Lanes {
    ifma: Ifma,
    modulus: [u64; 4],
}

impl Lanes {
    /// Where the kernel has them, for scalars of four words.
    pub(super) fn find<F: PrimeField>(kernel: Kernel) -> Option<Self> {
        let ifma = if kernel == Kernel::Ifma { Ifma::find() } else { None };
        Some(Self { ifma: ifma?, modulus: F::MODULUS.as_ref().try_into().ok()? })
    }

    /// As [`Cutter::cut`]; `out` has room for all digits and eight more.
    pub(super) fn cut<F: PrimeField, S>(
        self,
        cutter: &Cutter,
        scalars: &[S],
        integer: &impl Fn(&S) -> F::BigInt,
        first: u32,
        out: &mut [u64],
    ) -> usize {
        // A last block that is not whole has zeros in its place, which have no digits.
        let words = |scalar: &S| integer(scalar).as_ref().try_into().unwrap_or_default();
        self.ifma.run(Cutting { cutter, modulus: self.modulus, scalars, words, first, out })
    }
}

struct Cutting<'a, S, I> {
    cutter: &'a Cutter,
    modulus: [u64; 4],
    scalars: &'a [S],
    words: I,
    first: u32,
    out: &'a mut [u64],
}

impl<S, I: Fn(&S) -> [u64; 4]> Task for Cutting<'_, S, I> {
    type Output = usize;

    #[inline(always)]
    fn run(self, ifma: Ifma) -> usize {
        let Self { cutter, modulus, scalars, words, first, out } = self;
        let mut count = 0;
        for (block, scalars) in scalars.chunks(LANES).enumerate() {
            let mut rows = [[0; 4]; LANES];
            for (row, scalar) in rows.iter_mut().zip(scalars) {
                *row = words(scalar);
            }
            let first = u64::from(first) + (block * LANES) as u64;
            count += cut_eight(ifma, cutter, &modulus, &rows, first, &mut out[count..]);
        }
        count
    }
}

#[inline(always)]
fn cut_eight(
    ifma: Ifma,
    cutter: &Cutter,
    modulus: &[u64; 4],
    rows: &[[u64; 4]; LANES],
    first: u64,
    out: &mut [u64],
) -> usize {
    let (value, negative) = small(ifma, modulus, gather(ifma, rows.each_ref()));
    let limbs = raised(ifma, cutter, &value);
    let half = ifma.splat(1 << (cutter.width - 1));
    let top = ifma.splat(1 << 31);
    // The terms' lower halves but for the level: the indices, and minus where r - s was taken.
    let terms = ifma.splat(first).plus(ifma.load(&[0, 1, 2, 3, 4, 5, 6, 7]));
    let terms = terms.or(ifma.zero().replaced(negative, top));
    let mut count = 0;
    for place in &cutter.places[..cutter.windows(bits(&value))] {
        let above = limbs[(place.limb + 1) % limbs.len()];
        let window = limbs[place.limb % limbs.len()].funnel(above, place.shift);
        let digit = window.and(ifma.splat(u64::from(place.mask))).minus(half);
        let bucket = ifma.splat(u64::from(place.bucket)).plus(digit.absolute());
        let term = ifma.splat(u64::from(place.index)).plus(terms).xor(digit.and(top));
        let filled = !digit.zeros();
        let Some(room) = out[count..].first_chunk_mut() else { unreachable!("there is room for all digits and eight") };
        bucket.shift_left::<32>().or(term).compressed(filled).store(room);
        count += filled.count_ones() as usize;
    }
    count
}

/// s or r - s, whichever is below r/2, and the lanes where it is r - s.
#[inline(always)]
fn small(ifma: Ifma, modulus: &[u64; 4], value: [Word; 4]) -> ([Word; 4], Mask) {
    let one = ifma.splat(1);
    let (mut opposite, mut borrow) = (value, 0);
    for i in 0..4 {
        let modulus = ifma.splat(modulus[i]);
        opposite[i] = modulus.minus(value[i]).minus_where(borrow, one);
        borrow = modulus.below(value[i]) | modulus.equals(value[i]) & borrow;
    }
    let mut negative = 0;
    for i in 0..4 {
        negative = opposite[i].below(value[i]) | opposite[i].equals(value[i]) & negative;
    }
    for i in 0..4 {
        opposite[i] = value[i].replaced(negative, opposite[i]);
    }
    (opposite, negative)
}

/// With half of a digit's range added to each digit.
#[inline(always)]
fn raised(ifma: Ifma, cutter: &Cutter, value: &[Word; 4]) -> [Word; 8] {
    let mut limbs = [ifma.zero(); 8];
    let (mut carry, minus_one) = (0, ifma.splat(u64::MAX));
    for i in 0..8 {
        let half = ifma.splat(cutter.halves[i]);
        let sum = if i < 4 { value[i].plus(half) } else { half };
        limbs[i] = sum.minus_where(carry, minus_one);
        // A sum that was carried into is zero where that ran over, and where nothing did, it is not.
        carry = sum.below(half) | limbs[i].zeros() & carry;
    }
    limbs
}

/// Bits of the longest.
#[inline(always)]
fn bits(value: &[Word; 4]) -> usize {
    for i in (0..4).rev() {
        if value[i].zeros() != Mask::MAX {
            let all = value[i].to_array().into_iter().fold(0, |all, word| all | word);
            return 64 * (i + 1) - all.leading_zeros() as usize;
        }
    }
    0
}
