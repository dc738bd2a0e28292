//! What lies in a native key file, and where: the sections, the counts that say how long they are, and their places.
//!
//! `docs/formats-keys.md` has the layout, `header` its bytes, `rules` what they must keep.

use ark_ff::{BigInteger, PrimeField};
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

use crate::error::Error;
use crate::msm::Shape;

pub const ALIGNMENT: u64 = 64;
/// Headers are below 4 KiB by far; a longer one is not ours.
pub const LARGEST_HEADER: usize = 1 << 12;
pub const CHECKSUM: usize = 32;

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

pub fn modulus<F: PrimeField>() -> Vec<u8> {
    F::MODULUS.to_bytes_le()
}
