//! The public key behind a recoverable ECDSA signature over secp256k1 (SEC 1, version 2, section 4.1.6). All of it is
//! public, so time may depend on it.

use ark_ec::short_weierstrass::Affine;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, Field, PrimeField};
use ark_secp256k1::{Config, Fq, Fr};

/// Q = (s R - z G) / r, where R has r for its x and a y that is odd or even; as x and y, big-endian. None where r or s
/// is 0 or not below the order, no point has this x, or Q is at infinity. R's x is never taken for r plus the order.
pub fn recover(digest: &[u8; 32], r: &[u8; 32], s: &[u8; 32], odd: bool) -> Option<[u8; 64]> {
    let z = Fr::from_be_bytes_mod_order(digest);
    let (inverse, s) = (below::<Fr>(r)?.inverse()?, below::<Fr>(s)?);
    s.inverse()?;
    let (first, second) = Affine::<Config>::get_ys_from_x_unchecked(below::<Fq>(r)?)?;
    let y = if first.into_bigint().is_odd() == odd { first } else { second };
    let point = Affine::<Config>::new_unchecked(below::<Fq>(r)?, y);
    let key = (point * (s * inverse) - Affine::generator() * (z * inverse)).into_affine();
    let (x, y) = key.xy()?;
    let mut out = [0; 64];
    out[..32].copy_from_slice(&x.into_bigint().to_bytes_be());
    out[32..].copy_from_slice(&y.into_bigint().to_bytes_be());
    Some(out)
}

/// An integer below the modulus.
fn below<F: PrimeField>(bytes: &[u8; 32]) -> Option<F> {
    let mut bits = F::BigInt::default();
    for (limb, chunk) in bits.as_mut().iter_mut().zip(bytes.rchunks_exact(8)) {
        *limb = chunk.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    }
    F::from_bigint(bits)
}
