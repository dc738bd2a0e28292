//! Lanes in memory as they are in registers: limb by limb, for work that comes back to the same elements often.

use super::lanes::Lanes;
use super::modulus::Modulus;
use super::word::{Ifma, Word};
use super::LANES;

/// Eight elements of L limbs; limbs are below 2^52, or the numbers that are read make no sense.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct Packed<const L: usize>([[u64; LANES]; L]);

impl<const L: usize> Packed<L> {
    pub const ZERO: Self = Self([[0; LANES]; L]);

    #[inline(always)]
    pub fn read<M: Modulus<L>>(&self, ifma: Ifma) -> Lanes<M, L> {
        let mut limbs = [ifma.zero(); L];
        for i in 0..L {
            limbs[i] = ifma.load(&self.0[i]);
        }
        Lanes::new(limbs)
    }

    /// The limbs of one element.
    #[inline(always)]
    pub fn lane(&self, lane: usize) -> [u64; L] {
        self.0.map(|limbs| limbs[lane])
    }

    #[inline(always)]
    pub fn write<M: Modulus<L>>(&mut self, lanes: &Lanes<M, L>) {
        for i in 0..L {
            lanes.limbs[i].store(&mut self.0[i]);
        }
    }
}

/// Lane i of element j becomes lane j of element i.
#[inline(always)]
pub fn transpose<M: Modulus<L>, const L: usize>(rows: &mut [Lanes<M, L>; LANES]) {
    for i in 0..L {
        let [a, b, c, d, e, f, g, h] = &*rows;
        let words = transposed([
            a.limbs[i], b.limbs[i], c.limbs[i], d.limbs[i], e.limbs[i], f.limbs[i], g.limbs[i], h.limbs[i],
        ]);
        for row in 0..LANES {
            rows[row].limbs[i] = words[row];
        }
    }
}

/// Pairs of lanes, then pairs of pairs, then halves change places.
#[inline(always)]
fn transposed(rows: [Word; LANES]) -> [Word; LANES] {
    let [a, b, c, d, e, f, g, h] = rows;
    let low = quarters([a.even_lanes(b), a.odd_lanes(b)], [c.even_lanes(d), c.odd_lanes(d)]);
    let high = quarters([e.even_lanes(f), e.odd_lanes(f)], [g.even_lanes(h), g.odd_lanes(h)]);
    [
        low[0].first_halves(high[0]),
        low[1].first_halves(high[1]),
        low[2].first_halves(high[2]),
        low[3].first_halves(high[3]),
        low[0].second_halves(high[0]),
        low[1].second_halves(high[1]),
        low[2].second_halves(high[2]),
        low[3].second_halves(high[3]),
    ]
}

#[inline(always)]
fn quarters(a: [Word; 2], b: [Word; 2]) -> [Word; 4] {
    [
        a[0].permuted(b[0], &EVEN_PAIRS),
        a[1].permuted(b[1], &EVEN_PAIRS),
        a[0].permuted(b[0], &ODD_PAIRS),
        a[1].permuted(b[1], &ODD_PAIRS),
    ]
}

/// Lanes 0, 1 and 4, 5 of both; lanes 2, 3 and 6, 7 of both.
const EVEN_PAIRS: [u64; 8] = [0, 1, 8, 9, 4, 5, 12, 13];
const ODD_PAIRS: [u64; 8] = [2, 3, 10, 11, 6, 7, 14, 15];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposition_swaps_lanes_and_rows() {
        let Some(ifma) = Ifma::find() else { return };
        let rows = std::array::from_fn(|row| ifma.load(&std::array::from_fn(|lane| 8 * row as u64 + lane as u64)));
        for (row, words) in transposed(rows).into_iter().enumerate() {
            assert_eq!(words.to_array(), std::array::from_fn(|lane| 8 * lane as u64 + row as u64));
        }
    }
}
