//! Where outputs may go: into folders that one may write to, apart from each other, and never over another file unawares.
#![allow(unsafe_code)] // the system is asked through C whether a folder may be written to

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::refusal::Refusal;
use super::text::path_text;

/// Fail before the work rather than after it: outputs must be writable, distinct, and new unless `force`.
pub fn require_free(paths: &[&PathBuf], force: bool) -> Result<(), Refusal> {
    let mut seen = Vec::new();
    for path in paths {
        let real = resolved(folder(path)).join(path.file_name().unwrap_or_default());
        if seen.contains(&real) {
            return Err(Refusal::NamedTwice { path: path.to_path_buf() });
        }
        seen.push(real);
        require_place(path, force)?;
    }
    Ok(())
}

/// There is a folder for it, and nothing there but, with `force`, a regular file.
pub fn require_place(path: &Path, force: bool) -> Result<(), Refusal> {
    match path.symlink_metadata() {
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => {
            let parent = path.ancestors().skip(1).map(here).find(|place| place.exists()).unwrap_or(Path::new("."));
            if parent.is_dir() && is_writable(parent) {
                return Ok(());
            }
            let parent = path_text(parent);
            Err(Refusal::file(path, format!("cannot be written: {parent} is not a folder one may write to")))
        }
        Err(problem) => Err(Refusal::unwritable(path, &problem)),
        Ok(_) if !force => Err(Refusal::AlreadyThere { path: path.to_owned() }),
        Ok(found) if !found.is_file() => Err(Refusal::file(path, "is not a regular file, so it is not overwritten")),
        Ok(_) => Ok(()),
    }
}

fn is_writable(folder: &Path) -> bool {
    // SAFETY: the name ends with a zero and outlives the call, which does nothing but answer.
    CString::new(folder.as_os_str().as_bytes())
        .is_ok_and(|name| unsafe { libc::access(name.as_ptr(), libc::W_OK) } == 0)
}

/// The folder that a path lies in.
pub fn folder(path: &Path) -> &Path {
    here(path.parent().unwrap_or(path))
}

/// A relative path of no steps is where we are.
pub fn here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    }
}

/// The folder by its one name, as far as it exists.
fn resolved(folder: &Path) -> PathBuf {
    match (fs::canonicalize(here(folder)), folder.parent(), folder.file_name()) {
        (Ok(real), ..) => real,
        (Err(_), Some(parent), Some(name)) => resolved(parent).join(name),
        _ => folder.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::outputs::testing::Folder;
    use super::*;

    fn said<T>(outcome: Result<T, Refusal>) -> Option<String> {
        outcome.err().map(|refusal| refusal.to_string())
    }

    #[test]
    fn outputs_are_free_and_apart() -> io::Result<()> {
        let folder = Folder::new("free")?;
        let at = |name: &str| folder.0.join(name);
        fs::create_dir(at("dir"))?;
        std::os::unix::fs::symlink(at("dir"), at("link"))?;
        fs::write(at("file"), "")?;
        let checked = |names: [&str; 2], force| said(require_free(&[&at(names[0]), &at(names[1])], force));
        assert_eq!(checked(["dir/a", "dir/b"], false), None);
        assert_eq!(checked(["none/a", "none/b"], false), None);
        for pair in [["a", "a"], ["dir/a", "link/a"], ["none/a", "dir/../none/a"], ["none/none/a", "none/none/a"]] {
            assert!(checked(pair, true).is_some_and(|text| text.ends_with("is named for two outputs")), "{pair:?}");
        }
        for (name, force, reason) in [
            ("file", false, "is already there; name another output, or overwrite it with --force"),
            ("dir", true, "is not a regular file, so it is not overwritten"),
            ("link", true, "is not a regular file, so it is not overwritten"),
            ("file/a", false, "cannot be written: not a directory"),
        ] {
            assert_eq!(checked(["a", name], force), Some(format!("{}: {reason}", at(name).display())), "{name}");
        }
        assert_eq!(checked(["a", "file"], true), None);
        Ok(())
    }
}
