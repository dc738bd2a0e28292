//! Affine additions eight at a time, their denominators inverted together.
//!
//! The sum of (x, y) and (u, v) lies on the line of slope s = (v - y)/(u - x), the double of (x, y) on the one of slope
//! (3 x^2 + a)/(2 y): the sum's abscissa is s^2 - x - u, its ordinate s (x - abscissa) - y. A first pass over the pairs
//! multiplies the denominators up, lane by lane in a few chains; one inversion serves all lanes of all chains; a second
//! pass goes back, peels the inverses off and finishes the sums.
//!
//! **Forms.** Memory holds x 2^256, the lanes' product divides by Q = 2^260, and no operand is raised to make up for it.
//! With d_i the denominators and P_i = P_(i-1) d_i 2^256 / Q, the chain's inverse I_n is chosen such that
//! I_n P_n = V 2^256. Then I_i = I_(i+1) d_(i+1) 2^256 / Q keeps I_i P_i = V 2^256, so that I_i P_(i-1) / Q = V / d_i.
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
use super::word::{Ifma, Mask, Task};
use super::LANES;
use crate::affine::{Adder, BulkCurve, Coordinate, Room, Stored, Term};

/// Chains of products, side by side because a product waits for the one before it.
const CHAINS: usize = 2;
/// Blocks of eight pairs that share an inversion at most: what is staged of them stays in a core's second cache.
const BLOCKS: usize = 256;
/// Blocks ahead for which points are asked for.
const AHEAD: usize = 4;

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
        check_terms(pairs.as_flattened(), source.len());
        self.add::<C>(Pairs { source, pairs, sums, infinity: C::Point::INFINITY }, room);
    }

    fn accumulate(&self, accumulators: &mut [C::Point], source: &[C::Point], terms: &[Term], room: &mut Room) {
        assert_eq!(accumulators.len(), terms.len(), "one term for each accumulator");
        check_terms(terms, source.len());
        self.add::<C>(Accumulation { accumulators, source, terms, infinity: C::Point::INFINITY }, room);
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

/// Panic where a term points outside the source.
fn check_terms(terms: &[Term], points: usize) {
    assert!(points <= Term::MOST, "more points than terms can tell apart");
    let outside = |term: &Term| (term.index() >= points) & (*term != Term::NONE);
    assert!(!terms.iter().fold(false, |any, term| any | outside(term)), "a term points outside the source");
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

/// Eight additions at a time, where their points come from and go to. Lanes without an addition show infinity.
trait Sums<P: Stored> {
    fn blocks(&self) -> usize;
    /// The points of a block, first and second ones, and the lanes where they are taken negative.
    fn first(&self, block: usize) -> ([&P; LANES], Mask);
    fn second(&self, block: usize) -> ([&P; LANES], Mask);
    /// Where the block's sums go: at most eight places.
    fn places(&mut self, block: usize) -> &mut [P];
    fn prefetch(&self, ifma: Ifma, block: usize);
}

struct Pairs<'a, P> {
    source: &'a [P],
    pairs: &'a [[Term; 2]],
    sums: &'a mut [P],
    infinity: P,
}

struct Accumulation<'a, P> {
    accumulators: &'a mut [P],
    source: &'a [P],
    terms: &'a [Term],
    infinity: P,
}

/// The points of eight terms; infinity for NONE, whose index is outside every source.
#[inline(always)]
fn rows<'a, P: Stored>(source: &'a [P], infinity: &'a P, term: impl Fn(usize) -> Term) -> ([&'a P; LANES], Mask) {
    let mut rows = [infinity; LANES];
    let mut minus = 0;
    for lane in 0..LANES {
        let term = term(lane);
        rows[lane] = source.get(term.index()).unwrap_or(infinity);
        minus |= Mask::from(term.is_minus()) << lane;
    }
    (rows, minus)
}

#[inline(always)]
fn block_of<T>(all: &[T], block: usize) -> &[T] {
    let start = (block * LANES).min(all.len());
    &all[start..all.len().min(start + LANES)]
}

#[inline(always)]
fn block_of_mut<T>(all: &mut [T], block: usize) -> &mut [T] {
    let start = (block * LANES).min(all.len());
    let end = all.len().min(start + LANES);
    &mut all[start..end]
}

impl<P: Stored> Sums<P> for Pairs<'_, P> {
    fn blocks(&self) -> usize {
        self.pairs.len().div_ceil(LANES)
    }

    #[inline(always)]
    fn first(&self, block: usize) -> ([&P; LANES], Mask) {
        let pairs = block_of(self.pairs, block);
        rows(self.source, &self.infinity, |lane| pairs.get(lane).map_or(Term::NONE, |pair| pair[0]))
    }

    #[inline(always)]
    fn second(&self, block: usize) -> ([&P; LANES], Mask) {
        let pairs = block_of(self.pairs, block);
        rows(self.source, &self.infinity, |lane| pairs.get(lane).map_or(Term::NONE, |pair| pair[1]))
    }

    #[inline(always)]
    fn places(&mut self, block: usize) -> &mut [P] {
        block_of_mut(self.sums, block)
    }

    #[inline(always)]
    fn prefetch(&self, ifma: Ifma, block: usize) {
        for pair in block_of(self.pairs, block) {
            prefetch(ifma, self.source, pair[0]);
            prefetch(ifma, self.source, pair[1]);
        }
    }
}

impl<P: Stored> Sums<P> for Accumulation<'_, P> {
    fn blocks(&self) -> usize {
        self.terms.len().div_ceil(LANES)
    }

    #[inline(always)]
    fn first(&self, block: usize) -> ([&P; LANES], Mask) {
        let points = block_of(self.accumulators, block);
        rows(points, &self.infinity, |lane| Term(lane as u32))
    }

    #[inline(always)]
    fn second(&self, block: usize) -> ([&P; LANES], Mask) {
        let terms = block_of(self.terms, block);
        rows(self.source, &self.infinity, |lane| terms.get(lane).copied().unwrap_or(Term::NONE))
    }

    #[inline(always)]
    fn places(&mut self, block: usize) -> &mut [P] {
        block_of_mut(self.accumulators, block)
    }

    #[inline(always)]
    fn prefetch(&self, ifma: Ifma, block: usize) {
        for term in block_of(self.terms, block) {
            prefetch(ifma, self.source, *term);
        }
    }
}

/// All cache lines of a point.
#[inline(always)]
fn prefetch<P: Stored>(ifma: Ifma, source: &[P], term: Term) {
    if let Some(point) = source.get(term.index()) {
        for words in point.words().chunks(8) {
            ifma.prefetch(&words[0]);
        }
    }
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
        for group in staged.chunks_exact_mut(CHAINS) {
            for k in 0..CHAINS {
                sums.prefetch(ifma, block + AHEAD + k);
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
            for k in 0..CHAINS {
                finish_sum::<C, T, D>(ifma, sums, block + k, &inverse[k], group[k].exceptions);
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
    let (first, second) = (sums.first(block), sums.second(block));
    let x = Extension::gather(ifma, first.0, 0);
    let u = Extension::gather(ifma, second.0, 0);
    let run = u.minus(&x).plus_multiple::<1>().carry();
    let same = x.equals(&u);
    let (x_zero, u_zero) = (x.zeros(), u.zeros());
    if same | x_zero | u_zero == 0 {
        return (run, Exceptions::default());
    }
    let y = Extension::gather(ifma, first.0, 4 * D);
    let v = Extension::gather(ifma, second.0, 4 * D);
    let (first_infinite, second_infinite) = (x_zero & y.zeros(), u_zero & v.zeros());
    let both_finite = !(first_infinite | second_infinite);
    let (y, v) = (signed(&y, first.1).less::<1>(), signed(&v, second.1).less::<1>());
    let tangent = same & both_finite & y.equals(&v) & !y.zeros();
    let exceptions = Exceptions {
        first: second_infinite,
        second: first_infinite & !second_infinite,
        none: same & both_finite & !tangent,
        tangent,
    };
    let others = exceptions.first | exceptions.second | exceptions.none;
    let run = run.replaced(tangent, &y.plus(&y).carry()).replaced(others, &Extension::unit(ifma));
    (run, exceptions)
}

/// Ordinates with their signs, at most p.
#[inline(always)]
fn signed<T: MontConfig<4>, const D: usize>(y: &Extension<T, 5, D>, minus: Mask) -> Extension<T, 5, D> {
    y.loose().negated_where::<1>(minus).carry()
}

#[inline(always)]
fn finish_sum<C, T, const D: usize>(
    ifma: Ifma,
    sums: &mut impl Sums<C::Point>,
    block: usize,
    inverse: &Extension<T, 5, D>,
    exceptions: Exceptions,
) where
    C: BulkCurve<BaseField: Laned<T, D>>,
    T: MontConfig<4>,
{
    let (first, second) = (sums.first(block), sums.second(block));
    let x = Extension::gather(ifma, first.0, 0);
    let u = Extension::gather(ifma, second.0, 0);
    let y = Extension::gather(ifma, first.0, 4 * D).loose().negated_where::<1>(first.1);
    let v = Extension::gather(ifma, second.0, 4 * D).loose().negated_where::<1>(second.1);
    let Exceptions { first, second, none, tangent } = exceptions;
    let mut rise = v.minus(&y).plus_multiple::<1>().carry();
    if tangent != 0 {
        rise = rise.replaced(tangent, &tangent_rise::<C, T, D>(ifma, &x));
    }
    let (mut abscissa, mut ordinate) = third_point(inverse, &rise, &x, &u, &y);
    if first | second | none != 0 {
        let zero = Extension::zero(ifma);
        abscissa = abscissa.replaced(first, &x).replaced(second, &u).replaced(none, &zero);
        let (y, v) = (y.carry().less::<1>(), v.carry().less::<1>());
        ordinate = ordinate.replaced(first, &y).replaced(second, &v).replaced(none, &zero);
    }
    put(sums.places(block), &abscissa, &ordinate);
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

/// The line through (x, y), of slope rise * inverse, meets the curve in (x, y), in a point over u and in one more: the
/// negative of that one.
#[inline(always)]
fn third_point<T: MontConfig<4>, const D: usize>(
    inverse: &Extension<T, 5, D>,
    rise: &Extension<T, 5, D>,
    x: &Extension<T, 5, D>,
    u: &Extension<T, 5, D>,
    y: &LooseExtension<T, 5, D>,
) -> (Extension<T, 5, D>, Extension<T, 5, D>) {
    let slope = inverse.times::<2>(rise).carry();
    let abscissa = slope.squared::<2>().minus(&x.plus(u)).plus_multiple::<2>().carry();
    let abscissa = abscissa.less::<2>().less::<1>();
    let step = x.minus(&abscissa).plus_multiple::<1>().shifted::<2>().carry();
    let ordinate = slope.times::<2>(&step).minus(y).plus_multiple::<1>().carry();
    (abscissa, ordinate.less::<2>().less::<1>())
}

#[inline(always)]
fn put<P: Stored, T: MontConfig<4>, const D: usize>(
    places: &mut [P],
    abscissa: &Extension<T, 5, D>,
    ordinate: &Extension<T, 5, D>,
) {
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

/// For each lane of each chain, which ends with P, the number I with I P = 2^(256 + SHIFT + SHIFT / 2).
#[inline(always)]
fn inverses<C, T, const D: usize>(ifma: Ifma, chains: &[Extension<T, 5, D>; CHAINS]) -> [Extension<T, 5, D>; CHAINS]
where
    C: BulkCurve<BaseField: Laned<T, D>>,
    T: MontConfig<4>,
{
    let words = C::BaseField::WORDS;
    let mut rows = [[C::Point::INFINITY; LANES]; CHAINS];
    let mut products = [C::BaseField::ONE; CHAINS * LANES];
    let mut product = C::BaseField::ONE;
    for (chain, rows) in rows.iter_mut().enumerate() {
        chains[chain].less::<1>().scatter(rows, 0);
        for (lane, row) in rows.iter().enumerate() {
            products[chain * LANES + lane] = product;
            product *= C::BaseField::read(&row.words()[..words]);
        }
    }
    // No factor is zero: where a denominator would be, it is one. (The default is for the compiler.)
    let mut rest = product.inverse().unwrap_or_default() * C::BaseField::from(1u64 << (3 * SHIFT / 2));
    for (chain, rows) in rows.iter_mut().enumerate().rev() {
        for (lane, row) in rows.iter_mut().enumerate().rev() {
            let factor = C::BaseField::read(&row.words()[..words]);
            (products[chain * LANES + lane] * rest).write(&mut row.words_mut()[..words]);
            rest *= factor;
        }
    }
    let mut inverses = *chains;
    for (inverse, rows) in inverses.iter_mut().zip(&rows) {
        *inverse = Extension::gather(ifma, rows.each_ref(), 0);
    }
    inverses
}

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
        let (mut block, infinity) = (0, C::Point::INFINITY);
        let staged = staging(ifma, staged, points.len().div_ceil(LANES));
        let mut chains = [Extension::unit(ifma); CHAINS];
        for group in staged.chunks_exact_mut(CHAINS) {
            for k in 0..CHAINS {
                let y = Extension::gather(ifma, block_rows(points, &infinity, block + k), 4 * D);
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
            for k in 0..CHAINS {
                let rows = block_rows(points, &infinity, block + k);
                let x = Extension::gather(ifma, rows, 0);
                let y = Extension::gather(ifma, rows, 4 * D).loose();
                let rise = tangent_rise::<C, T, D>(ifma, &x);
                let (abscissa, ordinate) = third_point(&inverse[k], &rise, &x, &x, &y);
                let (none, zero) = (group[k].exceptions.none, Extension::zero(ifma));
                put(block_of_mut(points, block + k), &abscissa.replaced(none, &zero), &ordinate.replaced(none, &zero));
            }
        }
    }
}

#[inline(always)]
fn block_rows<'a, P: Stored>(points: &'a [P], infinity: &'a P, block: usize) -> [&'a P; LANES] {
    let points = block_of(points, block);
    rows(points, infinity, |lane| Term(lane as u32)).0
}
