//! The digits of scalars, sorted by bucket: which points are added to which bucket, for any points with these scalars.

use ark_ff::{BigInteger, PrimeField};
use rayon::prelude::*;

use super::shape::Shape;
use crate::affine::Term;
use crate::error::Error;

/// Scalars that are cut into digits at a time: their digits stay in a core's second cache.
const PART: usize = 2048;
/// Buckets that are told apart in the second pass of sorting, in bits.
const FINE: u32 = 8;

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
        let places: Vec<Place> = (0..shape.windows()).map(|window| Place::new(window, points, &shape)).collect();
        let bins = shape.buckets().div_ceil(1 << FINE);
        let parts: Vec<Part> = scalars
            .par_chunks(PART)
            .enumerate()
            .map(|(part, scalars)| Part::new::<F>(scalars.iter().map(&integer), part * PART, &places, &shape, bins))
            .collect();
        let mut starts = vec![0; shape.buckets() + 1];
        let total = parts.iter().map(|part| part.entries.len()).sum();
        let mut terms = vec![Term::NONE; total];
        starts[shape.buckets()] = total as u32;
        let mut rest = terms.as_mut_slice();
        let mut base = 0;
        let mut tasks = Vec::with_capacity(bins);
        for (bin, starts) in starts[..shape.buckets()].chunks_mut(1 << FINE).enumerate() {
            let count = parts.iter().map(|part| part.bin(bin).len()).sum();
            let (here, after) = rest.split_at_mut(count);
            rest = after;
            tasks.push((bin, base, starts, here));
            base += count as u32;
        }
        tasks.into_par_iter().with_min_len(bins.div_ceil(64)).for_each(|(bin, base, starts, terms)| {
            sort_bin(parts.iter().map(|part| part.bin(bin)), base, starts, terms);
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

/// Where a window's digits go: the first bucket of its set, and the first index of its level.
struct Place {
    bucket: u32,
    index: u32,
}

impl Place {
    fn new(window: usize, points: usize, shape: &Shape) -> Self {
        let (level, set) = (window / shape.sets(), window % shape.sets());
        Self { bucket: (set * shape.buckets_of_set()) as u32, index: (level * points) as u32 }
    }
}

/// Digits of some scalars, ordered by bin, which is the upper bits of the bucket: bucket << 32 | term.
struct Part {
    entries: Vec<u64>,
    starts: Vec<u32>,
}

impl Part {
    fn new<F: PrimeField>(
        scalars: impl ExactSizeIterator<Item = F::BigInt>,
        first: usize,
        places: &[Place],
        shape: &Shape,
        bins: usize,
    ) -> Self {
        let mut digits = vec![0; scalars.len() * places.len() + 1];
        let mut count = 0;
        for (index, scalar) in scalars.enumerate() {
            count += cut::<F>(scalar, (first + index) as u32, places, shape.width(), &mut digits[count..]);
        }
        let digits = &digits[..count];
        let bin = |entry: u64| (entry >> (32 + FINE)) as usize;
        let mut starts = vec![0; bins + 1];
        for &entry in digits {
            starts[bin(entry) + 1] += 1;
        }
        for bin in 0..bins {
            starts[bin + 1] += starts[bin];
        }
        let mut next = starts.clone();
        let mut entries = vec![0; count];
        for &entry in digits {
            let place = &mut next[bin(entry)];
            entries[*place as usize] = entry;
            *place += 1;
        }
        Self { entries, starts }
    }

    fn bin(&self, bin: usize) -> &[u64] {
        &self.entries[self.starts[bin] as usize..self.starts[bin + 1] as usize]
    }
}

/// Write the digits of one scalar that are not zero, and say how many they are. There is no branch on a digit, which
/// would be guessed wrongly half of the time.
#[inline(always)]
fn cut<F: PrimeField>(mut value: F::BigInt, index: u32, places: &[Place], width: usize, out: &mut [u64]) -> usize {
    let negative = value > F::MODULUS_MINUS_ONE_DIV_TWO;
    if negative {
        let mut opposite = F::MODULUS;
        opposite.sub_with_borrow(&value);
        value = opposite;
    }
    let (limbs, bits) = (value.as_ref(), value.num_bits() as usize);
    let half = 1u32 << (width - 1);
    let (mut carry, mut count) = (0, 0);
    for (window, place) in places.iter().enumerate() {
        let low = window * width;
        if low >= bits && carry == 0 {
            break;
        }
        let digit = bits_at(limbs, low, width) + carry;
        carry = u32::from(digit > half);
        let size = if carry == 1 { 2 * half - digit } else { digit };
        let term = (place.index + index) | (u32::from(negative) ^ carry) << 31;
        let bucket = place.bucket.wrapping_add(size.wrapping_sub(1));
        out[count] = u64::from(bucket) << 32 | u64::from(term);
        count += usize::from(size != 0);
    }
    count
}

/// Up to 20 bits from `low` on; beyond the last limb all are zero.
#[inline(always)]
fn bits_at(limbs: &[u64], low: usize, width: usize) -> u32 {
    let limb = |index: usize| limbs.get(index).copied().unwrap_or(0);
    let (first, shift) = (low / 64, low % 64);
    let pair = u128::from(limb(first + 1)) << 64 | u128::from(limb(first));
    (pair >> shift) as u32 & ((1 << width) - 1)
}

/// Sort the entries of one bin by bucket.
fn sort_bin<'a>(entries: impl Iterator<Item = &'a [u64]> + Clone, base: u32, starts: &mut [u32], terms: &mut [Term]) {
    let fine = |entry: u64| (entry >> 32) as usize & ((1 << FINE) - 1);
    let mut next = [0u32; 1 << FINE];
    for &entry in entries.clone().flatten() {
        next[fine(entry)] += 1;
    }
    let mut end = 0;
    for (next, start) in next.iter_mut().zip(starts) {
        *start = base + end;
        let count = *next;
        *next = end;
        end += count;
    }
    for &entry in entries.flatten() {
        let place = &mut next[fine(entry)];
        terms[*place as usize] = Term(entry as u32);
        *place += 1;
    }
}
