//! What a curve group must offer beyond arkworks: a fast membership test and a fast product.

use ark_ec::bn::{BnConfig, G2Affine, G2Projective};
use ark_ec::scalar_mul::double_and_add_affine;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;

pub trait Group: SWCurveConfig {
    /// Is this point of the curve in the subgroup of order r?
    fn in_subgroup(point: &Affine<Self>) -> bool;

    /// The first of many points of the curve that is not.
    fn first_outside(points: &[Affine<Self>]) -> Option<usize> {
        points.par_iter().position_first(|point| !Self::in_subgroup(point))
    }

    /// scalar * point, for a point of the subgroup.
    fn times(point: &Affine<Self>, scalar: &Self::ScalarField) -> Projective<Self>;
}

/// The membership test of Dai, Lin, Zhao and Zhou, "Fast subgroup membership testings on pairing-friendly curves"
/// (eprint 2022/348), for Barreto-Naehrig curves: with psi the untwisted Frobenius and x the curve's parameter, P is in
/// G2 if and only if (x + 1) P + psi(x P) + psi^2(x P) = psi^3(2 x P). Half the doublings of the test by 6 x^2.
///
/// "If" depends on the cofactor: the points that pass form a subgroup, so it is enough that no point whose order is a
/// prime factor of the cofactor passes; the tests try one of each order, for each curve.
pub fn bn_g2_contains<B: BnConfig>(point: &G2Affine<B>) -> bool {
    let mut x_point: G2Projective<B> = double_and_add_affine(point, B::X);
    if B::X_IS_NEGATIVE {
        x_point = -x_point;
    }
    let once = untwisted_frobenius::<B>(x_point);
    let twice = untwisted_frobenius::<B>(once);
    let right = untwisted_frobenius::<B>(untwisted_frobenius::<B>(once)).double();
    x_point + point.into_group() + once + twice == right
}

fn untwisted_frobenius<B: BnConfig>(mut point: G2Projective<B>) -> G2Projective<B> {
    for coordinate in [&mut point.x, &mut point.y, &mut point.z] {
        coordinate.frobenius_map_in_place(1);
    }
    point.x *= B::TWIST_MUL_BY_Q_X;
    point.y *= B::TWIST_MUL_BY_Q_Y;
    point
}

/// Points of the curve over F_q^2 that are outside the subgroup, for tests of membership.
#[cfg(test)]
pub mod cofactor {
    use super::*;
    use crate::instance::{Fr, G2};
    use ark_ec::CurveGroup;
    use ark_ff::{PrimeField, UniformRand};
    use num_bigint::BigUint;
    use std::str::FromStr;

    const PRIMES: [&str; 4] =
        ["10069", "5864401", "1875725156269", "197620364512881247228717050342013327560683201906968909"];

    /// A point of the curve over F_q^2, almost surely outside the subgroup.
    pub fn outsider(rng: &mut impl ark_std::rand::Rng) -> Affine<G2> {
        loop {
            if let Some(point) = Affine::<G2>::get_point_from_x_unchecked(UniformRand::rand(rng), true) {
                return point;
            }
        }
    }

    /// A point whose order is p, for each prime factor p of the cofactor.
    pub fn points_of_cofactor_orders() -> Vec<Affine<G2>> {
        let rng = &mut ark_std::test_rng();
        let primes = PRIMES.map(|digits| BigUint::from_str(digits).unwrap_or_default());
        let order = primes.iter().product::<BigUint>();
        let cofactor = <G2 as ark_ec::CurveConfig>::COFACTOR;
        assert_eq!(order.to_u64_digits(), cofactor, "the primes are the whole cofactor");
        let r: BigUint = Fr::MODULUS.into();
        let mut strays = Vec::new();
        for prime in &primes {
            let mut stray = Affine::identity();
            while stray.is_zero() {
                stray = product(&outsider(rng), &(&r * &order / prime));
            }
            assert!(stray.is_on_curve() && product(&stray, prime).is_zero());
            strays.push(stray);
        }
        strays
    }

    fn product(point: &Affine<G2>, factor: &BigUint) -> Affine<G2> {
        double_and_add_affine(point, factor.to_u64_digits()).into_affine()
    }
}

#[cfg(test)]
mod tests {
    use super::cofactor::{outsider, points_of_cofactor_orders};
    use super::*;
    use crate::instance::{Fr, G1, G2};
    use ark_ec::{CurveGroup, PrimeGroup};
    use ark_ff::{PrimeField, UniformRand, Zero};

    type Bn = crate::bn254::Config;

    #[test]
    fn no_point_of_cofactor_order_passes() {
        for stray in points_of_cofactor_orders() {
            assert!(!bn_g2_contains::<Bn>(&stray));
            let shifted = (stray + Affine::<G2>::generator()).into_affine();
            assert!(!bn_g2_contains::<Bn>(&shifted));
        }
    }

    #[test]
    fn agrees_with_the_definition() {
        let rng = &mut ark_std::test_rng();
        for _ in 0..50 {
            let inside = Projective::<G2>::rand(rng).into_affine();
            assert!(bn_g2_contains::<Bn>(&inside));
            let stray = outsider(rng);
            let killed_by_r = double_and_add_affine(&stray, Fr::MODULUS).is_zero();
            assert_eq!(bn_g2_contains::<Bn>(&stray), killed_by_r);
        }
        assert!(bn_g2_contains::<Bn>(&Affine::identity()));
    }

    #[test]
    fn products_agree_with_double_and_add() {
        let rng = &mut ark_std::test_rng();
        let edges = [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(2), -Fr::from(2), Fr::from(1u128 << 127)];
        let random: Vec<Fr> = (0..50).map(|_| Fr::rand(rng)).collect();
        for scalar in edges.into_iter().chain(random) {
            let (p, q) = (Projective::<G1>::rand(rng), Projective::<G2>::rand(rng));
            let digits = scalar.into_bigint();
            assert_eq!(G1::times(&p.into_affine(), &scalar), double_and_add_affine(&p.into_affine(), digits));
            assert_eq!(G2::times(&q.into_affine(), &scalar), double_and_add_affine(&q.into_affine(), digits));
        }
        assert!(G1::times(&Affine::identity(), &Fr::from(7)).is_zero());
        assert_eq!(Projective::<G1>::generator().into_affine(), Affine::generator());
    }
}
