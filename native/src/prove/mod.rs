//! Groth16 proofs in native code: keys in memory and in files, and the way from a witness to a checked proof.

pub mod budget;
pub mod checked;
pub mod file;
pub mod floor;
mod header;
pub mod key;
pub mod layout;
mod matrices;
pub mod phases;
pub mod prover;
mod quotient;
mod rules;
mod storage;
mod sums;

#[cfg(test)]
mod other_curve;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
