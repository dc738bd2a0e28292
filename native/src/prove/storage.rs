//! Points in mapped memory: a part of a key file, or memory of our own in large pages.
//!
//! A mapped file is read where it lies. Whoever changes it meanwhile changes numbers, of which nothing is believed (a
//! proof is verified before it leaves); whoever cuts it short ends the process with SIGBUS. So key files are written
//! beside, renamed into place and made read-only, and never written to again; and `copy` is there for whoever does not
//! trust that.
#![allow(unsafe_code)] // files are mapped

use std::fs::File;
use std::io::{self, Read};
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use memmap2::Mmap;
use rayon::prelude::*;

use crate::affine::Stored;
use crate::memory::{ask_for_large_pages, zeros};

/// A shared, read-only array of points.
#[derive(Clone)]
pub struct Shelf<T> {
    memory: Arc<Mmap>,
    start: usize,
    end: usize,
    values: PhantomData<T>,
}

impl<T: Stored> Shelf<T> {
    /// The points from one byte to another, or None where the memory does not hold them, or not aligned.
    pub fn of(memory: &Arc<Mmap>, start: usize, end: usize) -> Option<Self> {
        T::from_bytes_unchecked(memory.get(start..end)?)?;
        Some(Self { memory: memory.clone(), start, end, values: PhantomData })
    }

    /// New memory for rows of `width` points; `fill` writes one column of several rows at a time: it is called with the
    /// number of its first point and one slice of bytes for each row, side by side on all threads.
    pub fn build(
        rows: usize,
        width: usize,
        columns: usize,
        fill: impl Fn(usize, &mut [&mut [u8]]) + Sync,
    ) -> io::Result<Self> {
        let size = size_of::<T>();
        let bytes =
            rows.checked_mul(width).and_then(|count| count.checked_mul(size)).ok_or(io::ErrorKind::OutOfMemory)?;
        let mut memory = zeros(bytes)?;
        if bytes > 0 {
            let mut blocks: Vec<Vec<&mut [u8]>> = (0..width.div_ceil(columns)).map(|_| Vec::new()).collect();
            for row in memory[..bytes].chunks_exact_mut(width * size) {
                blocks.iter_mut().zip(row.chunks_mut(columns * size)).for_each(|(block, part)| block.push(part));
            }
            blocks.par_iter_mut().enumerate().for_each(|(index, block)| fill(index * columns, block));
        }
        Ok(Self { memory: Arc::new(memory.make_read_only()?), start: 0, end: bytes, values: PhantomData })
    }

    /// The points' bytes, as they go into a file.
    pub fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.end]
    }
}

impl<T: Stored> Deref for Shelf<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // `of` and `build` have seen to alignment and length, so this never is the empty default for want of them.
        T::from_bytes_unchecked(self.bytes()).unwrap_or_default()
    }
}

/// Map a file for reading.
pub fn map(file: &File) -> io::Result<Arc<Mmap>> {
    // SAFETY: nothing here holds that the bytes stay as they are: every index that is followed has been copied and checked,
    // and any words are a point. What cutting the file short does is said above.
    let memory = unsafe { Mmap::map(file) }?;
    ask_for_large_pages(&memory);
    Ok(Arc::new(memory))
}

/// So many bytes of a file in memory of our own, which nobody else can change or cut short. They are read, not copied from
/// a map: a file cut short meanwhile is an error, and no page of it is held twice.
pub fn copy(mut file: impl Read, length: usize) -> io::Result<Arc<Mmap>> {
    let mut memory = zeros(length)?;
    file.read_exact(&mut memory[..length])?;
    Ok(Arc::new(memory.make_read_only()?))
}

/// Say that a part of a mapped file, which has been copied, will not be read again: its pages need no longer stay.
pub fn forget(memory: &Mmap, start: usize, end: usize) {
    #[cfg(target_os = "linux")]
    if let Some(length) = end.checked_sub(start).filter(|_| end <= memory.len()) {
        // SAFETY: the map is of a file and shared, so that a page that is read after all comes from the file again.
        let _ = unsafe { memory.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, start, length) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (memory, start, end);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::affine::Point;

    type Points = Shelf<Point<8>>;

    fn numbered() -> io::Result<Points> {
        Points::build(3, 5, 2, |first, rows| {
            for (row, bytes) in rows.iter_mut().enumerate() {
                for (column, point) in bytes.chunks_exact_mut(64).enumerate() {
                    point.fill((10 * row + first + column) as u8);
                }
            }
        })
    }

    #[test]
    fn holds_what_was_built_and_no_more() -> io::Result<()> {
        let shelf = numbered()?;
        let found: Vec<u64> = shelf.iter().map(|point| point.words()[7] & 0xff).collect();
        assert_eq!(found, [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24]);
        let bytes = shelf.bytes();
        let memory = copy(bytes, bytes.len())?;
        assert_eq!(
            copy(bytes, bytes.len() + 1).map_err(|problem| problem.kind()).err(),
            Some(io::ErrorKind::UnexpectedEof)
        );
        assert_eq!(Points::of(&memory, 64, 192).map(|part| part.to_vec()), Some(shelf[1..3].to_vec()));
        for (start, end) in [(64, 16 * 64), (8, 72), (0, 63), (usize::MAX - 63, usize::MAX), (64, 0)] {
            assert!(Points::of(&memory, start, end).is_none(), "{start} {end}");
        }
        Ok(())
    }

    #[test]
    fn holds_nothing_too() -> io::Result<()> {
        assert!(Points::build(1, 0, 4, |_, _| ())?.is_empty());
        Ok(())
    }
}
