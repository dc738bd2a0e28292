//! The curve the engine works over today: BN254, and its Poseidon hashes.

use std::sync::OnceLock;

use crate::error::Error;
use crate::poseidon::{generate, Permutation, MAX_ARITY};

pub use ark_bn254::{Bn254 as Curve, Fq, Fr};
pub type G1 = ark_bn254::g1::Config;
pub type G2 = ark_bn254::g2::Config;

type Hash = Option<Box<dyn Permutation<Fr>>>;
static HASHES: [OnceLock<Hash>; MAX_ARITY] = [const { OnceLock::new() }; MAX_ARITY];

/// The Poseidon hash of `arity` inputs; its constants are drawn on first use.
pub fn poseidon(arity: usize) -> Result<&'static dyn Permutation<Fr>, Error> {
    arity
        .checked_sub(1)
        .and_then(|place| HASHES.get(place))
        .and_then(|slot| slot.get_or_init(|| generate(arity)).as_deref())
        .ok_or(Error::Arity { found: arity })
}
