//! Files that appear whole or not at all, all of them or none, and never over another without `--force`.
//!
//! Each is written beside its place first, flushed to the disk, and then moved there; what has been done is undone where
//! one of them cannot be.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::interruption;
use super::places::{folder, here, require_place};
use super::refusal::Refusal;

/// One output: where, and what.
pub struct NewFile<'a> {
    pub path: &'a Path,
    pub data: String,
}

/// Write all of the files or none; a signal that comes meanwhile counts as one that cannot be written.
pub fn write(files: &[NewFile], force: bool) -> Result<(), Refusal> {
    for file in files {
        require_place(file.path, force)?;
    }
    interruption::hold();
    write_unless(files, force, interruption::remembered)
}

fn write_unless(files: &[NewFile], force: bool, interrupted: impl Fn() -> Option<u8>) -> Result<(), Refusal> {
    let going_on = || interrupted().map_or(Ok(()), |signal| Err(Refusal::Interrupted { signal }));
    let mut undo = Undo::default();
    let mut all = || {
        for file in files {
            undo.stage(file)?;
            going_on()?;
        }
        for file in files {
            undo.publish(file.path, force)?;
            going_on()?;
        }
        Ok(())
    };
    match all() {
        Ok(()) => undo.forget(),
        Err(refusal) => {
            undo.roll_back();
            return Err(refusal);
        }
    }
    Ok(())
}

/// What has been done so far, so that it can be taken back.
#[derive(Default)]
struct Undo {
    /// Written and not yet moved, the next one first.
    staged: VecDeque<PathBuf>,
    published: Vec<PathBuf>,
    /// What was there before: where it is now, and where it was.
    saved: Vec<(PathBuf, PathBuf)>,
    folders: Vec<PathBuf>,
}

impl Undo {
    /// The contents in a new file of the same folder, flushed to the disk.
    fn stage(&mut self, file: &NewFile) -> Result<(), Refusal> {
        let refused = |problem: io::Error| Refusal::unwritable(file.path, &problem);
        self.make_folder(folder(file.path)).map_err(refused)?;
        let (mut out, place) = beside(file.path).map_err(refused)?;
        self.staged.push_back(place);
        out.write_all(file.data.as_bytes()).and_then(|()| out.sync_all()).map_err(refused)
    }

    /// Move the next file to its place.
    fn publish(&mut self, path: &Path, force: bool) -> Result<(), Refusal> {
        let Some(staged) = self.staged.front().cloned() else { return Ok(()) };
        let refused = |problem: io::Error| Refusal::unwritable(path, &problem);
        if !force {
            move_new(&staged, path)?;
        } else {
            if path.exists() {
                let saved = staged.with_extension("old");
                fs::rename(path, &saved).map_err(refused)?;
                self.saved.push((saved, path.to_owned()));
            }
            fs::rename(&staged, path).map_err(refused)?;
        }
        self.staged.pop_front();
        self.published.push(path.to_owned());
        Ok(())
    }

    // What cannot be taken back stays: there is nothing to be done about it.

    fn roll_back(self) {
        for path in self.staged.iter().chain(&self.published) {
            let _ = fs::remove_file(path);
        }
        for (saved, path) in &self.saved {
            let _ = fs::rename(saved, path);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }

    fn forget(self) {
        for (saved, _) in &self.saved {
            let _ = fs::remove_file(saved);
        }
    }

    fn make_folder(&mut self, folder: &Path) -> io::Result<()> {
        let missing: Vec<&Path> = folder.ancestors().take_while(|place| !here(place).exists()).collect();
        for place in missing.into_iter().rev() {
            fs::create_dir(place)?;
            self.folders.push(place.to_owned());
        }
        Ok(())
    }
}

/// A new file next to a path, whose name says of which it is a part. Of that one's so much that it fits beside the rest into
/// 255 bytes, whatever its letters take.
fn beside(path: &Path) -> io::Result<(fs::File, PathBuf)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beginning: String = name.chars().take(48).collect();
    let mut attempt = 0u32;
    loop {
        let place = folder(path).join(format!(".{beginning}.{}-{attempt}.part", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&place) {
            Err(problem) if problem.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => attempt += 1,
            opened => return Ok((opened?, place)),
        }
    }
}

/// Move without ever replacing something: a link fails where the name is taken.
fn move_new(staged: &Path, path: &Path) -> Result<(), Refusal> {
    let taken = || Err(Refusal::AlreadyThere { path: path.to_owned() });
    let refused = |problem: io::Error| Refusal::unwritable(path, &problem);
    match fs::hard_link(staged, path) {
        Ok(()) => fs::remove_file(staged).map_err(refused),
        Err(problem) if problem.kind() == io::ErrorKind::AlreadyExists => taken(),
        // No hard links on this file system: the check and the move are two steps there.
        Err(_) if path.symlink_metadata().is_ok() => taken(),
        Err(_) => fs::rename(staged, path).map_err(refused),
    }
}

#[cfg(test)]
pub mod testing {
    use super::*;

    /// A folder of a test's own.
    pub struct Folder(pub PathBuf);

    impl Folder {
        pub fn new(name: &str) -> io::Result<Self> {
            let place = std::env::temp_dir().join(format!("zkmargin-prove-{name}-{}", std::process::id()));
            fs::create_dir_all(&place)?;
            Ok(Self(fs::canonicalize(place)?))
        }

        /// The names in it, sorted, with what the files hold.
        pub fn content(&self) -> io::Result<Vec<(String, String)>> {
            let mut found = Vec::new();
            for entry in fs::read_dir(&self.0)? {
                let entry = entry?;
                let text = if entry.file_type()?.is_file() { fs::read_to_string(entry.path())? } else { String::new() };
                found.push((entry.file_name().to_string_lossy().into_owned(), text));
            }
            found.sort();
            Ok(found)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::testing::Folder;
    use super::*;

    const SIGNAL: u8 = 2;

    fn named(name: &str, text: &str) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }

    fn new<'a>(paths: &'a [PathBuf; 2]) -> [NewFile<'a>; 2] {
        [NewFile { path: &paths[0], data: "1".to_owned() }, NewFile { path: &paths[1], data: "2".to_owned() }]
    }

    fn said<T>(outcome: Result<T, Refusal>) -> Option<String> {
        outcome.err().map(|refusal| refusal.to_string())
    }

    #[test]
    fn both_are_written_and_replaced_only_by_force() -> io::Result<()> {
        let folder = Folder::new("both")?;
        let paths = ["new/a", "new/b"].map(|name| folder.0.join(name));
        let inside = Folder(folder.0.join("new"));
        assert!(write(&new(&paths), false).is_ok());
        assert_eq!(inside.content()?, [named("a", "1"), named("b", "2")]);
        let refused = said(write(&new(&paths), false));
        assert!(refused
            .is_some_and(|text| text.ends_with("is already there; name another output, or overwrite it with --force")));
        fs::write(&paths[0], "old")?;
        assert!(write(&new(&paths), true).is_ok());
        assert_eq!(inside.content()?, [named("a", "1"), named("b", "2")]);
        Ok(())
    }

    #[test]
    fn a_signal_at_any_step_leaves_everything_as_it_was() -> io::Result<()> {
        for force in [false, true] {
            for steps in 0..4 {
                let folder = Folder::new(&format!("signal-{force}-{steps}"))?;
                let paths = ["new/a", "b"].map(|name| folder.0.join(name));
                if force {
                    fs::write(&paths[1], "old")?;
                }
                let before = folder.content()?;
                let left = Cell::new(steps);
                let interrupted = || if left.replace(left.get() - 1) == 0 { Some(SIGNAL) } else { None };
                let refused = write_unless(&new(&paths), force, interrupted);
                assert!(matches!(refused, Err(Refusal::Interrupted { signal: SIGNAL })));
                assert_eq!(folder.content()?, before, "{force} {steps}");
            }
        }
        Ok(())
    }

    #[test]
    fn one_that_cannot_be_written_takes_the_other_back() -> io::Result<()> {
        let folder = Folder::new("one")?;
        let paths = ["a", "b"].map(|name| folder.0.join(name));
        // It has come since it was looked for.
        fs::write(&paths[1], "theirs")?;
        let refused = write_unless(&new(&paths), false, || None);
        assert!(matches!(refused, Err(Refusal::AlreadyThere { path }) if path == paths[1]));
        assert_eq!(folder.content()?, [named("b", "theirs")]);
        let below = ["a", "b/c"].map(|name| folder.0.join(name));
        let refused = said(write_unless(&new(&below), true, || None));
        assert!(refused.is_some_and(|text| text.contains("cannot be written: ")), "b is no folder");
        assert_eq!(folder.content()?, [named("b", "theirs")]);
        Ok(())
    }
}
