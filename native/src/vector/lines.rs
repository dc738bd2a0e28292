//! The lines of eight additions: their denominators first, their slopes and third points when the inverses are there.
//!
//! **Bounds**, in multiples of p, with p / Q below 1/32: coordinates are below 1; denominators and numerators of lines
//! below 2, of tangents below 7; P_i and I_i below 1.5, the slope below 2, as its products need, its square before the
//! subtractions below 1.7, 4 (x - abscissa) below 8 and the product of it below 2.1: every sum that is stored is below
//! 4 p after p or 2 p are added against the negative.

use ark_ff::MontConfig;

use super::adder::CHAINS;
use super::extension::{Extension, LooseExtension};
use super::points::Laned;
use super::sums::Sums;
use super::word::{Ifma, Mask};
use super::LANES;
use crate::affine::{BulkCurve, Stored};

/// The lanes that no line between two points serves.
#[derive(Clone, Copy, Default)]
pub(super) struct Exceptions {
    /// Of which the sum is the first point, the second being infinity; or the second; or infinity.
    pub(super) first: Mask,
    pub(super) second: Mask,
    pub(super) none: Mask,
    /// Equal points: the tangent serves.
    pub(super) tangent: Mask,
}

/// The second abscissas less the first, below 2 p, with one or a tangent's denominator where they are equal.
#[inline(always)]
pub(super) fn denominators<C, T, const D: usize>(
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
pub(super) fn signed<T: MontConfig<4>, const D: usize>(y: &Extension<T, 5, D>, minus: Mask) -> LooseExtension<T, 5, D> {
    y.loose().negated_where::<1>(minus)
}

/// Eight additions whose inverse is there.
pub(super) struct Line<T, const D: usize> {
    pub(super) x: Extension<T, 5, D>,
    pub(super) u: Extension<T, 5, D>,
    pub(super) y: LooseExtension<T, 5, D>,
    pub(super) v: LooseExtension<T, 5, D>,
    pub(super) slope: Extension<T, 5, D>,
}

#[inline(always)]
pub(super) fn line<C, T, const D: usize>(
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
    pub(super) fn mended(
        &self,
        ifma: Ifma,
        sum: [Extension<T, 5, D>; 2],
        exceptions: Exceptions,
    ) -> [Extension<T, 5, D>; 2] {
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
pub(super) fn third_points<T: MontConfig<4>, const D: usize>(
    lines: &[Line<T, D>; CHAINS],
) -> [[Extension<T, 5, D>; 2]; CHAINS] {
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
pub(super) fn tangent_line<C, T, const D: usize>(
    ifma: Ifma,
    rows: [&C::Point; LANES],
    inverse: &Extension<T, 5, D>,
) -> Line<T, D>
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
pub(super) fn tangent_rise<C, T, const D: usize>(ifma: Ifma, x: &Extension<T, 5, D>) -> Extension<T, 5, D>
where
    C: BulkCurve<BaseField: Laned<T, D>>,
    T: MontConfig<4>,
{
    let square = x.raise().times::<16>(x);
    square.plus(&square).plus(&square).plus(&C::COEFF_A.splat(ifma).loose()).carry()
}

#[inline(always)]
pub(super) fn put<P: Stored, T: MontConfig<4>, const D: usize>(
    places: &mut [P],
    [abscissa, ordinate]: &[Extension<T, 5, D>; 2],
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
