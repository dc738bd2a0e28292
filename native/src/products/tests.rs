//! Products in bulk against arkworks' one by one, on every kernel.

use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{AdditiveGroup, Field, One, PrimeField, UniformRand, Zero};
use ark_std::test_rng;

use super::digits::Digits;
use super::{scale_with, FEW, TOGETHER};
use crate::affine::BulkCurve;
use crate::error::Error;
use crate::instance::{G1, G2};
use crate::kernel::{kernel, Kernel};

/// Scalars at the ends of the field, of the split and of its digits; then random ones.
fn scalars<C: GLVConfig>(count: usize) -> Vec<C::ScalarField> {
    let mut rng = test_rng();
    let (one, two) = (C::ScalarField::one(), C::ScalarField::from(2u64));
    let special = [C::ScalarField::zero(), one, -one, C::LAMBDA, -C::LAMBDA, C::LAMBDA + one, two.inverse().unwrap()];
    let powers = (1..C::ScalarField::MODULUS_BIT_SIZE as u64).step_by(7).flat_map(|bits| {
        let power = two.pow([bits]);
        [power, power - one, -power]
    });
    let random = std::iter::repeat_with(|| C::ScalarField::rand(&mut rng));
    special.into_iter().chain(powers).chain(random).take(count).collect()
}

/// Points among which infinity comes up, and the same one again, and its opposite.
fn points<C: GLVConfig>(count: usize) -> Vec<Affine<C>> {
    let mut point = Projective::<C>::generator();
    let mut points = Vec::new();
    for place in 0..count {
        points.push(match place % 11 {
            4 => Projective::<C>::zero(),
            5 => points[place - 2],
            6 => -points[place - 3],
            _ => point,
        });
        point.double_in_place();
    }
    Projective::normalize_batch(&points)
}

fn agrees<C: BulkCurve + GLVConfig>(kernel: Kernel, count: usize) {
    let (points, scalars) = (points::<C>(count), scalars::<C>(count));
    let mut found: Vec<C::Point> = points.iter().map(C::store).collect();
    scale_with::<C>(&mut found, &scalars, kernel).unwrap();
    let expected: Vec<_> = points.iter().zip(&scalars).map(|(point, k)| point.mul_bigint(k.into_bigint())).collect();
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(C::load(found), expected.into_affine(), "product {place} of {count}, {kernel}");
    }
}

/// On one thread, among which points are not shared out.
fn together<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(work)
}

#[test]
fn products_agree_with_arkworks() {
    for kernel in Kernel::available() {
        for count in [0, 1, FEW - 1, FEW, FEW + 1, 2 * FEW + 1] {
            together(|| agrees::<G1>(kernel, count));
        }
        for count in [FEW + 1, TOGETHER + FEW + 3, 2 * TOGETHER + 1] {
            agrees::<G1>(kernel, count);
        }
        for count in [1, FEW, 3 * FEW] {
            together(|| agrees::<G2>(kernel, count));
        }
    }
}

/// The highest digit of all carries into a place that no scalar has a bit of.
#[test]
fn carries_out_of_the_highest_digit_are_kept() {
    for kernel in Kernel::available() {
        for bits in (1..18).chain([64, 124, 125, 126, 127]) {
            let largest = <G1 as ark_ec::CurveConfig>::ScalarField::from((1u128 << bits) - 1);
            let points = points::<G1>(FEW);
            let mut found: Vec<_> = points.iter().map(G1::store).collect();
            together(|| scale_with::<G1>(&mut found, &vec![largest; points.len()], kernel)).unwrap();
            for (found, point) in found.iter().zip(points) {
                assert_eq!(G1::load(found), (point * largest).into_affine(), "{bits} bits, {kernel}");
            }
        }
    }
}

#[test]
fn halves_are_half_as_long() {
    let rows = Digits::of::<G1>(&scalars::<G1>(1 << 12)).rows().count();
    assert!(rows <= 33, "{rows} digits");
    assert_eq!(Digits::of::<G1>(&[]).rows().count(), 0);
    assert_eq!(Digits::of::<G1>(&[One::one(), -<G1 as ark_ec::CurveConfig>::ScalarField::one()]).rows().count(), 1);
}

#[test]
fn a_scalar_for_each_point() {
    let mut stored: Vec<_> = points::<G1>(4).iter().map(G1::store).collect();
    let found = scale_with::<G1>(&mut stored, &scalars::<G1>(3), kernel());
    assert_eq!(found, Err(Error::Count { what: "scalar", expected: 4, found: 3 }));
}
