//! Eight field elements side by side in AVX-512 registers, multiplied by the IFMA instructions.
//!
//! An element is `L` limbs of 52 bits, one register for each limb, one lane for each element. Products are Montgomery's
//! with R = 2^(52 L), while memory holds R = 2^(64 N): [`Lanes::load_raised`] and [`Lanes::raise`] give one operand the
//! factor 2^(52 L - 64 N) that is missing, so that `a.raise().times(&b)` is the product in memory's form.
//!
//! Values are reduced late. Each function says how large its operands may be and how large its result is, in multiples
//! of p; what is stored is canonical.
//!
//! Code is written once, in ordinary functions marked `#[inline(always)]`; [`Ifma::run`] compiles a [`Task`] for the
//! processor's vector instructions with all that it calls.

// Limbs of several numbers are taken side by side, and their places count.
#![allow(clippy::needless_range_loop)]

mod adder;
pub mod extension;
mod inverses;
pub mod lanes;
mod lines;
pub mod memory;
pub mod miller;
pub mod modulus;
pub mod packed;
pub mod points;
pub mod product;
mod sums;
pub mod tower;
pub mod word;

pub use adder::Vector;
pub use extension::{Extension, LooseExtension};
pub use lanes::{Lanes, Loose};
pub use modulus::Modulus;
pub use packed::Packed;
pub use product::Wide;
pub use word::{Ifma, Mask, Task, Word};

/// Elements in a register.
pub const LANES: usize = 8;

#[cfg(test)]
mod tests;
