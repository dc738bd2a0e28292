//! The curve the engine works over today: BN254, and its Poseidon hashes.

use std::sync::OnceLock;

use ark_ec::bn::{G1Affine, G2Affine};
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ec::short_weierstrass::{Affine, Projective};
#[cfg(target_arch = "x86_64")]
use ark_ec::AffineRepr;

use crate::batch::{plain_product, BatchCurve};
use crate::error::Error;
use crate::group::{bn_g2_contains, Group};
#[cfg(target_arch = "x86_64")]
use crate::kernel::{kernel, Kernel};
use crate::membership::first_outside_g2;
use crate::miller::Value;
use crate::poseidon::{generate, Permutation, MAX_ARITY};
use crate::prepared::Recent;
#[cfg(target_arch = "x86_64")]
use crate::vector::{self, Ifma};

pub use crate::bn254::{
    Bn254 as Curve, Config as PairingConfig, Fq, FqConfig, Fr, FrConfig, G1Config as G1, G2Config as G2,
};

impl Group for G1 {
    /// The whole curve has order r.
    fn in_subgroup(_: &Affine<Self>) -> bool {
        true
    }

    fn first_outside(_: &[Affine<Self>]) -> Option<usize> {
        None
    }

    fn times(point: &Affine<Self>, scalar: &Fr) -> Projective<Self> {
        Self::glv_mul_projective(Projective::from(*point), *scalar)
    }
}

impl Group for G2 {
    fn in_subgroup(point: &Affine<Self>) -> bool {
        bn_g2_contains::<PairingConfig>(point)
    }

    fn first_outside(points: &[Affine<Self>]) -> Option<usize> {
        first_outside_g2::<PairingConfig>(points)
    }

    fn times(point: &Affine<Self>, scalar: &Fr) -> Projective<Self> {
        Self::glv_mul_projective(Projective::from(*point), *scalar)
    }
}

impl BatchCurve for PairingConfig {
    fn miller_product(pairs: &[(G1Affine<Self>, G2Affine<Self>)]) -> Option<Value<Self>> {
        #[cfg(target_arch = "x86_64")]
        if let (Kernel::Ifma, Some(ifma)) = (kernel(), Ifma::find()) {
            // In lanes a point at infinity has no line.
            if pairs.iter().all(|(p, _)| !p.is_zero()) {
                return vector::miller::product::<FqConfig, Self>(ifma, pairs);
            }
        }
        plain_product::<Self>(pairs)
    }
}

/// G2 points of recent pairing checks.
pub static RECENT: Recent<Curve> = Recent::new();

type Hash = Option<Box<dyn Permutation<Fr>>>;
static HASHES: [OnceLock<Hash>; MAX_ARITY] = [const { OnceLock::new() }; MAX_ARITY];

/// The Poseidon hash of `arity` inputs; its constants are drawn on first use.
pub fn poseidon(arity: usize) -> Result<&'static dyn Permutation<Fr>, Error> {
    arity
        .checked_sub(1)
        .and_then(|place| HASHES.get(place))
        .and_then(|slot| slot.get_or_init(|| generate::<FrConfig>(arity)).as_deref())
        .ok_or(Error::Arity { found: arity })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ec::AffineRepr;

    #[test]
    fn a_pair_with_infinity_counts_for_one() {
        let (p, q) = (Affine::<G1>::generator(), Affine::<G2>::generator());
        let found = PairingConfig::miller_product(&[(p, q), (Affine::identity(), q)]);
        assert!(found.is_some());
        assert_eq!(found, PairingConfig::miller_product(&[(p, q)]));
    }
}
