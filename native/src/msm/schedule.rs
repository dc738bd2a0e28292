//! The digits of scalars, sorted by bucket: which points are added to which bucket, for any points with these scalars.

use ark_ff::PrimeField;
use rayon::iter::repeat_n;
use rayon::prelude::*;

use super::cut::Cutter;
use super::shape::Shape;
use crate::affine::{Room, Term};
use crate::error::Error;
use crate::kernel::{kernel, Kernel};

/// Scalars that are cut into digits at a time, at the most: their digits stay in a core's second cache.
const PART: usize = 2048;
/// And at the least, so that the threads share few scalars as well.
const SMALLEST: usize = 256;
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
        Self::build::<F, F>(kernel(), scalars, shape, |scalar| scalar.into_bigint())
    }

    /// The same from the integers below the modulus, as witnesses have them.
    pub fn of_integers<F: PrimeField>(scalars: &[F::BigInt], shape: Shape) -> Result<Self, Error> {
        Self::by::<F>(kernel(), scalars, shape)
    }

    /// The same with a given kernel's instructions. Terms of a bucket may come in another order.
    pub fn by<F: PrimeField>(kernel: Kernel, scalars: &[F::BigInt], shape: Shape) -> Result<Self, Error> {
        Self::build::<F, F::BigInt>(kernel, scalars, shape, |scalar| *scalar)
    }

    fn build<F: PrimeField, S: Sync>(
        kernel: Kernel,
        scalars: &[S],
        shape: Shape,
        integer: impl Fn(&S) -> F::BigInt + Sync,
    ) -> Result<Self, Error> {
        let points = scalars.len();
        if points.saturating_mul(shape.windows()) >= Term::MOST {
            return Err(Error::Count { what: "scalar", expected: Term::MOST / shape.windows(), found: points });
        }
        let cutter = Cutter::new::<F>(kernel, points, &shape);
        let bins = shape.buckets().div_ceil(1 << FINE);
        let part_size = points.div_ceil(rayon::current_num_threads()).clamp(SMALLEST, PART);
        let parts: Vec<Part> = scalars
            .par_chunks(part_size)
            .enumerate()
            .map(|(part, scalars)| Part::new::<F, S>(scalars, &integer, part * part_size, &cutter, bins))
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

/// Digits of some scalars, ordered by bin, which is the upper bits of the bucket: the terms, and the buckets' lower bits.
struct Part {
    terms: Vec<Term>,
    fine: Vec<u8>,
    starts: Vec<u32>,
}

impl Part {
    fn new<F: PrimeField, S>(
        scalars: &[S],
        integer: &impl Fn(&S) -> F::BigInt,
        first: usize,
        cutter: &Cutter,
        bins: usize,
    ) -> Self {
        Room::of_thread(|room| {
            let digits = cutter.cut::<F, S>(scalars, integer, first as u32, room.of());
            Self::sorted(digits, bins)
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
    use ark_ff::UniformRand;

    use super::*;
    use crate::instance::Fr;

    /// Each digit is found under its bucket once, whatever cuts it, and by however many threads.
    #[test]
    fn terms_are_sorted_by_bucket() {
        let rng = &mut ark_std::test_rng();
        for (width, levels) in [(2, 1000), (8, 3), (9, 1000), (10, 1000), (13, 1)] {
            for count in [0, 1, 8, SMALLEST - 1, SMALLEST, SMALLEST + 1, 2 * SMALLEST + 7, PART, PART + 1, 3 * PART + 5]
            {
                let shape = Shape::new::<Fr>(width, levels);
                let scalars: Vec<_> = (0..count).map(|_| Fr::rand(rng).into_bigint()).collect();
                let integer = |scalar: &<Fr as PrimeField>::BigInt| *scalar;
                let mut expected = Vec::new();
                let cutter = Cutter::new::<Fr>(Kernel::Portable, count, &shape);
                let expected = cutter.cut::<Fr, _>(&scalars, &integer, 0, &mut expected);
                let mut expected: Vec<_> =
                    expected.iter().map(|digit| ((digit >> 32) as usize, *digit as u32)).collect();
                expected.sort_unstable();
                for (kernel, threads) in Kernel::available().flat_map(|kernel| [(kernel, 1), (kernel, 2)]) {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
                    let schedule = pool.install(|| Schedule::by::<Fr>(kernel, &scalars, shape)).expect("few scalars");
                    let term = |bucket| move |term: &Term| (bucket, term.0);
                    let terms = |bucket| schedule.terms(bucket).iter().map(term(bucket));
                    let mut found: Vec<_> = (0..shape.buckets()).flat_map(terms).collect();
                    found.sort_unstable();
                    assert!(found == expected, "{kernel}, {threads} threads, width {width}, {count} scalars");
                    assert_eq!(schedule.len(), expected.len());
                }
            }
        }
    }

    /// Nothing is allocated for more digits than terms can tell apart; a slice of nothings stands for the scalars.
    #[test]
    fn more_digits_than_terms_are_refused() {
        let shape = Shape::new::<Fr>(20, 1);
        let count = Term::MOST / shape.windows() + 1;
        let scalars = [(); usize::MAX];
        let found =
            Schedule::build::<Fr, ()>(kernel(), &scalars[..count], shape, |()| unreachable!("a scalar was read"));
        assert_eq!(found.err(), Some(Error::Count { what: "scalar", expected: count - 1, found: count }));
        let found = Schedule::build::<Fr, ()>(kernel(), &scalars, shape, |()| unreachable!("a scalar was read"));
        assert_eq!(found.err(), Some(Error::Count { what: "scalar", expected: count - 1, found: usize::MAX }));
    }
}
