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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::cofactor::outsider;
    use crate::instance::{Fq, Fr, PairingConfig, G1, G2};
    use crate::prove::testing::Example;
    use ark_ec::CurveConfig;
    use ark_ff::Field;

    type Fq2 = <G2 as CurveConfig>::BaseField;

    /// What comes from damaged points is named, and does not reach the pairing.
    #[test]
    fn elements_that_are_no_points_of_a_proof_are_errors() -> Result<(), Error> {
        let example = Example::<G1, G2>::new(true);
        let prover = Prover::<PairingConfig>::new(example.key(0)?)?;
        let wires = [1, 6, 7, 42, 5, 8].map(Fr::from);
        let good = || example.proof(&wires, &Blinding { r: Fr::from(3), s: Fr::from(4) });
        let verdict = |alter: &dyn Fn(&mut Proof<PairingConfig>)| {
            let mut elements = good();
            alter(&mut elements);
            prover.holds(&wires[1..2], &elements)
        };
        assert_eq!(verdict(&|_| ()), Ok(true));
        assert_eq!(verdict(&|proof| proof.a = -proof.a), Ok(false));
        assert_eq!(verdict(&|proof| proof.a.y += Fq::ONE), Err(Error::NotOnCurve { index: 0 }));
        assert_eq!(verdict(&|proof| proof.b.y += Fq2::ONE), Err(Error::NotOnCurve { index: 1 }));
        assert_eq!(verdict(&|proof| proof.c.y += Fq::ONE), Err(Error::NotOnCurve { index: 2 }));
        assert_eq!(verdict(&|proof| proof.a = Affine::identity()), Err(Error::Infinity { index: 0 }));
        assert_eq!(verdict(&|proof| proof.b = Affine::identity()), Err(Error::Infinity { index: 1 }));
        assert_eq!(verdict(&|proof| proof.c = Affine::identity()), Err(Error::Infinity { index: 2 }));
        let stray = outsider(&mut ark_std::test_rng());
        assert_eq!(verdict(&|proof| proof.b = stray), Err(Error::NotInSubgroup { index: 1 }));
        Ok(())
    }
}
