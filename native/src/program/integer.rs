//! What programs do with field elements as integers in [0, r): division with remainder, and square roots.

use ark_ff::PrimeField;
use num_bigint::BigUint;

/// Quotient and remainder; (0, 0) for divisor 0.
pub fn divmod<F: PrimeField>(a: F, b: F) -> (F, F) {
    if b.is_zero() {
        return (F::ZERO, F::ZERO);
    }
    let (a, b): (BigUint, BigUint) = (a.into(), b.into());
    (F::from(&a / &b), F::from(&a % &b))
}

/// The floor of the square root.
pub fn isqrt<F: PrimeField>(a: F) -> F {
    let a: BigUint = a.into();
    F::from(a.sqrt())
}
