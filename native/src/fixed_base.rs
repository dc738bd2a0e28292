//! Sums of products over points known ahead, from tables of their multiples: no doublings are left to do.
//!
//! A scalar is written in signed digits of `width` bits, from -2^(width - 1) up to 2^(width - 1). The table of a base
//! holds d 2^(width i) times the base for each place i and each digit d > 0.

use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{serial_batch_inversion_and_mul, AdditiveGroup, Field, Zero};

use crate::digits::{digits, windows, Digit};
use crate::error::Error;
use crate::msm;

/// Points in all tables together at most: 2 MiB in G1, what a core keeps close.
const ROOM: usize = 1 << 15;

/// From so many points on, an inversion costs less than it saves.
const WORTH_AN_INVERSION: usize = 24;

/// Few bases have tables; many have none.
pub struct FixedBases<P: SWCurveConfig> {
    bases: Vec<Affine<P>>,
    /// Bits of a digit; 0 where there are no tables.
    width: usize,
    multiples: Vec<Affine<P>>,
}

impl<P: SWCurveConfig> FixedBases<P> {
    pub fn new(bases: Vec<Affine<P>>) -> Self {
        let fits = |width: &usize| (bases.len() * windows::<P::ScalarField>(*width)) << (width - 1) <= ROOM;
        let width = (4..=7).rev().find(fits).unwrap_or(0);
        let mut multiples = Vec::new();
        if width > 0 {
            for base in &bases {
                tabulate(*base, width, &mut multiples);
            }
        }
        Self { multiples: Projective::normalize_batch(&multiples), width, bases }
    }

    pub fn len(&self) -> usize {
        self.bases.len()
    }

    /// Without tables, sums are done on all threads of the pool; with them, on this one.
    pub fn has_tables(&self) -> bool {
        self.width > 0
    }

    pub fn is_empty(&self) -> bool {
        self.bases.is_empty()
    }

    /// sum scalars[i] * bases[i]; exactly one scalar per base.
    pub fn sum(&self, scalars: &[P::ScalarField]) -> Result<Projective<P>, Error> {
        if !self.has_tables() || scalars.len() != self.bases.len() {
            return msm::straight(&self.bases, scalars);
        }
        let mut terms = Vec::with_capacity(scalars.len() * windows::<P::ScalarField>(self.width));
        let tables = self.multiples.chunks_exact(windows::<P::ScalarField>(self.width) << (self.width - 1));
        for (scalar, table) in scalars.iter().zip(tables) {
            self.terms(scalar, table, &mut terms);
        }
        Ok(affine_sum(terms))
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
    use ark_ff::UniformRand;

    #[test]
    fn sums_are_those_of_the_general_algorithm() -> Result<(), Error> {
        let rng = &mut ark_std::test_rng();
        for count in [0, 1, 2, 8, 20, 30, 64, 80] {
            let mut bases: Vec<Affine<G1>> = (0..count).map(|_| Projective::rand(rng).into_affine()).collect();
            bases.extend([Affine::identity(), Affine::identity()]);
            let tables = FixedBases::new(bases.clone());
            assert_eq!(tables.len(), count + 2);
            assert!(tables.multiples.len() <= ROOM && (count > 60 || tables.has_tables()));
            let mut edges = vec![Fr::ZERO, Fr::from(1), -Fr::from(1), -Fr::from(2), Fr::from(u64::MAX)];
            edges.extend((1..9).map(|bits| Fr::from(1u64 << bits) - Fr::from(1)));
            edges.extend((1..9).map(|bits| Fr::from(1u64 << bits)));
            for edge in edges {
                let mut scalars: Vec<Fr> = (0..count).map(|_| Fr::rand(rng)).collect();
                scalars.extend([edge, edge]);
                scalars.rotate_left(count / 2);
                assert_eq!(tables.sum(&scalars)?, msm::straight(&bases, &scalars)?);
            }
            assert!(tables.sum(&vec![Fr::ZERO; count + 3]).is_err());
        }
        Ok(())
    }

    /// Equal, opposite and infinite points meet in the rounds.
    #[test]
    fn sums_of_points_that_meet() -> Result<(), Error> {
        let rng = &mut ark_std::test_rng();
        let point = Projective::<G1>::rand(rng).into_affine();
        let bases = vec![point, point, -point, Affine::identity(), point, (point + point).into_affine()];
        let tables = FixedBases::new(bases.clone());
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
