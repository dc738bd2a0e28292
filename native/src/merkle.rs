//! Poseidon trees with 2 to 16 children a node, in which an absent leaf is 0 and empty subtrees are never stored.
//!
//! A level is a vector of its nodes from the left up to the last one that stands above a leaf, at least one of them.

use ark_ff::PrimeField;
use rayon::prelude::*;

use crate::error::Error;
use crate::poseidon::{Permutation, MAX_ARITY};

/// Nodes that are worth the thread pool; below that a change is made by the thread that asks for it.
pub const BULK: usize = 64;
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

/// A tree whose leaves are replaced and appended. What changes is hashed once a node, level by level.
pub struct Tree<F: PrimeField> {
    arity: usize,
    places: u64,
    leaves: usize,
    levels: Vec<Vec<F>>,
    /// The root of an empty subtree of each height.
    empty: Vec<F>,
    hash: &'static dyn Permutation<F>,
}

impl<F: PrimeField> Tree<F> {
    /// `hash` takes `arity` inputs.
    pub fn build(leaves: Vec<F>, depth: usize, arity: usize, hash: &'static dyn Permutation<F>) -> Result<Self, Error> {
        let (places, count) = (places(depth, arity)?, leaves.len());
        let levels = levels(leaves, depth, arity, hash)?;
        let mut empty = vec![F::zero()];
        for height in 0..depth {
            empty.push(hash.hash(&[empty[height]; MAX_ARITY][..arity]));
        }
        Ok(Self { arity, places, leaves: count, levels, empty, hash })
    }

    /// How many leaves there are.
    pub fn len(&self) -> usize {
        self.leaves
    }

    pub fn is_empty(&self) -> bool {
        self.leaves == 0
    }

    pub fn root(&self) -> F {
        self.levels[self.depth()][0]
    }

    fn depth(&self) -> usize {
        self.levels.len() - 1
    }

    /// Put leaves at the next free places, all or none.
    pub fn append(&mut self, leaves: &[F]) -> Result<(), Error> {
        let first = self.leaves as u64;
        self.update_many((first..).zip(leaves.iter().copied()).collect())
    }

    /// Replace or append leaves, all or none; new ones follow the last without a gap, in any order.
    pub fn update_many(&mut self, mut changes: Vec<(u64, F)>) -> Result<(), Error> {
        changes.sort_by_key(|(index, _)| *index);
        let mut places = self.check_places(&changes)?;
        if let Some(last) = places.last() {
            self.leaves = self.leaves.max(last + 1);
        }
        for (&place, (_, leaf)) in places.iter().zip(&changes) {
            put(&mut self.levels[0], place, *leaf);
        }
        for height in 0..self.depth() {
            for place in &mut places {
                *place /= self.arity;
            }
            places.dedup();
            let above = self.parents(height, &places);
            for (&place, node) in places.iter().zip(above) {
                put(&mut self.levels[height + 1], place, node);
            }
        }
        Ok(())
    }

    /// Of sorted indices each is in the tree or the next one, and none comes twice.
    fn check_places(&self, changes: &[(u64, F)]) -> Result<Vec<usize>, Error> {
        let mut size = self.leaves as u64;
        let mut before = None;
        for &(index, _) in changes {
            if before == Some(index) {
                return Err(Error::LeafTwice { index });
            }
            if index > size || index >= self.places {
                return Err(Error::NoLeaf { index });
            }
            size = size.max(index + 1);
            before = Some(index);
        }
        Ok(changes.iter().map(|(index, _)| *index as usize).collect())
    }

    /// The hashes over these groups of nodes of a level.
    fn parents(&self, height: usize, places: &[usize]) -> Vec<F> {
        let parent = |&place: &usize| self.hash.hash(&self.children(height, place)[..self.arity]);
        if places.len() < BULK {
            return places.iter().map(parent).collect();
        }
        places.par_iter().with_min_len(16).map(parent).collect()
    }

    /// What a node of the level above is the hash of, in the first `arity` places.
    fn children(&self, height: usize, place: usize) -> [F; MAX_ARITY] {
        let mut children = [self.empty[height]; MAX_ARITY];
        let nodes = &self.levels[height];
        let start = (place * self.arity).min(nodes.len());
        let held = &nodes[start..(start + self.arity).min(nodes.len())];
        children[..held.len()].copy_from_slice(held);
        children
    }

    /// The siblings from the leaf up, `arity - 1` a level; an index outside the tree is an error.
    pub fn path(&self, index: u64) -> Result<Vec<F>, Error> {
        if index >= self.places {
            return Err(Error::OutsideTree { index });
        }
        let mut siblings = Vec::with_capacity((self.arity - 1) * self.depth());
        let mut place = index as usize;
        for height in 0..self.depth() {
            let children = self.children(height, place / self.arity);
            let own = place % self.arity;
            siblings.extend_from_slice(&children[..own]);
            siblings.extend_from_slice(&children[own + 1..self.arity]);
            place /= self.arity;
        }
        Ok(siblings)
    }

    /// Nodes of a level, which must be there.
    pub fn nodes(&self, level: usize, start: usize, count: usize) -> Result<&[F], Error> {
        self.levels.get(level).and_then(|nodes| nodes.get(start..start.checked_add(count)?)).ok_or(Error::NoNodes {
            level,
            start,
            count,
        })
    }
}

/// Replace a node, or add the next one.
fn put<F>(nodes: &mut Vec<F>, place: usize, node: F) {
    match nodes.get_mut(place) {
        Some(held) => *held = node,
        None => nodes.push(node),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{poseidon, Fr};

    fn leaves(from: u64, count: u64) -> Vec<Fr> {
        (from..from + count).map(Fr::from).collect()
    }

    fn tree(leaves: Vec<Fr>, depth: usize, arity: usize) -> Result<Tree<Fr>, Error> {
        Tree::build(leaves, depth, arity, poseidon(arity)?)
    }

    #[test]
    fn changes_lead_to_the_tree_built_at_once() -> Result<(), Error> {
        for (arity, depth, before, after) in [(2, 5, 0, 3), (3, 3, 5, 27), (8, 3, 8, 300), (16, 2, 17, 256)] {
            let mut grown = tree(leaves(100, before), depth, arity)?;
            grown.append(&leaves(100 + before, after - before))?;
            grown.update_many(vec![(0, Fr::from(7))])?;
            grown.update_many(vec![(after - 1, Fr::from(8)), (after / 2, Fr::from(9))])?;
            let mut expected = leaves(100, after);
            expected[0] = Fr::from(7);
            expected[after as usize / 2] = Fr::from(9);
            expected[after as usize - 1] = Fr::from(8);
            let expected = tree(expected, depth, arity)?;
            assert_eq!(grown.levels, expected.levels);
            assert_eq!(grown.len(), expected.len());
        }
        Ok(())
    }

    #[test]
    fn a_refused_change_changes_nothing() -> Result<(), Error> {
        let mut small = tree(leaves(1, 3), 1, 4)?;
        let root = small.root();
        for (indices, problem) in [
            (vec![0, 4], Error::NoLeaf { index: 4 }),
            (vec![0, 0], Error::LeafTwice { index: 0 }),
            (vec![0, 3, 4], Error::NoLeaf { index: 4 }),
            (vec![0, u64::MAX], Error::NoLeaf { index: u64::MAX }),
        ] {
            let changes = indices.into_iter().map(|index| (index, Fr::from(9))).collect();
            assert_eq!(small.update_many(changes), Err(problem));
            assert_eq!((small.root(), small.len()), (root, 3));
        }
        Ok(())
    }
}
