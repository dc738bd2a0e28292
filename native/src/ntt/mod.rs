//! Number-theoretic transforms: values on a domain to coefficients and back, without bit reversal where both follow.
//!
//! `interpolate` goes from values in natural order to coefficients in bit-reversed order (decimation in frequency, as
//! Gentleman and Sande), `evaluate` and `evaluate_odd` from there to values in natural order (decimation in time, as
//! Cooley and Tukey), so that nothing is ever reordered between them.

mod butterflies;
mod domain;
#[cfg(target_arch = "x86_64")]
mod eights;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod points;
mod public;
mod scalar;
mod ways;

pub use domain::Domain;
pub use points::transform_points;
pub use public::transform;
pub use ways::Transformed;

#[cfg(test)]
mod tests;
