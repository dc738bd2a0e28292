//! Transforms against arkworks', on every size up to those that are split over threads.

use ark_bls12_381::Fr as OtherField;
use ark_ff::{FftField, Field, One, PrimeField, Zero};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use ark_std::test_rng;

use super::public::reverse_bits;
use super::{transform, Domain};
use crate::error::Error;
use crate::instance::Fr;

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

fn agrees_with_arkworks<F: PrimeField>(size: usize) {
    let domain = Domain::<F>::new(size).unwrap();
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
    for log in 0..=13 {
        agrees_with_arkworks::<Fr>(1 << log);
    }
    for log in [0, 1, 2, 3, 8, 9, 11, 12] {
        agrees_with_arkworks::<OtherField>(1 << log);
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
    let domain = Domain::<Fr>::new(1 << Fr::TWO_ADICITY).unwrap();
    assert!(domain.odd().is_err());
    assert!(domain.step().pow([1 << (Fr::TWO_ADICITY - 1)]) == -Fr::one());
}

#[test]
fn a_coset_of_zero_is_an_error() {
    assert_eq!(transform(vec![Fr::one(); 4], true, Fr::zero()), Err(Error::ZeroCoset));
}
