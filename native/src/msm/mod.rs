//! Multi-scalar multiplication: the digits of all scalars are sorted into buckets, each bucket is summed by rounds of
//! affine additions in pairs, and the buckets are summed by their weights.
//!
//! No two additions of a round touch the same sum, so there is no collision to handle; zeros have no digit and cost
//! nothing, small scalars have few.

mod cut;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod reduce;
mod schedule;
mod shape;
mod tables;
mod tree;

#[cfg(test)]
mod tests;

use std::ops::Range;

use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::VariableBaseMSM;
use ark_ff::AdditiveGroup;
use rayon::iter::repeat_n;
use rayon::prelude::*;

use crate::affine::{Adder, BulkCurve, Room, Stored, Term};
use crate::error::Error;
use crate::kernel::kernel;

pub use schedule::Schedule;
pub use shape::Shape;
pub use tables::Tables;
pub(crate) use tree::Tree;

/// Bytes of points that one task takes up at a time: with their sums they stay in a core's second cache.
const CHUNK_BYTES: usize = 1 << 19;
/// Tasks for each thread at least, so that none waits long for another, unless they would be smaller than this.
const TASKS: usize = 8;
const SMALLEST: usize = 512;
/// Buckets that one thread makes room for at least.
const GRAIN: usize = 1 << 13;

/// From so many points on, sorting and bulk additions are faster than what arkworks does.
const BULK: usize = 8;

/// sum scalars[i] * bases[i]; exactly one scalar per base.
pub fn msm<C: BulkCurve>(bases: &[Affine<C>], scalars: &[C::ScalarField]) -> Result<Projective<C>, Error> {
    if bases.len() < BULK || scalars.len() != bases.len() {
        return straight(bases, scalars);
    }
    let shape = Shape::best::<C::ScalarField>(bases.len(), 1);
    let points: Vec<C::Point> = bases.par_iter().with_min_len(SMALLEST).map(C::store).collect();
    sum(&[(&Tables::over(&points, points.len(), shape)?, &Schedule::new(scalars, shape)?)])
}

/// The same for any curve, and for few points.
pub fn straight<P: SWCurveConfig>(bases: &[Affine<P>], scalars: &[P::ScalarField]) -> Result<Projective<P>, Error> {
    Projective::msm(bases, scalars).map_err(|_| Error::Count {
        what: "scalar",
        expected: bases.len(),
        found: scalars.len(),
    })
}

/// The sum of all points of some tables, each set with its own schedule; all are of the same shape and share buckets.
pub fn sum<C: BulkCurve>(terms: &[(&Tables<C>, &Schedule)]) -> Result<Projective<C>, Error> {
    sum_by(C::adder(kernel()), terms)
}

/// The same with a given adder.
pub fn sum_by<C: BulkCurve>(adder: &dyn Adder<C>, terms: &[(&Tables<C>, &Schedule)]) -> Result<Projective<C>, Error> {
    let Some((first, _)) = terms.first() else { return Ok(Projective::ZERO) };
    let shape = first.shape();
    for (tables, schedule) in terms {
        if tables.len() != schedule.points() {
            return Err(Error::Count { what: "scalar", expected: tables.len(), found: schedule.points() });
        }
        for found in [tables.shape(), schedule.shape()] {
            if found != shape {
                return Err(Error::Count { what: "digit", expected: shape.windows(), found: found.windows() });
            }
        }
    }
    let sets = reduce::weighted_sums(adder, bucket_sums(adder, terms, shape.buckets()), &shape);
    let widen = |sum: Projective<C>| (0..shape.width()).fold(sum, |sum, _| sum.double());
    Ok(sets.into_iter().rev().fold(Projective::ZERO, |sum, set| widen(sum) + set))
}

/// Work of one thread: the whole of some buckets, or a part of one that has many terms.
enum Task<'a, P> {
    Buckets { buckets: Range<usize>, sums: &'a mut [P] },
    Part { bucket: usize, source: usize, terms: Range<usize>, sum: P },
}

fn bucket_sums<C: BulkCurve>(adder: &dyn Adder<C>, terms: &[(&Tables<C>, &Schedule)], buckets: usize) -> Vec<C::Point> {
    let mut sums: Vec<C::Point> = repeat_n(C::Point::INFINITY, buckets).with_min_len(GRAIN).collect();
    let mut tasks = tasks::<C>(terms, &mut sums);
    tasks.par_iter_mut().with_max_len(1).for_each(|task| {
        Tree::with(|tree, room| run(adder, terms, task, tree, room));
    });
    let parts: Vec<(usize, C::Point)> = tasks.into_iter().filter_map(Task::part).collect();
    for parts in parts.chunk_by(|one, other| one.0 == other.0) {
        let sum: Projective<C> = parts.iter().map(|(_, part)| Projective::from(C::load(part))).sum();
        sums[parts[0].0] = C::store(&sum.into());
    }
    sums
}

impl<P> Task<'_, P> {
    fn part(self) -> Option<(usize, P)> {
        match self {
            Self::Part { bucket, sum, .. } => Some((bucket, sum)),
            Self::Buckets { .. } => None,
        }
    }
}

/// Cut the buckets into tasks of about equal size.
fn tasks<'a, C: BulkCurve>(terms: &[(&Tables<C>, &Schedule)], mut sums: &'a mut [C::Point]) -> Vec<Task<'a, C::Point>> {
    let total: usize = terms.iter().map(|(_, schedule)| schedule.len()).sum();
    let most = CHUNK_BYTES / size_of::<C::Point>();
    let most = total.div_ceil(TASKS * rayon::current_num_threads()).clamp(SMALLEST, most);
    let mut tasks = Vec::with_capacity(total / most + 2);
    let (mut first, mut taken) = (0, 0);
    let buckets = sums.len();
    for bucket in 0..=buckets {
        let count = match bucket < buckets {
            true => terms.iter().map(|(_, schedule)| schedule.terms(bucket).len()).sum(),
            false => usize::MAX,
        };
        if count <= most - taken {
            taken += count;
            continue;
        }
        let (here, rest) = std::mem::take(&mut sums).split_at_mut(bucket - first);
        sums = rest;
        tasks.push(Task::Buckets { buckets: first..bucket, sums: here });
        (first, taken) = (bucket, count);
        if count > most && bucket < buckets {
            for (source, (_, schedule)) in terms.iter().enumerate() {
                let end = schedule.terms(bucket).len();
                let cuts = (0..end).step_by(most);
                let part = |from: usize| Task::Part {
                    bucket,
                    source,
                    terms: from..end.min(from + most),
                    sum: C::Point::INFINITY,
                };
                tasks.extend(cuts.map(part));
            }
            sums = &mut std::mem::take(&mut sums)[1..];
            (first, taken) = (bucket + 1, 0);
        }
    }
    tasks
}

fn run<C: BulkCurve>(
    adder: &dyn Adder<C>,
    terms: &[(&Tables<C>, &Schedule)],
    task: &mut Task<C::Point>,
    tree: &mut Tree<C::Point>,
    room: &mut Room,
) {
    match task {
        Task::Buckets { buckets, sums } => {
            for (source, (tables, schedule)) in terms.iter().enumerate() {
                let lists = buckets.clone().map(|bucket| schedule.terms(bucket));
                tree.add(adder, tables.levels(), lists, room);
                if source > 0 {
                    tree.merge(adder, sums.len(), sums.len(), room);
                }
            }
            for (list, sum) in sums.iter_mut().enumerate() {
                *sum = tree.sum(list);
            }
        }
        Task::Part { bucket, source, terms: part, sum } => {
            let (tables, schedule) = terms[*source];
            let list: &[Term] = &schedule.terms(*bucket)[part.clone()];
            tree.add(adder, tables.levels(), std::iter::once(list), room);
            *sum = tree.sum(0);
        }
    }
}
