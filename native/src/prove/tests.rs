//! Proofs that verify and those that must not be made; files that open and those that must not.

use ark_ec::short_weierstrass::Affine;
use ark_ec::{AffineRepr, CurveConfig};
use ark_ff::{AdditiveGroup, Field, PrimeField};

use super::checked::Prover;
use super::file;
use super::key::Query;
use super::layout::{digest, header_length};
use super::phases::Phases;
use super::prover::Blinding;
use super::testing::{matrix, modulus, parts, witness, Example, Written, WIRES};
use crate::error::Error;
use crate::instance::{Fq, Fr, PairingConfig, G1, G2};
use crate::msm::Shape;

type Ours = Example<G1, G2>;
type Made = Result<Option<[Vec<u8>; 3]>, Error>;

const BUDGETS: [u64; 3] = [0, 20_000, 1 << 20];

fn proof(prover: &Prover<PairingConfig>, witness: &[u8]) -> Made {
    use crate::encode::encode_points;
    let blinding = Blinding { r: Fr::from(1234567u64).inverse().unwrap_or_default(), s: -Fr::from(3u64) };
    let elements = prover.prove(witness, &blinding, &mut Phases::default())?;
    Ok(elements.map(|e| [encode_points(&[e.a]), encode_points(&[e.b]), encode_points(&[e.c])]))
}

fn prover(folded: bool, bytes: u64) -> Result<Prover<PairingConfig>, Error> {
    Prover::new(Ours::new(folded).key(bytes)?)
}

#[test]
fn proofs_are_the_same_with_any_tables_folded_or_not() -> Result<(), Error> {
    let expected = proof(&prover(false, 0)?, &witness(6, 7))?;
    assert!(expected.is_some(), "it verifies");
    for bytes in BUDGETS {
        for folded in [false, true] {
            assert_eq!(proof(&prover(folded, bytes)?, &witness(6, 7))?, expected);
        }
    }
    Ok(())
}

/// Nothing of r and s is left out, and neither stands for the other: that would verify, and hide nothing.
#[test]
fn a_proof_is_what_its_definition_says_for_any_random_numbers() -> Result<(), Error> {
    let wires = [1, 6, 7, 42, 5, 8].map(Fr::from);
    let numbers = [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(2u64).inverse().unwrap_or_default(), Fr::from(77u64)];
    for folded in [false, true] {
        for bytes in BUDGETS {
            let (example, prover) = (Ours::new(folded), prover(folded, bytes)?);
            for (r, s) in numbers.iter().flat_map(|r| numbers.iter().map(move |s| (*r, *s))) {
                let blinding = Blinding { r, s };
                let found = prover.prove(&witness(6, 7), &blinding, &mut Phases::default())?;
                let found = found.map(|proof| (proof.a, proof.b, proof.c));
                let expected = example.proof(&wires, &blinding);
                assert_eq!(found, Some((expected.a, expected.b, expected.c)), "r = {r}, s = {s}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_false_witness_gives_no_proof() -> Result<(), Error> {
    for folded in [false, true] {
        let mut false_one = witness(6, 7);
        false_one[3 * 32] ^= 1;
        assert_eq!(proof(&prover(folded, 1 << 20)?, &false_one)?, None);
    }
    Ok(())
}

#[test]
fn what_is_no_witness_is_an_error() -> Result<(), Error> {
    let prover = prover(true, 0)?;
    let good = witness(6, 7);
    assert_eq!(proof(&prover, &good[32..]), Err(Error::Count { what: "wire", expected: WIRES, found: WIRES - 1 }));
    let longer = [&good[..], &[0; 32]].concat();
    assert_eq!(proof(&prover, &longer), Err(Error::Count { what: "wire", expected: WIRES, found: WIRES + 1 }));
    assert_eq!(proof(&prover, &[]), Err(Error::Count { what: "wire", expected: WIRES, found: 0 }));
    assert_eq!(proof(&prover, &good[1..]), Err(Error::PartialElement { what: "scalar", size: 32, found: 191 }));
    let mut other = good.clone();
    other[0] = 2;
    assert_eq!(proof(&prover, &other), Err(Error::NotOne));
    other.clone_from(&good);
    other[2 * 32..3 * 32].copy_from_slice(&modulus());
    assert_eq!(proof(&prover, &other), Err(Error::NotCanonical { what: "scalar", index: 2 }));
    Ok(())
}

#[test]
fn a_file_proves_what_the_key_in_memory_does() -> Result<(), Error> {
    for bytes in BUDGETS {
        let written = Written::example(&format!("same-{bytes}"), &Ours::new(true), bytes)?;
        let expected = proof(&prover(true, 0)?, &witness(3, 5))?;
        for private in [false, true] {
            let opened = Prover::<PairingConfig>::open(&written.path, private)?;
            assert_eq!(opened.key.facts, Ours::new(true).key(0)?.facts);
            assert_eq!(proof(&opened, &witness(3, 5))?, expected);
        }
        file::verify::<G1, G2>(&written.path)?;
    }
    Ok(())
}

/// What is written into the file afterwards does not reach a private copy.
#[test]
fn a_private_copy_is_nobody_elses_to_change() -> Result<(), Error> {
    let written = Written::example("private", &Ours::new(true), 0)?;
    let expected = proof(&prover(true, 0)?, &witness(3, 5))?;
    let opened = Prover::<PairingConfig>::open(&written.path, true)?;
    written.replace(&vec![0; written.bytes()?.len()])?;
    assert_eq!(proof(&opened, &witness(3, 5))?, expected);
    Ok(())
}

#[test]
fn a_file_keeps_what_is_said_of_its_key() -> Result<(), Error> {
    for (folded, development, name) in [(false, false, None), (false, true, Some([3; 32])), (true, false, None)] {
        let mut example = Ours::new(folded);
        (example.facts.development, example.facts.circuit_digest) = (development, name);
        let written = Written::example("facts", &example, 0)?;
        let opened = Prover::<PairingConfig>::open(&written.path, false)?;
        assert_eq!(opened.key.facts, example.facts);
        assert!(proof(&opened, &witness(3, 5))?.is_some());
    }
    Ok(())
}

fn open(written: &Written, bytes: &[u8]) -> Result<Prover<PairingConfig>, Error> {
    written.replace(bytes)?;
    Prover::open(&written.path, false)
}

#[test]
fn a_file_cut_short_or_longer_is_refused() -> Result<(), Error> {
    let written = Written::example("cut", &Ours::new(true), 0)?;
    let whole = written.bytes()?;
    for length in (0..whole.len()).step_by(13).chain([whole.len() - 1]) {
        assert!(open(&written, &whole[..length]).is_err(), "{length}");
    }
    assert!(open(&written, &[&whole[..], &[0]].concat()).is_err());
    assert!(open(&written, &whole).is_ok());
    Ok(())
}

/// The whole of it opens or is a typed error, and nothing that opens and verifies proves anything else.
#[test]
fn every_altered_byte_is_found_by_checking_and_never_gives_another_proof() -> Result<(), Error> {
    let written = Written::example("altered", &Ours::new(true), 0)?;
    let whole = written.bytes()?;
    let expected = proof(&prover(true, 0)?, &witness(3, 5))?;
    let header = header_length::<Fq, Fr>();
    for place in (0..whole.len()).step_by(7) {
        let mut other = whole.clone();
        other[place] ^= 1 << (place % 8);
        let opened = open(&written, &other);
        if place < header {
            assert!(opened.is_err(), "header byte {place}");
            continue;
        }
        let in_a_gap =
            other[place] ^ whole[place] != 0 && whole[place] == 0 && file::verify::<G1, G2>(&written.path).is_ok();
        assert!(in_a_gap || file::verify::<G1, G2>(&written.path).is_err(), "byte {place}");
        if let Ok(Ok(Some(found))) = opened.map(|prover| proof(&prover, &witness(3, 5))) {
            assert_eq!(Some(found), expected, "byte {place}");
        }
    }
    Ok(())
}

/// With the header's checksum made right again, so that the rules behind it are what is tried.
#[test]
fn headers_that_lie_are_refused() -> Result<(), Error> {
    let written = Written::example("lies", &Ours::new(true), 20_000)?;
    let whole = written.bytes()?;
    let end = header_length::<Fq, Fr>() - 32;
    let lie = |place: usize, bytes: &[u8]| {
        let mut other = whole.clone();
        other[place..place + bytes.len()].copy_from_slice(bytes);
        let checksum = digest(&other[..end]);
        other[end..end + 32].copy_from_slice(&checksum);
        open(&written, &other).err()
    };
    assert_eq!(lie(0, b"zkmk"), None);
    let reason = |error: Option<Error>| match error {
        Some(Error::NativeKey { reason }) => reason,
        other => panic!("{other:?}"),
    };
    let (counts, extents, sections) = (76, 76 + 16 + 32 + 64, 76 + 16 + 32 + 64 + 60);
    let word = u32::to_le_bytes;
    assert_eq!(reason(lie(0, b"zkey")), "not a native key");
    assert_eq!(reason(lie(4, &word(2))), "a version this engine does not know; import the key again");
    assert_eq!(reason(lie(8, &word(9))), "the header has another length");
    assert_eq!(reason(lie(12, &[1])), "made for another curve");
    assert_eq!(reason(lie(44, &[2])), "made for another curve");
    for (wires, public) in [(6, 6), (0, 0), (1 << 31, 1), (u32::MAX, 1)] {
        assert_eq!(reason(lie(counts, &[word(wires), word(public)].concat())), "a number of wires out of range");
    }
    for size in [0, 1, 3, 1 << 28, u32::MAX] {
        assert_eq!(reason(lie(counts + 8, &word(size))), "a domain that is no power of two in range");
    }
    assert_eq!(reason(lie(counts + 12, &word(8))), "flags this engine does not know");
    assert_eq!(reason(lie(counts + 8, &word(8))), "the H query is not as long as the domain");
    for query in [0, 12, 24, 36] {
        assert_eq!(reason(lie(extents + query, &word(7))), "a query of another number of points than wires");
    }
    for query in [12, 24, 36] {
        assert_eq!(reason(lie(extents + query, &word(0))), "a query of another number of points than wires");
        assert_eq!(reason(lie(extents + query, &word(5))), "a query of another number of points than wires");
    }
    for size in [0, 2, 3, 5, u32::MAX] {
        assert_eq!(reason(lie(extents + 48, &word(size))), "the H query is not as long as the domain");
    }
    let beyond: Vec<u8> = [whole[extents + 16..extents + 24].to_vec(), word(7).to_vec()].concat();
    assert_eq!(
        reason(lie(extents + 12, &[&word(7)[..], &beyond].concat())),
        "a query of another number of points than wires"
    );
    for (width, levels) in [(0, 1), (1, 1), (21, 1), (u32::MAX, 1), (8, 0), (8, 40), (8, u32::MAX)] {
        assert_eq!(
            reason(lie(extents + 4, &[word(width), word(levels)].concat())),
            "tables of a shape that no key has"
        );
    }
    let number = |place: usize| u64::from_le_bytes(whole[place..place + 8].try_into().unwrap_or_default());
    for section in 0..11 {
        let place = sections + 48 * section;
        for start in [0, 64, number(place) - 64, number(place) + 1, number(place) + 64, u64::MAX] {
            assert_eq!(reason(lie(place, &start.to_le_bytes())), "a section is out of place", "{section}");
        }
        for length in [0, number(place + 8) - 1, number(place + 8) + 1, u64::MAX] {
            // The matrices say themselves how long they are; what follows is then out of place.
            let expected = match section {
                2 | 3 => "a section is out of place",
                _ => "a section of another length than its counts say",
            };
            if section != 2 && section != 3 || length == u64::MAX {
                assert_eq!(reason(lie(place + 8, &length.to_le_bytes())), expected, "{section}");
            }
        }
    }
    assert_eq!(reason(lie(sections + 2 * 48 + 8, &(1u64 << 40).to_le_bytes())), "cut short");
    Ok(())
}

/// Without tables a width can be another one with nothing else to show it.
#[test]
fn queries_that_share_digits_are_cut_alike() -> Result<(), Error> {
    let written = Written::example("alike", &Ours::new(true), 0)?;
    let whole = written.bytes()?;
    let (extents, end) = (76 + 16 + 32 + 64, header_length::<Fq, Fr>() - 32);
    for query in 1..5 {
        let mut other = whole.clone();
        let width = extents + 12 * query + 4;
        assert_eq!(other[width + 4..width + 8], [1, 0, 0, 0], "one level");
        other[width] = if other[width] == 8 { 9 } else { 8 };
        let checksum = digest(&other[..end]);
        other[end..end + 32].copy_from_slice(&checksum);
        let shape = Some(Error::NativeKey { reason: "tables of a shape that no key has" });
        assert_eq!(open(&written, &other).err(), shape, "query {query}");
    }
    Ok(())
}

/// Where A has a point for every wire, it shares C's digits, if its tables are cut as C's are, and only then.
#[test]
fn a_has_digits_of_its_own_where_it_needs_them() -> Result<(), Error> {
    let points: Vec<Affine<G1>> = (3..9).map(|i| (Affine::<G1>::generator() * Fr::from(i)).into()).collect();
    let wires = [1, 6, 7, 42, 5, 8].map(Fr::from);
    let expected = Affine::<G1>::generator() * wires.iter().zip(3..).map(|(wire, i)| *wire * Fr::from(i)).sum::<Fr>();
    let mut key = Ours::new(true).key(0)?;
    for shape in [key.c.shape, Shape::new::<Fr>(key.c.shape.width() + 1, 1), Shape::new::<Fr>(5, 3)] {
        (key.a, key.a_wires) = (Query::new(&points, shape)?, (0..6).collect());
        let integers = wires.map(Fr::into_bigint);
        let sums = key.sums(&integers, &[Default::default(); 4], &mut Phases::default())?;
        assert_eq!(sums.a, expected, "{shape:?}");
    }
    Ok(())
}

/// The domain's values are cut off at its size: rows above would not be proven.
#[test]
fn rows_above_the_domain_are_refused() -> Result<(), Error> {
    let example = Ours::new(true);
    let rows: [&[(usize, u64)]; 5] = [&[(1, 1)], &[(0, 1)], &[(1, 1)], &[], &[(2, 1)]];
    let fits = |matrices| {
        let written = Written::new("rows", &example.key(0)?, matrices)?;
        Prover::<PairingConfig>::open(&written.path, false).map(|_| ())
    };
    let refused = Err(Error::NativeKey { reason: "a matrix that does not fit the domain" });
    let [a, b] = example.parts();
    let (low, high, higher) = (matrix(&rows[..4]), matrix(&rows), matrix(&[rows[0]; 6]));
    assert_eq!(fits([parts(&low), b]), Ok(()));
    for tall in [&high, &higher] {
        assert_eq!(fits([parts(tall), b]), refused);
        assert_eq!(fits([a, parts(tall)]), refused);
    }
    Ok(())
}

/// A point of G2's curve outside the subgroup, as files keep it.
fn stray() -> Vec<u8> {
    use crate::affine::{BulkCurve, Stored};
    type Base = <G2 as CurveConfig>::BaseField;
    let on_curve = (1u64..).filter_map(|x| Affine::<G2>::get_point_from_x_unchecked(Base::from(x), true));
    let outside = |point: &Affine<G2>| !point.is_in_correct_subgroup_assuming_on_curve();
    let stored: Vec<_> = on_curve.filter(outside).take(1).map(|point| G2::store(&point)).collect();
    <G2 as BulkCurve>::Point::bytes(&stored).to_vec()
}

#[test]
fn what_is_no_regular_file_is_refused_without_waiting() -> Result<(), Error> {
    let written = Written::example("folder", &Ours::new(true), 0)?;
    let folder = written.path.parent().unwrap_or(&written.path);
    for private in [false, true] {
        let found = Prover::<PairingConfig>::open(folder, private).err();
        assert_eq!(found, Some(Error::NativeKey { reason: "no regular file" }));
    }
    Ok(())
}

/// Indices and single points are checked whatever the checksums say; here nobody asks for those.
#[test]
fn contents_that_the_prover_follows_are_checked_at_every_start() -> Result<(), Error> {
    let written = Written::example("contents", &Ours::new(true), 0)?;
    let whole = written.bytes()?;
    let section = |number: usize| {
        let place = 76 + 16 + 32 + 64 + 60 + 48 * number;
        let start: [u8; 8] = whole[place..place + 8].try_into().unwrap_or_default();
        u64::from_le_bytes(start) as usize
    };
    let alter = |place: usize, bytes: &[u8]| {
        let mut other = whole.clone();
        other[place..place + bytes.len()].copy_from_slice(bytes);
        open(&written, &other).err()
    };
    let word = u32::to_le_bytes;
    assert_eq!(alter(section(0), &[0; 64]), Some(Error::NativeKey { reason: "a point at infinity where none may be" }));
    assert_eq!(alter(section(0), &[1]), Some(Error::NotOnCurve { index: 0 }));
    assert_eq!(alter(section(0) + 24, &[0xff; 8]), Some(Error::Coordinate { index: 0 }));
    assert_eq!(alter(section(1) + 128, &[1]), Some(Error::NotOnCurve { index: 1 }));
    for place in 0..3 {
        let infinity = Some(Error::NativeKey { reason: "a point at infinity where none may be" });
        assert_eq!(alter(section(0) + 64 * place, &[0; 64]), infinity);
        assert_eq!(alter(section(1) + 128 * place, &[0; 128]), infinity);
        assert_eq!(alter(section(1) + 128 * place, &stray()), Some(Error::NotInSubgroup { index: place }));
        // Not by the verifying key alone.
        assert_eq!(file::open::<G1, G2>(&written.path, false).err(), Some(Error::NotInSubgroup { index: place }));
    }
    let a = section(2);
    // Counts, then five row pointers, then three columns and three places, of two coefficients.
    assert!(matches!(alter(a, &word(3)), Some(Error::NativeKey { .. })));
    assert!(matches!(alter(a, &word(u32::MAX)), Some(Error::NativeKey { .. })));
    assert_eq!(alter(a + 8, &word(0)), Some(Error::NativeKey { reason: "bytes left over after a matrix" }));
    assert!(matches!(alter(a + 12 + 4, &word(9)), Some(Error::Matrix { .. })));
    assert!(matches!(alter(a + 12 + 20, &word(WIRES as u32)), Some(Error::Matrix { .. })));
    assert!(matches!(alter(a + 12 + 32, &word(2)), Some(Error::Matrix { .. })));
    let wires = "a query's wires do not rise, or do not exist";
    assert_eq!(alter(section(4) + 4, &word(WIRES as u32)), Some(Error::NativeKey { reason: wires }));
    assert_eq!(alter(section(4), &word(1)), Some(Error::NativeKey { reason: wires }));
    assert_eq!(alter(section(5), &word(u32::MAX)), Some(Error::NativeKey { reason: wires }));
    Ok(())
}

#[test]
fn a_missing_file_is_the_systems_error() {
    let missing = std::path::Path::new("/nonexistent/key.zkmkey");
    let error = Prover::<PairingConfig>::open(missing, false).err();
    assert!(matches!(error, Some(Error::System { code: Some(2), .. })), "{error:?}");
}
