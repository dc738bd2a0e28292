//! Witness programs: decoded and checked once, then run on any number of vectors of inputs.
//!
//! `docs/formats.md` describes the layout.

mod format;
mod integer;
mod machine;
mod plan;

pub use plan::Program;
