//! The lines that the Miller loop of a Barreto-Naehrig curve evaluates, for one point of the twist; and, as they lead to
//! a multiple of the point, whether it is in the subgroup of order r.
//!
//! Formulas: Aranha, Karabina, Longa, Gebotys, Lopez, "Faster explicit formulas for computing pairings over ordinary
//! curves" (eprint 2010/526), section 4, in homogeneous coordinates, each point times 4 to save the halvings.

use ark_ec::bn::{BnConfig, G2Affine};
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, Field, Fp2, Zero};

type Coordinate<B> = Fp2<<B as BnConfig>::Fp2Config>;

/// A line's coefficients of 1, w and v w: the first is still to be multiplied by y of the point of G1, the second by x.
pub type Line<B> = [Coordinate<B>; 3];

/// The lines of a point Q of the curve over F_q^2, or None if it is not in the subgroup; there are none for infinity.
///
/// The loop ends at T = (6 x + 2) Q + psi(Q) - psi^2(Q), psi being the untwisted Frobenius. On the subgroup psi multiplies
/// by q, and 6 x + 2 + q - q^2 + q^3 = 0 mod r (Vercauteren, "Optimal pairings"), so T = -psi^3(Q) for its points. A
/// point of which that is true is in the subgroup: the points of which it is true are one, and so it is enough that none
/// whose order is a prime factor of the cofactor is among them. The tests try one of each order. Where the formulas meet
/// infinity or a point and itself, Z becomes 0 and stays so; such a point is refused.
pub fn lines<B: BnConfig>(point: &G2Affine<B>) -> Option<Vec<Line<B>>> {
    if point.is_zero() {
        return Some(Vec::new());
    }
    let mut lines = Vec::with_capacity(2 * B::ATE_LOOP_COUNT.len());
    let mut t = Multiple::<B> { x: point.x, y: point.y, z: Coordinate::<B>::ONE };
    let negative = -*point;
    for digit in B::ATE_LOOP_COUNT.iter().rev().skip(1) {
        lines.push(t.double());
        match digit {
            1 => lines.push(t.add(point)),
            -1 => lines.push(t.add(&negative)),
            _ => {}
        }
    }
    if B::X_IS_NEGATIVE {
        t.y = -t.y;
    }
    let once = untwisted_frobenius::<B>(*point);
    let twice = -untwisted_frobenius::<B>(once);
    lines.push(t.add(&once));
    lines.push(t.add(&twice));
    t.is(&untwisted_frobenius::<B>(twice)).then_some(lines)
}

pub fn untwisted_frobenius<B: BnConfig>(mut point: G2Affine<B>) -> G2Affine<B> {
    point.x.frobenius_map_in_place(1);
    point.y.frobenius_map_in_place(1);
    point.x *= B::TWIST_MUL_BY_Q_X;
    point.y *= B::TWIST_MUL_BY_Q_Y;
    point
}

/// (X / Z, Y / Z).
struct Multiple<B: BnConfig> {
    x: Coordinate<B>,
    y: Coordinate<B>,
    z: Coordinate<B>,
}

impl<B: BnConfig> Multiple<B> {
    /// Double it; the tangent.
    fn double(&mut self) -> Line<B> {
        let (xx, yy, zz) = (self.x.square(), self.y.square(), self.z.square());
        let b = B::G2Config::COEFF_B * (zz.double() + zz);
        let (b3, b2) = (b.double() + b, b.double());
        let yz2 = (self.y + self.z).square() - yy - zz;
        let bb = b2.square();
        self.x = (self.x * self.y).double() * (yy - b3);
        self.y = (yy + b3).square() - bb.double() - bb;
        self.z = (yy * yz2).double().double();
        [-yz2, xx.double() + xx, b - yy]
    }

    /// Add another point; the line through both.
    fn add(&mut self, point: &G2Affine<B>) -> Line<B> {
        let rise = self.y - point.y * self.z;
        let run = self.x - point.x * self.z;
        let run2 = run.square();
        let (run3, g) = (run * run2, self.x * run2);
        let h = run3 + self.z * rise.square() - g.double();
        self.x = run * h;
        self.y = rise * (g - h) - run3 * self.y;
        self.z *= run3;
        [run, -rise, rise * point.x - run * point.y]
    }

    fn is(&self, point: &G2Affine<B>) -> bool {
        !self.z.is_zero() && self.x == point.x * self.z && self.y == point.y * self.z
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bn254::{Config, Fr, G2Projective};
    use crate::group::bn_g2_contains;
    use crate::group::cofactor::{outsider, points_of_cofactor_orders};
    use ark_ec::{CurveGroup, PrimeGroup};
    use ark_ff::UniformRand;

    fn accepted(point: &G2Affine<Config>) -> bool {
        lines::<Config>(point).is_some()
    }

    #[test]
    fn no_point_of_cofactor_order_has_lines() {
        for stray in points_of_cofactor_orders() {
            assert!(!accepted(&stray));
            assert!(!accepted(&(stray + G2Affine::<Config>::generator()).into_affine()));
            assert!(!accepted(&-stray));
        }
    }

    #[test]
    fn agrees_with_the_test_of_the_subgroup() {
        let rng = &mut ark_std::test_rng();
        for _ in 0..50 {
            assert!(accepted(&G2Projective::rand(rng).into_affine()));
            let stray = outsider(rng);
            assert_eq!(accepted(&stray), bn_g2_contains::<Config>(&stray));
        }
        for small in 1..40 {
            assert!(accepted(&(G2Projective::generator() * Fr::from(small)).into_affine()));
        }
        assert!(accepted(&G2Affine::<Config>::zero()));
    }
}
