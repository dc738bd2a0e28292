//! The verdicts on the proofs of one block: one equation for all, and bisection where it fails.

use std::ops::Range;

use ark_ec::bn::G1Affine;
use ark_ec::short_weierstrass::Projective;
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;

use super::weights::{weighted_sum, Weight};
use super::BatchCurve;
use crate::error::Error;
use crate::groth16::{Key, Points, Scalar, OUTSIDE};
use crate::lines::lines;
use crate::miller::Value;

/// Proofs that share the squarings of one Miller loop: two for each lane where there are lanes.
const LOOP: usize = 16;
/// One in so many proofs is found false by bisection; further ones are checked one by one, which then costs less.
const RARE: usize = 16;

/// A proof whose points are good, as far as is known of B, made ready: its place in the batch, and -weight A.
pub(super) struct Member<'a, B: BatchCurve> {
    pub place: usize,
    pub inputs: &'a [Scalar<B>],
    pub points: Points<B>,
    pub weight: Weight,
    pub weighted_a: G1Affine<B>,
    /// Its B turned out not to be in its subgroup: it counts no more.
    pub stray: bool,
}

/// A proof's place in the batch, and what is to be said of it.
pub(super) type Verdict = (usize, Result<bool, Error>);

/// The verdicts on those of one block's proofs that do not hold.
pub(super) fn judged<B: BatchCurve>(key: &Key<B>, members: &mut [Member<'_, B>]) -> Vec<Verdict> {
    if members.len() < 3 {
        return one_by_one(key, members);
    }
    let values: Vec<Value<B>> = members.par_chunks_mut(LOOP).map(|members| miller_value(members)).collect();
    let mut found: Vec<Verdict> =
        members.iter().filter(|member| member.stray).map(|member| (member.place, Err(OUTSIDE))).collect();
    if Sums::of(key, members).hold(key, &values) {
        return found;
    }
    let mut search = Search { key, members, values, found: Vec::new(), most: members.len() / RARE };
    search.range(0..search.values.len(), true);
    found.append(&mut search.found);
    found
}

/// The Miller value of all these pairs (-A, B) but the strays, which are marked.
fn miller_value<B: BatchCurve>(members: &mut [Member<'_, B>]) -> Value<B> {
    let pairs: Vec<_> = members.iter().map(|member| (member.weighted_a, member.points.b)).collect();
    if let Some(value) = B::miller_product(&pairs) {
        return value;
    }
    let mut good = Vec::new();
    for (member, pair) in members.iter_mut().zip(pairs) {
        member.stray = lines::<B>(&pair.1).is_none();
        if !member.stray {
            good.push(pair);
        }
    }
    // None of these is a stray.
    B::miller_product(&good).unwrap_or(Value::<B>::ONE)
}

fn one_by_one<B: BatchCurve>(key: &Key<B>, members: &[Member<'_, B>]) -> Vec<Verdict> {
    let verdict = |member: &Member<'_, B>| {
        let verdict = member.points.ready().map(|proof| key.holds(member.inputs, &proof));
        (verdict != Ok(true)).then_some((member.place, verdict))
    };
    members.par_iter().filter(|member| !member.stray).filter_map(verdict).collect()
}

/// Bisection: a range of which the combination does not hold has a false proof in one of its halves. What is costly, the
/// Miller values of the pairs, is there already, one for each LOOP of proofs; ranges are counted in those.
struct Search<'a, B: BatchCurve> {
    key: &'a Key<B>,
    members: &'a [Member<'a, B>],
    values: Vec<Value<B>>,
    found: Vec<Verdict>,
    /// How many to find by bisection.
    most: usize,
}

impl<B: BatchCurve> Search<'_, B> {
    /// Find the false proofs in a range, of which it may be `known` that there is one.
    fn range(&mut self, loops: Range<usize>, known: bool) {
        let members = &self.members[loops.start * LOOP..self.members.len().min(loops.end * LOOP)];
        let many = self.found.len() > self.most;
        if !known && !many && Sums::of(self.key, members).hold(self.key, &self.values[loops.clone()]) {
            return;
        }
        if many || loops.len() < 2 {
            self.found.extend(one_by_one(self.key, members));
            return;
        }
        let (before, middle) = (self.found.len(), loops.start + loops.len() / 2);
        self.range(loops.start..middle, false);
        // What is not in the left half is in the right one.
        self.range(middle..loops.end, self.found.len() == before);
    }
}

/// What the members' equations add up to beside their pairs (-A, B).
struct Sums<B: BatchCurve> {
    /// The scalars of the public inputs' points; first the constant's, the sum of the weights.
    statement: Vec<Scalar<B>>,
    c: Projective<B::G1Config>,
}

impl<B: BatchCurve> Sums<B> {
    fn of(key: &Key<B>, members: &[Member<'_, B>]) -> Self {
        let mut statement = vec![Scalar::<B>::ZERO; key.n_public() + 1];
        let members: Vec<_> = members.iter().filter(|member| !member.stray).collect();
        for member in &members {
            let weight = member.weight.scalar::<B::G1Config>();
            statement[0] += weight;
            for (sum, input) in statement[1..].iter_mut().zip(member.inputs) {
                *sum += weight * input;
            }
        }
        let points: Vec<_> = members.iter().map(|member| member.points.c).collect();
        let weights: Vec<_> = members.iter().map(|member| member.weight).collect();
        Self { statement, c: weighted_sum::<B::G1Config>(&points, &weights) }
    }

    fn hold(&self, key: &Key<B>, pairs: &[Value<B>]) -> bool {
        let pairs = pairs.iter().fold(Value::<B>::ONE, |product, value| product * value);
        key.combination_holds(&pairs, &self.statement, self.c)
    }
}
