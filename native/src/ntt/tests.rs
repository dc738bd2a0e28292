//! Transforms against arkworks', on every size up to those that are split over threads.

use ark_bls12_381::Fr as OtherField;
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ec::short_weierstrass::Projective;
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{AdditiveGroup, FftField, Field, One, PrimeField, Zero};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use ark_std::test_rng;

use super::public::reverse_bits;
use super::ways::Tables;
use super::{transform, transform_points, Domain, Transformed};
use crate::affine::BulkCurve;
use crate::error::Error;
use crate::instance::{Fr, G1, G2};
use crate::kernel::Kernel;

fn random<F: PrimeField>(count: usize) -> Vec<F> {
    let mut rng = test_rng();
    (0..count).map(|_| F::rand(&mut rng)).collect()
}

/// Vectors whose elements stand at the ends of the field, and random ones.
fn samples<F: PrimeField>(size: usize) -> [Vec<F>; 4] {
    [random(size), vec![F::zero(); size], vec![-F::one(); size], {
        let mut mixed = random(size);
        mixed.iter_mut().step_by(3).for_each(|value| *value = -F::one());
        mixed.iter_mut().step_by(5).for_each(|value| *value = F::zero());
        mixed
    }]
}

fn scaled<F: PrimeField>(values: &[F], factor: usize) -> Vec<F> {
    values.iter().map(|value| *value * F::from(factor as u64)).collect()
}

fn agrees_with_arkworks<F: Transformed>(size: usize, kernel: Kernel) {
    let domain = Domain::<F>::with(size, kernel).unwrap();
    let theirs = Radix2EvaluationDomain::<F>::new(size).unwrap();
    let double = F::get_root_of_unity(2 * size as u64).unwrap();
    for values in samples::<F>(size) {
        let coefficients = theirs.ifft(&values);
        let odd = theirs.get_coset(double).unwrap().fft(&coefficients);

        let mut found = values.clone();
        domain.interpolate(&mut found).unwrap();
        let mut natural = found.clone();
        reverse_bits(&mut natural);
        assert_eq!(natural, scaled(&coefficients, size), "coefficients at {size}");

        let mut back = found.clone();
        domain.evaluate(&mut back).unwrap();
        assert_eq!(back, scaled(&values, size), "values at {size}");

        domain.evaluate_odd(&mut found).unwrap();
        assert_eq!(found, scaled(&odd, size), "odd points at {size}");

        let mut extended = values.clone();
        domain.extend(&mut extended).unwrap();
        assert_eq!(extended, found, "extension at {size}");
    }
}

#[test]
fn every_size_agrees_with_arkworks() {
    for kernel in Kernel::available() {
        for log in 0..=14 {
            agrees_with_arkworks::<Fr>(1 << log, kernel);
        }
        for log in [0, 1, 2, 3, 8, 9, 11, 12] {
            agrees_with_arkworks::<OtherField>(1 << log, kernel);
        }
    }
}

/// Sizes that are split over threads more than once, with values at the ends of the field: each step up adds to what the
/// lanes have not reduced yet.
#[test]
fn large_sizes_agree_with_arkworks() {
    for log in 15..=18 {
        let size = 1 << log;
        let theirs = Radix2EvaluationDomain::<Fr>::new(size).unwrap();
        let double = Fr::get_root_of_unity(2 * size as u64).unwrap();
        let [.., values] = samples::<Fr>(size);
        let coefficients = theirs.ifft(&values);
        let odd = theirs.get_coset(double).unwrap().fft(&coefficients);
        for kernel in Kernel::available() {
            let domain = Domain::<Fr>::with(size, kernel).unwrap();
            let mut found = values.clone();
            domain.interpolate(&mut found).unwrap();
            let mut natural = found.clone();
            reverse_bits(&mut natural);
            assert!(natural == scaled(&coefficients, size), "coefficients at {size}, {kernel}");
            domain.evaluate_odd(&mut found).unwrap();
            assert!(found == scaled(&odd, size), "odd points at {size}, {kernel}");
            let mut extended = values.clone();
            domain.extend(&mut extended).unwrap();
            assert!(extended == found, "extension at {size}, {kernel}");
        }
    }
}

#[test]
fn natural_order_agrees_with_arkworks() {
    for log in 0..=11 {
        let size = 1 << log;
        let theirs = Radix2EvaluationDomain::<Fr>::new(size).unwrap();
        for coset in [Fr::one(), Fr::GENERATOR, random(1)[0]] {
            let theirs = theirs.get_coset(coset).unwrap();
            let values: Vec<Fr> = random(size);
            assert_eq!(transform(values.clone(), false, coset).unwrap(), theirs.fft(&values));
            assert_eq!(transform(values.clone(), true, coset).unwrap(), theirs.ifft(&values));
        }
    }
}

#[test]
fn sizes_without_a_domain_are_errors() {
    for size in [0, 3, 6, 1000] {
        assert_eq!(transform(vec![Fr::one(); size], false, Fr::one()), Err(Error::TransformLength { size }));
    }
    for size in [1 << 29, usize::MAX, 1 << 63] {
        assert_eq!(Domain::<Fr>::new(size).err(), Some(Error::TransformLength { size }));
    }
}

#[test]
fn vectors_of_another_length_are_errors() {
    let domain = Domain::<Fr>::new(8).unwrap();
    for size in [0, 4, 7, 9, 16] {
        let wrong = Err(Error::Count { what: "value", expected: 8, found: size });
        let mut values = vec![Fr::one(); size];
        assert_eq!(domain.interpolate(&mut values), wrong);
        assert_eq!(domain.evaluate(&mut values), wrong);
        assert_eq!(domain.evaluate_odd(&mut values), wrong);
        assert_eq!(domain.extend(&mut values), wrong);
    }
}

#[test]
fn the_largest_domain_has_no_odd_points() {
    let tables = Tables::<Fr>::new(1 << Fr::TWO_ADICITY).unwrap();
    assert_eq!(tables.half_step, None);
    assert_eq!(tables.step.pow([1 << (Fr::TWO_ADICITY - 1)]), -Fr::one());
}

#[test]
fn a_coset_of_zero_is_an_error() {
    assert_eq!(transform(vec![Fr::one(); 4], true, Fr::zero()), Err(Error::ZeroCoset));
}

/// a b - c at the odd points, by arkworks.
fn their_quotient<F: PrimeField>([a, b, c]: [&[F]; 3]) -> Vec<F::BigInt> {
    let domain = Radix2EvaluationDomain::<F>::new(a.len()).unwrap();
    let odd = domain.get_coset(F::get_root_of_unity(2 * a.len() as u64).unwrap()).unwrap();
    let [a, b, c] = [a, b, c].map(|values| odd.fft(&domain.ifft(values)));
    a.iter().zip(b).zip(c).map(|((a, b), c)| (*a * b - c).into_bigint()).collect()
}

fn quotients_agree<F: Transformed>(size: usize, kernel: Kernel) {
    let domain = Domain::<F>::with(size, kernel).unwrap();
    for a in samples::<F>(size) {
        let b: Vec<F> = a.iter().rev().map(|value| value.square() + F::one()).collect();
        let c: Vec<F> = random(size);
        let mut found = vec![F::BigInt::default(); size];
        domain.quotient(&mut a.clone(), &mut b.clone(), Some(&mut c.clone()), &mut found).unwrap();
        assert_eq!(found, their_quotient([&a, &b, &c]), "quotient at {size}");
        domain.quotient(&mut a.clone(), &mut b.clone(), None, &mut found).unwrap();
        assert_eq!(found, their_quotient([&a, &b, &vec![F::zero(); size]]), "product at {size}");
    }
}

#[test]
fn quotients_agree_with_arkworks() {
    for kernel in Kernel::available() {
        for log in [0, 1, 2, 5, 6, 7, 10, 12, 13] {
            quotients_agree::<Fr>(1 << log, kernel);
        }
        quotients_agree::<OtherField>(64, kernel);
    }
}

/// A thread that makes a table with others is given other callers' work while it waits, which needs the table too.
#[test]
fn many_callers_start_at_once() {
    let pool = &rayon::ThreadPoolBuilder::new().num_threads(6).build().unwrap();
    let values: &[Fr] = &random(1 << 13);
    for kernel in Kernel::available() {
        for _ in 0..4 {
            let domain = &Domain::<Fr>::with(values.len(), kernel).unwrap();
            let quotient = || {
                let mut found = vec![Default::default(); values.len()];
                domain.quotient(&mut values.to_vec(), &mut values.to_vec(), None, &mut found).unwrap();
                found
            };
            let found: Vec<_> = std::thread::scope(|scope| {
                let callers: Vec<_> = (0..12).map(|_| scope.spawn(|| pool.install(quotient))).collect();
                callers.into_iter().map(|caller| caller.join().unwrap()).collect()
            });
            assert!(found.windows(2).all(|pair| pair[0] == pair[1]));
        }
    }
}

#[test]
fn quotients_of_other_lengths_are_errors() {
    let domain = Domain::<Fr>::new(8).unwrap();
    let vector = |count| vec![Fr::one(); count];
    let values = |count| vec![Default::default(); count];
    for (a, b, c, out) in [(4, 8, 8, 8), (8, 4, 8, 8), (8, 8, 16, 8), (8, 8, 8, 7)] {
        let result = domain.quotient(&mut vector(a), &mut vector(b), Some(&mut vector(c)), &mut values(out));
        assert!(matches!(result, Err(Error::Count { what: "value", expected: 8, .. })));
    }
}

fn points_agree<C: BulkCurve + GLVConfig>(size: usize) {
    let theirs = Radix2EvaluationDomain::<C::ScalarField>::new(size).unwrap();
    let mut point = Projective::<C>::generator();
    let points: Vec<Projective<C>> = (0..size)
        .map(|place| {
            point.double_in_place();
            if place % 7 == 3 {
                Projective::zero()
            } else {
                point
            }
        })
        .collect();
    for inverse in [false, true] {
        let mut found: Vec<C::Point> = Projective::normalize_batch(&points).iter().map(C::store).collect();
        transform_points::<C>(&mut found, inverse).unwrap();
        let expected = if inverse { theirs.ifft(&points) } else { theirs.fft(&points) };
        let expected = Projective::normalize_batch(&expected);
        assert_eq!(found.iter().map(C::load).collect::<Vec<_>>(), expected, "{size} points, inverse: {inverse}");
    }
}

#[test]
fn points_agree_with_arkworks() {
    for log in [0, 1, 2, 3, 6, 7] {
        points_agree::<G1>(1 << log);
    }
    for log in [0, 1, 5] {
        points_agree::<G2>(1 << log);
    }
    let mut few = [G1::store(&Projective::<G1>::generator().into()); 3];
    assert_eq!(transform_points::<G1>(&mut few, true), Err(Error::TransformLength { size: 3 }));
}
