//! The inverses of all lanes of all chains, with one inversion.

use ark_ff::{Field, MontConfig};

use super::adder::CHAINS;
use super::extension::Extension;
use super::points::Laned;
use super::word::Ifma;
use super::LANES;
use crate::affine::{BulkCurve, Coordinate, Stored};

/// For each lane of each chain, which ends with P, the number I with I P = 2^(512 + SHIFT + SHIFT / 2).
///
/// Chains, then halves, quarters and neighbours of the lanes are multiplied together, and the one product that is left
/// is inverted. The numbers come back by the same way: where T = a b / Q and I T = c, I b / Q is the one of a.
#[inline(always)]
pub(super) fn inverses<C, T, const D: usize>(
    ifma: Ifma,
    chains: &[Extension<T, 5, D>; CHAINS],
) -> [Extension<T, 5, D>; CHAINS]
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

pub(super) const HALVES: [u64; LANES] = [4, 5, 6, 7, 0, 1, 2, 3];
pub(super) const QUARTERS: [u64; LANES] = [2, 3, 0, 1, 6, 7, 4, 5];
pub(super) const NEIGHBOURS: [u64; LANES] = [1, 0, 3, 2, 5, 4, 7, 6];

/// How far the lanes' R is above memory's, in bits.
pub(super) const SHIFT: u32 = 4;
