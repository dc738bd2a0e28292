//! The program `zkmargin-prove`: one proof from files to files, and what becomes of every error.
//!
//! It does what `zkmargin groth16 prove` does with a native key, with the same files, refusals and exit codes, and without
//! the start of an interpreter, which takes longer than a small proof.

mod arguments;
mod documents;
mod input;
mod interruption;
mod outputs;
mod places;
mod randomness;
mod refusal;
mod text;
mod witness;

use std::ffi::OsString;
use std::io::{self, Write};
use std::panic;
use std::path::Path;

use self::arguments::{Arguments, Asked, HELP};
use self::outputs::NewFile;
use self::refusal::{Refusal, BAD_INPUT, DONE, PIPE_CLOSED};
use self::text::{one_line, path_text, printable};
use crate::error::Kind;
use crate::instance::{PairingConfig, G1, G2};
use crate::prove::checked::Prover;
use crate::prove::file::MAGIC;
use crate::prove::phases::Phases;
use crate::prove::prover::{Blinding, Elements};
use crate::threads;

const PROGRAM: &str = "zkmargin-prove";
const DEBUG_VARIABLE: &str = "ZKMARGIN_DEBUG";
/// rayon's own variable for its number of threads.
const THREADS_VARIABLE: &str = "RAYON_NUM_THREADS";
/// Nothing larger than these is opened as one of them.
const LARGEST_WITNESS: u64 = 1 << 30;
const LARGEST_KEY: u64 = 1 << 36;
const SCALAR: usize = 32;

/// Run and say how it went: the exit code. Every failure is one line on stderr.
pub fn main(words: impl Iterator<Item = OsString>) -> u8 {
    interruption::catch();
    hush();
    let words: Vec<OsString> = words.collect();
    let outcome = panic::catch_unwind(|| answer(words)).unwrap_or(Err(Refusal::Internal));
    let (written, code) = match outcome {
        Ok(answer) => (writeln!(io::stdout(), "{answer}"), DONE),
        Err(refusal) => {
            let line = one_line(&refusal.to_string());
            (writeln!(io::stderr(), "error: {line}"), refusal.exit_code())
        }
    };
    match written {
        Ok(()) => code,
        // Whoever read our output has left.
        Err(problem) if problem.kind() == io::ErrorKind::BrokenPipe => PIPE_CLOSED,
        Err(problem) => {
            // Where it was stderr that failed, this does too.
            let _ = writeln!(io::stderr(), "error: {}", Refusal::system(&problem));
            BAD_INPUT
        }
    }
}

/// The text of a panic could hold anything, the witness included, so it is for who asks for it.
fn hush() {
    if std::env::var_os(DEBUG_VARIABLE).is_none_or(|value| value != "1") {
        panic::set_hook(Box::new(|_| ()));
    }
}

fn answer(words: Vec<OsString>) -> Result<String, Refusal> {
    match arguments::parse(words)? {
        Asked::Help => Ok(HELP.trim_end().to_owned()),
        Asked::Version => Ok(format!("{PROGRAM}, version {}", env!("CARGO_PKG_VERSION"))),
        Asked::Proof(arguments) => {
            if let Some(count) = arguments.threads {
                // Before there is a second thread, which might read the environment meanwhile.
                std::env::set_var(THREADS_VARIABLE, count.to_string());
            }
            threads::install(|| prove(&arguments))
        }
    }
}

/// Prove, write both files, and say where they are.
fn prove(arguments: &Arguments) -> Result<String, Refusal> {
    let Arguments { key, witness, proof, public, force, private, .. } = arguments;
    places::require_free(&[proof, public], *force)?;
    let file = input::read(witness, ".wtns", LARGEST_WITNESS)?;
    let values = witness::read(&file)?;
    let (elements, n_public) = checked_proof(key, *private, values)?;
    let inputs = &values[SCALAR..SCALAR * (n_public + 1)];
    let files = [
        NewFile { path: proof, data: documents::proof(&elements) },
        NewFile { path: public, data: documents::public(inputs) },
    ];
    outputs::write(&files, *force)?;
    let told = format!("proof written to {}, its {n_public} public inputs to {}", path_text(proof), path_text(public));
    Ok(printable(&told))
}

/// A proof that verifies, and the number of its public inputs.
fn checked_proof(key: &Path, private: bool, values: &[u8]) -> Result<(Elements<G1, G2>, usize), Refusal> {
    if !input::starts_with(key, MAGIC, ".zkey", LARGEST_KEY)? {
        return Err(Refusal::NotNative { path: key.to_owned() });
    }
    let prover = Prover::<PairingConfig>::open(key, private).map_err(|error| Refusal::of_key(key, error))?;
    let (expected, found) = (prover.key.facts.n_wires as usize, values.len() / SCALAR);
    if expected != found {
        return Err(Refusal::OtherCircuit { expected, found });
    }
    let blinding = Blinding { r: randomness::secret_scalar()?, s: randomness::secret_scalar()? };
    let made = prover.prove(values, &blinding, &mut Phases::default());
    let elements = made.map_err(|error| match error.kind() {
        Kind::Point => Refusal::NoGroupElement,
        _ => Refusal::of_key(key, error),
    })?;
    let n_public = prover.key.facts.n_public as usize;
    Ok((elements.ok_or(Refusal::Unsatisfied)?, n_public))
}
