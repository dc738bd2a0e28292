//! Affine points in bulk: how they are stored, and what adds many of them with shared inversions.

mod curves;
mod many;
mod portable;
mod stored;

#[cfg(test)]
mod bls12_381;
#[cfg(test)]
pub mod testing;

use std::any::Any;
use std::cell::Cell;

use ark_ec::short_weierstrass::Affine;
use ark_ec::AffineRepr;

use crate::group::Group;
use crate::kernel::Kernel;
use crate::ntt::Transformed;

pub use many::Many;
pub use portable::Portable;
pub use stored::{prefetch, Coordinate, Point, Stored};

/// A curve whose affine points the kernel adds in bulk.
pub trait BulkCurve: Group<BaseField: Coordinate, ScalarField: Transformed> {
    /// x and y in Montgomery words, all zero for infinity: the equation of no curve here holds at (0, 0).
    type Point: Stored;

    /// What adds points the fastest with this kernel's instructions, which the processor must have.
    fn adder(kernel: Kernel) -> &'static dyn Adder<Self>;

    fn store(point: &Affine<Self>) -> Self::Point {
        match point.xy() {
            Some((x, y)) => Self::Point::from_coordinates(&x, &y),
            None => Self::Point::INFINITY,
        }
    }

    fn negated(point: &Self::Point) -> Self::Point {
        let (x, y): (Self::BaseField, _) = point.coordinates();
        Self::Point::from_coordinates(&x, &-y)
    }

    fn load(point: &Self::Point) -> Affine<Self> {
        if point.is_infinity() {
            return Affine::identity();
        }
        let (x, y) = point.coordinates();
        Affine::new_unchecked(x, y)
    }
}

/// Where a point is found and with which sign it is taken: the index in the lower 31 bits, minus in the top one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Term(pub u32);

impl Term {
    const MINUS: u32 = 1 << 31;

    /// Adds nothing.
    pub const NONE: Self = Self(u32::MAX);

    /// More points than this cannot be told apart.
    pub const MOST: usize = (Self::MINUS - 1) as usize;

    pub fn plus(index: usize) -> Self {
        debug_assert!(index < Self::MOST);
        Self(index as u32)
    }

    pub fn minus(index: usize) -> Self {
        debug_assert!(index < Self::MOST);
        Self(index as u32 | Self::MINUS)
    }

    /// The index; of NONE, one that no source has.
    #[inline(always)]
    pub fn index(self) -> usize {
        (self.0 & !Self::MINUS) as usize
    }

    #[inline(always)]
    pub fn is_minus(self) -> bool {
        self.0 & Self::MINUS != 0
    }
}

/// Additions by the batch, each batch with one inversion. Equal points, opposite ones and infinity come out right.
///
/// Vectors of different lengths, and terms that point outside the source, panic before anything is read there.
pub trait Adder<C: BulkCurve>: Sync {
    /// sums[i] = pairs[i][0] + pairs[i][1], out of the source.
    fn add_pairs(&self, source: &[C::Point], pairs: &[[Term; 2]], sums: &mut [C::Point], room: &mut Room);

    /// accumulators[i] += terms[i], out of the source.
    fn accumulate(&self, accumulators: &mut [C::Point], source: &[C::Point], terms: &[Term], room: &mut Room);

    /// Every point doubled `times` times.
    fn double(&self, points: &mut [C::Point], times: usize, room: &mut Room);
}

/// What adders keep between calls, so that they need not ask the system for memory each time.
#[derive(Default)]
pub struct Room {
    kept: Vec<Box<dyn Any + Send>>,
}

impl Room {
    pub fn new() -> Self {
        Self::default()
    }

    /// Work in this thread's own room. Work that asks for it again from inside gets a new one.
    pub fn of_thread<R>(work: impl FnOnce(&mut Self) -> R) -> R {
        thread_local!(static ROOM: Cell<Room> = Cell::default());
        let mut room = ROOM.take();
        let result = work(&mut room);
        ROOM.set(room);
        result
    }

    /// The one T in here, as its last user left it.
    pub fn of<T: Default + Send + 'static>(&mut self) -> &mut T {
        let place = self.kept.iter().position(|kept| kept.is::<T>()).unwrap_or_else(|| {
            self.kept.push(Box::<T>::default());
            self.kept.len() - 1
        });
        match self.kept[place].downcast_mut() {
            Some(found) => found,
            None => unreachable!("the place was found by its type"),
        }
    }
}
