//! Memory straight from the system, on large pages where it has them: what is read here and there would otherwise have
//! the processor look for a page more often than it adds, and have the system map thousands of small ones first.

use std::hint::black_box;
use std::io;
use std::sync::Once;

use memmap2::{Mmap, MmapMut};

/// From so many bytes on, large pages are asked for: one takes as many.
pub const LARGE: usize = 1 << 21;

/// Blocks up to this size are to be used again.
const KEPT: usize = 1 << 22;

/// Have the C library keep blocks that are freed for those that are asked for next.
///
/// The GNU one has the system make and clear new pages for each block of more than 128 KiB, until one has been freed: from
/// then on it keeps blocks of up to that size. One freed ahead spares a process's first proof a quarter of its page
/// faults. Larger ones go back to the system as before. Elsewhere this does nothing.
pub fn keep_freed_blocks() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(black_box(Vec::<u8>::with_capacity(KEPT))));
}

/// So many zeros, and never none: nothing cannot be mapped.
pub fn zeros(bytes: usize) -> io::Result<MmapMut> {
    let memory = MmapMut::map_anon(bytes.max(1))?;
    #[cfg(target_os = "linux")]
    if bytes >= LARGE {
        // A wish: without them the memory is slower and nothing else.
        let _ = memory.advise(memmap2::Advice::HugePage);
    }
    Ok(memory)
}

/// The same wish for a mapped file. What of it is not in memory yet is then read in pieces of a large page, and what is
/// there in such pieces is mapped with one fault where small pages take dozens.
pub fn ask_for_large_pages(file: &Mmap) {
    #[cfg(target_os = "linux")]
    if file.len() >= LARGE {
        let _ = file.advise(memmap2::Advice::HugePage);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = file;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_zeros_as_are_asked_for_and_one_for_none() -> io::Result<()> {
        for bytes in [0, 1, 4097, LARGE - 1, LARGE, LARGE + 1] {
            let mut memory = zeros(bytes)?;
            assert!(memory.len() == bytes.max(1) && memory.iter().all(|byte| *byte == 0));
            memory.fill(1);
        }
        Ok(())
    }
}
