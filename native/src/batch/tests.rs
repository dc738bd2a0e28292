//! Verdicts on forged proofs whose misses are known, one by one and in every mixture.

use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::CurveGroup;
use ark_ff::{AdditiveGroup, Field};

use super::weights::{weighted, weighted_sum, MANY};
use super::*;
use crate::bn254::Config;
use crate::encode::encode_points;
use crate::groth16::{Proof, OUTSIDE};
use crate::group::cofactor::outsider;
use crate::instance::{Fr, G1, G2};
use ark_ec::PrimeGroup;
use ark_ff::UniformRand;
use ark_std::rand::Rng;

const N_PUBLIC: usize = 3;

/// A key whose secrets are known.
struct Trapdoor {
    secrets: [Fr; 4],
    k: [Fr; N_PUBLIC + 1],
    key: Key<Config>,
}

fn g1(log: Fr) -> Affine<G1> {
    (Projective::<G1>::generator() * log).into_affine()
}

fn g2(log: Fr) -> Affine<G2> {
    (Projective::<G2>::generator() * log).into_affine()
}

impl Trapdoor {
    fn new(rng: &mut impl Rng) -> Result<Self, Error> {
        let secrets: [Fr; 4] = std::array::from_fn(|_| Fr::rand(rng));
        let k: [Fr; N_PUBLIC + 1] = std::array::from_fn(|_| Fr::rand(rng));
        let [alpha, beta, gamma, delta] = secrets;
        let key = Key::new(g1(alpha), [beta, gamma, delta].map(g2), k.map(g1).to_vec())?;
        Ok(Self { secrets, k, key })
    }

    /// A proof whose equation misses by g^miss.
    fn forge(&self, inputs: &[Fr], miss: Fr, rng: &mut impl Rng) -> Vec<u8> {
        let [alpha, beta, gamma, delta] = self.secrets;
        let (a, b) = (Fr::rand(rng), Fr::rand(rng));
        let statement = self.k[0] + self.k[1..].iter().zip(inputs).map(|(k, x)| *k * x).sum::<Fr>();
        let c = (a * b - alpha * beta - gamma * statement + miss) * delta.inverse().unwrap_or_default();
        [encode_points(&[g1(a)]), encode_points(&[g2(b)]), encode_points(&[g1(c)])].concat()
    }
}

fn weights(count: usize, rng: &mut impl Rng) -> Vec<Weight> {
    (0..count).map(|_| Weight(rng.gen(), rng.gen())).collect()
}

#[test]
fn names_exactly_the_false_proofs() -> Result<(), Error> {
    let rng = &mut ark_std::test_rng();
    let trapdoor = Trapdoor::new(rng)?;
    for (count, misses) in [
        (0, vec![]),
        (1, vec![]),
        (1, vec![0]),
        (2, vec![1]),
        (3, vec![0]),
        (9, vec![]),
        (9, vec![8]),
        (16, vec![7, 8]),
        (40, vec![0, 39]),
        (40, vec![7]),
        (33, vec![3, 4, 5, 20, 30, 32]),
        (20, (0..20).collect()),
        (BLOCK + 5, vec![BLOCK - 1, BLOCK + 3]),
    ] {
        let inputs: Vec<Fr> = (0..count * N_PUBLIC).map(|_| Fr::rand(rng)).collect();
        let proofs: Vec<Vec<u8>> = (0..count)
            .map(|i| {
                let miss = if misses.contains(&i) { Fr::rand(rng) } else { Fr::ZERO };
                trapdoor.forge(&inputs[i * N_PUBLIC..][..N_PUBLIC], miss, rng)
            })
            .collect();
        let slices: Vec<&[u8]> = proofs.iter().map(Vec::as_slice).collect();
        let verdicts = check_many(&trapdoor.key, &inputs, &slices, &weights(count, rng))?;
        let expected: Vec<_> = (0..count).map(|i| Ok(!misses.contains(&i))).collect();
        assert_eq!(verdicts, expected);
        for i in (0..count).take(20) {
            let alone = trapdoor.key.check(&inputs[i * N_PUBLIC..][..N_PUBLIC], &Proof::decode(&proofs[i])?);
            assert_eq!(alone, expected[i]);
        }
    }
    Ok(())
}

#[test]
fn points_that_are_none_are_named_and_spoil_nothing() -> Result<(), Error> {
    let rng = &mut ark_std::test_rng();
    let trapdoor = Trapdoor::new(rng)?;
    let inputs = vec![Fr::ZERO; 5 * N_PUBLIC];
    let mut proofs: Vec<Vec<u8>> = (0..5).map(|_| trapdoor.forge(&inputs[..N_PUBLIC], Fr::ZERO, rng)).collect();
    proofs[1][0] ^= 1;
    proofs[2][64..192].fill(0);
    proofs[3][255] = 0xff;
    let slices: Vec<&[u8]> = proofs.iter().map(Vec::as_slice).collect();
    let verdicts = check_many(&trapdoor.key, &inputs, &slices, &weights(5, rng))?;
    let errors = [Error::NotOnCurve { index: 0 }, Error::Infinity { index: 1 }, Error::Coordinate { index: 2 }];
    let [first, second, third] = errors.map(Err);
    assert_eq!(verdicts, [Ok(true), first, second, third, Ok(true)]);
    Ok(())
}

/// Points of G2 outside the subgroup, alone and several in a loop, beside false proofs: each is named, the rest stand.
#[test]
fn strays_are_named_and_spoil_nothing() -> Result<(), Error> {
    let rng = &mut ark_std::test_rng();
    let trapdoor = Trapdoor::new(rng)?;
    for (count, strays, misses) in [
        (2, vec![1], vec![]),
        (40, vec![5], vec![]),
        (40, vec![0, 17, 18, 39], vec![1, 38]),
        (20, (0..20).collect(), vec![]),
    ] {
        let inputs: Vec<Fr> = (0..count * N_PUBLIC).map(|_| Fr::rand(rng)).collect();
        let mut proofs = Vec::new();
        for i in 0..count {
            let miss = if misses.contains(&i) { Fr::rand(rng) } else { Fr::ZERO };
            let mut proof = trapdoor.forge(&inputs[i * N_PUBLIC..][..N_PUBLIC], miss, rng);
            if strays.contains(&i) {
                proof[64..192].copy_from_slice(&encode_points(&[outsider(rng)]));
            }
            proofs.push(proof);
        }
        let slices: Vec<&[u8]> = proofs.iter().map(Vec::as_slice).collect();
        let verdicts = check_many(&trapdoor.key, &inputs, &slices, &weights(count, rng))?;
        for (i, verdict) in verdicts.into_iter().enumerate() {
            let expected = if strays.contains(&i) { Err(OUTSIDE) } else { Ok(!misses.contains(&i)) };
            assert_eq!(verdict, expected, "proof {i} of {count}");
        }
    }
    Ok(())
}

/// Of a bad B and a bad C the first is named, as where one proof is checked.
#[test]
fn the_first_bad_point_is_named() -> Result<(), Error> {
    let rng = &mut ark_std::test_rng();
    let trapdoor = Trapdoor::new(rng)?;
    let mut proof = trapdoor.forge(&[Fr::ZERO; N_PUBLIC], Fr::ZERO, rng);
    proof[255] = 0xff;
    assert_eq!(Points::<Config>::decode(&proof).err(), Some(Error::Coordinate { index: 2 }));
    proof[64..192].copy_from_slice(&encode_points(&[outsider(rng)]));
    assert_eq!(Points::<Config>::decode(&proof).err(), Some(OUTSIDE));
    assert_eq!(Proof::<Config>::decode(&proof).err(), Some(OUTSIDE));
    Ok(())
}

#[test]
fn proofs_that_cancel_under_equal_weights_do_not_under_random_ones() -> Result<(), Error> {
    let rng = &mut ark_std::test_rng();
    let trapdoor = Trapdoor::new(rng)?;
    let inputs: Vec<Fr> = (0..4 * N_PUBLIC).map(|_| Fr::rand(rng)).collect();
    let misses = [Fr::from(9), Fr::ZERO, -Fr::from(9), Fr::ZERO];
    let proofs: Vec<Vec<u8>> =
        (0..4).map(|i| trapdoor.forge(&inputs[i * N_PUBLIC..][..N_PUBLIC], misses[i], rng)).collect();
    let slices: Vec<&[u8]> = proofs.iter().map(Vec::as_slice).collect();
    let equal = check_many(&trapdoor.key, &inputs, &slices, &[Weight(5, 6); 4])?;
    assert_eq!(equal, vec![Ok(true); 4], "this is what weights are for");
    let verdicts = check_many(&trapdoor.key, &inputs, &slices, &weights(4, rng))?;
    assert_eq!(verdicts, [Ok(false), Ok(true), Ok(false), Ok(true)]);
    Ok(())
}

#[test]
fn weights_are_what_they_stand_for() -> Result<(), Error> {
    let rng = &mut ark_std::test_rng();
    let point = Projective::<G1>::rand(rng).into_affine();
    for weight in weights(9, rng).into_iter().chain([Weight(0, 0), Weight(1, 0), Weight(0, u64::MAX)]) {
        assert_eq!(weight.times(&point), point * weight.scalar::<G1>());
        let sum = weighted_sum(&[point, -point, point], &[weight, Weight(3, 7), Weight(3, 7)]);
        assert_eq!(sum, weight.times(&point));
    }
    for count in [MANY - 1, MANY, 3 * MANY] {
        let points: Vec<_> = (0..count).map(|i| if i % 5 == 3 { point } else { g1(Fr::rand(rng)) }).collect();
        let mut weights = weights(count, rng);
        weights[2] = Weight(0, 0);
        let products: Vec<_> = points.iter().zip(&weights).map(|(p, w)| w.times(p).into_affine()).collect();
        assert_eq!(weighted(&points, &weights)?, products);
        assert_eq!(
            weighted_sum(&points, &weights),
            products.iter().copied().map(Projective::from).sum::<Projective<G1>>()
        );
    }
    let lambda = G1::LAMBDA;
    assert_eq!(lambda * lambda + lambda + Fr::ONE, Fr::ZERO);
    Ok(())
}

#[test]
fn weights_and_inputs_are_counted() -> Result<(), Error> {
    let rng = &mut ark_std::test_rng();
    let trapdoor = Trapdoor::new(rng)?;
    let inputs: Vec<Fr> = (0..3 * N_PUBLIC).map(|_| Fr::rand(rng)).collect();
    let proofs: Vec<Vec<u8>> = inputs.chunks(N_PUBLIC).map(|inputs| trapdoor.forge(inputs, Fr::ZERO, rng)).collect();
    let slices: Vec<&[u8]> = proofs.iter().map(Vec::as_slice).collect();
    let weights = weights(4, rng);
    assert_eq!(check_many(&trapdoor.key, &inputs, &slices, &weights[..3])?, vec![Ok(true); 3]);
    for found in [0, 2, 4] {
        let expected = Error::Count { what: "weight", expected: 3, found };
        assert_eq!(check_many(&trapdoor.key, &inputs, &slices, &weights[..found]).err(), Some(expected));
    }
    for found in [0, 1, 2 * N_PUBLIC, 3 * N_PUBLIC - 1, 3 * N_PUBLIC + 1] {
        let other: Vec<Fr> = inputs.iter().chain(&inputs).copied().take(found).collect();
        let expected = Error::Count { what: "public input", expected: 3 * N_PUBLIC, found };
        assert_eq!(check_many(&trapdoor.key, &other, &slices, &weights[..3]).err(), Some(expected));
    }
    Ok(())
}

#[test]
fn weights_are_read_whole() {
    let bytes: Vec<u8> = (0..32).collect();
    let halves = |weights: Vec<Weight>| weights.iter().map(|weight| [weight.0, weight.1]).collect::<Vec<_>>();
    let expected = [[0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908], [0x1716_1514_1312_1110, 0x1f1e_1d1c_1b1a_1918]];
    assert_eq!(Weight::decode_all(&bytes).map(halves), Ok(expected.to_vec()));
    for length in [1, 15, 17, 31] {
        let partial = Error::PartialElement { what: "weight", size: 16, found: length };
        assert_eq!(Weight::decode_all(&bytes[..length]).err(), Some(partial));
    }
}
