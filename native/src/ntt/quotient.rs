//! The quotient of a proof: H at the odd points, from the rows of A and B (and C) times the witness.
//!
//! With polynomials a, b, c through those values on the domain, a b - c is the vanishing polynomial times H; at the odd
//! points the vanishing polynomial is -2 everywhere, which keys divide their points for H by. Where C's part is folded
//! into the key, a b is all that is left.

use ark_ff::{BigInteger, PrimeField};
use rayon::prelude::*;

use super::Domain;
use crate::affine::Coordinate;
use crate::error::Error;

const GRAIN: usize = 1 << 10;

/// a b - c at the odd points, canonical, from values on the domain; `a`, `b` and `c` are used up.
pub fn quotient<F: PrimeField + Coordinate>(
    domain: &Domain<F>,
    a: &mut [F],
    b: &mut [F],
    c: Option<&mut [F]>,
    values: &mut [F::BigInt],
) -> Result<(), Error> {
    if values.len() != domain.size() {
        return Err(Error::Count { what: "value", expected: domain.size(), found: values.len() });
    }
    let (first, second) = rayon::join(|| domain.extend(a), || domain.extend(b));
    first.and(second)?;
    let (scale, canonical) = scales::<F>(domain.size());
    let pairs = a.par_iter().zip(&*b);
    match c {
        None => pairs.zip(values).with_min_len(GRAIN).for_each(|((a, b), value)| {
            *value = words(*a * b * canonical);
        }),
        Some(c) => {
            domain.extend(c)?;
            pairs.zip(&*c).zip(values).with_min_len(GRAIN).for_each(|(((a, b), c), value)| {
                *value = words((*a * b - *c * scale) * canonical);
            });
        }
    }
    Ok(())
}

/// Extended values are `size` times too large: `size` for c, and what undoes its square in a product.
///
/// The latter is divided by the Montgomery radix, so that the words of a product with it are the canonical ones of the
/// product that is meant.
fn scales<F: PrimeField>(size: usize) -> (F, F) {
    let scale = F::from(size as u64);
    let radix = F::from(2u64).pow([64 * F::BigInt::NUM_LIMBS as u64]);
    // The modulus is odd and both are powers of two, so an inverse exists.
    (scale, (scale.square() * radix).inverse().unwrap_or_default())
}

/// The words that represent an element, which are those of another one's canonical form here.
fn words<F: PrimeField + Coordinate>(value: F) -> F::BigInt {
    let mut words = F::BigInt::default();
    value.write(words.as_mut());
    words
}
