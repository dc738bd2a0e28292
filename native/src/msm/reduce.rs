//! From buckets to the sum: sum k B_k for k = 1, 2, ... in each set of buckets.
//!
//! A set is cut into segments of L buckets. With B_(g L + i + 1) for i = 0, ..., L - 1 in segment g, and A_g the sum of a
//! segment's buckets, sum k B_k = sum_g (sum_i (i + 1) B_(g L + i + 1)) + L sum_g g A_g. The inner sums are made by
//! running sums, all segments side by side; what is left is the same task for the A_g, a set L times smaller. When little
//! is left, sum k A_k = sum_b 2^b (sum of those A_k whose k has bit b), where all sums are made side by side as well.

use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ff::AdditiveGroup;
use rayon::prelude::*;

use super::shape::Shape;
use super::tree::Tree;
use crate::affine::{Adder, BulkCurve, Room, Stored, Term};

/// Buckets in a segment, as a power of two.
const SEGMENT_BITS: usize = 4;
const SEGMENT: usize = 1 << SEGMENT_BITS;
/// Sets of at most so many buckets are summed by bits.
const FEW: usize = 128;
/// Segments that one task sums at least.
const GRAIN: usize = 512;

/// The weighted sum of each set of buckets.
pub fn weighted_sums<C: BulkCurve>(
    adder: &dyn Adder<C>,
    mut buckets: Vec<C::Point>,
    shape: &Shape,
) -> Vec<Projective<C>> {
    let (sets, mut size) = (shape.sets(), shape.buckets_of_set());
    // What is summed in the end, list by list: of each round the inner sums of each set, then each set's last buckets by
    // the bits of their weights.
    let (mut source, mut lists) = (Vec::new(), Vec::new());
    while size > FEW {
        let (inner, sums) = segments(adder, &buckets);
        size /= SEGMENT;
        lists.extend((0..sets).map(|set| (0..size).map(|g| Term::plus(source.len() + set * size + g)).collect()));
        source.extend(inner);
        buckets = shifted(&sums, size);
    }
    let (rounds, bits) = (lists.len() / sets, size.ilog2() as usize + 1);
    for set in 0..sets {
        let filled = |weight: &usize| !buckets[set * size + weight - 1].is_infinity();
        let weights: Vec<usize> = (1..=size).filter(filled).collect();
        let term = |weight: &usize| Term::plus(source.len() + set * size + weight - 1);
        lists.extend((0..bits).map(|bit| weights.iter().filter(|w| *w >> bit & 1 == 1).map(term).collect()));
    }
    source.extend(buckets);
    let sums = list_sums(adder, &source, &lists);
    let finish = |set: usize| {
        let bits = (0..bits)
            .rev()
            .fold(Projective::ZERO, |sum: Projective<C>, bit| sum.double() + sums[rounds * sets + set * bits + bit]);
        (0..rounds)
            .rev()
            .fold(bits, |sum, round| (0..SEGMENT_BITS).fold(sum, |sum, _| sum.double()) + sums[round * sets + set])
    };
    (0..sets).map(finish).collect()
}

fn list_sums<C: BulkCurve>(adder: &dyn Adder<C>, source: &[C::Point], lists: &[Vec<Term>]) -> Vec<Affine<C>> {
    Tree::with(|tree, room| {
        tree.add(adder, source, lists.iter().map(Vec::as_slice), room);
        (0..lists.len()).map(|list| C::load(&tree.sum(list))).collect()
    })
}

/// Of each segment of buckets the sum of (i + 1) B_i, and the sum of B_i.
fn segments<C: BulkCurve>(adder: &dyn Adder<C>, buckets: &[C::Point]) -> (Vec<C::Point>, Vec<C::Point>) {
    let mut sums: Vec<C::Point> = buckets.iter().skip(SEGMENT - 1).step_by(SEGMENT).copied().collect();
    let mut inner = sums.clone();
    let tasks = inner.par_chunks_mut(GRAIN).zip(sums.par_chunks_mut(GRAIN)).zip(buckets.par_chunks(GRAIN * SEGMENT));
    tasks.for_each(|((inner, sums), buckets)| {
        Room::of_thread(|room| {
            let all: Vec<Term> = (0..sums.len()).map(Term::plus).collect();
            for place in (0..SEGMENT - 1).rev() {
                let next: Vec<Term> = (0..sums.len()).map(|g| Term::plus(g * SEGMENT + place)).collect();
                adder.accumulate(sums, buckets, &next, room);
                adder.accumulate(inner, sums, &all, room);
            }
        });
    });
    (inner, sums)
}

/// The buckets of the weights 0, 1, 2, ... of each set as those of the weights 1, 2, ..., of which the last is empty.
fn shifted<P: Stored>(sums: &[P], size: usize) -> Vec<P> {
    let mut shifted = Vec::with_capacity(sums.len());
    for set in sums.chunks_exact(size) {
        shifted.extend_from_slice(&set[1..]);
        shifted.push(P::INFINITY);
    }
    shifted
}
