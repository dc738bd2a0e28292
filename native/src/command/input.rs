//! Files to read: regular ones of a bounded size, and as they are at one moment. Nothing else is ever waited for.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::refusal::Refusal;

/// A file's bytes, copied: it may be cut short or written anew meanwhile, and the inputs that are written must be the ones
/// that were proven. `kind` is what a file of at most `largest` bytes is called.
pub fn read(path: &Path, kind: &str, largest: u64) -> Result<Vec<u8>, Refusal> {
    let (file, size) = open(path, kind, largest)?;
    let mut bytes = Vec::new();
    let room = bytes.try_reserve_exact(size as usize).map_err(|_| io::ErrorKind::OutOfMemory.into());
    let done = room.and_then(|()| file.take(size).read_to_end(&mut bytes));
    done.map(|_| bytes).map_err(|problem| Refusal::unreadable(path, &problem))
}

/// Whether a file's first bytes are these.
pub fn starts_with(path: &Path, start: &[u8], kind: &str, largest: u64) -> Result<bool, Refusal> {
    let (file, _) = open(path, kind, largest)?;
    let mut found = Vec::with_capacity(start.len());
    file.take(start.len() as u64).read_to_end(&mut found).map_err(|problem| Refusal::unreadable(path, &problem))?;
    Ok(found == start)
}

fn open(path: &Path, kind: &str, largest: u64) -> Result<(File, u64), Refusal> {
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
        size => Ok((file, size)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::outputs::testing::Folder;
    use super::*;

    fn opened(path: &Path) -> Result<Vec<u8>, String> {
        read(path, ".wtns", 8).map_err(|refusal| refusal.to_string())
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
        fs::write(folder.0.join("file"), "12345")?;
        for (start, expected) in [(&b"1234"[..], true), (b"12345", true), (b"1235", false), (b"123456", false)] {
            assert!(matches!(starts_with(&folder.0.join("file"), start, ".zkey", 8), Ok(found) if found == expected));
        }
        let said = |path: &Path, reason: &str| assert_eq!(opened(path), Err(format!("{}: {reason}", path.display())));
        said(&folder.0, "is a folder; a file is needed");
        said(&folder.0.join("none"), "does not exist");
        said(&folder.0.join("file/below"), "not a directory");
        said(Path::new("/dev/null"), "is not a regular file");
        Ok(())
    }
}
