//! The two curves, y^2 = x^3 + 3 over F_q and its twist over F_q^2.

use ark_ec::scalar_mul::double_and_add;
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::CurveConfig;
use ark_ff::{AdditiveGroup, BigInt, PrimeField};

use super::fields::{fq, fr, Fq, Fr};
use super::tower::{fq2, Fq2};
use super::Config;
use crate::group::bn_g2_contains;

#[derive(Clone, Default, PartialEq, Eq)]
pub struct G1Config;
#[derive(Clone, Default, PartialEq, Eq)]
pub struct G2Config;

type Theirs1 = ark_bn254::g1::Config;
type Theirs2 = ark_bn254::g2::Config;

impl CurveConfig for G1Config {
    type BaseField = Fq;
    type ScalarField = Fr;

    const COFACTOR: &'static [u64] = Theirs1::COFACTOR;
    const COFACTOR_INV: Fr = fr(Theirs1::COFACTOR_INV);
}

impl SWCurveConfig for G1Config {
    const COEFF_A: Fq = Fq::ZERO;
    const COEFF_B: Fq = fq(Theirs1::COEFF_B);
    const GENERATOR: Affine<Self> = Affine::new_unchecked(fq(Theirs1::GENERATOR.x), fq(Theirs1::GENERATOR.y));

    type ZeroFlag = ();

    #[inline(always)]
    fn mul_by_a(_: Fq) -> Fq {
        Fq::ZERO
    }

    fn mul_projective(point: &Projective<Self>, scalar: &[u64]) -> Projective<Self> {
        match <[u64; 4]>::try_from(scalar).ok().and_then(|words| Fr::from_bigint(BigInt(words))) {
            Some(scalar) => Self::glv_mul_projective(*point, scalar),
            None => double_and_add(point, scalar),
        }
    }

    /// The whole curve has order r.
    fn is_in_correct_subgroup_assuming_on_curve(_: &Affine<Self>) -> bool {
        true
    }
}

impl CurveConfig for G2Config {
    type BaseField = Fq2;
    type ScalarField = Fr;

    const COFACTOR: &'static [u64] = Theirs2::COFACTOR;
    const COFACTOR_INV: Fr = fr(Theirs2::COFACTOR_INV);
}

impl SWCurveConfig for G2Config {
    const COEFF_A: Fq2 = Fq2::ZERO;
    const COEFF_B: Fq2 = fq2(Theirs2::COEFF_B);
    const GENERATOR: Affine<Self> = Affine::new_unchecked(fq2(Theirs2::GENERATOR.x), fq2(Theirs2::GENERATOR.y));

    type ZeroFlag = ();

    #[inline(always)]
    fn mul_by_a(_: Fq2) -> Fq2 {
        Fq2::ZERO
    }

    fn is_in_correct_subgroup_assuming_on_curve(point: &Affine<Self>) -> bool {
        bn_g2_contains::<Config>(point)
    }
}

/// The endomorphism multiplies x by a cube root of one, and the point by `LAMBDA`.
macro_rules! endomorphism {
    ($config:ty, $theirs:ty, $field:ty, $convert:ident) => {
        impl GLVConfig for $config {
            const ENDO_COEFFS: &'static [$field] = &[$convert(<$theirs>::ENDO_COEFFS[0])];
            const LAMBDA: Fr = fr(<$theirs>::LAMBDA);
            const SCALAR_DECOMP_COEFFS: [(bool, BigInt<4>); 4] = <$theirs>::SCALAR_DECOMP_COEFFS;

            fn endomorphism(point: &Projective<Self>) -> Projective<Self> {
                let mut image = *point;
                image.x *= Self::ENDO_COEFFS[0];
                image
            }

            fn endomorphism_affine(point: &Affine<Self>) -> Affine<Self> {
                let mut image = *point;
                image.x *= Self::ENDO_COEFFS[0];
                image
            }
        }
    };
}

endomorphism!(G1Config, Theirs1, Fq, fq);
endomorphism!(G2Config, Theirs2, Fq2, fq2);
