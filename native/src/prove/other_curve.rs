//! Whole proofs over BLS12-381, whose base field is longer: the same code, and arkworks' pairing to verify them.

use ark_bls12_381::{g1, g2, Bls12_381, Fr};
use ark_ec::pairing::Pairing;
use ark_ec::CurveGroup;
use ark_ff::{AdditiveGroup, Field};

use super::file;
use super::key::Key;
use super::phases::Phases;
use super::prover::{Blinding, Elements};
use super::testing::{witness, Example, Written};
use crate::error::Error;

type Other = Example<g1::Config, g2::Config>;
type OtherKey = Key<g1::Config, g2::Config>;
type Proof = Elements<g1::Config, g2::Config>;

fn prove(key: &OtherKey, witness: &[u8], r: u64, s: u64) -> Result<Proof, Error> {
    let blinding = Blinding { r: -Fr::from(r), s: Fr::from(s).inverse().unwrap_or_default() };
    key.elements(&key.wires(witness)?, &blinding, &mut Phases::default())
}

/// e(A, B) = e(alpha, beta) e(IC_0 + x IC_1, gamma) e(C, delta).
fn verifies(key: &OtherKey, x: u64, proof: &Proof) -> bool {
    let of = &key.singles;
    let statement = (of.ic[0] + of.ic[1] * Fr::from(x)).into_affine();
    let right = [(of.alpha1, of.beta2), (statement, of.gamma2), (proof.c, of.delta2)];
    let (points, twisted): (Vec<_>, Vec<_>) = right.into_iter().unzip();
    let right = Bls12_381::multi_pairing(points, twisted);
    Bls12_381::pairing(proof.a, proof.b) == right
}

#[test]
fn proofs_over_another_curve_verify() -> Result<(), Error> {
    let wires = [1, 6, 7, 42, 5, 8].map(Fr::from);
    for folded in [false, true] {
        for bytes in [0, 40_000, 1 << 21] {
            let example = Other::new(folded);
            let key = example.key(bytes)?;
            let proof = prove(&key, &witness(6, 7), 5, 9)?;
            assert!(verifies(&key, 6, &proof), "folded: {folded}, {bytes} bytes");
            assert!(!verifies(&key, 7, &proof));
            let expected = example.proof(&wires, &Blinding { r: Fr::ZERO, s: Fr::ZERO });
            let plain = key.elements(
                &key.wires(&witness(6, 7))?,
                &Blinding { r: Fr::ZERO, s: Fr::ZERO },
                &mut Phases::default(),
            )?;
            assert_eq!((plain.a, plain.b, plain.c), (expected.a, expected.b, expected.c));
        }
    }
    Ok(())
}

#[test]
fn a_false_witness_verifies_over_no_curve() -> Result<(), Error> {
    let key = Other::new(true).key(0)?;
    let mut other = witness(6, 7);
    other[3 * 32] ^= 1;
    assert!(!verifies(&key, 6, &prove(&key, &other, 5, 9)?));
    Ok(())
}

/// Points of other sizes lie in a file as well, and a file of one curve is none of another.
#[test]
fn a_file_of_another_curve_proves_for_it_alone() -> Result<(), Error> {
    for bytes in [0, 1 << 21] {
        let example = Other::new(true);
        let written = Written::example(&format!("other-{bytes}"), &example, bytes)?;
        file::verify::<g1::Config, g2::Config>(&written.path)?;
        let key = file::open::<g1::Config, g2::Config>(&written.path, false)?;
        let (found, expected) = (prove(&key, &witness(3, 5), 2, 4)?, prove(&example.key(0)?, &witness(3, 5), 2, 4)?);
        assert_eq!((found.a, found.b, found.c), (expected.a, expected.b, expected.c));
        let ours = file::open::<crate::instance::G1, crate::instance::G2>(&written.path, false).err();
        assert!(matches!(ours, Some(Error::NativeKey { .. })), "{ours:?}");
    }
    Ok(())
}
