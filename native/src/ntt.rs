//! Number-theoretic transforms over the field, and over groups with points for coefficients.

use ark_ff::{FftField, PrimeField};
use ark_poly::domain::DomainCoeff;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};

use crate::error::Error;

/// Coefficients to evaluations on coset * <w> in natural order, or back where `inverse`.
pub fn transform<F: PrimeField + FftField, T: DomainCoeff<F>>(
    mut values: Vec<T>,
    inverse: bool,
    coset: F,
) -> Result<Vec<T>, Error> {
    let size = values.len();
    let domain = Radix2EvaluationDomain::<F>::new(size)
        .filter(|domain| domain.size() == size)
        .ok_or(Error::TransformLength { size })?;
    let domain = if coset.is_one() { domain } else { domain.get_coset(coset).ok_or(Error::ZeroCoset)? };
    if inverse {
        domain.ifft_in_place(&mut values);
    } else {
        domain.fft_in_place(&mut values);
    }
    Ok(values)
}
