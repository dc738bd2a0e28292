//! Vectors of points: sums, negatives, products.

use std::ops::Neg;

use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::CurveGroup;
use rayon::prelude::*;

use crate::affine::BulkCurve;
use crate::error::Error;
use crate::{ntt, products};

/// Elementwise sums of equally long vectors.
pub fn add<P: SWCurveConfig>(a: &[Affine<P>], b: &[Affine<P>]) -> Result<Vec<Affine<P>>, Error> {
    same_length("point", a.len(), b.len())?;
    let sums: Vec<Projective<P>> = a.par_iter().zip(b).with_min_len(256).map(|(p, q)| *p + *q).collect();
    Ok(affine(&sums))
}

pub fn negate<P: SWCurveConfig>(points: &[Affine<P>]) -> Vec<Affine<P>> {
    points.iter().map(|point| point.neg()).collect()
}

/// Elementwise products scalars[i] * points[i], for points of the subgroup.
pub fn scale<C: BulkCurve + GLVConfig>(
    points: &[Affine<C>],
    scalars: &[C::ScalarField],
) -> Result<Vec<Affine<C>>, Error> {
    let mut stored: Vec<C::Point> = points.iter().map(C::store).collect();
    products::scale::<C>(&mut stored, scalars)?;
    Ok(stored.iter().map(C::load).collect())
}

/// Transforms of points: see `ntt::transform_points`.
pub fn transform<C: BulkCurve + GLVConfig>(points: &[Affine<C>], inverse: bool) -> Result<Vec<Affine<C>>, Error> {
    let mut stored: Vec<C::Point> = points.iter().map(C::store).collect();
    ntt::transform_points::<C>(&mut stored, inverse)?;
    Ok(stored.iter().map(C::load).collect())
}

/// Affine forms, with shared inversions.
pub fn affine<P: SWCurveConfig>(points: &[Projective<P>]) -> Vec<Affine<P>> {
    Projective::normalize_batch(points)
}

fn same_length(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected != found {
        return Err(Error::Count { what, expected, found });
    }
    Ok(())
}
