//! Transforms in natural order on both sides, as the engine's door offers them.

use ark_ec::short_weierstrass::{Projective, SWCurveConfig};
use ark_ff::PrimeField;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};

use super::Domain;
use crate::error::Error;
use crate::field::{elementwise, powers};

/// Coefficients to evaluations on coset * <w> in natural order, or back where `inverse`.
pub fn transform<F: PrimeField>(mut values: Vec<F>, inverse: bool, coset: F) -> Result<Vec<F>, Error> {
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

/// The same on the domain itself, with points for coefficients.
pub fn transform_points<P: SWCurveConfig>(
    mut points: Vec<Projective<P>>,
    inverse: bool,
) -> Result<Vec<Projective<P>>, Error> {
    let size = points.len();
    let domain = Radix2EvaluationDomain::<P::ScalarField>::new(size)
        .filter(|domain| domain.size() == size)
        .ok_or(Error::TransformLength { size })?;
    if inverse {
        domain.ifft_in_place(&mut points);
    } else {
        domain.fft_in_place(&mut points);
    }
    Ok(points)
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
