//! Sums of products over points known ahead, from tables of their multiples: no doublings are left to do.
//!
//! A scalar is written in signed digits of `width` bits, from -2^(width - 1) up to 2^(width - 1). The table of a base
//! holds d 2^(width i) times the base for each place i and each digit d > 0. Tables cost as much as some ten sums without
//! them, so they are made when there have been about as many: whoever needs one sum does not wait for them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::OnceLock;

use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::AffineRepr;
use ark_ff::{serial_batch_inversion_and_mul, AdditiveGroup, Field, Zero};

use crate::digits::{digits, windows, Digit};
use crate::error::Error;
use crate::group::Group;
use crate::msm;

/// Points in all tables together at most: 2 MiB in G1, what a core keeps close.
const ROOM: usize = 1 << 15;

/// From so many points on, an inversion costs less than it saves.
const WORTH_AN_INVERSION: usize = 24;

/// Sums after which tables are made.
const WORTH_TABLES: usize = 8;

/// Few bases get tables; many do not.
pub struct FixedBases<P: Group> {
    bases: Vec<Affine<P>>,
    /// Bits of a digit; 0 where there will be no tables.
    width: usize,
    /// Sums that were made without tables.
    sums: AtomicUsize,
    tables: OnceLock<Vec<Affine<P>>>,
}

impl<P: Group> FixedBases<P> {
    /// Bases in the subgroup.
    pub fn new(bases: Vec<Affine<P>>) -> Self {
        let fits = |width: &usize| (bases.len() * windows::<P::ScalarField>(*width)) << (width - 1) <= ROOM;
        let width = (4..=7).rev().find(fits).unwrap_or(0);
        Self { width, bases, sums: AtomicUsize::new(0), tables: OnceLock::new() }
    }

    pub fn len(&self) -> usize {
        self.bases.len()
    }

    /// Are they so few that their sums are done on the thread that asks? Others are done on all threads of the pool.
    pub fn are_few(&self) -> bool {
        self.width > 0
    }

    pub fn is_empty(&self) -> bool {
        self.bases.is_empty()
    }

    /// sum scalars[i] * bases[i]; exactly one scalar per base.
    pub fn sum(&self, scalars: &[P::ScalarField]) -> Result<Projective<P>, Error> {
        if !self.are_few() || scalars.len() != self.bases.len() {
            return msm::straight(&self.bases, scalars);
        }
        let Some(tables) = self.tables() else {
            return Ok(self.bases.iter().zip(scalars).map(|(base, scalar)| P::times(base, scalar)).sum());
        };
        let mut terms = Vec::with_capacity(scalars.len() * windows::<P::ScalarField>(self.width));
        let tables = tables.chunks_exact(windows::<P::ScalarField>(self.width) << (self.width - 1));
        for (scalar, table) in scalars.iter().zip(tables) {
            self.terms(scalar, table, &mut terms);
        }
        Ok(affine_sum(terms))
    }

    /// None as long as they are not worth their making. Whoever comes while they are made waits for them, which takes a
    /// few milliseconds of one thread: their maker never waits for others.
    fn tables(&self) -> Option<&[Affine<P>]> {
        if self.tables.get().is_none() && self.sums.fetch_add(1, Ordering::Relaxed) < WORTH_TABLES {
            return None;
        }
        Some(self.tables.get_or_init(|| {
            let mut multiples = Vec::new();
            for base in &self.bases {
                tabulate(*base, self.width, &mut multiples);
            }
            affine(&multiples)
        }))
    }

    /// The multiples that add up to a scalar's product.
    fn terms(&self, scalar: &P::ScalarField, table: &[Affine<P>], out: &mut Vec<Affine<P>>) {
        for Digit { window, size, minus } in digits(scalar, self.width) {
            let multiple = table[(window << (self.width - 1)) + size - 1];
            out.push(if minus { -multiple } else { multiple });
        }
    }
}

/// Pairs are added as affine points, all slopes of a round with one inversion: 6 products each instead of 11.
fn affine_sum<P: SWCurveConfig>(mut terms: Vec<Affine<P>>) -> Projective<P> {
    let mut slopes = Vec::with_capacity(terms.len() / 2);
    while terms.len() >= WORTH_AN_INVERSION {
        slopes.clear();
        slopes.extend(terms.chunks_exact(2).map(|pair| run(&pair[0], &pair[1])));
        serial_batch_inversion_and_mul(&mut slopes, &P::BaseField::ONE);
        for (i, inverse) in slopes.iter().enumerate() {
            terms[i] = sum(&terms[2 * i], &terms[2 * i + 1], inverse);
        }
        let odd = (terms.len() % 2 == 1).then(|| terms[terms.len() - 1]);
        terms.truncate(slopes.len());
        terms.extend(odd);
    }
    terms.iter().fold(Projective::zero(), |total, term| total + term)
}

/// What the slope of the line through two points is divided by; 0 where there is no line that crosses the curve again.
fn run<P: SWCurveConfig>(p: &Affine<P>, q: &Affine<P>) -> P::BaseField {
    match (p.is_zero() || q.is_zero(), p.x == q.x, p.y == q.y) {
        (true, ..) | (false, true, false) => P::BaseField::ZERO,
        (false, true, true) => p.y.double(),
        (false, false, _) => q.x - p.x,
    }
}

/// p + q, given the inverse of `run`; 0 has none, and stays 0.
fn sum<P: SWCurveConfig>(p: &Affine<P>, q: &Affine<P>, inverse: &P::BaseField) -> Affine<P> {
    if inverse.is_zero() {
        return match (p.is_zero(), q.is_zero()) {
            (true, _) => *q,
            (false, true) => *p,
            (false, false) => Affine::identity(),
        };
    }
    let rise = if p.x == q.x {
        let square = p.x.square();
        square.double() + square + P::COEFF_A
    } else {
        q.y - p.y
    };
    let slope = rise * inverse;
    let x = slope.square() - p.x - q.x;
    Affine::new_unchecked(x, slope * (p.x - x) - p.y)
}

/// Affine forms, on this thread alone.
fn affine<P: SWCurveConfig>(points: &[Projective<P>]) -> Vec<Affine<P>> {
    let mut inverses: Vec<P::BaseField> = points.iter().map(|point| point.z).collect();
    serial_batch_inversion_and_mul(&mut inverses, &P::BaseField::ONE);
    let affine = |(point, inverse): (&Projective<P>, &P::BaseField)| {
        let square = inverse.square();
        match point.z.is_zero() {
            true => Affine::identity(),
            false => Affine::new_unchecked(point.x * square, point.y * square * inverse),
        }
    };
    points.iter().zip(&inverses).map(affine).collect()
}

fn tabulate<P: SWCurveConfig>(base: Affine<P>, width: usize, out: &mut Vec<Projective<P>>) {
    let mut step = Projective::from(base);
    for _ in 0..windows::<P::ScalarField>(width) {
        let mut multiple = Projective::zero();
        for _ in 0..1 << (width - 1) {
            multiple += step;
            out.push(multiple);
        }
        step = multiple.double();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{Fr, G1};
    use ark_ec::{CurveGroup, PrimeGroup};
    use ark_ff::UniformRand;

    /// After more sums than it takes.
    fn with_tables(bases: &[Affine<G1>]) -> Result<FixedBases<G1>, Error> {
        let fixed = FixedBases::new(bases.to_vec());
        for _ in 0..=WORTH_TABLES {
            assert!(fixed.sum(&vec![Fr::ZERO; bases.len()])?.is_zero());
        }
        Ok(fixed)
    }

    #[test]
    fn sums_are_those_of_the_general_algorithm() -> Result<(), Error> {
        let rng = &mut ark_std::test_rng();
        for count in [0, 1, 2, 8, 20, 30, 64, 80] {
            let mut bases: Vec<Affine<G1>> = (0..count).map(|_| Projective::rand(rng).into_affine()).collect();
            bases.extend([Affine::identity(), Affine::identity()]);
            let (tables, without) = (with_tables(&bases)?, FixedBases::new(bases.clone()));
            assert_eq!(tables.len(), count + 2);
            assert!(tables.tables.get().map_or(count > 60, |tables| tables.len() <= ROOM));
            let mut edges = vec![Fr::ZERO, Fr::from(1), -Fr::from(1), -Fr::from(2), Fr::from(u64::MAX)];
            edges.extend((1..9).map(|bits| Fr::from(1u64 << bits) - Fr::from(1)));
            edges.extend((1..9).map(|bits| Fr::from(1u64 << bits)));
            for edge in edges {
                let mut scalars: Vec<Fr> = (0..count).map(|_| Fr::rand(rng)).collect();
                scalars.extend([edge, edge]);
                scalars.rotate_left(count / 2);
                let expected = msm::straight(&bases, &scalars)?;
                assert_eq!((tables.sum(&scalars)?, without.sum(&scalars)?), (expected, expected));
            }
            assert!(tables.sum(&vec![Fr::ZERO; count + 3]).is_err());
        }
        Ok(())
    }

    #[test]
    fn tables_are_made_when_they_are_worth_it() -> Result<(), Error> {
        let fixed = FixedBases::new(vec![Affine::<G1>::generator(); 3]);
        for _ in 0..WORTH_TABLES {
            assert_eq!(fixed.sum(&[Fr::from(5); 3])?, Projective::generator() * Fr::from(15));
            assert!(fixed.tables.get().is_none());
        }
        assert_eq!(fixed.sum(&[Fr::from(5); 3])?, Projective::generator() * Fr::from(15));
        assert!(fixed.tables.get().is_some());
        Ok(())
    }

    /// Equal, opposite and infinite points meet in the rounds.
    #[test]
    fn sums_of_points_that_meet() -> Result<(), Error> {
        let rng = &mut ark_std::test_rng();
        let point = Projective::<G1>::rand(rng).into_affine();
        let bases = vec![point, point, -point, Affine::identity(), point, (point + point).into_affine()];
        let tables = with_tables(&bases)?;
        for _ in 0..50 {
            let scalar = Fr::rand(rng);
            for signs in [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, -1, 1], [1, 0, 1, 0, 0, 0], [1, -1, 0, 0, 0, 0]] {
                let scalars = signs.map(|sign| scalar * Fr::from(sign));
                assert_eq!(tables.sum(&scalars)?, msm::straight(&bases, &scalars)?);
            }
        }
        let chosen = |choice: u64| [point, -point, Affine::identity()][choice as usize % 3];
        for count in 0..100 {
            let terms: Vec<Affine<G1>> = (0..count).map(|_| chosen(u64::rand(rng))).collect();
            assert_eq!(affine_sum(terms.clone()), terms.iter().fold(Projective::zero(), |sum, term| sum + term));
        }
        Ok(())
    }
}
