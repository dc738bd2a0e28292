//! Many proofs under one key: one equation, that of their random linear combination, and bisection where it fails.
//!
//! Let D_i = e(-A_i, B_i) e(alpha, beta) e(S_i, gamma) e(C_i, delta), which is one if and only if proof i holds. All points
//! are in groups of prime order r, so D_i = g^(d_i) for a generator g. With a weight w_i for each proof the combination
//! prod D_i^(w_i) is one if and only if sum w_i d_i = 0 mod r. If some d_k is not 0, then of all values of w_k mod r, the
//! other weights being as they are, exactly one makes it so: proofs that do not depend on the weights pass with
//! probability at most 2^-128, where the weights take 2^128 different values mod r with equal probability. Bisection tests
//! fewer than 2 N ranges of N proofs under the same weights: at most N 2^-127 in all.
//!
//! A weight is w = a + b lambda, where a and b have 64 bits and lambda is the cube root of one by which the curve's
//! endomorphism multiplies: its product costs 64 doublings, not 128. The 2^128 weights differ mod r: if a + b lambda = 0
//! mod r for |a|, |b| < 2^64, then r divides a^2 - a b + b^2, the norm, which is below 3 * 2^128 < r and so is 0, which
//! is only so for a = b = 0.

mod verdicts;
mod weights;

use std::ops::Range;

use ark_ec::bn::{G1Affine, G2Affine};
use ark_ec::scalar_mul::glv::GLVConfig;
use rayon::prelude::*;

use crate::affine::BulkCurve;
use crate::error::Error;
use crate::groth16::{Key, PairingCurve, Points, Scalar};
use crate::lines::{lines, Line};
use crate::miller::{self, Value};

use verdicts::{judged, Member};
pub use weights::Weight;

/// Proofs in one equation at most: what the three pairings of the key and the last exponentiation cost is little beside
/// them, and they take 2 MB.
const BLOCK: usize = 2048;

/// A curve of pairings with an endomorphism of G1, whose pairs go through a Miller loop together.
pub trait BatchCurve: PairingCurve<G1Config: GLVConfig + BulkCurve> {
    /// The product of the Miller values of these pairs, none of whose points of G2 is at infinity; None where one of those
    /// is outside its subgroup.
    fn miller_product(pairs: &[(G1Affine<Self>, G2Affine<Self>)]) -> Option<Value<Self>> {
        plain_product::<Self>(pairs)
    }
}

/// One pair after the other, through the lines of each.
pub fn plain_product<B: PairingCurve>(pairs: &[(G1Affine<B>, G2Affine<B>)]) -> Option<Value<B>> {
    let ready: Option<Vec<Vec<Line<B>>>> = pairs.iter().map(|(_, q)| lines::<B>(q)).collect();
    Some(miller::product::<B>(pairs.iter().map(|(p, _)| *p).zip(ready?.iter().map(Vec::as_slice)), []))
}

/// The verdict on each proof: the same that `Key::check` gives, with an error for points that are none.
pub fn check_many<B: BatchCurve>(
    key: &Key<B>,
    inputs: &[Scalar<B>],
    proofs: &[&[u8]],
    weights: &[Weight],
) -> Result<Vec<Result<bool, Error>>, Error> {
    if weights.len() != proofs.len() {
        return Err(Error::Count { what: "weight", expected: proofs.len(), found: weights.len() });
    }
    if inputs.len() != proofs.len() * key.n_public() {
        let expected = proofs.len() * key.n_public();
        return Err(Error::Count { what: "public input", expected, found: inputs.len() });
    }
    let mut verdicts: Vec<Result<bool, Error>> = vec![Ok(true); proofs.len()];
    for start in (0..proofs.len()).step_by(BLOCK) {
        let places = start..proofs.len().min(start + BLOCK);
        let mut members = members(key, places, inputs, proofs, weights, &mut verdicts)?;
        for (place, verdict) in judged(key, &mut members) {
            verdicts[place] = verdict;
        }
    }
    Ok(verdicts)
}

/// Those of the proofs at these places whose points can be read; the others have their verdicts.
fn members<'a, B: BatchCurve>(
    key: &Key<B>,
    places: Range<usize>,
    inputs: &'a [Scalar<B>],
    proofs: &[&[u8]],
    weights: &[Weight],
    verdicts: &mut [Result<bool, Error>],
) -> Result<Vec<Member<'a, B>>, Error> {
    let n = key.n_public();
    let read: Vec<_> = proofs[places.clone()].par_iter().map(|bytes| Points::<B>::decode(bytes)).collect();
    let mut members = Vec::with_capacity(read.len());
    for (place, points) in places.zip(read) {
        match points {
            Ok(points) => members.push(Member {
                place,
                inputs: &inputs[place * n..(place + 1) * n],
                weighted_a: points.a,
                points,
                weight: weights[place],
                stray: false,
            }),
            Err(error) => verdicts[place] = Err(error),
        }
    }
    let points: Vec<_> = members.iter().map(|member| member.points.a).collect();
    let weights: Vec<_> = members.iter().map(|member| member.weight).collect();
    for (member, product) in members.iter_mut().zip(weights::weighted::<B::G1Config>(&points, &weights)?) {
        member.weighted_a = -product;
    }
    Ok(members)
}

#[cfg(test)]
mod tests;
