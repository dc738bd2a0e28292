//! Memory for many points, on huge pages where the system has them: points are taken from all over a table, and with
//! small pages the processor would look for a page more often than it adds.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;

use super::Stored;

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

/// From so many bytes on, huge pages are asked for.
const MANY: usize = 1 << 21;

impl<P: Stored> Many<P> {
    pub fn infinities(count: usize) -> Self {
        let bytes = count.saturating_mul(size_of::<P>());
        let mapped = if bytes < MANY { None } else { map::<P>(bytes) };
        let memory = mapped.map_or_else(|| Memory::Owned(vec![P::INFINITY; count]), Memory::Mapped);
        Self { memory, points: PhantomData }
    }
}

/// Zeros on huge pages. That there are none is no error: the memory is only slower.
fn map<P: Stored>(bytes: usize) -> Option<MmapMut> {
    let memory = MmapMut::map_anon(bytes).ok()?;
    #[cfg(target_os = "linux")]
    let _ = memory.advise(memmap2::Advice::HugePage);
    P::from_bytes_unchecked(&memory)?;
    Some(memory)
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
        for count in [0, 1, 100, MANY / 64 - 1, MANY / 64, MANY / 64 + 1] {
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
