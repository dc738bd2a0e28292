//! A domain of 2^k roots of unity, with the twiddles of its transforms.

use std::sync::OnceLock;

use ark_ff::PrimeField;

use super::butterflies;
use super::scalar::Scalar;
use crate::error::Error;

/// Tables are made on first use, and serve every transform after it.
pub struct Domain<F> {
    size: usize,
    /// The root of unity whose powers are the domain.
    step: F,
    /// Its square root, whose odd powers are the odd points; the field's largest domain has none.
    half_step: Option<F>,
    forward: OnceLock<Vec<F>>,
    inverse: OnceLock<Vec<F>>,
    odd: OnceLock<Vec<F>>,
}

impl<F: PrimeField> Domain<F> {
    /// `size` is a power of two that the field has roots of unity for.
    pub fn new(size: usize) -> Result<Self, Error> {
        let root = |order: usize| {
            Some(order).filter(|order| order.is_power_of_two()).and_then(|order| F::get_root_of_unity(order as u64))
        };
        let step = root(size).ok_or(Error::TransformLength { size })?;
        let half_step = size.checked_mul(2).and_then(root);
        Ok(Self { size, step, half_step, forward: OnceLock::new(), inverse: OnceLock::new(), odd: OnceLock::new() })
    }

    pub fn size(&self) -> usize {
        self.size
    }

    /// The root of unity w whose powers are the domain.
    pub fn step(&self) -> F {
        self.step
    }

    /// Values at w^0, w^1, ... to coefficients in bit-reversed order, each `size` times too large.
    pub fn interpolate(&self, values: &mut [F]) -> Result<(), Error> {
        self.check(values.len())?;
        butterflies::split::<Scalar<F>>(values, self.inverse());
        Ok(())
    }

    /// Coefficients in bit-reversed order to values at w^0, w^1, ...
    pub fn evaluate(&self, values: &mut [F]) -> Result<(), Error> {
        self.check(values.len())?;
        butterflies::merge::<Scalar<F>>(values, self.forward());
        Ok(())
    }

    /// Coefficients in bit-reversed order to values at the odd points, v w^0, v w^1, ... with v^2 = w.
    pub fn evaluate_odd(&self, values: &mut [F]) -> Result<(), Error> {
        self.check(values.len())?;
        butterflies::merge::<Scalar<F>>(values, self.odd()?);
        Ok(())
    }

    /// Values on the domain to `size` times the values at the odd points of the same polynomial.
    pub fn extend(&self, values: &mut [F]) -> Result<(), Error> {
        self.check(values.len())?;
        butterflies::extend::<Scalar<F>>(values, self.inverse(), self.odd()?);
        Ok(())
    }

    fn check(&self, found: usize) -> Result<(), Error> {
        if found != self.size {
            return Err(Error::Count { what: "value", expected: self.size, found });
        }
        Ok(())
    }

    /// Twiddles w_(2h)^j at place h + j, for every span h.
    pub(super) fn forward(&self) -> &[F] {
        self.forward.get_or_init(|| powers_of(self.size, self.step))
    }

    pub(super) fn inverse(&self) -> &[F] {
        // w^(size - 1) is the inverse of w.
        self.inverse.get_or_init(|| powers_of(self.size, self.step.pow([self.size as u64 - 1])))
    }

    /// Twiddles w_(4h)^(2j + 1): evaluating at v times the domain multiplies those of each span by a power of v.
    pub(super) fn odd(&self) -> Result<&[F], Error> {
        let half_step = self.half_step.ok_or(Error::TransformLength { size: self.size })?;
        Ok(self.odd.get_or_init(|| {
            let (half, forward) = (self.size / 2, self.forward());
            let odd_powers = forward.iter().skip(3).step_by(2).copied();
            let first: Vec<F> = std::iter::once(F::one()).chain(odd_powers).take(half.max(1)).collect();
            let top = forward[half..].iter().map(|power| *power * half_step).take(half);
            first.into_iter().chain(top).collect()
        }))
    }
}

/// The table of a root of unity of order `size`.
fn powers_of<F: PrimeField>(size: usize, root: F) -> Vec<F> {
    let half = size / 2;
    let mut table = vec![F::one(); size];
    table[half..].copy_from_slice(&crate::field::powers(root, size - half, F::one()));
    for place in (1..half).rev() {
        table[place] = table[2 * place];
    }
    table
}
