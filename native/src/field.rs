//! Vectors over a prime field: elementwise operations, powers, and Montgomery form.

use ark_ff::{BigInteger, PrimeField};
use rayon::prelude::*;

use crate::error::Error;

const GRAIN: usize = 1024;

/// Elementwise `operation`; the vectors must be equally long.
pub fn elementwise<F: PrimeField>(
    mut a: Vec<F>,
    b: &[F],
    operation: impl Fn(&mut F, &F) + Sync,
) -> Result<Vec<F>, Error> {
    if a.len() != b.len() {
        return Err(Error::Count { what: "scalar", expected: a.len(), found: b.len() });
    }
    a.par_iter_mut().zip(b).with_min_len(GRAIN).for_each(|(x, y)| operation(x, y));
    Ok(a)
}

/// Elementwise inverses, one inversion per task; the first zero is an error.
pub fn inverses<F: PrimeField>(mut values: Vec<F>) -> Result<Vec<F>, Error> {
    if let Some(index) = values.iter().position(|value| value.is_zero()) {
        return Err(Error::NoInverse { index });
    }
    ark_ff::batch_inversion(&mut values);
    Ok(values)
}

/// scale * base^i for i below `count`.
pub fn powers<F: PrimeField>(base: F, count: usize, scale: F) -> Vec<F> {
    let mut out = vec![F::zero(); count];
    out.par_chunks_mut(GRAIN).enumerate().for_each(|(chunk, values)| {
        let mut power = scale * base.pow([(chunk * GRAIN) as u64]);
        for value in values {
            *value = power;
            power *= base;
        }
    });
    out
}

/// x -> x * R with R = 2^(64 * limbs), the form iden3's files use inside.
pub fn to_montgomery<F: PrimeField>(values: &mut [F]) {
    scale(values, montgomery_radix());
}

/// x -> x / R.
pub fn from_montgomery<F: PrimeField>(values: &mut [F]) {
    // R is a power of two and the modulus is odd, so an inverse exists.
    scale(values, montgomery_radix::<F>().inverse().unwrap_or_default());
}

fn montgomery_radix<F: PrimeField>() -> F {
    F::from(2u64).pow([64 * F::BigInt::NUM_LIMBS as u64])
}

fn scale<F: PrimeField>(values: &mut [F], factor: F) {
    values.par_iter_mut().with_min_len(GRAIN).for_each(|value| *value *= factor);
}
