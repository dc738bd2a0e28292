//! Poseidon trees with 2 to 16 children a node, in which an absent leaf is 0 and empty subtrees are never stored.

use ark_ff::PrimeField;
use rayon::prelude::*;

use crate::error::Error;
use crate::poseidon::{Permutation, MAX_ARITY};

pub const MAX_DEPTH: u32 = 32;
pub const MAX_PLACES: u64 = 1 << 33;

/// How many leaves a tree has room for; an error where there is no such tree.
pub fn places(depth: usize, arity: usize) -> Result<u64, Error> {
    if !(2..=MAX_ARITY).contains(&arity) {
        return Err(Error::Children { found: arity });
    }
    let room = |depth: usize| {
        let depth = u32::try_from(depth).ok().filter(|&depth| depth <= MAX_DEPTH)?;
        (arity as u64).checked_pow(depth).filter(|&places| places <= MAX_PLACES)
    };
    room(depth).ok_or_else(|| {
        let most = (0..=MAX_DEPTH as usize).rev().find(|&depth| room(depth).is_some()).unwrap_or(0);
        Error::TreeDepth { depth, most }
    })
}

/// Levels 0 (the leaves, at least one) to `depth` (the root); a level is completed by empty subtrees' roots. `hash` takes
/// `arity` inputs.
pub fn levels<F: PrimeField>(
    leaves: Vec<F>,
    depth: usize,
    arity: usize,
    hash: &dyn Permutation<F>,
) -> Result<Vec<Vec<F>>, Error> {
    if leaves.len() as u64 > places(depth, arity)? {
        return Err(Error::TreeFull { leaves: leaves.len(), depth });
    }
    let mut level = if leaves.is_empty() { vec![F::zero()] } else { leaves };
    let mut empty = F::zero();
    let mut tree = Vec::with_capacity(depth + 1);
    for _ in 0..depth {
        let above = level
            .par_chunks(arity)
            .with_min_len(16)
            .map(|children| {
                let mut inputs = [empty; MAX_ARITY];
                inputs[..children.len()].copy_from_slice(children);
                hash.hash(&inputs[..arity])
            })
            .collect();
        empty = hash.hash(&[empty; MAX_ARITY][..arity]);
        tree.push(std::mem::replace(&mut level, above));
    }
    tree.push(level);
    Ok(tree)
}
