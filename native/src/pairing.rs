//! The product-of-pairings check.

use ark_ec::pairing::Pairing;
use ark_ec::AffineRepr;
use ark_ff::Zero;

use crate::error::Error;

/// Is the product of e(P_i, Q_i) one? The points have been checked; infinity on either side counts as one.
pub fn product_is_one<E: Pairing>(g1: &[E::G1Affine], g2: &[E::G2Affine]) -> Result<bool, Error> {
    if g1.len() != g2.len() {
        return Err(Error::Count { what: "G2 point", expected: g1.len(), found: g2.len() });
    }
    let (a, b): (Vec<_>, Vec<_>) = g1.iter().zip(g2).filter(|(p, q)| !p.is_zero() && !q.is_zero()).unzip();
    let product = E::multi_miller_loop(a.into_iter().copied(), b.into_iter().copied());
    Ok(E::final_exponentiation(product).is_some_and(|value| value.is_zero()))
}
