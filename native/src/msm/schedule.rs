//! The digits of scalars, sorted by bucket: which points are added to which bucket, for any points with these scalars.

use ark_ff::{BigInteger, PrimeField};
use rayon::iter::repeat_n;
use rayon::prelude::*;

use super::shape::Shape;
use crate::affine::{Room, Term};
use crate::error::Error;

/// Scalars that are cut into digits at a time: their digits stay in a core's second cache.
const PART: usize = 2048;
/// Buckets that are told apart in the second pass of sorting, in bits: those of a byte.
const FINE: u32 = u8::BITS;
/// Terms that one thread makes room for at least.
const GRAIN: usize = 1 << 16;

/// The terms of each bucket.
pub struct Schedule {
    shape: Shape,
    points: usize,
    /// Where the terms of each bucket start, and the end of all.
    starts: Vec<u32>,
    terms: Vec<Term>,
}

impl Schedule {
    /// The schedule of sum scalars[i] P_i, where level j of P_i is found at index j n + i of n points' table.
    pub fn new<F: PrimeField>(scalars: &[F], shape: Shape) -> Result<Self, Error> {
        Self::build::<F, F>(scalars, shape, |scalar| scalar.into_bigint())
    }

    /// The same from the integers below the modulus, as witnesses have them.
    pub fn of_integers<F: PrimeField>(scalars: &[F::BigInt], shape: Shape) -> Result<Self, Error> {
        Self::build::<F, F::BigInt>(scalars, shape, |scalar| *scalar)
    }

    fn build<F: PrimeField, S: Sync>(
        scalars: &[S],
        shape: Shape,
        integer: impl Fn(&S) -> F::BigInt + Sync,
    ) -> Result<Self, Error> {
        let points = scalars.len();
        if points.saturating_mul(shape.windows()) >= Term::MOST {
            return Err(Error::Count { what: "scalar", expected: Term::MOST / shape.windows(), found: points });
        }
        let cutter = Cutter::new::<F>(points, &shape);
        let bins = shape.buckets().div_ceil(1 << FINE);
        let parts: Vec<Part> = scalars
            .par_chunks(PART)
            .enumerate()
            .map(|(part, scalars)| Part::new::<F>(scalars.iter().map(&integer), part * PART, &cutter, bins))
            .collect();
        let mut starts = vec![0; shape.buckets() + 1];
        let total = parts.iter().map(|part| part.terms.len()).sum();
        let mut terms: Vec<Term> = repeat_n(Term::NONE, total).with_min_len(GRAIN).collect();
        starts[shape.buckets()] = total as u32;
        let mut rest = terms.as_mut_slice();
        let mut base = 0;
        let mut tasks = Vec::with_capacity(bins);
        for (bin, starts) in starts[..shape.buckets()].chunks_mut(1 << FINE).enumerate() {
            let count = parts.iter().map(|part| part.bin(bin).0.len()).sum();
            let (here, after) = rest.split_at_mut(count);
            rest = after;
            tasks.push((bin, base, starts, here));
            base += count as u32;
        }
        tasks.into_par_iter().with_min_len(bins.div_ceil(64)).for_each(|(bin, base, starts, terms)| {
            sort_bin(&parts, bin, base, starts, terms);
        });
        Ok(Self { shape, points, starts, terms })
    }

    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many points it is made for.
    pub fn points(&self) -> usize {
        self.points
    }

    /// Digits that are not zero: additions that a sum costs, beside those of the buckets.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// What is added to a bucket.
    #[inline(always)]
    pub fn terms(&self, bucket: usize) -> &[Term] {
        &self.terms[self.starts[bucket] as usize..self.starts[bucket + 1] as usize]
    }
}

/// Where a window's bits are found, and where its digits go: the bucket before the first of its set, and the first index
/// of its level.
struct Place {
    limb: usize,
    shift: u32,
    mask: u32,
    bucket: u32,
    index: u32,
}

impl Place {
    fn new(window: usize, points: usize, shape: &Shape) -> Self {
        let (level, set) = (window / shape.sets(), window % shape.sets());
        let low = window * shape.width();
        Self {
            limb: low / 64,
            shift: (low % 64) as u32,
            // What runs over in the last window stays in it.
            mask: if window + 1 == shape.windows() { u32::MAX } else { (1 << shape.width()) - 1 },
            bucket: ((set * shape.buckets_of_set()) as u32).wrapping_sub(1),
            index: (level * points) as u32,
        }
    }
}

/// Limbs of a small scalar with all digits raised, and zeros beyond.
type Limbs = [u64; 8];

/// How scalars are cut into digits of one shape: with half of a digit's range added to each digit, the carries are those
/// of one addition of integers, and the digits are the windows' bits less that half.
struct Cutter {
    width: usize,
    places: Vec<Place>,
    halves: Limbs,
}

impl Cutter {
    fn new<F: PrimeField>(points: usize, shape: &Shape) -> Self {
        const { assert!(<F::BigInt as BigInteger>::NUM_LIMBS + 2 <= size_of::<Limbs>() / 8, "a limb to run over into") };
        let mut halves = [0; 8];
        for window in 0..shape.windows() {
            let bit = window * shape.width() + shape.width() - 1;
            halves[bit / 64] |= 1 << (bit % 64);
        }
        let places = (0..shape.windows()).map(|window| Place::new(window, points, shape)).collect();
        Self { width: shape.width(), places, halves }
    }

    /// Write the digits of one scalar that are not zero, as bucket << 32 | term, and say how many they are. There is no
    /// branch on a digit, which would be guessed wrongly half of the time.
    #[inline(always)]
    fn cut<F: PrimeField>(&self, mut value: F::BigInt, index: u32, out: &mut [u64]) -> usize {
        let negative = value > F::MODULUS_MINUS_ONE_DIV_TWO;
        if negative {
            let mut opposite = F::MODULUS;
            opposite.sub_with_borrow(&value);
            value = opposite;
        }
        let mut limbs = self.halves;
        let mut carry = 0;
        for (limb, part) in limbs.iter_mut().zip(value.as_ref().iter().chain(std::iter::repeat(&0))) {
            let sum = u128::from(*limb) + u128::from(*part) + carry;
            (*limb, carry) = (sum as u64, sum >> 64);
        }
        // The digits of k windows reach (2^(width - 1) - 1) (2^(width k) - 1) / (2^width - 1) >= 2^(width k - 2), so that
        // nothing is carried beyond these.
        let windows = (value.num_bits() as usize + 2).div_ceil(self.width).min(self.places.len());
        let windows = if value.is_zero() { 0 } else { windows };
        let half = 1 << (self.width - 1);
        let mut count = 0;
        for place in &self.places[..windows] {
            let pair = u128::from(limbs[(place.limb + 1) % 8]) << 64 | u128::from(limbs[place.limb % 8]);
            let digit = ((pair >> place.shift) as u32 & place.mask) as i32 - half;
            let sign = (digit < 0) != negative;
            let bucket = place.bucket.wrapping_add(digit.unsigned_abs());
            out[count] = u64::from(bucket) << 32 | u64::from(sign) << 31 | u64::from(place.index + index);
            count += usize::from(digit != 0);
        }
        count
    }
}

/// Digits of some scalars, ordered by bin, which is the upper bits of the bucket: the terms, and the buckets' lower bits.
struct Part {
    terms: Vec<Term>,
    fine: Vec<u8>,
    starts: Vec<u32>,
}

impl Part {
    fn new<F: PrimeField>(
        scalars: impl ExactSizeIterator<Item = F::BigInt>,
        first: usize,
        cutter: &Cutter,
        bins: usize,
    ) -> Self {
        let most = scalars.len() * cutter.places.len() + 1;
        Room::of_thread(|room| {
            let digits: &mut Vec<u64> = room.of();
            digits.resize(most.max(digits.len()), 0);
            let mut count = 0;
            for (index, scalar) in scalars.enumerate() {
                count += cutter.cut::<F>(scalar, (first + index) as u32, &mut digits[count..]);
            }
            Self::sorted(&digits[..count], bins)
        })
    }

    fn sorted(digits: &[u64], bins: usize) -> Self {
        let bin = |entry: u64| (entry >> (32 + FINE)) as usize;
        let mut starts = vec![0; bins + 1];
        for &entry in digits {
            starts[bin(entry) + 1] += 1;
        }
        for bin in 0..bins {
            starts[bin + 1] += starts[bin];
        }
        let mut next = starts.clone();
        let (mut terms, mut fine) = (vec![Term::NONE; digits.len()], vec![0; digits.len()]);
        for &entry in digits {
            let place = &mut next[bin(entry)];
            terms[*place as usize] = Term(entry as u32);
            fine[*place as usize] = (entry >> 32) as u8;
            *place += 1;
        }
        Self { terms, fine, starts }
    }

    fn bin(&self, bin: usize) -> (&[Term], &[u8]) {
        let range = self.starts[bin] as usize..self.starts[bin + 1] as usize;
        (&self.terms[range.clone()], &self.fine[range])
    }
}

/// Sort the entries of one bin by bucket.
fn sort_bin(parts: &[Part], bin: usize, base: u32, starts: &mut [u32], terms: &mut [Term]) {
    let mut next = [0u32; 1 << FINE];
    for part in parts {
        for &fine in part.bin(bin).1 {
            next[usize::from(fine)] += 1;
        }
    }
    let mut end = 0;
    for next in &mut next {
        (*next, end) = (end, end + *next);
    }
    for (start, next) in starts.iter_mut().zip(next) {
        *start = base + next;
    }
    for part in parts {
        let (from, fine) = part.bin(bin);
        for (term, &fine) in from.iter().zip(fine) {
            let place = &mut next[usize::from(fine)];
            terms[*place as usize] = *term;
            *place += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Fr;

    /// Nothing is allocated for more digits than terms can tell apart; a slice of nothings stands for the scalars.
    #[test]
    fn more_digits_than_terms_are_refused() {
        let shape = Shape::new::<Fr>(20, 1);
        let count = Term::MOST / shape.windows() + 1;
        let scalars = [(); usize::MAX];
        let found = Schedule::build::<Fr, ()>(&scalars[..count], shape, |()| unreachable!("a scalar was read"));
        assert_eq!(found.err(), Some(Error::Count { what: "scalar", expected: count - 1, found: count }));
        let found = Schedule::build::<Fr, ()>(&scalars, shape, |()| unreachable!("a scalar was read"));
        assert_eq!(found.err(), Some(Error::Count { what: "scalar", expected: count - 1, found: usize::MAX }));
    }
}
