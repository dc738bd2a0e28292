//! iden3's .wtns: a witness, every wire's value in wire order. The rules and texts of `circuits/formats`.
//!
//! ```text
//! "wtns" | version u32 | section count u32 | for each section: id u32, size u64, content          (little-endian)
//! section 1: bytes of a value u32 | the field's order | count u32        section 2: the values
//! ```

use std::fmt;

use ark_ff::{BigInteger, PrimeField};
use rayon::prelude::*;

use super::SCALAR;
use crate::instance::Fr;

const MAGIC: &[u8; 4] = b"wtns";
const NEWEST_VERSION: u32 = 2;
const MOST_SECTIONS: u32 = 1024;
const HEADER: u32 = 1;
const VALUES: u32 = 2;
const HEADER_BYTES: usize = 4 + SCALAR + 4;
/// Values that one task checks at least.
const GRAIN: usize = 1 << 13;

/// What is wrong with a witness file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    TooFewBytes { found: usize },
    Magic,
    Version { found: u32 },
    TooManySections { found: u32 },
    SectionHeader { place: u32, count: u32 },
    SectionSize { number: u32 },
    SectionTwice { number: u32 },
    Surplus { bytes: usize },
    Missing,
    HeaderSize { found: usize },
    OtherField,
    Count { announced: u32, bytes: usize },
    NotCanonical { index: usize },
    NotOne,
}

/// The values, canonical, the constant 1 first.
pub fn read(data: &[u8]) -> Result<&[u8], Fault> {
    let [header, values] = sections(data)?;
    let (Some(header), Some(values)) = (header, values) else { return Err(Fault::Missing) };
    let count = count(header)?;
    if values.len() as u64 != SCALAR as u64 * u64::from(count) {
        return Err(Fault::Count { announced: count, bytes: values.len() });
    }
    let strange = |value: &[u8]| !is_canonical(value);
    if let Some(index) = values.par_chunks_exact(SCALAR).with_min_len(GRAIN).position_first(strange) {
        return Err(Fault::NotCanonical { index });
    }
    match values.first_chunk::<SCALAR>() {
        Some([1, zeros @ ..]) if zeros.iter().all(|&byte| byte == 0) => Ok(values),
        _ => Err(Fault::NotOne),
    }
}

/// Header and values, where they are. Other sections may be there and say nothing.
fn sections(data: &[u8]) -> Result<[Option<&[u8]>; 2], Fault> {
    let few = Fault::TooFewBytes { found: data.len() };
    let Some((start, mut rest)) = data.split_at_checked(12) else { return Err(few) };
    let (magic, version, count) = (start.get(..4), word(start, 4), word(start, 8));
    if magic != Some(MAGIC) {
        return Err(Fault::Magic);
    }
    let (Some(version), Some(count)) = (version, count) else { return Err(few) };
    if !(1..=NEWEST_VERSION).contains(&version) {
        return Err(Fault::Version { found: version });
    }
    if count > MOST_SECTIONS {
        return Err(Fault::TooManySections { found: count });
    }
    let (mut seen, mut found) = (Vec::new(), [None; 2]);
    for place in 1..=count {
        let (number, size) = word(rest, 0).zip(long(rest, 4)).ok_or(Fault::SectionHeader { place, count })?;
        let after = rest.get(12..).unwrap_or_default();
        let whole = usize::try_from(size).ok().and_then(|size| after.split_at_checked(size));
        let (content, others) = whole.ok_or(Fault::SectionSize { number })?;
        if seen.contains(&number) {
            return Err(Fault::SectionTwice { number });
        }
        seen.push(number);
        match number {
            HEADER => found[0] = Some(content),
            VALUES => found[1] = Some(content),
            _ => (),
        }
        rest = others;
    }
    match rest.len() {
        0 => Ok(found),
        bytes => Err(Fault::Surplus { bytes }),
    }
}

/// How many values a header announces, of this field.
fn count(header: &[u8]) -> Result<u32, Fault> {
    let wrong = Fault::HeaderSize { found: header.len() };
    if header.len() != HEADER_BYTES {
        return Err(wrong);
    }
    let order = header.get(4..4 + SCALAR);
    if word(header, 0) != Some(SCALAR as u32) || order != Some(Fr::MODULUS.to_bytes_le().as_slice()) {
        return Err(Fault::OtherField);
    }
    word(header, 4 + SCALAR).ok_or(wrong)
}

fn is_canonical(value: &[u8]) -> bool {
    let mut number = <Fr as PrimeField>::BigInt::default();
    for (limb, word) in number.as_mut().iter_mut().zip(value.as_chunks::<8>().0) {
        *limb = u64::from_le_bytes(*word);
    }
    number < Fr::MODULUS
}

fn word(data: &[u8], place: usize) -> Option<u32> {
    data.get(place..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn long(data: &[u8], place: usize) -> Option<u64> {
    data.get(place..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewBytes { found } => write!(f, "{found} bytes are too few for a header"),
            Self::Magic => write!(f, "does not start with b'wtns'; is it another kind of file?"),
            Self::Version { found } => write!(f, "version {found} is not supported, only up to {NEWEST_VERSION}"),
            Self::TooManySections { found } => write!(f, "announces {found} sections, more than {MOST_SECTIONS}"),
            Self::SectionHeader { place, count } => write!(f, "cut short in the header of section {place} of {count}"),
            Self::SectionSize { number } => write!(f, "section {number} announces more bytes than the file has"),
            Self::SectionTwice { number } => write!(f, "section {number} comes twice"),
            Self::Surplus { bytes } => write!(f, "{bytes} bytes too many after the last section"),
            Self::Missing => write!(f, "section 1 or 2 is missing"),
            Self::HeaderSize { found } => write!(f, "its header has {found} bytes, not {HEADER_BYTES}"),
            Self::OtherField => write!(f, "is not over the scalar field of bn254"),
            Self::Count { announced, bytes } => write!(f, "announces {announced} values and has {bytes} bytes of them"),
            Self::NotCanonical { index } => write!(f, "value {index} is not below r"),
            Self::NotOne => write!(f, "wire 0 does not hold the constant 1"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(number: u32, content: &[u8]) -> Vec<u8> {
        [&number.to_le_bytes()[..], &(content.len() as u64).to_le_bytes(), content].concat()
    }

    fn file(sections: &[Vec<u8>]) -> Vec<u8> {
        let start = [*MAGIC, 2u32.to_le_bytes(), (sections.len() as u32).to_le_bytes()].concat();
        [start, sections.concat()].concat()
    }

    fn header(count: u32) -> Vec<u8> {
        section(HEADER, &[&32u32.to_le_bytes()[..], &Fr::MODULUS.to_bytes_le(), &count.to_le_bytes()].concat())
    }

    fn values(numbers: &[Fr]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.into_bigint().to_bytes_le()).collect()
    }

    fn altered(mut data: Vec<u8>, place: usize, byte: u8) -> Vec<u8> {
        data[place] = byte;
        data
    }

    // Tests of the installed program hold every fault and its text against the other reader.
    #[test]
    fn a_witness_is_read_and_anything_else_is_not() {
        let honest = values(&[Fr::from(1u64), -Fr::from(1u64), Fr::from(33u64)]);
        let (three, body) = (header(3), section(VALUES, &honest));
        let whole = file(&[three.clone(), body.clone()]);
        assert_eq!(read(&whole), Ok(&honest[..]));
        let others_too = file(&[section(9, b"else"), body.clone(), section(7, b""), three.clone()]);
        assert_eq!(read(&others_too), Ok(&honest[..]));
        let order = section(VALUES, &[&honest[..64], &Fr::MODULUS.to_bytes_le()].concat());
        for (data, fault) in [
            (whole[..11].to_vec(), Fault::TooFewBytes { found: 11 }),
            (altered(whole.clone(), 3, b'z'), Fault::Magic),
            (altered(whole.clone(), 4, 3), Fault::Version { found: 3 }),
            (altered(whole.clone(), 4, 0), Fault::Version { found: 0 }),
            (altered(whole.clone(), 9, 5), Fault::TooManySections { found: 1282 }),
            (altered(whole.clone(), 8, 3), Fault::SectionHeader { place: 3, count: 3 }),
            (altered(whole.clone(), 23, 255), Fault::SectionSize { number: 1 }),
            (whole[..whole.len() - 1].to_vec(), Fault::SectionSize { number: 2 }),
            (file(&[three.clone(), three.clone()]), Fault::SectionTwice { number: 1 }),
            ([&whole[..], b"x"].concat(), Fault::Surplus { bytes: 1 }),
            (file(std::slice::from_ref(&three)), Fault::Missing),
            (file(std::slice::from_ref(&body)), Fault::Missing),
            (file(&[section(HEADER, &[0; 39]), body.clone()]), Fault::HeaderSize { found: 39 }),
            (file(&[section(HEADER, &[0; 41]), body.clone()]), Fault::HeaderSize { found: 41 }),
            (altered(whole.clone(), 24, 31), Fault::OtherField),
            (altered(whole.clone(), 28, 2), Fault::OtherField),
            (file(&[header(2), body.clone()]), Fault::Count { announced: 2, bytes: 96 }),
            (file(&[header(u32::MAX), body]), Fault::Count { announced: u32::MAX, bytes: 96 }),
            (file(&[three.clone(), order]), Fault::NotCanonical { index: 2 }),
            (file(&[three, section(VALUES, &values(&[Fr::from(257u64); 3]))]), Fault::NotOne),
            (file(&[header(0), section(VALUES, b"")]), Fault::NotOne),
        ] {
            assert_eq!(read(&data), Err(fault));
        }
    }

    #[test]
    fn every_cut_is_noticed() {
        let whole = file(&[header(2), section(VALUES, &values(&[Fr::from(1u64); 2]))]);
        assert!(read(&whole).is_ok());
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_err(), "{end} bytes");
        }
    }
}
