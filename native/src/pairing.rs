//! The product-of-pairings check.

use ark_ec::pairing::Pairing;
use ark_ff::Zero;

use crate::error::Error;

/// Is the product of e(P_i, Q_i) one? The points have been checked; infinity on either side counts as one.
pub fn product_is_one<E: Pairing>(g1: &[E::G1Affine], g2: Vec<E::G2Prepared>) -> Result<bool, Error> {
    if g1.len() != g2.len() {
        return Err(Error::Count { what: "G2 point", expected: g1.len(), found: g2.len() });
    }
    // The Miller loop itself passes over pairs with a point at infinity.
    let product = E::multi_miller_loop(g1.iter().copied(), g2);
    Ok(E::final_exponentiation(product).is_some_and(|value| value.is_zero()))
}
