//! Files to read: regular ones of a bounded size, mapped. Nothing else is ever waited for.
#![allow(unsafe_code)] // files are mapped

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use memmap2::{Mmap, MmapOptions};

use super::refusal::Refusal;

/// A file's bytes.
pub struct Input(Mmap);

impl Input {
    /// `kind` is what a file of at most `largest` bytes is called.
    pub fn open(path: &Path, kind: &str, largest: u64) -> Result<Self, Refusal> {
        let unreadable = |problem: io::Error| Refusal::unreadable(path, &problem);
        // Without O_NONBLOCK, opening a FIFO would wait for a writer.
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(unreadable)?;
        let facts = file.metadata().map_err(unreadable)?;
        let refused = |reason: &str| Err(Refusal::file(path, reason));
        match facts.len() {
            _ if facts.is_dir() => refused("is a folder; a file is needed"),
            _ if !facts.is_file() => refused("is not a regular file"),
            size if size > largest => refused(&format!("has {size} bytes; a {kind} has at most {largest}")),
            0 => refused("is empty"),
            _ => map(&file).map(Self).map_err(unreadable),
        }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the bytes are numbers, of which nothing is believed: the prover copies the wires and checks its copy, and what
    // it makes of them is verified. A file that is cut short meanwhile ends the process with SIGBUS, and nothing is written.
    unsafe { MmapOptions::new().map(file) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::outputs::testing::Folder;
    use super::*;

    fn opened(path: &Path) -> Result<Vec<u8>, String> {
        Input::open(path, ".wtns", 8).map(|input| input.bytes().to_vec()).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn only_regular_files_of_some_size_are_read() -> io::Result<()> {
        let folder = Folder::new("input")?;
        for (content, expected) in [
            (&b"12345678"[..], Ok(b"12345678".to_vec())),
            (b"", Err("is empty")),
            (b"123456789", Err("has 9 bytes; a .wtns has at most 8")),
        ] {
            let path = folder.0.join("file");
            fs::write(&path, content)?;
            assert_eq!(opened(&path), expected.map_err(|reason| format!("{}: {reason}", path.display())));
        }
        let said = |path: &Path, reason: &str| assert_eq!(opened(path), Err(format!("{}: {reason}", path.display())));
        said(&folder.0, "is a folder; a file is needed");
        said(&folder.0.join("none"), "does not exist");
        said(&folder.0.join("file/below"), "not a directory");
        said(Path::new("/dev/null"), "is not a regular file");
        Ok(())
    }
}
