//! How scalars are cut into digits, and which of the digits have buckets in common.
//!
//! A scalar is first made small: s or r - s, whichever is below r/2, with its sign. It is then written in `windows` signed
//! digits of `width` bits, each from -2^(width - 1) to 2^(width - 1) - 1: a digit above is replaced by its distance to
//! the next place, which it carries to. The last digit takes what is carried to it and may be 2^(width - 1), no more,
//! because the windows together have a bit more than any small scalar.
//!
//! With tables the digit of window w multiplies a point that is known ahead, 2^(width w) P. Tables of all windows let
//! all digits share one set of buckets. With fewer levels, one for every `sets` windows, there are so many sets of buckets.

use ark_ff::PrimeField;

/// Widths of digits that make sense: above, the buckets alone would fill the memory.
pub const WIDTHS: std::ops::RangeInclusive<usize> = 2..=20;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    width: usize,
    windows: usize,
    sets: usize,
}

impl Shape {
    /// Digits of `width` bits, the nearest in `WIDTHS`, with at most `levels` levels of tables, at least the points
    /// themselves.
    pub fn new<F: PrimeField>(width: usize, levels: usize) -> Self {
        let width = width.clamp(*WIDTHS.start(), *WIDTHS.end());
        // A small scalar has one bit less than the modulus, and the sign takes one.
        let windows = (F::MODULUS_BIT_SIZE as usize).div_ceil(width);
        Self { width, windows, sets: windows.div_ceil(levels.clamp(1, windows)) }
    }

    /// The shape that costs the fewest additions for so many points with full-size scalars.
    pub fn best<F: PrimeField>(points: usize, levels: usize) -> Self {
        let cost = |shape: &Self| shape.additions(points);
        WIDTHS.map(|width| Self::new::<F>(width, levels)).min_by_key(cost).unwrap_or(Self::new::<F>(8, levels))
    }

    /// About so many additions: one for each digit, two for each bucket, and what a doubling of a single sum costs.
    pub fn additions(&self, points: usize) -> usize {
        points * self.windows + 2 * self.buckets() + 16 * self.width * (self.sets - 1)
    }

    pub fn width(&self) -> usize {
        self.width
    }

    /// Digits of a scalar.
    pub fn windows(&self) -> usize {
        self.windows
    }

    /// Sets of buckets, each for every so-manieth window.
    pub fn sets(&self) -> usize {
        self.sets
    }

    /// Levels of a table: level j holds 2^(width sets j) P.
    pub fn levels(&self) -> usize {
        self.windows.div_ceil(self.sets)
    }

    /// Buckets of one set, for the digits 1, 2, ... 2^(width - 1) in this order.
    pub fn buckets_of_set(&self) -> usize {
        1 << (self.width - 1)
    }

    pub fn buckets(&self) -> usize {
        self.sets * self.buckets_of_set()
    }
}
