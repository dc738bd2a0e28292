//! From a witness to the elements of a proof (Groth 2016, section 3.2), without leaving native code.
//!
//! ```text
//! A = alpha + sum_i a_i u_i + r delta
//! B = beta  + sum_i a_i v_i + s delta                                in G2, and in G1 for C
//! C = sum_i a_i k_i + sum_j h_j H_j + s A + r B - r s delta
//! ```
//!
//! Here h_j is the quotient's value at the j-th odd point of the doubled domain, or, where C's part of it is folded into
//! the k_i, the product of the values there of the polynomials of A a and B a.

use ark_ec::short_weierstrass::Affine;
use ark_ec::{CurveConfig, CurveGroup};
use ark_ff::PrimeField;
use rayon::prelude::*;

use super::key::Key;
use super::phases::Phases;
use super::sums::Sums;
use crate::affine::BulkCurve;
use crate::encode::{scalar_size, whole_elements};
use crate::error::Error;

/// Wires that one task reads at least.
const GRAIN: usize = 1 << 10;

type Scalar<P> = <P as CurveConfig>::ScalarField;

/// The random numbers that hide the witness: never the same for two proofs.
pub struct Blinding<F> {
    pub r: F,
    pub s: F,
}

/// A, B and C.
pub struct Elements<P: BulkCurve, Q: BulkCurve> {
    pub a: Affine<P>,
    pub b: Affine<Q>,
    pub c: Affine<P>,
}

/// A witness in both forms that it is needed in: as integers to cut into digits, and as field elements.
pub struct Wires<F: PrimeField> {
    pub integers: Vec<F::BigInt>,
    pub elements: Vec<F>,
}

impl<P: BulkCurve, Q: BulkCurve<ScalarField = P::ScalarField>> Key<P, Q> {
    /// Every wire, canonical, the constant 1 first.
    pub fn wires(&self, witness: &[u8]) -> Result<Wires<Scalar<P>>, Error> {
        let what = "scalar";
        let size = scalar_size::<Scalar<P>>();
        whole_elements(witness, size, what)?;
        let (expected, found) = (self.facts.n_wires as usize, witness.len() / size);
        if found != expected {
            return Err(Error::Count { what: "wire", expected, found });
        }
        let integers: Vec<_> = witness.par_chunks_exact(size).with_min_len(GRAIN).map(integer::<Scalar<P>>).collect();
        if let Some(index) = integers.iter().position(|value| *value >= Scalar::<P>::MODULUS) {
            return Err(Error::NotCanonical { what, index });
        }
        if integers.first() != Some(&1u64.into()) {
            return Err(Error::NotOne);
        }
        // All are below the modulus, so no element is missing.
        let element = |value: &_| Scalar::<P>::from_bigint(*value).unwrap_or_default();
        let elements = integers.par_iter().with_min_len(GRAIN).map(element).collect();
        Ok(Wires { integers, elements })
    }

    /// The proof's elements for these wires, which `wires` has checked. They prove nothing where the wires do not satisfy
    /// the circuit.
    pub fn elements(
        &self,
        wires: &Wires<Scalar<P>>,
        blinding: &Blinding<Scalar<P>>,
        phases: &mut Phases,
    ) -> Result<Elements<P, Q>, Error> {
        let h = self.quotient(&wires.elements, phases)?;
        let sums = self.sums(&wires.integers, &h, phases)?;
        Ok(phases.time("assembly", || self.assemble(sums, blinding)))
    }

    fn assemble(&self, Sums { a, b1, b2, c }: Sums<P, Q>, Blinding { r, s }: &Blinding<Scalar<P>>) -> Elements<P, Q> {
        let key = &self.singles;
        let ((a, b1), b) = rayon::join(
            || {
                let a = a + key.alpha1 + P::times(&key.delta1, r);
                // B without its s delta, of which r times is what C takes away again.
                (a.into_affine(), (b1 + key.beta1).into_affine())
            },
            || (b2 + key.beta2 + Q::times(&key.delta2, s)).into_affine(),
        );
        let (s_a, r_b) = rayon::join(|| P::times(&a, s), || P::times(&b1, r));
        Elements { a, b, c: (c + s_a + r_b).into_affine() }
    }
}

fn integer<F: PrimeField>(bytes: &[u8]) -> F::BigInt {
    let mut value = F::BigInt::default();
    for (limb, word) in value.as_mut().iter_mut().zip(bytes.as_chunks::<8>().0) {
        *limb = u64::from_le_bytes(*word);
    }
    value
}
