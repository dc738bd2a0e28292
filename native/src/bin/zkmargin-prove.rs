//! One proof from files to files, without Python: `zkmargin-prove --help` says how.

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    ExitCode::from(_native::command::main(std::env::args_os().skip(1)))
}

/// Outputs are moved into place with a POSIX system's links and renames.
#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("error: zkmargin-prove needs a POSIX system; use 'zkmargin groth16 prove'");
    ExitCode::from(2)
}
