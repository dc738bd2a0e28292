//! Affine additions eight at a time, their denominators inverted together.
//!
//! The sum of (x, y) and (u, v) lies on the line of slope s = (v - y)/(u - x), the double of (x, y) on the one of slope
//! (3 x^2 + a)/(2 y): the sum's abscissa is s^2 - x - u, its ordinate s (x - abscissa) - y. A first pass over the pairs
//! multiplies the denominators up, lane by lane in a few chains; one inversion serves all lanes of all chains; a second
//! pass goes back, peels the inverses off and finishes the sums.
//!
//! **Forms.** Memory holds x 2^256, the lanes' product divides by Q = 2^260, and no operand is raised to make up for it.
//! With d_i the denominators and P_i = P_(i-1) d_i 2^256 / Q, the chain's inverse I_n is chosen such that
//! I_n P_n = 2^256 V. Then I_i = I_(i+1) d_(i+1) 2^256 / Q keeps I_i P_i = 2^256 V, so that I_i P_(i-1) / Q = V / d_i.
//! With V = 2^262 the slope comes out as s 2^258, its square as s^2 2^256, and slope times 4 (x - abscissa) 2^256
//! again in memory's form: SHIFT = 4 = 2 + 2.

use std::marker::PhantomData;

use ark_ff::MontConfig;

use super::extension::Extension;
use super::inverses::inverses;
use super::lines::{denominators, line, put, tangent_line, third_points, Exceptions};
use super::points::Laned;
use super::sums::{block_of, block_rows, last_of, Accumulation, Pairs, Sums};
use super::word::{Ifma, Task};
use super::LANES;
use crate::affine::{Adder, BulkCurve, Room, Stored, Term};

/// Chains of products, side by side because a product waits for the one before it.
pub(super) const CHAINS: usize = 2;

/// What is made of each chain's number.
macro_rules! each_chain {
    ($k:ident => $make:expr) => {{
        const _: () = assert!(CHAINS == 2);
        [
            {
                let $k = 0;
                $make
            },
            {
                let $k = 1;
                $make
            },
        ]
    }};
}

/// Blocks of eight pairs that share an inversion at most: what is staged of them stays in a core's second cache.
const BLOCKS: usize = 128;
/// Blocks ahead for which points of a larger source are asked for.
const AHEAD: usize = 8;

/// The adder of curves over F_p (D = 1) or F_p[i] (D = 2), p being T's modulus.
pub struct Vector<T, const D: usize> {
    ifma: Ifma,
    modulus: PhantomData<fn() -> T>,
}

impl<T: MontConfig<4>, const D: usize> Vector<T, D> {
    /// The adder, where the processor has the instructions.
    pub fn find() -> Option<&'static Self> {
        // Nothing is allocated: an adder has no bytes.
        Ifma::find().map(|ifma| &*Box::leak(Box::new(Self { ifma, modulus: PhantomData })))
    }
}

impl<C: BulkCurve<BaseField: Laned<T, D>>, T: MontConfig<4>, const D: usize> Adder<C> for Vector<T, D> {
    fn add_pairs(&self, source: &[C::Point], pairs: &[[Term; 2]], sums: &mut [C::Point], room: &mut Room) {
        assert_eq!(pairs.len(), sums.len(), "one sum for each pair");
        if source.is_empty() {
            assert!(pairs.as_flattened().iter().all(|term| *term == Term::NONE), "terms of an empty source");
            return sums.fill(C::Point::INFINITY);
        }
        self.add::<C>(Pairs { source, pairs, sums }, room);
    }

    fn accumulate(&self, accumulators: &mut [C::Point], source: &[C::Point], terms: &[Term], room: &mut Room) {
        assert_eq!(accumulators.len(), terms.len(), "one term for each accumulator");
        if source.is_empty() {
            return assert!(terms.iter().all(|term| *term == Term::NONE), "terms of an empty source");
        }
        let last = last_of(accumulators);
        self.add::<C>(Accumulation { accumulators, source, terms, last }, room);
    }

    fn double(&self, points: &mut [C::Point], times: usize, room: &mut Room) {
        let staged = room.of::<Vec<Staged<T, D>>>();
        for points in points.chunks_mut(BLOCKS * LANES) {
            for _ in 0..times {
                self.ifma.run(Doubling::<C, T, D> { points, staged, curve: PhantomData });
            }
        }
    }
}

impl<T: MontConfig<4>, const D: usize> Vector<T, D> {
    fn add<C: BulkCurve<BaseField: Laned<T, D>>>(&self, mut sums: impl Sums<C::Point>, room: &mut Room) {
        let staged = room.of::<Vec<Staged<T, D>>>();
        for first in (0..sums.blocks()).step_by(BLOCKS) {
            let blocks = BLOCKS.min(sums.blocks() - first);
            self.ifma.run(Addition::<C, T, D, _> { sums: &mut sums, first, blocks, staged, curve: PhantomData });
        }
    }
}

/// What a block of eight keeps between the passes.
struct Staged<T, const D: usize> {
    run: Extension<T, 5, D>,
    before: Extension<T, 5, D>,
    exceptions: Exceptions,
}

impl<T, const D: usize> Clone for Staged<T, D> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, const D: usize> Copy for Staged<T, D> {}

struct Addition<'a, C, T, const D: usize, S> {
    sums: &'a mut S,
    first: usize,
    blocks: usize,
    staged: &'a mut Vec<Staged<T, D>>,
    curve: PhantomData<C>,
}

impl<C, T, const D: usize, S> Task for Addition<'_, C, T, D, S>
where
    C: BulkCurve<BaseField: Laned<T, D>>,
    T: MontConfig<4>,
    S: Sums<C::Point>,
{
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        let Self { sums, first, blocks, staged, .. } = self;
        let staged = staging(ifma, staged, blocks);
        let mut chains = [Extension::unit(ifma); CHAINS];
        let mut block = first;
        let ahead = if sums.is_far() { AHEAD } else { 0 };
        for near in 0..ahead {
            sums.prefetch(ifma, block + near);
        }
        for group in staged.chunks_exact_mut(CHAINS) {
            if ahead > 0 {
                for k in 0..CHAINS {
                    sums.prefetch(ifma, block + ahead + k);
                }
            }
            for k in 0..CHAINS {
                (group[k].run, group[k].exceptions) = denominators::<C, T, D>(ifma, sums, block + k);
            }
            for k in 0..CHAINS {
                group[k].before = chains[k];
                chains[k] = group[k].run.times::<2>(&chains[k]).carry();
            }
            block += CHAINS;
        }
        chains = inverses::<C, T, D>(ifma, &chains);
        for group in staged.chunks_exact_mut(CHAINS).rev() {
            block -= CHAINS;
            let mut inverse = chains;
            for k in 0..CHAINS {
                inverse[k] = chains[k].times::<2>(&group[k].before).carry();
                chains[k] = chains[k].times::<2>(&group[k].run).carry();
            }
            let tangent = |k: usize| group[k].exceptions.tangent;
            let lines = each_chain!(k => line::<C, T, D>(ifma, sums, block + k, &inverse[k], tangent(k)));
            let points = third_points(&lines);
            for k in 0..CHAINS {
                put(sums.places(block + k), &lines[k].mended(ifma, points[k], group[k].exceptions));
            }
        }
    }
}

/// Places for `blocks` blocks and as many more as make full groups.
#[inline(always)]
fn staging<T: MontConfig<4>, const D: usize>(
    ifma: Ifma,
    staged: &mut Vec<Staged<T, D>>,
    blocks: usize,
) -> &mut [Staged<T, D>] {
    let count = blocks.next_multiple_of(CHAINS);
    if staged.len() < count {
        let zero = Extension::zero(ifma);
        staged.resize(count, Staged { run: zero, before: zero, exceptions: Exceptions::default() });
    }
    &mut staged[..count]
}

struct Doubling<'a, C: BulkCurve, T, const D: usize> {
    points: &'a mut [C::Point],
    staged: &'a mut Vec<Staged<T, D>>,
    curve: PhantomData<C>,
}

impl<C, T, const D: usize> Task for Doubling<'_, C, T, D>
where
    C: BulkCurve<BaseField: Laned<T, D>>,
    T: MontConfig<4>,
{
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        let Self { points, staged, .. } = self;
        let (mut block, last) = (0, last_of(points));
        let staged = staging(ifma, staged, points.len().div_ceil(LANES));
        let mut chains = [Extension::unit(ifma); CHAINS];
        for group in staged.chunks_exact_mut(CHAINS) {
            for k in 0..CHAINS {
                let y = Extension::gather(ifma, block_rows(points, &last, block + k), 4 * D);
                // Infinity, as it is stored, and points of order two are their doubles' opposites: infinity again.
                let none = y.zeros();
                group[k].exceptions = Exceptions { none, ..Exceptions::default() };
                group[k].run = y.plus(&y).carry().replaced(none, &Extension::unit(ifma));
                group[k].before = chains[k];
            }
            for k in 0..CHAINS {
                chains[k] = group[k].run.times::<2>(&chains[k]).carry();
            }
            block += CHAINS;
        }
        chains = inverses::<C, T, D>(ifma, &chains);
        for group in staged.chunks_exact_mut(CHAINS).rev() {
            block -= CHAINS;
            let mut inverse = chains;
            for k in 0..CHAINS {
                inverse[k] = chains[k].times::<2>(&group[k].before).carry();
                chains[k] = chains[k].times::<2>(&group[k].run).carry();
            }
            let lines =
                each_chain!(k => tangent_line::<C, T, D>(ifma, block_rows(points, &last, block + k), &inverse[k]));
            let doubles = third_points(&lines);
            for k in 0..CHAINS {
                put(block_of(points, block + k), &lines[k].mended(ifma, doubles[k], group[k].exceptions));
            }
        }
    }
}
