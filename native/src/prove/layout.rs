//! Where everything lies in a native key file: the header, its table of sections, and every rule they must keep.
//!
//! `docs/formats-keys.md` has the layout. What a section's length must be follows from the header's counts, so a header
//! that passes says where each array is, and that the file holds all of it and nothing more.

use ark_ff::{BigInteger, PrimeField};
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

use crate::error::Error;
use crate::msm::Shape;

pub const MAGIC: &[u8; 4] = b"zkmk";
pub const VERSION: u32 = 1;
pub const ALIGNMENT: u64 = 64;
/// Headers are below 4 KiB by far; a longer one is not ours.
pub const LARGEST_HEADER: usize = 1 << 12;
const CHECKSUM: usize = 32;
const DEVELOPMENT: u32 = 1;
const FOLDED: u32 = 2;
const NAMED: u32 = 4;

/// The sections, in the order in which they lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    SinglesG1,
    SinglesG2,
    MatrixA,
    MatrixB,
    WiresA,
    WiresB,
    QueryA,
    QueryB1,
    QueryB2,
    QueryC,
    QueryH,
}

pub const PARTS: [Part; 11] = [
    Part::SinglesG1,
    Part::SinglesG2,
    Part::MatrixA,
    Part::MatrixB,
    Part::WiresA,
    Part::WiresB,
    Part::QueryA,
    Part::QueryB1,
    Part::QueryB2,
    Part::QueryC,
    Part::QueryH,
];

/// The points of one query, the digits that they are multiplied by, and the levels of their tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    pub points: u32,
    pub width: u32,
    pub levels: u32,
}

impl Extent {
    pub fn new(points: usize, shape: &Shape) -> Self {
        Self { points: points as u32, width: shape.width() as u32, levels: shape.levels() as u32 }
    }

    /// The shape, where there is one of this width with so many levels.
    pub fn shape<F: PrimeField>(&self) -> Option<Shape> {
        let shape = Shape::new::<F>(self.width as usize, self.levels as usize);
        (Self::new(self.points as usize, &shape) == *self).then_some(shape)
    }
}

/// The circuit's sizes and names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub n_wires: u32,
    pub n_public: u32,
    pub domain_size: u32,
    /// Is C's part of H folded into the C query?
    pub folded: bool,
    /// Was the key made by one party?
    pub development: bool,
    pub circuit_digest: Option<[u8; 32]>,
    pub circuit_hash: [u8; 64],
}

impl Facts {
    pub fn check(&self) -> Result<(), Error> {
        if !self.domain_size.is_power_of_two() || self.domain_size < 2 || self.domain_size > 1 << 27 {
            return Err(fault("a domain that is no power of two in range"));
        }
        if self.n_public >= self.n_wires || self.n_wires >= 1 << 31 {
            return Err(fault("a number of wires out of range"));
        }
        Ok(())
    }
}

/// Where a section lies and what its content hashes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    pub start: u64,
    pub length: u64,
    pub checksum: [u8; CHECKSUM],
}

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

    /// The length of a file of these sections.
    pub fn end(&self) -> u64 {
        self.sections.iter().map(|section| section.start + section.length).max().unwrap_or_default()
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

    fn check_extents<Fr: PrimeField>(&self) -> Result<(), Error> {
        let Facts { n_wires, domain_size, .. } = self.facts;
        let [a, b1, b2, c, h] = &self.extents;
        if a.points > n_wires || b1.points > n_wires || b1.points != b2.points || c.points != n_wires {
            return Err(fault("a query of another number of points than wires"));
        }
        if h.points != domain_size {
            return Err(fault("the H query is not as long as the domain"));
        }
        if self.extents.iter().any(|extent| extent.shape::<Fr>().is_none()) {
            return Err(fault("tables of a shape that no key has"));
        }
        Ok(())
    }

    /// Each section where it must be and as long as it must be, up to the end of the file.
    fn check_places(&self, header: u64, length: u64, [g1, g2]: [usize; 2]) -> Result<(), Error> {
        let mut end = header;
        for (part, section) in PARTS.iter().zip(&self.sections) {
            if section.start != end.next_multiple_of(ALIGNMENT) {
                return Err(fault("a section is out of place"));
            }
            let expected = self.length_of(*part, g1 as u64, g2 as u64);
            if expected.is_some_and(|expected| expected != section.length) {
                return Err(fault("a section of another length than its counts say"));
            }
            end = section.start.checked_add(section.length).ok_or(fault("a section is out of place"))?;
            if end > length {
                return Err(fault("cut short"));
            }
        }
        if end != length {
            return Err(fault("bytes left over after the last section"));
        }
        Ok(())
    }

    /// None for a matrix, which says itself how long it is.
    fn length_of(&self, part: Part, g1: u64, g2: u64) -> Option<u64> {
        let [a, b1, b2, c, h] = &self.extents;
        // Counts are below 2^32, levels below 2^10 (checked before) and points below 2^8 bytes: no overflow.
        let query = |extent: &Extent, size: u64| Some(u64::from(extent.points) * u64::from(extent.levels) * size);
        match part {
            Part::SinglesG1 => Some((3 + 1 + u64::from(self.facts.n_public)) * g1),
            Part::SinglesG2 => Some(3 * g2),
            Part::MatrixA | Part::MatrixB => None,
            Part::WiresA => Some(4 * u64::from(a.points)),
            Part::WiresB => Some(4 * u64::from(b1.points)),
            Part::QueryA => query(a, g1),
            Part::QueryB1 => query(b1, g1),
            Part::QueryB2 => query(b2, g2),
            Part::QueryC => query(c, g1),
            Part::QueryH => query(h, g1),
        }
    }
}

/// Places for sections of these lengths, one after the other.
pub fn places<Fq: PrimeField, Fr: PrimeField>(lengths: [u64; PARTS.len()]) -> [u64; PARTS.len()] {
    let mut end = header_length::<Fq, Fr>() as u64;
    lengths.map(|length| {
        let start = end.next_multiple_of(ALIGNMENT);
        end = start + length;
        start
    })
}

pub fn header_length<Fq: PrimeField, Fr: PrimeField>() -> usize {
    let moduli = modulus::<Fq>().len() + modulus::<Fr>().len();
    12 + moduli + 16 + 32 + 64 + 5 * 12 + PARTS.len() * (16 + CHECKSUM) + CHECKSUM
}

pub fn digest(data: &[u8]) -> [u8; CHECKSUM] {
    Blake2b::<U32>::digest(data).into()
}

pub fn fault(reason: &'static str) -> Error {
    Error::NativeKey { reason }
}

fn modulus<F: PrimeField>() -> Vec<u8> {
    F::MODULUS.to_bytes_le()
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
