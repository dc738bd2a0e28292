//! Binary Poseidon trees in which an absent leaf is 0 and empty subtrees are never stored.

use ark_ff::PrimeField;
use rayon::prelude::*;

use crate::error::Error;
use crate::poseidon::Permutation;

pub const MAX_DEPTH: usize = 32;

/// Levels 0 (the leaves, at least one) to `depth` (the root); an odd level is completed by an empty subtree's root.
pub fn levels<F: PrimeField>(leaves: Vec<F>, depth: usize, hash: &dyn Permutation<F>) -> Result<Vec<Vec<F>>, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::TreeDepth { depth, most: MAX_DEPTH });
    }
    if leaves.len() as u64 > 1 << depth {
        return Err(Error::TreeFull { leaves: leaves.len(), depth });
    }
    let mut level = if leaves.is_empty() { vec![F::zero()] } else { leaves };
    let mut empty = F::zero();
    let mut tree = Vec::with_capacity(depth + 1);
    for _ in 0..depth {
        let above = level
            .par_chunks(2)
            .with_min_len(16)
            .map(|pair| hash.hash(&[pair[0], pair.get(1).copied().unwrap_or(empty)]))
            .collect();
        empty = hash.hash(&[empty, empty]);
        tree.push(std::mem::replace(&mut level, above));
    }
    tree.push(level);
    Ok(tree)
}
