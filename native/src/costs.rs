//! What one operation costs on this processor with the kernel in use, and how many a sum needs at the least: together
//! the floor that a proof's times are held against.
//!
//! Costs are the least of several short runs on one thread over data that lies in its nearest caches, so that what the
//! rest of the machine does at the time is left out as far as possible.

use std::hint::black_box;
use std::time::Instant;

use ark_ff::{BigInteger, PrimeField};
use rayon::prelude::*;

use crate::affine::{BulkCurve, Room, Stored, Term};
use crate::error::Error;
use crate::kernel::kernel;
use crate::ntt::{Domain, Transformed};

/// Runs of which the fastest counts.
const RUNS: usize = 12;
/// Values that fill half of a first cache, as its users have them beside tables.
const VALUES: usize = 512;
/// Sizes of transforms, the larger of which lie in a second cache and begin and end less often.
const SIZES: [usize; 3] = [VALUES, 4 * VALUES, 16 * VALUES];
const POINTS: usize = 1024;
const PAIRS: usize = 2048;
/// Widths of digits of which the best is taken; wider ones need more buckets than any circuit has terms.
const WIDTHS: std::ops::RangeInclusive<usize> = 2..=20;

/// Seconds for one field product, where many wait for none of each other.
pub fn product<F: PrimeField>() -> f64 {
    let mut values: Vec<F> = (0..VALUES as u64).map(|i| F::from(i + 3).pow([1 << 20])).collect();
    let factor = values[7];
    least(8 * VALUES, || {
        for _ in 0..8 {
            for value in black_box(&mut values) {
                *value *= &factor;
            }
        }
    })
}

/// Seconds for one butterfly: a product, a sum and a difference, as transforms do them, at the size at which they are
/// the fastest.
pub fn butterfly<F: Transformed>() -> Result<f64, Error> {
    SIZES.iter().try_fold(f64::INFINITY, |fastest, &size| Ok(fastest.min(butterfly_of::<F>(size)?)))
}

fn butterfly_of<F: Transformed>(size: usize) -> Result<f64, Error> {
    let domain = Domain::<F>::new(size)?;
    let mut values: Vec<F> = (0..size as u64).map(|i| F::from(i + 3).pow([1 << 20])).collect();
    let mut run = || domain.interpolate(black_box(&mut values));
    run()?;
    Ok(least(size / 2 * size.ilog2() as usize, || {
        let _ = run();
    }))
}

/// Seconds for one addition of affine points, of many at a time.
pub fn addition<C: BulkCurve>() -> f64 {
    let adder = C::adder(kernel());
    let mut room = Room::new();
    let mut points = vec![C::store(&C::GENERATOR)];
    while points.len() < POINTS {
        // The multiples 1, 2, 3 ... of the generator, so that hardly any pair below is of equal or opposite points.
        let last = points.len() - 1;
        let pairs: Vec<_> = (0..=last).map(|i| [Term::plus(i), Term::plus(last)]).collect();
        let mut sums = vec![C::Point::INFINITY; pairs.len()];
        adder.add_pairs(&points, &pairs, &mut sums, &mut room);
        points.extend(sums);
    }
    let pairs: Vec<_> =
        (0..PAIRS).map(|i| [Term::plus(i * 5 % POINTS), Term::minus((i * 3 + i / POINTS + 1) % POINTS)]).collect();
    let mut sums = vec![C::Point::INFINITY; PAIRS];
    least(PAIRS, || adder.add_pairs(black_box(&points), &pairs, &mut sums, &mut room))
}

/// The fewest additions for the sum of such multiples, if all multiples of the points by powers of two are known ahead.
///
/// With digits of c bits that is one for each digit that is not zero, and two for each of the 2^(c - 1) buckets; a
/// bucket's first term costs nothing. The best c is taken.
pub fn fewest_additions<F: PrimeField>(scalars: &[F::BigInt]) -> usize {
    let digits = scalars
        .par_iter()
        .with_min_len(1024)
        .fold(|| [0; 21], add_digits::<F>)
        .reduce(|| [0; 21], |a, b| std::array::from_fn(|i| a[i] + b[i]));
    WIDTHS.map(|width| digits[width] + (1 << width).min(digits[width])).min().unwrap_or_default()
}

/// The digits that are not zero, for each width, of the smaller of a scalar and its negative.
fn add_digits<F: PrimeField>(mut counts: [usize; 21], scalar: &F::BigInt) -> [usize; 21] {
    let mut negative = F::MODULUS;
    negative.sub_with_borrow(scalar);
    let value = negative.min(*scalar);
    if value.is_zero() {
        return counts;
    }
    let limbs = value.as_ref();
    let bits = value.num_bits() as usize;
    for width in WIDTHS {
        let mut carry = 0;
        let mut place = 0;
        while place < bits || carry != 0 {
            let digit = (bits_at(limbs, place) & ((1 << width) - 1)) + carry;
            carry = u64::from(digit > 1 << (width - 1));
            counts[width] += usize::from(digit != 0 && digit != 1 << width);
            place += width;
        }
    }
    counts
}

/// The 64 bits from a place on; beyond the end they are zeros.
fn bits_at(limbs: &[u64], place: usize) -> u64 {
    let (limb, shift) = (place / 64, place % 64);
    let low = limbs.get(limb).map_or(0, |limb| limb >> shift);
    let high = limbs.get(limb + 1).map_or(0, |limb| if shift == 0 { 0 } else { limb << (64 - shift) });
    low | high
}

/// Seconds for one of so many operations, in the fastest run.
fn least(operations: usize, mut run: impl FnMut()) -> f64 {
    let timed = (0..RUNS).map(|_| {
        let started = Instant::now();
        run();
        started.elapsed().as_secs_f64()
    });
    timed.fold(f64::INFINITY, f64::min) / operations as f64
}

#[cfg(test)]
mod tests {
    use ark_ff::{Field, UniformRand};
    use ark_std::test_rng;

    use super::*;
    use crate::instance::{Fr, G1, G2};

    #[test]
    fn costs_are_times() {
        let costs = [product::<Fr>(), butterfly::<Fr>().unwrap(), addition::<G1>(), addition::<G2>()];
        assert!(costs.iter().all(|cost| cost.is_finite() && *cost > 0.0), "{costs:?}");
    }

    #[test]
    fn digits_add_up_to_the_scalar() {
        let mut rng = test_rng();
        let mut scalars: Vec<Fr> = (0..50).map(|_| Fr::rand(&mut rng)).collect();
        scalars.extend([Fr::ONE, -Fr::ONE, Fr::from(2).pow([250]), Fr::from(u64::MAX), Fr::from(1 << 19)]);
        for scalar in scalars {
            let counts = add_digits::<Fr>([0; 21], &scalar.into_bigint());
            for width in WIDTHS {
                assert_eq!(counts[width], by_definition(scalar, width), "{scalar} in {width} bits");
            }
        }
    }

    /// Digit by digit off the lower end, in field arithmetic.
    fn by_definition(scalar: Fr, width: usize) -> usize {
        let small = if scalar.into_bigint() <= (-scalar).into_bigint() { scalar } else { -scalar };
        let (base, mut rest, mut count) = (1_i64 << width, small, 0);
        while rest != Fr::from(0) {
            let low = (rest.into_bigint().as_ref()[0] & (base as u64 - 1)) as i64;
            let digit = if low > base / 2 { low - base } else { low };
            count += usize::from(digit != 0);
            let shifted = if digit < 0 { rest + Fr::from(-digit as u64) } else { rest - Fr::from(digit as u64) };
            let mut whole = shifted.into_bigint();
            whole >>= width as u32;
            rest = Fr::from_bigint(whole).unwrap();
        }
        count
    }

    #[test]
    fn what_a_sum_costs_at_the_least() {
        let fewest =
            |scalars: &[Fr]| fewest_additions::<Fr>(&scalars.iter().map(|s| s.into_bigint()).collect::<Vec<_>>());
        assert_eq!(fewest(&[]), 0);
        assert_eq!(fewest(&[Fr::from(0); 9]), 0);
        // Ones all fall into one bucket of the narrowest digits.
        assert_eq!(fewest(&[Fr::ONE; 100]), 104);
        let mut rng = test_rng();
        let dense: Vec<Fr> = (0..1 << 12).map(|_| Fr::rand(&mut rng)).collect();
        let additions = fewest(&dense);
        assert!((80_000..110_000).contains(&additions), "{additions}");
    }
}
