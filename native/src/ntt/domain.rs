//! A domain of 2^k roots of unity, and its transforms.

use super::ways::{Tables, Transformed, Ways};
use crate::error::Error;
use crate::kernel::{kernel, Kernel};

/// Tables of twiddles are made on first use, and serve every transform after it.
pub struct Domain<F: Transformed> {
    tables: Tables<F>,
    ways: Box<dyn Ways<F>>,
}

impl<F: Transformed> Domain<F> {
    /// `size` is a power of two that the field has roots of unity for.
    pub fn new(size: usize) -> Result<Self, Error> {
        Self::with(size, kernel())
    }

    pub fn with(size: usize, kernel: Kernel) -> Result<Self, Error> {
        Ok(Self { tables: Tables::new(size)?, ways: F::ways(size, kernel) })
    }

    pub fn size(&self) -> usize {
        self.tables.size
    }

    /// The root of unity w whose powers are the domain.
    pub fn step(&self) -> F {
        self.tables.step
    }

    /// Values at w^0, w^1, ... to coefficients in bit-reversed order, each `size` times too large.
    pub fn interpolate(&self, values: &mut [F]) -> Result<(), Error> {
        self.check(values.len())?;
        self.ways.interpolate(values, &self.tables);
        Ok(())
    }

    /// Coefficients in bit-reversed order to values at w^0, w^1, ...
    pub fn evaluate(&self, values: &mut [F]) -> Result<(), Error> {
        self.check(values.len())?;
        self.ways.evaluate(values, &self.tables);
        Ok(())
    }

    /// Coefficients in bit-reversed order to values at the odd points, v w^0, v w^1, ... with v^2 = w.
    pub fn evaluate_odd(&self, values: &mut [F]) -> Result<(), Error> {
        self.check_odd(values.len())?;
        self.ways.evaluate_odd(values, &self.tables);
        Ok(())
    }

    /// Values on the domain to `size` times the values at the odd points of the same polynomial.
    pub fn extend(&self, values: &mut [F]) -> Result<(), Error> {
        self.check_odd(values.len())?;
        self.ways.extend(values, &self.tables);
        Ok(())
    }

    /// The quotient of a proof: a b - c at the odd points, canonical, from values on the domain, which are used up.
    ///
    /// With polynomials a, b, c through those values, a b - c is the vanishing polynomial times H; at the odd points the
    /// vanishing polynomial is -2 everywhere, which keys divide their points for H by. Where C's part is folded into the
    /// key, a b is all that is left, and `c` is None.
    pub fn quotient(
        &self,
        a: &mut [F],
        b: &mut [F],
        c: Option<&mut [F]>,
        values: &mut [F::BigInt],
    ) -> Result<(), Error> {
        for length in [a.len(), b.len(), c.as_ref().map_or(self.size(), |c| c.len()), values.len()] {
            self.check_odd(length)?;
        }
        self.ways.quotient(a, b, c, values, &self.tables);
        Ok(())
    }

    fn check(&self, found: usize) -> Result<(), Error> {
        if found != self.size() {
            return Err(Error::Count { what: "value", expected: self.size(), found });
        }
        Ok(())
    }

    /// The field's largest domain has no odd points.
    fn check_odd(&self, found: usize) -> Result<(), Error> {
        self.check(found)?;
        self.tables.half_step.map(|_| ()).ok_or(Error::TransformLength { size: self.size() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Fr;
    use ark_ff::One;

    /// The field's largest domain takes 8 GiB; this one is made to look like it.
    #[test]
    fn without_odd_points_there_is_no_quotient() -> Result<(), Error> {
        for kernel in Kernel::available() {
            let mut domain = Domain::<Fr>::with(64, kernel)?;
            domain.tables.half_step = None;
            let (none, values) = (Err(Error::TransformLength { size: 64 }), || vec![Fr::one(); 64]);
            assert_eq!(domain.interpolate(&mut values()), Ok(()));
            assert_eq!(domain.evaluate(&mut values()), Ok(()));
            assert_eq!(domain.evaluate_odd(&mut values()), none);
            assert_eq!(domain.extend(&mut values()), none);
            assert_eq!(domain.quotient(&mut values(), &mut values(), None, &mut [Default::default(); 64]), none);
        }
        Ok(())
    }
}
