//! Random weights of 128 bits, as two halves that the curve's endomorphism joins, and what they multiply.

use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{CurveGroup, VariableBaseMSM};
use ark_ff::AdditiveGroup;

use crate::affine::BulkCurve;
use crate::curve;
use crate::encode::whole_elements;
use crate::error::Error;
use crate::msm::{self, Schedule, Shape, Tables};

/// From so many points on, what is done for all of them side by side costs less.
pub(super) const MANY: usize = 24;

/// A random weight, as its two halves.
#[derive(Clone, Copy, Debug)]
pub struct Weight(pub u64, pub u64);

impl Weight {
    /// 16 bytes each, the halves little-endian.
    pub fn decode_all(data: &[u8]) -> Result<Vec<Self>, Error> {
        whole_elements(data, 16, "weight")?;
        let half = |bytes: &[u8]| bytes.iter().rfold(0, |value, byte| value << 8 | u64::from(*byte));
        Ok(data.chunks_exact(16).map(|bytes| Self(half(&bytes[..8]), half(&bytes[8..]))).collect())
    }

    pub(super) fn scalar<P: GLVConfig>(self) -> P::ScalarField {
        P::ScalarField::from(self.0) + P::LAMBDA * P::ScalarField::from(self.1)
    }

    /// This weight times a point of order r. The point and its image add up to minus the image's image.
    pub(super) fn times<P: GLVConfig>(self, point: &Affine<P>) -> Projective<P> {
        let image = P::endomorphism_affine(point);
        let both = -P::endomorphism_affine(&image);
        let mut total = Projective::ZERO;
        for bit in (0..64).rev() {
            total.double_in_place();
            match (self.0 >> bit & 1, self.1 >> bit & 1) {
                (1, 0) => total += point,
                (0, 1) => total += image,
                (1, 1) => total += both,
                _ => {}
            }
        }
        total
    }
}

/// weights[i] * points[i].
pub(super) fn weighted<P: GLVConfig + BulkCurve>(
    points: &[Affine<P>],
    weights: &[Weight],
) -> Result<Vec<Affine<P>>, Error> {
    if points.len() < MANY {
        let products: Vec<_> = points.iter().zip(weights).map(|(point, weight)| weight.times(point)).collect();
        return Ok(Projective::normalize_batch(&products));
    }
    let scalars: Vec<P::ScalarField> = weights.iter().map(|weight| weight.scalar::<P>()).collect();
    curve::scale(points, &scalars)
}

/// sum weights[i] * points[i].
pub(super) fn weighted_sum<P: GLVConfig + BulkCurve>(points: &[Affine<P>], weights: &[Weight]) -> Projective<P> {
    if points.len() >= MANY {
        if let Ok(sum) = sum_by_buckets(points, weights) {
            return sum;
        }
    }
    let halves = |half: fn(&Weight) -> u64| weights.iter().map(half).collect::<Vec<_>>();
    let first = Projective::msm_u64(points, &halves(|weight| weight.0));
    let second = Projective::msm_u64(points, &halves(|weight| weight.1));
    first + P::endomorphism(&second)
}

/// The same: the first half of a weight counts for its point, the second for the point's image.
fn sum_by_buckets<P: GLVConfig + BulkCurve>(points: &[Affine<P>], weights: &[Weight]) -> Result<Projective<P>, Error> {
    let images = points.iter().map(|point| P::store(&P::endomorphism_affine(point)));
    let stored: Vec<P::Point> = points.iter().map(P::store).chain(images).collect();
    let halves = weights.iter().map(|weight| weight.0).chain(weights.iter().map(|weight| weight.1));
    let scalars: Vec<P::ScalarField> = halves.map(P::ScalarField::from).collect();
    let shape = Shape::best::<P::ScalarField>(stored.len(), 1);
    msm::sum(&[(&Tables::over(&stored, stored.len(), shape)?, &Schedule::new(&scalars, shape)?)])
}
