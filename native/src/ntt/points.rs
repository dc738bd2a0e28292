//! Transforms with points for coefficients: powers of tau to the Lagrange basis, and back.
//!
//! Stage by stage, all butterflies side by side, so that the products by roots of unity are made in bulk.

use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ff::{Field, One};
use rayon::prelude::*;

use super::public::reverse_bits;
use super::ways::Tables;
use crate::affine::{BulkCurve, Room, Term};
use crate::error::Error;
use crate::kernel::kernel;
use crate::products;

/// Butterflies that one task adds at a time.
const TOGETHER: usize = 512;

/// sum_j w^(ij) points[j] at each place i, or back where `inverse`; every point is in the subgroup.
pub fn transform_points<C: BulkCurve + GLVConfig>(points: &mut [C::Point], inverse: bool) -> Result<(), Error> {
    let size = points.len();
    let tables = Tables::<C::ScalarField>::new(size)?;
    let (table, scale) = if inverse {
        // The size is a power of two below the odd modulus, so an inverse exists.
        (tables.inverse(), C::ScalarField::from(size as u64).inverse().unwrap_or_default())
    } else {
        (tables.forward(), C::ScalarField::one())
    };
    reverse_bits(points);
    let mut span = 1;
    while span < size {
        let is_last = 2 * span == size;
        stage::<C>(points, &table[span..2 * span], if is_last { scale } else { C::ScalarField::one() })?;
        span *= 2;
    }
    Ok(())
}

/// (a, b) to scale (a + w b) and scale (a - w b), for the pairs that stand as far apart as there are twiddles.
fn stage<C: BulkCurve + GLVConfig>(
    points: &mut [C::Point],
    twiddles: &[C::ScalarField],
    scale: C::ScalarField,
) -> Result<(), Error> {
    let span = twiddles.len();
    let factors = (0..points.len() / (2 * span)).flat_map(|_| {
        let right = twiddles.iter().map(|twiddle| scale * twiddle);
        std::iter::repeat_n(scale, span).chain(right)
    });
    multiply::<C>(points, factors)?;
    let before = points.to_vec();
    points.par_chunks_mut(TOGETHER).enumerate().for_each_init(Room::new, |room, (chunk, sums)| {
        let first = chunk * TOGETHER;
        let pairs: Vec<[Term; 2]> = (first..first + sums.len()).map(|place| butterfly(place, span)).collect();
        C::adder(kernel()).add_pairs(&before, &pairs, sums, room);
    });
    Ok(())
}

/// What the butterfly leaves at `place`: the sum of its two points, or the first less the second.
fn butterfly(place: usize, span: usize) -> [Term; 2] {
    if place & span == 0 {
        [Term::plus(place), Term::plus(place + span)]
    } else {
        [Term::plus(place - span), Term::minus(place)]
    }
}

/// Every point times its factor, those whose factor is one being left alone.
fn multiply<C: BulkCurve + GLVConfig>(
    points: &mut [C::Point],
    factors: impl Iterator<Item = C::ScalarField>,
) -> Result<(), Error> {
    let (places, factors): (Vec<usize>, Vec<C::ScalarField>) =
        factors.enumerate().filter(|(_, factor)| !factor.is_one()).unzip();
    let mut taken: Vec<C::Point> = places.iter().map(|&place| points[place]).collect();
    products::scale::<C>(&mut taken, &factors)?;
    places.iter().zip(taken).for_each(|(&place, point)| points[place] = point);
    Ok(())
}
