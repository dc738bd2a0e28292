//! Vectors of points: sums, negatives, products.

use std::ops::Neg;

use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::CurveGroup;
use rayon::prelude::*;

use crate::error::Error;
use crate::group::Group;

/// Elementwise sums of equally long vectors.
pub fn add<P: SWCurveConfig>(a: &[Affine<P>], b: &[Affine<P>]) -> Result<Vec<Affine<P>>, Error> {
    same_length("point", a.len(), b.len())?;
    let sums: Vec<Projective<P>> = a.par_iter().zip(b).with_min_len(256).map(|(p, q)| *p + *q).collect();
    Ok(affine(&sums))
}

pub fn negate<P: SWCurveConfig>(points: &[Affine<P>]) -> Vec<Affine<P>> {
    points.iter().map(|point| point.neg()).collect()
}

/// Elementwise products scalars[i] * points[i].
pub fn scale<P: Group>(points: &[Affine<P>], scalars: &[P::ScalarField]) -> Result<Vec<Affine<P>>, Error> {
    same_length("scalar", points.len(), scalars.len())?;
    let products: Vec<Projective<P>> =
        points.par_iter().zip(scalars).map(|(point, scalar)| P::times(point, scalar)).collect();
    Ok(affine(&products))
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
