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
//!
//! **Bounds**, in multiples of p, with p / Q below 1/32: coordinates are below 1; denominators and numerators of lines
//! below 2, of tangents below 8; P_i and I_i below 1.5, the slope below 2.2, its square before the subtractions below
//! 1.7, 4 (x - abscissa) below 8 and the product of it below 2.2: every sum that is stored is below 4 p after p or 2 p
//! are added against the negative.

use std::marker::PhantomData;

use ark_ff::{Field, MontConfig};

use super::extension::{Extension, LooseExtension};
use super::points::Laned;
use super::word::{Ifma, Mask, Task, Word};
use super::LANES;
use crate::affine::{Adder, BulkCurve, Coordinate, Room, Stored, Term};

/// Chains of products, side by side because a product waits for the one before it.
const CHAINS: usize = 2;
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
/// A source of no more bytes is in a core's caches already, or soon.
const NEAR: usize = 1 << 18;
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

/// The lanes that no line between two points serves.
#[derive(Clone, Copy, Default)]
struct Exceptions {
    /// Of which the sum is the first point, the second being infinity; or the second; or infinity.
    first: Mask,
    second: Mask,
    none: Mask,
    /// Equal points: the tangent serves.
    tangent: Mask,
}

/// Eight additions at a time: where their points come from and go to.
trait Sums<P: Stored> {
    fn blocks(&self) -> usize;
    fn first(&self, ifma: Ifma, block: usize) -> Taken<'_, P>;
    fn second(&self, ifma: Ifma, block: usize) -> Taken<'_, P>;
    /// Where the block's sums go: at most eight places.
    fn places(&mut self, block: usize) -> &mut [P];
    fn prefetch(&self, ifma: Ifma, block: usize);
    /// Is the source so large that its points must be asked for ahead?
    fn is_far(&self) -> bool;
}

/// Eight points.
struct Taken<'a, P> {
    rows: [&'a P; LANES],
    /// The lanes whose point is taken negative.
    minus: Mask,
    /// The lanes without a point: what their row says counts for nothing.
    none: Mask,
}

/// The points of the terms in the words' lower halves. One outside the source panics.
#[inline(always)]
fn taken<P>(source: &[P], terms: Word) -> Taken<'_, P> {
    let ifma = terms.ifma();
    let nothing = ifma.splat(Term::NONE.index() as u64);
    let indices = terms.and(nothing);
    let none = indices.equals(nothing);
    let indices = indices.replaced(none, ifma.zero()).to_array();
    let mut rows = [&source[0]; LANES];
    for lane in 0..LANES {
        rows[lane] = &source[indices[lane] as usize];
    }
    Taken { rows, minus: terms.shift_left::<32>().negatives(), none }
}

#[inline(always)]
fn prefetch<P>(source: &[P], terms: Word) {
    let ifma = terms.ifma();
    for index in terms.and(ifma.splat(Term::NONE.index() as u64)).to_array() {
        ifma.prefetch(source, (index as usize).min(source.len()));
    }
}

struct Pairs<'a, P> {
    source: &'a [P],
    pairs: &'a [[Term; 2]],
    sums: &'a mut [P],
}

impl<P> Pairs<'_, P> {
    /// The first terms in the words' lower halves, the second ones in the upper.
    #[inline(always)]
    fn terms(&self, ifma: Ifma, block: usize) -> Word {
        let terms = self.pairs[(block * LANES).min(self.pairs.len())..].as_flattened();
        match terms.first_chunk() {
            Some(whole) => ifma.load_pairs(whole),
            None => {
                let mut whole = [Term::NONE; 2 * LANES];
                whole[..terms.len()].copy_from_slice(terms);
                ifma.load_pairs(&whole)
            }
        }
    }
}

impl<P: Stored> Sums<P> for Pairs<'_, P> {
    fn blocks(&self) -> usize {
        self.pairs.len().div_ceil(LANES)
    }

    #[inline(always)]
    fn first(&self, ifma: Ifma, block: usize) -> Taken<'_, P> {
        taken(self.source, self.terms(ifma, block))
    }

    #[inline(always)]
    fn second(&self, ifma: Ifma, block: usize) -> Taken<'_, P> {
        taken(self.source, self.terms(ifma, block).shift_right::<32>())
    }

    #[inline(always)]
    fn places(&mut self, block: usize) -> &mut [P] {
        block_of(self.sums, block)
    }

    fn is_far(&self) -> bool {
        size_of_val(self.source) > NEAR
    }

    #[inline(always)]
    fn prefetch(&self, ifma: Ifma, block: usize) {
        let terms = self.terms(ifma, block);
        prefetch(self.source, terms);
        prefetch(self.source, terms.shift_right::<32>());
    }
}

struct Accumulation<'a, P> {
    accumulators: &'a mut [P],
    source: &'a [P],
    terms: &'a [Term],
    /// The accumulators of the last block, where it is not whole, and infinity.
    last: [P; LANES],
}

impl<P: Stored> Accumulation<'_, P> {
    #[inline(always)]
    fn terms(&self, ifma: Ifma, block: usize) -> Word {
        let terms = &self.terms[(block * LANES).min(self.terms.len())..];
        match terms.first_chunk() {
            Some(whole) => ifma.load_terms(whole),
            None => {
                let mut whole = [Term::NONE; LANES];
                whole[..terms.len()].copy_from_slice(terms);
                ifma.load_terms(&whole)
            }
        }
    }
}

impl<P: Stored> Sums<P> for Accumulation<'_, P> {
    fn blocks(&self) -> usize {
        self.terms.len().div_ceil(LANES)
    }

    #[inline(always)]
    fn first(&self, _: Ifma, block: usize) -> Taken<'_, P> {
        Taken { rows: block_rows(self.accumulators, &self.last, block), minus: 0, none: 0 }
    }

    #[inline(always)]
    fn second(&self, ifma: Ifma, block: usize) -> Taken<'_, P> {
        taken(self.source, self.terms(ifma, block))
    }

    #[inline(always)]
    fn places(&mut self, block: usize) -> &mut [P] {
        block_of(self.accumulators, block)
    }

    fn is_far(&self) -> bool {
        size_of_val(self.source) > NEAR
    }

    #[inline(always)]
    fn prefetch(&self, ifma: Ifma, block: usize) {
        prefetch(self.source, self.terms(ifma, block));
    }
}

/// The block's places, of which the last block has fewer than eight, and one beyond it none.
#[inline(always)]
fn block_of<T>(all: &mut [T], block: usize) -> &mut [T] {
    let start = (block * LANES).min(all.len());
    let end = all.len().min(start + LANES);
    &mut all[start..end]
}

/// The points of the last block, where it is not whole, and infinity.
fn last_of<P: Stored>(points: &[P]) -> [P; LANES] {
    let mut last = [P::INFINITY; LANES];
    let rest = points.chunks_exact(LANES).remainder();
    last[..rest.len()].copy_from_slice(rest);
    last
}

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

/// The second abscissas less the first, below 2 p, with one or a tangent's denominator where they are equal.
#[inline(always)]
fn denominators<C, T, const D: usize>(
    ifma: Ifma,
    sums: &impl Sums<C::Point>,
    block: usize,
) -> (Extension<T, 5, D>, Exceptions)
where
    C: BulkCurve,
    T: MontConfig<4>,
{
    let (first, second) = (sums.first(ifma, block), sums.second(ifma, block));
    let x = Extension::gather(ifma, first.rows, 0);
    let u = Extension::gather(ifma, second.rows, 0);
    let run = u.minus(&x).plus_multiple::<1>().carry();
    let same = x.equals(&u);
    let (x_zero, u_zero) = (x.zeros(), u.zeros());
    if same | x_zero | u_zero | first.none | second.none == 0 {
        return (run, Exceptions::default());
    }
    let y = Extension::gather(ifma, first.rows, 4 * D);
    let v = Extension::gather(ifma, second.rows, 4 * D);
    let first_infinite = x_zero & y.zeros() | first.none;
    let second_infinite = u_zero & v.zeros() | second.none;
    let both_finite = !(first_infinite | second_infinite);
    let (y, v) = (signed(&y, first.minus).carry().less::<1>(), signed(&v, second.minus).carry().less::<1>());
    let tangent = same & both_finite & y.equals(&v) & !y.zeros();
    let exceptions = Exceptions {
        first: second_infinite & !first_infinite,
        second: first_infinite & !second_infinite,
        none: first_infinite & second_infinite | same & both_finite & !tangent,
        tangent,
    };
    let others = exceptions.first | exceptions.second | exceptions.none;
    let run = run.replaced(tangent, &y.plus(&y).carry()).replaced(others, &Extension::unit(ifma));
    (run, exceptions)
}

/// Ordinates with their signs, at most p.
#[inline(always)]
fn signed<T: MontConfig<4>, const D: usize>(y: &Extension<T, 5, D>, minus: Mask) -> LooseExtension<T, 5, D> {
    y.loose().negated_where::<1>(minus)
}

/// Eight additions whose inverse is there.
struct Line<T, const D: usize> {
    x: Extension<T, 5, D>,
    u: Extension<T, 5, D>,
    y: LooseExtension<T, 5, D>,
    v: LooseExtension<T, 5, D>,
    slope: Extension<T, 5, D>,
}

#[inline(always)]
fn line<C, T, const D: usize>(
    ifma: Ifma,
    sums: &impl Sums<C::Point>,
    block: usize,
    inverse: &Extension<T, 5, D>,
    tangent: Mask,
) -> Line<T, D>
where
    C: BulkCurve<BaseField: Laned<T, D>>,
    T: MontConfig<4>,
{
    let (first, second) = (sums.first(ifma, block), sums.second(ifma, block));
    let x = Extension::gather(ifma, first.rows, 0);
    let u = Extension::gather(ifma, second.rows, 0);
    let y = signed(&Extension::gather(ifma, first.rows, 4 * D), first.minus);
    let v = signed(&Extension::gather(ifma, second.rows, 4 * D), second.minus);
    let mut rise = v.minus(&y).plus_multiple::<1>().carry();
    if tangent != 0 {
        rise = rise.replaced(tangent, &tangent_rise::<C, T, D>(ifma, &x));
    }
    Line { x, u, y, v, slope: inverse.times::<2>(&rise).carry() }
}

impl<T: MontConfig<4>, const D: usize> Line<T, D> {
    /// The sums where a line gave them, the exceptions put in.
    #[inline(always)]
    fn mended(&self, ifma: Ifma, sum: [Extension<T, 5, D>; 2], exceptions: Exceptions) -> [Extension<T, 5, D>; 2] {
        let Exceptions { first, second, none, .. } = exceptions;
        if first | second | none == 0 {
            return sum;
        }
        let zero = Extension::zero(ifma);
        let (y, v) = (self.y.carry().less::<1>(), self.v.carry().less::<1>());
        [
            sum[0].replaced(first, &self.x).replaced(second, &self.u).replaced(none, &zero),
            sum[1].replaced(first, &y).replaced(second, &v).replaced(none, &zero),
        ]
    }
}

/// Lines meet the curve in (x, y), in a point over u and in one more: its negative.
#[inline(always)]
fn third_points<T: MontConfig<4>, const D: usize>(lines: &[Line<T, D>; CHAINS]) -> [[Extension<T, 5, D>; 2]; CHAINS] {
    let mut sums = [[lines[0].x; 2]; CHAINS];
    for k in 0..CHAINS {
        let Line { x, u, slope, .. } = &lines[k];
        sums[k][0] = slope.squared::<2>().minus(&x.plus(u)).plus_multiple::<2>().canonical();
    }
    for k in 0..CHAINS {
        let Line { x, y, slope, .. } = &lines[k];
        let step = x.minus(&sums[k][0]).plus_multiple::<1>().shifted::<2>().carry();
        sums[k][1] = slope.times::<2>(&step).minus(y).plus_multiple::<1>().canonical();
    }
    sums
}

#[inline(always)]
fn tangent_line<C, T, const D: usize>(ifma: Ifma, rows: [&C::Point; LANES], inverse: &Extension<T, 5, D>) -> Line<T, D>
where
    C: BulkCurve<BaseField: Laned<T, D>>,
    T: MontConfig<4>,
{
    let x = Extension::gather(ifma, rows, 0);
    let y = Extension::gather(ifma, rows, 4 * D).loose();
    let rise = tangent_rise::<C, T, D>(ifma, &x);
    Line { x, u: x, y, v: y, slope: inverse.times::<2>(&rise).carry() }
}

/// 3 x^2 + a, below 7 p.
#[inline(always)]
fn tangent_rise<C, T, const D: usize>(ifma: Ifma, x: &Extension<T, 5, D>) -> Extension<T, 5, D>
where
    C: BulkCurve<BaseField: Laned<T, D>>,
    T: MontConfig<4>,
{
    let square = x.raise().times::<16>(x);
    square.plus(&square).plus(&square).plus(&C::COEFF_A.splat(ifma).loose()).carry()
}

#[inline(always)]
fn put<P: Stored, T: MontConfig<4>, const D: usize>(places: &mut [P], [abscissa, ordinate]: &[Extension<T, 5, D>; 2]) {
    if let Some(places) = places.first_chunk_mut::<LANES>() {
        abscissa.scatter(places, 0);
        ordinate.scatter(places, 4 * D);
    } else {
        let mut sums = [P::INFINITY; LANES];
        abscissa.scatter(&mut sums, 0);
        ordinate.scatter(&mut sums, 4 * D);
        places.copy_from_slice(&sums[..places.len()]);
    }
}

/// For each lane of each chain, which ends with P, the number I with I P = 2^(512 + SHIFT + SHIFT / 2).
///
/// Chains, then halves, quarters and neighbours of the lanes are multiplied together, and the one product that is left
/// is inverted. The numbers come back by the same way: where T = a b / Q and I T = c, I b / Q is the one of a.
#[inline(always)]
fn inverses<C, T, const D: usize>(ifma: Ifma, chains: &[Extension<T, 5, D>; CHAINS]) -> [Extension<T, 5, D>; CHAINS]
where
    C: BulkCurve<BaseField: Laned<T, D>>,
    T: MontConfig<4>,
{
    let both = chains[0].times::<2>(&chains[1]).carry();
    let halves = both.times::<2>(&both.permuted(&HALVES)).carry();
    let quarters = halves.times::<2>(&halves.permuted(&QUARTERS)).carry();
    let all = quarters.times::<2>(&quarters.permuted(&NEIGHBOURS)).carry().less::<1>();

    let mut rows = [C::Point::INFINITY; LANES];
    all.scatter(&mut rows, 0);
    let product = C::BaseField::read(&rows[0].words()[..C::BaseField::WORDS]);
    // No factor is zero: where a denominator would be, it is one. (The default is for the compiler.)
    let inverse = product.inverse().unwrap_or_default() * C::BaseField::from(1u64 << (3 * SHIFT / 2));

    let quarter = inverse.splat(ifma).times::<1>(&quarters.permuted(&NEIGHBOURS)).carry();
    let half = quarter.times::<2>(&halves.permuted(&QUARTERS)).carry();
    let each = half.times::<2>(&both.permuted(&HALVES)).carry();
    [each.times::<2>(&chains[1]).carry(), each.times::<2>(&chains[0]).carry()]
}

const HALVES: [u64; LANES] = [4, 5, 6, 7, 0, 1, 2, 3];
const QUARTERS: [u64; LANES] = [2, 3, 0, 1, 6, 7, 4, 5];
const NEIGHBOURS: [u64; LANES] = [1, 0, 3, 2, 5, 4, 7, 6];

/// How far the lanes' R is above memory's, in bits.
const SHIFT: u32 = 4;

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

#[inline(always)]
fn block_rows<'a, P>(points: &'a [P], last: &'a [P; LANES], block: usize) -> [&'a P; LANES] {
    points[(block * LANES).min(points.len())..].first_chunk().unwrap_or(last).each_ref()
}
