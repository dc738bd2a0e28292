//! The Miller loop of the optimal ate pairing (Vercauteren 2010) over Barreto-Naehrig curves with a D-type twist.
//!
//! One loop for many pairs, which share its squarings. A point of G2 that is known ahead has its lines made once, and
//! divided by their first coefficient and by the y of the point of G1: the final exponentiation takes every factor in
//! F_q^2 to one, and a line whose first coefficient is 1 costs 10 products in F_q^2 instead of 13.

use crate::lines::{lines, Line};
use ark_ec::bn::{BnConfig, G1Affine, G2Affine};
use ark_ec::AffineRepr;

use ark_ff::{serial_batch_inversion_and_mul, CyclotomicMultSubgroup, Field, Fp12, Fp12Config, Fp2};

/// An element before the final exponentiation.
pub type Value<B> = Fp12<<B as BnConfig>::Fp12Config>;

/// The second and third coefficient of each line through multiples of a point, the first being 1.
pub struct FixedLines<B: BnConfig>(Vec<[Fp2<B::Fp2Config>; 2]>);

impl<B: BnConfig> FixedLines<B> {
    /// The lines of a point, or None if it is not in the subgroup; there are none for the point at infinity.
    pub fn new(point: &G2Affine<B>) -> Option<Self> {
        let lines = lines::<B>(point)?;
        // A first coefficient is 2 y z, or the difference of two x of points of order r that are not each other's
        // negative: never 0.
        let mut inverses: Vec<_> = lines.iter().map(|line| line[0]).collect();
        serial_batch_inversion_and_mul(&mut inverses, &Fp2::ONE);
        let divided = lines.iter().zip(inverses).map(|([_, c3, c4], inverse)| [*c3 * inverse, *c4 * inverse]);
        Some(Self(divided.collect()))
    }
}

/// A point of G1 as fixed lines want it: x / y and 1 / y. None is the point at infinity.
pub type Evaluation<B> = Option<[<B as BnConfig>::Fp; 2]>;

/// With one inversion for all; no point of order r has y = 0. On this thread alone, as is all of this module.
pub fn evaluations<B: BnConfig, const N: usize>(points: [G1Affine<B>; N]) -> [Evaluation<B>; N] {
    let mut inverses = points.map(|point| point.y);
    serial_batch_inversion_and_mul(&mut inverses, &B::Fp::ONE);
    let mut inverses = inverses.into_iter();
    points.map(|point| {
        let inverse = inverses.next()?;
        (!point.is_zero()).then(|| [point.x * inverse, inverse])
    })
}

/// The product of the Miller values of all pairs; one with a point at infinity counts as one.
pub fn product<'a, B: BnConfig>(
    pairs: impl IntoIterator<Item = (G1Affine<B>, &'a [Line<B>])>,
    fixed: impl IntoIterator<Item = (Evaluation<B>, &'a FixedLines<B>)>,
) -> Value<B> {
    let pairs: Vec<_> = pairs.into_iter().filter(|(p, q)| !p.is_zero() && !q.is_empty()).collect();
    let fixed: Vec<_> = fixed.into_iter().filter_map(|(p, lines)| Some((p?, lines))).collect();
    let mut value = Value::<B>::ONE;
    let mut places = 0..;
    let mut multiply = |value: &mut Value<B>| {
        let Some(line) = places.next() else { return };
        for (p, q) in &pairs {
            if let Some([c0, c3, c4]) = q.get(line) {
                let (mut c0, mut c3) = (*c0, *c3);
                c0.mul_assign_by_fp(&p.y);
                c3.mul_assign_by_fp(&p.x);
                value.mul_by_034(&c0, &c3, c4);
            }
        }
        for (p, q) in &fixed {
            if let Some([c3, c4]) = q.0.get(line) {
                let (mut c3, mut c4) = (*c3, *c4);
                c3.mul_assign_by_fp(&p[0]);
                c4.mul_assign_by_fp(&p[1]);
                multiply_by_line::<B>(value, &c3, &c4);
            }
        }
    };
    for (round, digit) in B::ATE_LOOP_COUNT.iter().rev().skip(1).enumerate() {
        if round > 0 {
            value.square_in_place();
        }
        multiply(&mut value);
        if *digit != 0 {
            multiply(&mut value);
        }
    }
    if B::X_IS_NEGATIVE {
        value.cyclotomic_inverse_in_place();
    }
    multiply(&mut value);
    multiply(&mut value);
    value
}

/// value * (1 + (c3 + c4 v) w).
fn multiply_by_line<B: BnConfig>(value: &mut Value<B>, c3: &Fp2<B::Fp2Config>, c4: &Fp2<B::Fp2Config>) {
    let (mut left, mut right) = (value.c1, value.c0);
    left.mul_by_01(c3, c4);
    right.mul_by_01(c3, c4);
    B::Fp12Config::mul_fp6_by_nonresidue_in_place(&mut left);
    value.c0 += left;
    value.c1 += right;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bn254::{Bn254, Config, G1Projective, G2Projective};
    use ark_ec::pairing::{MillerLoopOutput, Pairing};
    use ark_ec::{CurveGroup, PrimeGroup};
    use ark_ff::UniformRand;

    #[test]
    fn equals_arkworks_pairing_after_the_final_exponentiation() {
        let rng = &mut ark_std::test_rng();
        let p: Vec<_> = (0..4).map(|_| G1Projective::rand(rng).into_affine()).collect();
        let q: Vec<_> = (0..4).map(|_| G2Projective::rand(rng).into_affine()).collect();
        let variable: Vec<Vec<Line<Config>>> = q[..2].iter().filter_map(lines::<Config>).collect();
        let fixed: Vec<FixedLines<Config>> = q[2..].iter().filter_map(FixedLines::new).collect();
        let [a, b] = evaluations::<Config, 2>([p[2], p[3]]);
        let value =
            product(p[..2].iter().copied().zip(variable.iter().map(Vec::as_slice)), [(a, &fixed[0]), (b, &fixed[1])]);
        let exponentiated = Bn254::final_exponentiation(MillerLoopOutput(value));
        assert_eq!(exponentiated, Some(Bn254::multi_pairing(p, q)));
    }

    #[test]
    fn infinity_on_either_side_counts_as_one() {
        let (p, q) = (G1Projective::generator().into_affine(), G2Projective::generator().into_affine());
        let (no_p, no_q) = (G1Affine::<Config>::zero(), G2Affine::<Config>::zero());
        let [finite, infinite] = evaluations::<Config, 2>([p, no_p]);
        let fixed: Vec<FixedLines<Config>> = [q, no_q].iter().filter_map(FixedLines::new).collect();
        let variable: Vec<Vec<Line<Config>>> = [no_q, q].iter().filter_map(lines::<Config>).collect();
        let pairs = [p, no_p].into_iter().zip(variable.iter().map(Vec::as_slice));
        assert_eq!(product(pairs, [(infinite, &fixed[0]), (finite, &fixed[1])]), Value::<Config>::ONE);
    }
}
