//! The values that the H query is multiplied by, from the wires.

use ark_ec::CurveConfig;
use ark_ff::{AdditiveGroup, PrimeField};
use rayon::prelude::*;

use super::key::Key;
use super::phases::Phases;
use crate::affine::BulkCurve;
use crate::error::Error;

type Scalar<P> = <P as CurveConfig>::ScalarField;
pub(super) type Integer<P> = <Scalar<P> as PrimeField>::BigInt;

impl<P: BulkCurve, Q: BulkCurve<ScalarField = P::ScalarField>> Key<P, Q> {
    /// The quotient at the odd points, or, where C's part of it is folded into the key, that of A and B alone.
    pub(super) fn quotient(&self, wires: &[Scalar<P>], phases: &mut Phases) -> Result<Vec<Integer<P>>, Error> {
        let size = self.facts.domain_size as usize;
        let [a, b] = &self.matrices;
        let (mut a, mut b) = phases.time("products", || Ok::<_, Error>((a.apply(wires)?, b.apply(wires)?)))?;
        phases.time("transforms", || {
            a.resize(size, Scalar::<P>::ZERO);
            b.resize(size, Scalar::<P>::ZERO);
            let mut c: Option<Vec<_>> =
                (!self.facts.folded).then(|| a.par_iter().zip(&b).map(|(a, b)| *a * b).collect());
            let mut values = vec![Integer::<P>::default(); size];
            self.domain.quotient(&mut a, &mut b, c.as_deref_mut(), &mut values)?;
            Ok(values)
        })
    }
}
