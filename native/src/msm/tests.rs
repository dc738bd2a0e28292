//! Sums against arkworks: every width and number of levels, every kernel, the strangest points and scalars.

use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{AffineRepr, CurveConfig, CurveGroup};
use ark_ff::{AdditiveGroup, Field, PrimeField, UniformRand};
use ark_std::rand::Rng;

use super::shape::WIDTHS;
use super::*;
use crate::instance::{Fr, G1, G2};
use crate::kernel::Kernel;

fn points<C: BulkCurve>(count: usize, rng: &mut impl Rng) -> Vec<Affine<C>> {
    let (start, step) = (Projective::<C>::rand(rng), Projective::<C>::rand(rng).into_affine());
    let walk = std::iter::successors(Some(start), |point| Some(*point + step));
    let mut points = Projective::normalize_batch(&walk.take(count).collect::<Vec<_>>());
    for place in 0..count {
        match rng.gen_range(0..12) {
            0 => points[place] = Affine::identity(),
            1 => points[place] = points[place / 2],
            2 => points[place] = -points[place / 2],
            _ => {}
        }
    }
    points
}

/// Scalars of one sort, or of all.
fn scalars(count: usize, sort: usize, rng: &mut impl Rng) -> Vec<Fr> {
    let fixed = Fr::rand(rng);
    let mut draw = |sort| match sort {
        0 => Fr::rand(rng),
        1 => Fr::ZERO,
        2 => Fr::ONE,
        3 => -Fr::ONE,
        4 => Fr::from(rng.gen::<u32>() % 2),
        5 => -Fr::from(rng.gen::<u64>()),
        6 => Fr::from(2u64).pow([rng.gen_range(0..254u64)]) - Fr::from(rng.gen::<bool>()),
        7 => Fr::from(Fr::MODULUS_MINUS_ONE_DIV_TWO) + Fr::from(rng.gen::<bool>()),
        _ => fixed,
    };
    (0..count).map(|place| draw(if sort == 9 { place % 9 } else { sort })).collect()
}

fn store<C: BulkCurve>(points: &[Affine<C>]) -> Vec<C::Point> {
    points.iter().map(C::store).collect()
}

fn naive<C: BulkCurve<ScalarField = Fr>>(points: &[Affine<C>], scalars: &[Fr]) -> Projective<C> {
    Projective::msm(points, scalars).expect("as many points as scalars")
}

fn check<C: BulkCurve<ScalarField = Fr>>(kernel: Kernel, shape: Shape, points: &[Affine<C>], scalars: &[Fr]) {
    let adder = C::adder(kernel);
    let tables = Tables::build(adder, &store::<C>(points), shape);
    let integers: Vec<_> = scalars.iter().map(|scalar| scalar.into_bigint()).collect();
    let schedule = Schedule::by::<Fr>(kernel, &integers, shape).expect("few scalars");
    let found = sum_by(adder, &[(&tables, &schedule)]).expect("one scalar for each point");
    assert_eq!(found, naive(points, scalars), "{kernel} {shape:?} {}", points.len());
}

#[test]
fn every_shape_is_right() {
    let rng = &mut ark_std::test_rng();
    for kernel in Kernel::available() {
        for width in WIDTHS.filter(|width| *width < 18) {
            for levels in [1, 2 + width % 5, 1000] {
                let (points, scalars) = (points::<G1>(40, rng), scalars(40, 9, rng));
                check(kernel, Shape::new::<Fr>(width, levels), &points, &scalars);
            }
        }
        for width in [2, 5, 8, 13] {
            let (points, scalars) = (points::<G2>(40, rng), scalars(40, 9, rng));
            check(kernel, Shape::new::<Fr>(width, 1000 / width / width), &points, &scalars);
        }
    }
}

#[test]
fn every_sort_of_scalar_is_right() {
    let rng = &mut ark_std::test_rng();
    for kernel in Kernel::available() {
        for sort in 0..10 {
            for count in [0, 1, 2, 3, 100, 1500] {
                let (points, scalars) = (points::<G1>(count, rng), scalars(count, sort, rng));
                check(kernel, Shape::new::<Fr>(9, 3), &points, &scalars);
            }
            let (points, scalars) = (points::<G2>(200, rng), scalars(200, sort, rng));
            check(kernel, Shape::new::<Fr>(7, 1000), &points, &scalars);
        }
    }
}

/// More scalars than are sorted at a time, more terms in a bucket than one task takes, on one thread and on two.
#[test]
fn large_sums_are_right_on_any_number_of_threads() {
    let rng = &mut ark_std::test_rng();
    let points = points::<G1>(5000, rng);
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        for sort in [0, 2, 4, 8] {
            let scalars = scalars(points.len(), sort, rng);
            for kernel in Kernel::available() {
                pool.install(|| check(kernel, Shape::new::<Fr>(11, 1000), &points, &scalars));
                pool.install(|| check(kernel, Shape::new::<Fr>(10, 1), &points, &scalars));
            }
        }
    }
}

#[test]
fn sums_over_several_tables_share_buckets() {
    let rng = &mut ark_std::test_rng();
    for kernel in Kernel::available() {
        let (adder, shape) = (G1::adder(kernel), Shape::new::<Fr>(8, 4));
        let queries = [(0, 0), (700, 9), (3, 4), (1, 3)].map(|(n, sort)| (points::<G1>(n, rng), scalars(n, sort, rng)));
        let made: Vec<_> = queries
            .iter()
            .map(|(points, scalars)| {
                (Tables::build(adder, &store::<G1>(points), shape), Schedule::new(scalars, shape).expect("few"))
            })
            .collect();
        for end in 0..=made.len() {
            let terms: Vec<_> = made[..end].iter().map(|(tables, schedule)| (tables, schedule)).collect();
            let expected: Projective<G1> = queries[..end].iter().map(|(p, s)| naive(p, s)).sum();
            assert_eq!(sum_by(adder, &terms).expect("alike"), expected);
        }
    }
}

/// A bucket of several tables that one task alone would take too long for.
#[test]
fn parts_of_a_bucket_come_from_every_table() {
    let rng = &mut ark_std::test_rng();
    for kernel in Kernel::available() {
        let (adder, shape) = (G1::adder(kernel), Shape::new::<Fr>(8, 4));
        let made = [(600, 2), (1300, 4), (20, 9)].map(|(count, sort)| {
            let (points, scalars) = (points::<G1>(count, rng), scalars(count, sort, rng));
            let schedule = Schedule::new(&scalars, shape).expect("few");
            (Tables::build(adder, &store::<G1>(&points), shape), schedule, naive(&points, &scalars))
        });
        let terms: Vec<_> = made.iter().map(|(tables, schedule, _)| (tables, schedule)).collect();
        let expected: Projective<G1> = made.iter().map(|(_, _, sum)| *sum).sum();
        assert_eq!(sum_by(adder, &terms).expect("alike"), expected, "{kernel}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let shape = Shape::new::<Fr>(8, 4);
    let point = G1::store(&Affine::generator());
    let tables = Tables::<G1>::build(G1::adder(Kernel::Portable), &[point; 3], shape);
    let schedule = |count, shape| Schedule::new(&vec![Fr::ONE; count], shape).expect("few");
    assert!(sum(&[(&tables, &schedule(3, shape))]).is_ok());
    assert_eq!(
        sum(&[(&tables, &schedule(2, shape))]).err(),
        Some(Error::Count { what: "scalar", expected: 3, found: 2 })
    );
    for other in [Shape::new::<Fr>(9, 4), Shape::new::<Fr>(8, 5)] {
        assert!(sum(&[(&tables, &schedule(3, other))]).is_err());
    }
    assert!(Tables::<G1>::over(tables.levels(), 3, shape).is_ok());
    // Times four levels, the last is twelve again.
    for count in [0, 2, 4, usize::MAX, 3 + (1 << 62)] {
        assert!(Tables::<G1>::over(tables.levels(), count, shape).is_err());
    }
}

#[test]
fn the_best_shape_is_wide_for_many_points() {
    let width = |points| Shape::best::<Fr>(points, 1000).width();
    assert!(width(1) < width(1 << 10) && width(1 << 10) < width(1 << 16));
    let bits = <G1 as CurveConfig>::ScalarField::MODULUS_BIT_SIZE as usize;
    for width in WIDTHS {
        let shape = Shape::new::<Fr>(width, 5);
        assert!(shape.levels() <= 5 && shape.levels() * shape.sets() >= shape.windows());
        assert!(shape.windows() * shape.width() >= bits);
    }
}

#[test]
fn plain_points_are_summed_on_either_side_of_the_threshold() {
    let rng = &mut ark_std::test_rng();
    for count in (0..20).chain([63, 64, 65, 700]) {
        let (points, scalars) = (points::<G1>(count, rng), scalars(count, 9, rng));
        assert_eq!(msm(&points, &scalars).expect("as many"), naive(&points, &scalars));
        let expected = Error::Count { what: "scalar", expected: count + 1, found: count };
        let more = [points, vec![Affine::generator()]].concat();
        assert_eq!(msm(&more, &scalars).err(), Some(expected));
    }
    let (points, scalars) = (points::<G2>(30, rng), scalars(30, 9, rng));
    assert_eq!(msm(&points, &scalars).expect("as many"), naive(&points, &scalars));
}
