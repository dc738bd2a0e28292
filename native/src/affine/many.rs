//! Memory for many points: large pages for many, the allocator's for few.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;

use super::Stored;
use crate::memory::{zeros, LARGE};

/// As many points as are asked for, all at infinity at first.
pub struct Many<P> {
    memory: Memory<P>,
    points: PhantomData<P>,
}

enum Memory<P> {
    Mapped(MmapMut),
    /// Few points, or where the system maps nothing.
    Owned(Vec<P>),
}

impl<P: Stored> Many<P> {
    pub fn infinities(count: usize) -> Self {
        let bytes = count.saturating_mul(size_of::<P>());
        let mapped = if bytes < LARGE { None } else { map::<P>(bytes) };
        let memory = mapped.map_or_else(|| Memory::Owned(vec![P::INFINITY; count]), Memory::Mapped);
        Self { memory, points: PhantomData }
    }
}

fn map<P: Stored>(bytes: usize) -> Option<MmapMut> {
    zeros(bytes).ok().filter(|memory| P::from_bytes_unchecked(memory).is_some())
}

impl<P: Stored> Deref for Many<P> {
    type Target = [P];

    fn deref(&self) -> &[P] {
        match &self.memory {
            Memory::Mapped(memory) => P::from_bytes_unchecked(memory).unwrap_or_default(),
            Memory::Owned(points) => points,
        }
    }
}

impl<P: Stored> DerefMut for Many<P> {
    fn deref_mut(&mut self) -> &mut [P] {
        match &mut self.memory {
            Memory::Mapped(memory) => P::from_bytes_unchecked_mut(memory).unwrap_or_default(),
            Memory::Owned(points) => points,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::affine::Point;

    #[test]
    fn few_and_many_are_infinite_at_first_and_can_be_written() {
        for count in [0, 1, 100, LARGE / 64 - 1, LARGE / 64, LARGE / 64 + 1] {
            let mut points = Many::<Point<8>>::infinities(count);
            assert_eq!(points.len(), count);
            assert!(points.iter().all(Stored::is_infinity));
            if let Some(last) = points.last_mut() {
                last.words_mut()[7] = 1;
                assert!(!points[count - 1].is_infinity());
            }
        }
    }
}
