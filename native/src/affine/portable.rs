//! Batched additions in any field: lines are staged one after the other, then finished with one inversion for all.
//!
//! The sum of (x, y) and (u, v) lies on the line of slope s = (v - y)/(u - x), the double of (x, y) on the one of slope
//! (3 x^2 + a)/(2 y): the sum's abscissa is s^2 - x - u, its ordinate s (x - abscissa) - y. Denominators are inverted
//! together, in a few chains of products side by side, because a product must wait for the one before it in its chain.

use std::marker::PhantomData;

use ark_ff::{AdditiveGroup, Field, Zero};

use super::{prefetch, Adder, BulkCurve, Room, Stored, Term};

/// Chains of products side by side.
const CHAINS: usize = 4;
/// How many additions ahead points are asked for from memory.
const AHEAD: usize = 12;
/// Lines that share an inversion at most: they stay in a core's second cache.
const BLOCK: usize = 1024;

/// The adder for any curve, over whatever multiplies in its field.
pub struct Portable<C>(PhantomData<fn() -> C>);

impl<C> Portable<C> {
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<C> Default for Portable<C> {
    fn default() -> Self {
        Self::new()
    }
}

/// An addition that waits for its denominator's inverse.
struct Line<F> {
    place: usize,
    x: F,
    y: F,
    /// The sum of both abscissas.
    abscissas: F,
    /// The slope's numerator and denominator.
    rise: F,
    run: F,
    /// The product of the chain's denominators before this one.
    before: F,
}

struct Batch<F> {
    lines: Vec<Line<F>>,
    chains: [F; CHAINS],
}

impl<F: Field> Default for Batch<F> {
    fn default() -> Self {
        Self { lines: Vec::with_capacity(BLOCK), chains: [F::ONE; CHAINS] }
    }
}

impl<F: Field> Batch<F> {
    /// Forget what a call that panicked may have left.
    fn cleared(&mut self) -> &mut Self {
        self.lines.clear();
        self.chains = [F::ONE; CHAINS];
        self
    }

    /// Take a line whose run is not zero.
    #[inline(always)]
    fn stage(&mut self, place: usize, x: F, y: F, abscissas: F, rise: F, run: F) {
        let chain = &mut self.chains[self.lines.len() % CHAINS];
        self.lines.push(Line { place, x, y, abscissas, rise, run, before: *chain });
        *chain *= run;
    }

    /// Hand out the sums, and be empty again.
    #[inline(always)]
    fn finish(&mut self, mut put: impl FnMut(usize, F, F)) {
        let mut inverses = inverses(&self.chains);
        for (index, line) in self.lines.iter().enumerate().rev() {
            let chain = &mut inverses[index % CHAINS];
            let slope = line.rise * (*chain * line.before);
            *chain *= line.run;
            let abscissa = slope.square() - line.abscissas;
            put(line.place, abscissa, slope * (line.x - abscissa) - line.y);
        }
        self.cleared();
    }
}

/// The inverses of elements none of which is zero.
fn inverses<F: Field>(values: &[F; CHAINS]) -> [F; CHAINS] {
    let mut products = *values;
    for i in 1..CHAINS {
        products[i] *= products[i - 1];
    }
    let mut rest = products[CHAINS - 1].inverse().unwrap_or(F::ZERO);
    for i in (1..CHAINS).rev() {
        products[i] = rest * products[i - 1];
        rest *= values[i];
    }
    products[0] = rest;
    products
}

type Coordinates<C> = Batch<<C as ark_ec::CurveConfig>::BaseField>;

/// A term's point, which may be infinity.
#[inline(always)]
fn taken<C: BulkCurve>(source: &[C::Point], term: Term) -> Option<(C::BaseField, C::BaseField)> {
    if term == Term::NONE {
        return None;
    }
    let (x, y) = finite::<C>(&source[term.index()])?;
    Some((x, if term.is_minus() { -y } else { y }))
}

#[inline(always)]
fn finite<C: BulkCurve>(point: &C::Point) -> Option<(C::BaseField, C::BaseField)> {
    (!point.is_infinity()).then(|| point.coordinates())
}

/// The sum of two points where no division is needed for it; otherwise their line is staged.
#[inline(always)]
fn sum_or_stage<C: BulkCurve>(
    batch: &mut Coordinates<C>,
    place: usize,
    first: Option<(C::BaseField, C::BaseField)>,
    second: Option<(C::BaseField, C::BaseField)>,
) -> Option<C::Point> {
    let ((x, y), (u, v)) = match (first, second) {
        (Some(first), Some(second)) => (first, second),
        (Some((x, y)), None) | (None, Some((x, y))) => return Some(C::Point::from_coordinates(&x, &y)),
        (None, None) => return Some(C::Point::INFINITY),
    };
    let run = u - x;
    if run.is_zero() {
        return if y == v { double_or_stage::<C>(batch, place, x, y) } else { Some(C::Point::INFINITY) };
    }
    batch.stage(place, x, y, x + u, v - y, run);
    None
}

/// The double of a point of order two; of any other point the tangent is staged.
#[inline(always)]
fn double_or_stage<C: BulkCurve>(
    batch: &mut Coordinates<C>,
    place: usize,
    x: C::BaseField,
    y: C::BaseField,
) -> Option<C::Point> {
    if y.is_zero() {
        return Some(C::Point::INFINITY);
    }
    let square = x.square();
    let rise = square.double() + square + C::COEFF_A;
    batch.stage(place, x, y, x.double(), rise, y.double());
    None
}

impl<C: BulkCurve> Adder<C> for Portable<C> {
    fn add_pairs(&self, source: &[C::Point], pairs: &[[Term; 2]], sums: &mut [C::Point], room: &mut Room) {
        assert_eq!(pairs.len(), sums.len(), "one sum for each pair");
        let batch = room.of::<Coordinates<C>>().cleared();
        for (pairs, sums) in pairs.chunks(BLOCK).zip(sums.chunks_mut(BLOCK)) {
            for (place, &[first, second]) in pairs.iter().enumerate() {
                if let Some(later) = pairs.get(place + AHEAD) {
                    later.iter().for_each(|term| prefetch(source, term.index()));
                }
                let (first, second) = (taken::<C>(source, first), taken::<C>(source, second));
                if let Some(sum) = sum_or_stage::<C>(batch, place, first, second) {
                    sums[place] = sum;
                }
            }
            batch.finish(|place, x, y| sums[place] = C::Point::from_coordinates(&x, &y));
        }
    }

    fn accumulate(&self, accumulators: &mut [C::Point], source: &[C::Point], terms: &[Term], room: &mut Room) {
        assert_eq!(accumulators.len(), terms.len(), "one term for each accumulator");
        let batch = room.of::<Coordinates<C>>().cleared();
        for (accumulators, terms) in accumulators.chunks_mut(BLOCK).zip(terms.chunks(BLOCK)) {
            for (place, &term) in terms.iter().enumerate() {
                if let Some(later) = terms.get(place + AHEAD) {
                    prefetch(source, later.index());
                }
                let Some(point) = taken::<C>(source, term) else { continue };
                if let Some(sum) = sum_or_stage::<C>(batch, place, finite::<C>(&accumulators[place]), Some(point)) {
                    accumulators[place] = sum;
                }
            }
            batch.finish(|place, x, y| accumulators[place] = C::Point::from_coordinates(&x, &y));
        }
    }

    fn double(&self, points: &mut [C::Point], times: usize, room: &mut Room) {
        let batch = room.of::<Coordinates<C>>().cleared();
        for points in points.chunks_mut(BLOCK) {
            for _ in 0..times {
                for (place, point) in points.iter_mut().enumerate() {
                    let Some((x, y)) = finite::<C>(point) else { continue };
                    if let Some(double) = double_or_stage::<C>(batch, place, x, y) {
                        *point = double;
                    }
                }
                batch.finish(|place, x, y| points[place] = C::Point::from_coordinates(&x, &y));
            }
        }
    }
}
