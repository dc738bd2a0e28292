//! What programs do with field elements as integers in [0, r): division with remainder, and square roots.

use ark_ff::PrimeField;
use num_bigint::BigUint;

/// Quotient and remainder; (0, 0) for divisor 0.
pub fn divmod<F: PrimeField>(a: F, b: F) -> (F, F) {
    if b.is_zero() {
        return (F::ZERO, F::ZERO);
    }
    if let (Some(a), Some(b)) = (short(a), short(b)) {
        return (F::from(a / b), F::from(a % b));
    }
    let (a, b): (BigUint, BigUint) = (a.into(), b.into());
    (F::from(&a / &b), F::from(&a % &b))
}

/// The floor of the square root.
pub fn isqrt<F: PrimeField>(a: F) -> F {
    match short(a) {
        Some(a) => F::from(a.isqrt()),
        None => F::from(Into::<BigUint>::into(a).sqrt()),
    }
}

/// The integer, if it is below 2^128.
fn short<F: PrimeField>(value: F) -> Option<u128> {
    let value = value.into_bigint();
    match value.as_ref() {
        [low, high, above @ ..] if above.iter().all(|&limb| limb == 0) => {
            Some(u128::from(*high) << 64 | u128::from(*low))
        }
        _ => None,
    }
}
