//! The program's arguments, by hand: four paths and five options are less than a parser's dependency.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::refusal::Refusal;

pub const HELP: &str = "\
Usage: zkmargin-prove [OPTIONS] KEY WITNESS.wtns PROOF.json PUBLIC.json

  Prove with a native key and a witness; write the proof and its public
  inputs. 'zkmargin proving-key import' makes a native key of a .zkey.

Options:
  --force      Overwrite outputs that are already there.
  --threads N  Threads to prove with; by default $RAYON_NUM_THREADS, else one
               for each core.
  --private    Copy the key into memory instead of mapping its file, which
               must not be cut short while it is mapped.
  --version    Show the version and exit.
  -h, --help   Show this message and exit.

Exit codes: 0 done, 1 the witness proves nothing, 2 misuse or bad input.
";
const MOST_THREADS: usize = 1024;
const NAMES: [&str; 4] = ["KEY", "WITNESS.wtns", "PROOF.json", "PUBLIC.json"];

#[derive(Debug, PartialEq)]
pub enum Asked {
    Proof(Arguments),
    Help,
    Version,
}

#[derive(Debug, PartialEq)]
pub struct Arguments {
    pub key: PathBuf,
    pub witness: PathBuf,
    pub proof: PathBuf,
    pub public: PathBuf,
    pub force: bool,
    pub private: bool,
    pub threads: Option<usize>,
}

/// What the words after the program's name ask for; options may stand anywhere before a `--`.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Asked, Refusal> {
    let (mut paths, mut force, mut private, mut threads) = (Vec::new(), false, false, None);
    let (mut words, mut options) = (words.into_iter(), true);
    while let Some(word) = words.next() {
        let text = word.to_string_lossy().into_owned();
        if !options || !text.starts_with('-') || text == "-" {
            paths.push(word);
            continue;
        }
        let (name, value) = match text.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value)),
            _ => (text.as_str(), None),
        };
        match name {
            "--" if value.is_none() => options = false,
            "--force" => force = flag("--force", value)?,
            "--private" => private = flag("--private", value)?,
            "--threads" => threads = Some(count(value.map(OsString::from).or_else(|| words.next()))?),
            "--help" if flag("--help", value)? => return Ok(Asked::Help),
            "-h" => return Ok(Asked::Help),
            "--version" if flag("--version", value)? => return Ok(Asked::Version),
            _ => return Err(unknown(name)),
        }
    }
    let [key, witness, proof, public] = four(paths)?;
    Ok(Asked::Proof(Arguments { key, witness, proof, public, force, private, threads }))
}

fn flag(name: &'static str, value: Option<&str>) -> Result<bool, Refusal> {
    match value {
        None => Ok(true),
        Some(_) => Err(Refusal::FlagWithValue { name }),
    }
}

fn count(value: Option<OsString>) -> Result<usize, Refusal> {
    let value = value.ok_or(Refusal::Usage { problem: "Option '--threads' requires an argument".to_owned() })?;
    let text = value.to_string_lossy();
    let number = text.parse().ok().filter(|count| (1..=MOST_THREADS).contains(count));
    number.ok_or_else(|| Refusal::Usage {
        problem: format!("Invalid value for '--threads': '{text}' is not a number from 1 to {MOST_THREADS}"),
    })
}

/// A single dash stands before options of one letter, of which the first that is not there is named.
fn unknown(name: &str) -> Refusal {
    let shown: String = if name.starts_with("--") { name.to_owned() } else { name.chars().take(2).collect() };
    Refusal::Usage { problem: format!("No such option '{shown}'") }
}

fn four(paths: Vec<OsString>) -> Result<[PathBuf; 4], Refusal> {
    if let Some(missing) = NAMES.get(paths.len()) {
        return Err(Refusal::Usage { problem: format!("Missing argument '{missing}'") });
    }
    let paths: Vec<PathBuf> = paths.iter().map(|path| plain(Path::new(path))).collect();
    <[PathBuf; 4]>::try_from(paths).map_err(|paths| {
        let (many, extra) = (if paths.len() > 5 { "s" } else { "" }, paths.get(NAMES.len()..).unwrap_or_default());
        let extra: Vec<_> = extra.iter().map(|path| path.to_string_lossy()).collect();
        Refusal::Usage { problem: format!("Got unexpected extra argument{many} ({})", extra.join(" ")) }
    })
}

/// Without steps that lead nowhere, as Python's paths are.
fn plain(path: &Path) -> PathBuf {
    let steps: PathBuf = path.components().filter(|step| *step != Component::CurDir).collect();
    if steps.as_os_str().is_empty() {
        return PathBuf::from(".");
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Result<Asked, String> {
        parse(words.split_whitespace().map(OsString::from)).map_err(|refusal| refusal.to_string())
    }

    fn arguments(force: bool, private: bool, threads: Option<usize>) -> Asked {
        let [key, witness, proof, public] = ["k", "w", "dir/p", "q"].map(PathBuf::from);
        Asked::Proof(Arguments { key, witness, proof, public, force, private, threads })
    }

    #[test]
    fn options_stand_anywhere() {
        for (words, expected) in [
            ("k w dir/p q", arguments(false, false, None)),
            ("--force k w dir/p q", arguments(true, false, None)),
            ("k --threads 3 w ./dir//./p q --force --private", arguments(true, true, Some(3))),
            ("k w dir/p --threads=1024 -- q", arguments(false, false, Some(1024))),
            ("-h", Asked::Help),
            ("k --help", Asked::Help),
            ("--version", Asked::Version),
        ] {
            assert_eq!(parsed(words), Ok(expected), "{words}");
        }
        let Ok(Asked::Proof(found)) = parsed("-- --force - . .//") else { panic!("paths after --") };
        assert_eq!(
            [found.key, found.witness, found.proof, found.public],
            ["--force", "-", ".", "."].map(PathBuf::from)
        );
        assert!(!found.force);
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        let advice = "; see 'zkmargin-prove --help'";
        for (words, expected) in [
            ("", "Missing argument 'KEY'"),
            ("a b c", "Missing argument 'PUBLIC.json'"),
            ("a b c d e", "Got unexpected extra argument (e)"),
            ("a b c d e f", "Got unexpected extra arguments (e f)"),
            ("a b c d --forc", "No such option '--forc'"),
            ("a b c d -fx", "No such option '-f'"),
            ("a b c d --=", "No such option '--'"),
            ("a b c d --threads", "Option '--threads' requires an argument"),
            ("a b c d --threads 0", "Invalid value for '--threads': '0' is not a number from 1 to 1024"),
            ("a b c d --threads=1025", "Invalid value for '--threads': '1025' is not a number from 1 to 1024"),
            ("a b c d --threads -1", "Invalid value for '--threads': '-1' is not a number from 1 to 1024"),
        ] {
            assert_eq!(parsed(words), Err(format!("{expected}{advice}")), "{words}");
        }
        for name in ["--force", "--private", "--help", "--version"] {
            assert_eq!(parsed(&format!("{name}=1")), Err(format!("Option '{name}' does not take a value")));
        }
    }
}
