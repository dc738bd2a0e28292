//! The header's bytes, written and read: fixed places, one after the other, and a checksum of its own at the end.

use ark_ff::PrimeField;

use super::layout::{digest, fault, header_length, modulus, Extent, Facts, Part, Section, CHECKSUM, PARTS};
use crate::error::Error;

pub const MAGIC: &[u8; 4] = b"zkmk";
const VERSION: u32 = 1;
const DEVELOPMENT: u32 = 1;
const FOLDED: u32 = 2;
const NAMED: u32 = 4;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub facts: Facts,
    /// Of A, B1, B2, C and H, in this order.
    pub extents: [Extent; 5],
    pub sections: [Section; PARTS.len()],
}

impl Header {
    pub fn section(&self, part: Part) -> &Section {
        &self.sections[part as usize]
    }

    /// The header's bytes; its own checksum ends them.
    pub fn encode<Fq: PrimeField, Fr: PrimeField>(&self) -> Vec<u8> {
        let facts = &self.facts;
        let flag = |set: bool, bit: u32| if set { bit } else { 0 };
        let flags = flag(facts.development, DEVELOPMENT)
            | flag(facts.folded, FOLDED)
            | flag(facts.circuit_digest.is_some(), NAMED);
        let mut out = MAGIC.to_vec();
        let words = |out: &mut Vec<u8>, values: &[u32]| values.iter().for_each(|v| out.extend(v.to_le_bytes()));
        words(&mut out, &[VERSION, header_length::<Fq, Fr>() as u32]);
        out.extend(modulus::<Fq>());
        out.extend(modulus::<Fr>());
        words(&mut out, &[facts.n_wires, facts.n_public, facts.domain_size, flags]);
        out.extend(facts.circuit_digest.unwrap_or_default());
        out.extend(facts.circuit_hash);
        for extent in &self.extents {
            words(&mut out, &[extent.points, extent.width, extent.levels]);
        }
        for section in &self.sections {
            out.extend(section.start.to_le_bytes());
            out.extend(section.length.to_le_bytes());
            out.extend(section.checksum);
        }
        let checksum = digest(&out);
        out.extend(checksum);
        out
    }

    /// Read what a file begins with, `length` being that of the whole file; `sizes` are those of a point of G1 and of G2.
    pub fn decode<Fq: PrimeField, Fr: PrimeField>(
        beginning: &[u8],
        length: u64,
        sizes: [usize; 2],
    ) -> Result<Self, Error> {
        let mut reader = Reader { rest: beginning };
        if reader.array::<4>()? != *MAGIC {
            return Err(fault("not a native key"));
        }
        if reader.u32()? != VERSION {
            return Err(fault("a version this engine does not know; import the key again"));
        }
        let expected = header_length::<Fq, Fr>();
        if reader.u32()? as usize != expected {
            return Err(fault("the header has another length"));
        }
        let whole = beginning.get(..expected).ok_or(fault("cut short"))?;
        let (body, checksum) = whole.split_at(expected - CHECKSUM);
        if reader.take(modulus::<Fq>().len())? != modulus::<Fq>()
            || reader.take(modulus::<Fr>().len())? != modulus::<Fr>()
        {
            return Err(fault("made for another curve"));
        }
        if digest(body) != checksum {
            return Err(fault("the header's checksum does not match"));
        }
        let [n_wires, n_public, domain_size, flags] = reader.words()?;
        if flags & !(DEVELOPMENT | FOLDED | NAMED) != 0 {
            return Err(fault("flags this engine does not know"));
        }
        let circuit_digest = reader.array()?;
        let facts = Facts {
            n_wires,
            n_public,
            domain_size,
            folded: flags & FOLDED != 0,
            development: flags & DEVELOPMENT != 0,
            circuit_digest: (flags & NAMED != 0).then_some(circuit_digest),
            circuit_hash: reader.array()?,
        };
        facts.check()?;
        let mut extents = [Extent::default(); 5];
        for extent in &mut extents {
            let [points, width, levels] = reader.words()?;
            *extent = Extent { points, width, levels };
        }
        let mut sections = [Section { start: 0, length: 0, checksum: [0; CHECKSUM] }; PARTS.len()];
        for section in &mut sections {
            let (start, length) = (reader.u64()?, reader.u64()?);
            *section = Section { start, length, checksum: reader.array()? };
        }
        let header = Self { facts, extents, sections };
        header.check_extents::<Fr>()?;
        header.check_places(expected as u64, length, sizes)?;
        Ok(header)
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, size: usize) -> Result<&'a [u8], Error> {
        let (head, rest) = self.rest.split_at_checked(size).ok_or(fault("cut short"))?;
        self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        self.take(N)?.try_into().map_err(|_| fault("cut short"))
    }

    fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn words<const N: usize>(&mut self) -> Result<[u32; N], Error> {
        let mut words = [0; N];
        for word in &mut words {
            *word = self.u32()?;
        }
        Ok(words)
    }
}
