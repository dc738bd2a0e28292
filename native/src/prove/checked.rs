//! Proofs that have been verified before anybody sees them.
//!
//! One check covers what could go wrong before it: a witness that does not satisfy the circuit, a key that is no key of
//! it or was altered, and a processor that miscalculates. A proof that fails it might give the witness away, so it goes
//! nowhere.

use std::path::Path;

use ark_ec::bn::BnConfig;
use ark_ec::short_weierstrass::Affine;
use ark_ec::AffineRepr;

use super::file;
use super::key::{Key, Singles};
use super::phases::Phases;
use super::prover::{Blinding, Elements};
use crate::affine::BulkCurve;
use crate::error::Error;
use crate::groth16::{self, PairingCurve, Scalar};
use crate::lines::lines;

type Proof<B> = Elements<<B as BnConfig>::G1Config, <B as BnConfig>::G2Config>;

/// A proving key with its verifying key made ready.
pub struct Prover<B: PairingCurve<G1Config: BulkCurve, G2Config: BulkCurve>> {
    pub key: Key<B::G1Config, B::G2Config>,
    check: groth16::Key<B>,
}

impl<B: PairingCurve<G1Config: BulkCurve, G2Config: BulkCurve>> Prover<B> {
    pub fn new(key: Key<B::G1Config, B::G2Config>) -> Result<Self, Error> {
        let Singles { alpha1, beta2, gamma2, delta2, ic, .. } = &key.singles;
        let check = groth16::Key::new(*alpha1, [*beta2, *gamma2, *delta2], ic.clone())?;
        Ok(Self { key, check })
    }

    pub fn open(path: &Path, private: bool) -> Result<Self, Error> {
        Self::new(file::open(path, private)?)
    }

    /// A proof of the witness, or None where what came out does not verify: the witness does not satisfy the circuit.
    pub fn prove(
        &self,
        witness: &[u8],
        blinding: &Blinding<Scalar<B>>,
        phases: &mut Phases,
    ) -> Result<Option<Proof<B>>, Error> {
        let wires = phases.time("witness", || self.key.wires(witness))?;
        let elements = self.key.elements(&wires, blinding, phases)?;
        let public = &wires.elements[1..=self.key.facts.n_public as usize];
        let holds = phases.time("check", || self.holds(public, &elements))?;
        Ok(holds.then_some(elements))
    }

    fn holds(&self, public: &[Scalar<B>], elements: &Proof<B>) -> Result<bool, Error> {
        let (a, c) = (finite(0, elements.a)?, finite(2, elements.c)?);
        let b = lines::<B>(&finite(1, elements.b)?).ok_or(Error::NotInSubgroup { index: 1 })?;
        self.check.check(public, &groth16::Proof { a, b, c })
    }
}

/// A point of the curve that is not at infinity; from a damaged key other things come too.
fn finite<C: BulkCurve>(index: usize, point: Affine<C>) -> Result<Affine<C>, Error> {
    if !point.is_on_curve() {
        return Err(Error::NotOnCurve { index });
    }
    if point.is_zero() {
        return Err(Error::Infinity { index });
    }
    Ok(point)
}
