//! Many points, each times a scalar of its own: all of them side by side through additions in bulk.
//!
//! Each scalar is split by the curve's endomorphism into two of half the length (Gallant, Lambert and Vanstone, "Faster
//! point multiplication on elliptic curves with efficient endomorphisms"), whose signed digits of four bits pick from a
//! table of the point's first eight multiples, and of their images under the endomorphism. Digits are public here as
//! much as elsewhere in this crate: which additions are done, and so the time they take, depends on the scalars.

mod digits;
mod walk;

use ark_ec::scalar_mul::glv::GLVConfig;
use rayon::prelude::*;

use crate::affine::{BulkCurve, Room};
use crate::error::Error;
use crate::kernel::{kernel, Kernel};

use digits::Digits;

/// Points walked together: with their tables they fill about half of a core's second cache.
const TOGETHER: usize = 512;
/// Fewer points than this, and a shared inversion would be worth too little.
const FEW: usize = 24;

/// points[i] becomes scalars[i] * points[i]; every point is in the subgroup.
pub fn scale<C: BulkCurve + GLVConfig>(points: &mut [C::Point], scalars: &[C::ScalarField]) -> Result<(), Error> {
    scale_with::<C>(points, scalars, kernel())
}

fn scale_with<C: BulkCurve + GLVConfig>(
    points: &mut [C::Point],
    scalars: &[C::ScalarField],
    kernel: Kernel,
) -> Result<(), Error> {
    if points.len() != scalars.len() {
        return Err(Error::Count { what: "scalar", expected: points.len(), found: scalars.len() });
    }
    let together = points.len().div_ceil(rayon::current_num_threads()).clamp(1, TOGETHER);
    points.par_chunks_mut(together).zip(scalars.par_chunks(together)).for_each_init(
        Room::new,
        |room, (points, scalars)| {
            if points.len() < FEW {
                return one_by_one::<C>(points, scalars);
            }
            walk::scale(C::adder(kernel), points, &Digits::of::<C>(scalars), room);
        },
    );
    Ok(())
}

fn one_by_one<C: BulkCurve>(points: &mut [C::Point], scalars: &[C::ScalarField]) {
    let products: Vec<_> =
        points.iter().zip(scalars).map(|(point, scalar)| C::times(&C::load(point), scalar)).collect();
    for (point, product) in points.iter_mut().zip(crate::curve::affine(&products)) {
        *point = C::store(&product);
    }
}

#[cfg(test)]
mod tests;
