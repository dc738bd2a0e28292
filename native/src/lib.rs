//! The native engine of zkmargin: bulk arithmetic on canonical bytes, threaded, free of Python but for one file.
//!
//! Arithmetic is generic over the curve; `instance` names the one there is today, and `bindings` shows it to Python.

#![deny(unsafe_code)]

pub mod affine;
pub mod batch;
pub mod bn254;
#[cfg(all(unix, any(feature = "command", test)))] // its tests need no feature
pub mod command;
pub mod compress;
pub mod costs;
pub mod curve;
pub mod digits;
pub mod encode;
pub mod error;
pub mod field;
pub mod fields;
pub mod final_exponent;
pub mod fixed_base;
pub mod groth16;
pub mod group;
pub mod instance;
pub mod keccak;
pub mod kernel;
pub mod lines;
pub mod membership;
pub mod memory;
pub mod merkle;
pub mod miller;
pub mod msm;
pub mod multiples;
pub mod ntt;
pub mod pairing;
pub mod point_rows;
pub mod poseidon;
pub mod prepared;
pub mod products;
pub mod program;
pub mod prove;
pub mod secp256k1;
pub mod sparse;
pub mod sum;
pub mod threads;
#[cfg(target_arch = "x86_64")]
pub mod vector;

#[cfg(feature = "python")]
mod bindings;
