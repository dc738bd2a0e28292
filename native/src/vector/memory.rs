//! Elements between memory, one after the other in 64-bit words, and lanes.

use ark_ff::{Fp, MontBackend, MontConfig};

use super::lanes::Lanes;
use super::modulus::{split, Modulus, BITS, LIMB};
use super::word::{Ifma, Word};
use super::LANES;

/// A field of four words as arkworks has it.
pub type Element<T> = Fp<MontBackend<T, 4>, 4>;

/// Four words of eight rows, word by word: lane i of the result's place j is rows[i][j].
#[inline(always)]
pub fn gather(ifma: Ifma, rows: [&[u64; 4]; LANES]) -> [Word; 4] {
    let first = ifma.load_halves(rows[0], rows[4]);
    let second = ifma.load_halves(rows[1], rows[5]);
    let third = ifma.load_halves(rows[2], rows[6]);
    let fourth = ifma.load_halves(rows[3], rows[7]);
    let (even_a, odd_a) = (first.even_lanes(second), first.odd_lanes(second));
    let (even_b, odd_b) = (third.even_lanes(fourth), third.odd_lanes(fourth));
    [
        even_a.permuted(even_b, &LOW_QUARTERS),
        odd_a.permuted(odd_b, &LOW_QUARTERS),
        even_a.permuted(even_b, &HIGH_QUARTERS),
        odd_a.permuted(odd_b, &HIGH_QUARTERS),
    ]
}

/// The inverse of [`gather`].
#[inline(always)]
pub fn scatter(words: [Word; 4], rows: [&mut [u64; 4]; LANES]) {
    let [a, b, c, d, e, f, g, h] = rows;
    let (even_a, even_b) = (words[0].permuted(words[2], &LOW_QUARTERS), words[0].permuted(words[2], &HIGH_QUARTERS));
    let (odd_a, odd_b) = (words[1].permuted(words[3], &LOW_QUARTERS), words[1].permuted(words[3], &HIGH_QUARTERS));
    even_a.even_lanes(odd_a).store_halves(a, e);
    even_a.odd_lanes(odd_a).store_halves(b, f);
    even_b.even_lanes(odd_b).store_halves(c, g);
    even_b.odd_lanes(odd_b).store_halves(d, h);
}

const LOW_QUARTERS: [u64; 8] = [0, 1, 8, 9, 4, 5, 12, 13];
const HIGH_QUARTERS: [u64; 8] = [2, 3, 10, 11, 6, 7, 14, 15];

/// Limbs of 2^shift times the numbers in these words; `shift` is at most 52 L - 64 N.
#[inline(always)]
fn unpack<const N: usize, const L: usize>(words: [Word; N], shift: u32) -> [Word; L] {
    let ifma = words[0].ifma();
    let mask = ifma.splat(LIMB);
    let mut limbs = [ifma.zero(); L];
    for i in 0..L {
        let start = i as u32 * BITS;
        limbs[i] = if start < shift {
            ifma.zero().funnel(words[0], 64 - (shift - start))
        } else {
            let (word, bit) = (((start - shift) / 64) as usize, (start - shift) % 64);
            let above = if word + 1 < N { words[word + 1] } else { ifma.zero() };
            if word < N {
                words[word].funnel(above, bit)
            } else {
                ifma.zero()
            }
        }
        .and(mask);
    }
    limbs
}

/// The inverse of [`unpack`] with shift 0, for limbs below 2^52.
#[inline(always)]
fn pack<const N: usize, const L: usize>(limbs: [Word; L]) -> [Word; N] {
    let ifma = limbs[0].ifma();
    let mut words = [ifma.zero(); N];
    for i in 0..N {
        let start = i as u32 * 64;
        let (limb, bit) = ((start / BITS) as usize, start % BITS);
        // The first limb without its low bits, and the next above it; both at the top of a word, then moved down.
        words[i] = limbs[limb].shifted_down(bit);
        if limb + 1 < L {
            words[i] = words[i].or(limbs[limb + 1].shifted_up(BITS - bit));
        }
        if limb + 2 < L && 2 * BITS - bit < 64 {
            words[i] = words[i].or(limbs[limb + 2].shifted_up(2 * BITS - bit));
        }
    }
    words
}

impl<T: MontConfig<4>> Lanes<T, 5> {
    /// The same element in every lane.
    #[inline(always)]
    pub fn splat(ifma: Ifma, element: &Element<T>) -> Self {
        Self::splat_limbs(ifma, split(element.0 .0))
    }

    /// The element itself, as a number, for constants that are no field elements in memory's form.
    #[inline(always)]
    pub fn load(ifma: Ifma, elements: &[Element<T>; LANES]) -> Self {
        Self::gather(ifma, elements.each_ref())
    }

    /// 16 times the elements: below 16 p, in the lanes' own Montgomery form.
    #[inline(always)]
    pub fn load_raised(ifma: Ifma, elements: &[Element<T>; LANES]) -> Self {
        Self::gather_raised(ifma, elements.each_ref())
    }

    #[inline(always)]
    pub fn gather(ifma: Ifma, elements: [&Element<T>; LANES]) -> Self {
        Self::new(unpack(gather(ifma, elements.map(|element| &element.0 .0)), 0))
    }

    #[inline(always)]
    pub fn gather_raised(ifma: Ifma, elements: [&Element<T>; LANES]) -> Self {
        Self::new(unpack(gather(ifma, elements.map(|element| &element.0 .0)), <T as Modulus<5>>::SHIFT))
    }

    /// From four words of each lane.
    #[inline(always)]
    pub fn from_words(words: [Word; 4]) -> Self {
        Self::new(unpack(words, 0))
    }

    #[inline(always)]
    pub fn from_words_raised(words: [Word; 4]) -> Self {
        Self::new(unpack(words, <T as Modulus<5>>::SHIFT))
    }

    /// Numbers below 2^256 as words.
    #[inline(always)]
    pub fn to_words(&self) -> [Word; 4] {
        pack(self.limbs)
    }

    /// Canonical numbers into memory.
    #[inline(always)]
    pub fn store(&self, elements: &mut [Element<T>; LANES]) {
        self.scatter(elements.each_mut());
    }

    #[inline(always)]
    pub fn scatter(&self, elements: [&mut Element<T>; LANES]) {
        scatter(self.to_words(), elements.map(|element| &mut element.0 .0));
    }
}
