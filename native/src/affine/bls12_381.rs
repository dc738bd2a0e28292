//! BLS12-381 as a second curve of everything that is generic: fields of six words, additions in bulk, sums by buckets.

use ark_bls12_381::{g1, g2, Fr};
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::{CurveGroup, VariableBaseMSM};
use ark_ff::{AdditiveGroup, Field, UniformRand};

use super::testing::{check_adder, check_refusals};
use super::{Adder, BulkCurve, Point, Portable};
use crate::group::Group;
use crate::kernel::Kernel;
use crate::msm::{sum_by, Schedule, Shape, Tables};

macro_rules! bulk_curve {
    ($config:ty, $words:literal) => {
        impl Group for $config {
            fn in_subgroup(point: &Affine<Self>) -> bool {
                Self::is_in_correct_subgroup_assuming_on_curve(point)
            }

            fn times(point: &Affine<Self>, scalar: &Fr) -> Projective<Self> {
                *point * scalar
            }
        }

        impl BulkCurve for $config {
            type Point = Point<$words>;

            fn adder(_: Kernel) -> &'static dyn Adder<Self> {
                &const { Portable::new() }
            }
        }
    };
}

bulk_curve!(g1::Config, 16);
bulk_curve!(g2::Config, 24);

#[test]
fn points_are_added_in_bulk() {
    check_adder::<g1::Config>(g1::Config::adder(Kernel::Portable));
    check_refusals::<g1::Config>(g1::Config::adder(Kernel::Portable));
    check_adder::<g2::Config>(g2::Config::adder(Kernel::Portable));
}

fn check_sums<C: BulkCurve<ScalarField = Fr>>() {
    let rng = &mut ark_std::test_rng();
    let edges = [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(u64::MAX)];
    for (count, width, levels) in [(1, 4, 1), (30, 5, 3), (200, 8, 32), (200, 7, 1)] {
        let points: Vec<Affine<C>> = (0..count).map(|_| Projective::rand(rng).into_affine()).collect();
        let scalars: Vec<Fr> = (0..count).map(|i| if i % 7 < 4 { edges[i % 7] } else { Fr::rand(rng) }).collect();
        let (shape, adder) = (Shape::new::<Fr>(width, levels), C::adder(Kernel::Portable));
        let stored: Vec<C::Point> = points.iter().map(C::store).collect();
        let tables = Tables::build(adder, &stored, shape);
        let found = Schedule::new(&scalars, shape).and_then(|schedule| sum_by(adder, &[(&tables, &schedule)]));
        assert_eq!(found.ok(), Projective::msm(&points, &scalars).ok());
    }
}

#[test]
fn scalars_and_points_are_summed_by_buckets() {
    check_sums::<g1::Config>();
    check_sums::<g2::Config>();
}
