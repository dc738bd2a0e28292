//! Why there is no proof: the texts and exit codes of `zkmargin groth16 prove`.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::text::path_text;
use super::witness::Fault;
use super::PROGRAM;
use crate::error::Error;

pub const DONE: u8 = 0;
const INVALID: u8 = 1;
pub const BAD_INPUT: u8 = 2;
/// As shells tell the end by a signal.
const BY_SIGNAL: u8 = 128;
pub const PIPE_CLOSED: u8 = 141;

#[derive(Debug)]
pub enum Refusal {
    /// Arguments that cannot be understood.
    Usage {
        problem: String,
    },
    /// A flag that was given a value.
    FlagWithValue {
        name: &'static str,
    },
    /// One place for both outputs.
    NamedTwice {
        path: PathBuf,
    },
    /// A path that is not a readable file of a sensible size, or not a place to write to.
    File {
        path: PathBuf,
        reason: String,
    },
    /// An output that would be overwritten.
    AlreadyThere {
        path: PathBuf,
    },
    /// A key file of another kind.
    NotNative {
        path: PathBuf,
    },
    Witness(Fault),
    /// A well-formed witness, but not one of this key's circuit.
    OtherCircuit {
        expected: usize,
        found: usize,
    },
    /// What came out does not verify.
    Unsatisfied,
    /// A damaged key, whose sums are no points of their groups.
    NoGroupElement,
    Native(Error),
    NoRandomness {
        problem: io::Error,
    },
    Interrupted {
        signal: u8,
    },
    /// A fault of this program.
    Internal,
}

impl Refusal {
    pub fn file(path: &Path, reason: impl Into<String>) -> Self {
        Self::File { path: path.to_owned(), reason: reason.into() }
    }

    /// What the system said about a file that is read.
    pub fn unreadable(path: &Path, problem: &io::Error) -> Self {
        Self::file(path, reason(problem))
    }

    /// What the system said about a file that is written.
    pub fn unwritable(path: &Path, problem: &io::Error) -> Self {
        Self::file(path, format!("cannot be written: {}", reason(problem)))
    }

    /// What the system said about something that has no path.
    pub fn system(problem: &io::Error) -> Self {
        Self::file(Path::new("system"), said(problem))
    }

    /// What the prover said about a key.
    pub fn of_key(path: &Path, error: Error) -> Self {
        match error {
            Error::System { .. } => Self::file(path, error.to_string()),
            error => Self::Native(error),
        }
    }

    /// 1 where a proof or statement does not hold, 2 for misuse and bad input.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unsatisfied | Self::NoGroupElement => INVALID,
            Self::Interrupted { signal } => BY_SIGNAL + signal,
            _ => BAD_INPUT,
        }
    }
}

/// The system's reason in lower case, without its number.
fn reason(problem: &io::Error) -> String {
    match problem.raw_os_error() {
        Some(libc::ENOENT) => return "does not exist".to_owned(),
        Some(libc::ENXIO) => return "is not a regular file".to_owned(),
        _ => (),
    }
    said(problem).to_lowercase()
}

/// The system's words, without their number.
fn said(problem: &io::Error) -> String {
    let text = problem.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage { problem } => write!(f, "{problem}; see '{PROGRAM} --help'"),
            Self::FlagWithValue { name } => write!(f, "Option '{name}' does not take a value"),
            Self::NamedTwice { path } => write!(f, "{} is named for two outputs", path_text(path)),
            Self::File { path, reason } => write!(f, "{}: {reason}", path_text(path)),
            Self::AlreadyThere { path } => {
                let place = path_text(path);
                write!(f, "{place}: is already there; name another output, or overwrite it with --force")
            }
            Self::NotNative { path } => {
                let place = path_text(path);
                write!(f, "{place}: is not a native key; make one of a .zkey with 'zkmargin proving-key import'")
            }
            Self::Witness(fault) => write!(f, ".wtns file: {fault}"),
            Self::OtherCircuit { expected, found } => write!(
                f,
                "the witness has {found} wires and the key's circuit has {expected}: use the key of the same circuit"
            ),
            Self::Unsatisfied => write!(
                f,
                "no proof was made: the witness does not satisfy the circuit of this key; check the witness against the \
                 circuit to see which constraint"
            ),
            Self::NoGroupElement => {
                write!(f, "the key yields a point that is no group element; do not use this file")
            }
            Self::Native(error) => write!(f, "{error}"),
            Self::NoRandomness { problem } => write!(f, "the system gives no random numbers: {}", reason(problem)),
            Self::Interrupted { .. } => write!(f, "interrupted; nothing was written"),
            Self::Internal => write!(f, "internal error; please report it, see ZKMARGIN_DEBUG=1"),
        }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Witness(fault)
    }
}
