//! Points and their multiples by powers of two, so that windows of the scalars can share buckets.

use std::ops::Deref;

use rayon::prelude::*;

use super::shape::Shape;
use crate::affine::{Adder, BulkCurve, Many, Room, Stored};
use crate::error::Error;

/// Points that one task doubles at a time.
const GRAIN: usize = 1024;

/// Level j of `shape.levels()` holds 2^(width sets j) P for each point P; level 0 is the points.
pub struct Tables<'a, C: BulkCurve> {
    levels: Levels<'a, C::Point>,
    points: usize,
    shape: Shape,
}

enum Levels<'a, P> {
    Borrowed(&'a [P]),
    Made(Many<P>),
}

impl<P: Stored> Deref for Levels<'_, P> {
    type Target = [P];

    fn deref(&self) -> &[P] {
        match self {
            Self::Borrowed(points) => points,
            Self::Made(points) => points,
        }
    }
}

impl<C: BulkCurve> Tables<'static, C> {
    /// Double the points up, level by level.
    pub fn build(adder: &dyn Adder<C>, points: &[C::Point], shape: Shape) -> Self {
        let mut levels = Many::infinities(points.len() * shape.levels());
        if let Some((first, rest)) = levels.split_at_mut_checked(points.len()) {
            first.copy_from_slice(points);
            let mut last: &[C::Point] = first;
            for level in rest.chunks_exact_mut(points.len().max(1)) {
                level.par_chunks_mut(GRAIN).zip(last.par_chunks(GRAIN)).for_each(|(level, last)| {
                    level.copy_from_slice(last);
                    Room::of_thread(|room| adder.double(level, shape.width() * shape.sets(), room));
                });
                last = level;
            }
        }
        Self { levels: Levels::Made(levels), points: points.len(), shape }
    }
}

impl<'a, C: BulkCurve> Tables<'a, C> {
    /// All levels of so many points, made before, one level after the other.
    pub fn over(levels: &'a [C::Point], points: usize, shape: Shape) -> Result<Self, Error> {
        let expected = points.saturating_mul(shape.levels());
        if levels.len() != expected {
            return Err(Error::Count { what: "table point", expected, found: levels.len() });
        }
        Ok(Self { levels: Levels::Borrowed(levels), points, shape })
    }

    /// How many points there are, at level 0.
    pub fn len(&self) -> usize {
        self.points
    }

    pub fn is_empty(&self) -> bool {
        self.points == 0
    }

    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// All levels, for a file.
    pub fn levels(&self) -> &[C::Point] {
        &self.levels
    }
}
