//! Multi-scalar multiplication of decoded points.

use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::VariableBaseMSM;

use crate::error::Error;

/// sum scalars[i] * bases[i]; exactly one scalar per base.
pub fn msm<P: SWCurveConfig>(bases: &[Affine<P>], scalars: &[P::ScalarField]) -> Result<Projective<P>, Error> {
    Projective::msm(bases, scalars).map_err(|_| Error::Count {
        what: "scalar",
        expected: bases.len(),
        found: scalars.len(),
    })
}
