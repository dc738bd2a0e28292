//! Transforms in natural order on both sides, as the engine's door offers them.

use super::{Domain, Transformed};
use crate::error::Error;
use crate::field::{elementwise, powers};

/// Coefficients to evaluations on coset * <w> in natural order, or back where `inverse`.
pub fn transform<F: Transformed>(mut values: Vec<F>, inverse: bool, coset: F) -> Result<Vec<F>, Error> {
    let domain = Domain::new(values.len())?;
    let shift = coset.inverse().ok_or(Error::ZeroCoset)?;
    if inverse {
        domain.interpolate(&mut values)?;
        reverse_bits(&mut values);
        // The size is a power of two below the odd modulus, so an inverse exists.
        let scale = F::from(values.len() as u64).inverse().unwrap_or_default();
        elementwise(values, &powers(shift, domain.size(), scale), |value, power| *value *= power)
    } else {
        if !coset.is_one() {
            values = elementwise(values, &powers(coset, domain.size(), F::one()), |value, power| *value *= power)?;
        }
        reverse_bits(&mut values);
        domain.evaluate(&mut values)?;
        Ok(values)
    }
}

/// Every value to the place whose index, read backwards in bits, is its own.
pub fn reverse_bits<T>(values: &mut [T]) {
    let unused = usize::BITS - values.len().trailing_zeros();
    for index in 1..values.len() {
        let mirror = index.reverse_bits() >> unused;
        if index < mirror {
            values.swap(index, mirror);
        }
    }
}
