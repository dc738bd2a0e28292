//! The bytes of a witness program, and every rule they must keep.
//!
//! Nothing is allocated before the header's counts have been held against the length of the buffer. Checks take time and
//! memory linear in that length; inputs, which take no bytes of it, are only counted.

use ark_ff::{BigInteger, PrimeField};
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

use crate::encode::{decode_scalars, scalar_size};
use crate::error::Error;

const MAGIC: &[u8] = b"zkwp";
const VERSION: u32 = 2;
const DIGEST_SIZE: usize = 32;
const CHECKSUM_SIZE: usize = 32;
/// Wires of one ONE_HOT at most, which bounds the wires by the bytes of a program.
const WIDEST_ONE_HOT: usize = 256;

/// What an operation does with its combinations a and b, and with its count n.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    Linear,
    Product,
    Quotient,
    Bits,
    Divmod,
    Isqrt,
    OneHot,
    Sort,
}

impl Opcode {
    fn read(code: u32) -> Option<Self> {
        use Opcode::*;
        [Linear, Product, Quotient, Bits, Divmod, Isqrt, OneHot, Sort].get(code as usize).copied()
    }

    pub fn reads_b(self) -> bool {
        matches!(self, Self::Product | Self::Quotient | Self::Divmod)
    }
}

/// w[dst], w[dst + 1], .. from a and b; for BITS b is the first bit.
#[derive(Clone, Copy)]
pub struct Op {
    pub code: Opcode,
    pub a: usize,
    pub b: usize,
    pub dst: usize,
    pub n: usize,
}

impl Op {
    pub fn writes(&self) -> std::ops::Range<usize> {
        let count = match self.code {
            Opcode::Bits | Opcode::OneHot | Opcode::Sort => self.n,
            Opcode::Divmod => 2,
            _ => 1,
        };
        self.dst..self.dst + count
    }

    /// The combinations it reads: a range, and one more.
    pub fn reads(&self) -> impl Iterator<Item = usize> {
        let width = if self.code == Opcode::Sort { self.n } else { 1 };
        (self.a..self.a + width).chain(self.code.reads_b().then_some(self.b))
    }
}

/// A program whose every rule has been checked; only `decode` makes one.
pub struct Tables<F> {
    pub n_inputs: usize,
    pub n_wires: usize,
    pub n_scratch: usize,
    pub consts: Vec<F>,
    pub lc_ptr: Vec<u32>,
    pub terms: Vec<(u32, u32)>,
    pub ops: Vec<Op>,
}

impl<F: PrimeField> Tables<F> {
    pub fn decode(data: &[u8]) -> Result<Self, Error> {
        let body = checked_body(data)?;
        let mut reader = Reader { rest: body };
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(fault("not a witness program"));
        }
        if reader.u32()? != VERSION {
            return Err(fault("a version this engine does not know"));
        }
        if reader.take(scalar_size::<F>())? != F::MODULUS.to_bytes_le() {
            return Err(fault("made for another field"));
        }
        reader.take(DIGEST_SIZE)?;
        let [n_wires, n_scratch, n_public, n_private, n_consts, n_lcs, n_terms, n_ops] = reader.counts()?;
        let (consts, lc_ptr) = (reader.array(n_consts, scalar_size::<F>())?, reader.array(n_lcs + 1, 4)?);
        let (wires, factors, ops) = (reader.array(n_terms, 4)?, reader.array(n_terms, 4)?, reader.array(n_ops, 20)?);
        if !reader.rest.is_empty() {
            return Err(fault("bytes left over after the operations"));
        }
        let tables = Self {
            n_inputs: (n_public + n_private) as usize,
            n_wires: n_wires as usize,
            n_scratch: n_scratch as usize,
            consts: decode_scalars(consts, "program constant")?,
            lc_ptr: words(lc_ptr).collect(),
            terms: words(wires).zip(words(factors)).collect(),
            ops: read_ops(ops)?,
        };
        tables.check_operations()?;
        tables.check_combinations()?;
        tables.check_order()?;
        Ok(tables)
    }

    pub fn n_lcs(&self) -> usize {
        self.lc_ptr.len() - 1
    }

    /// Wires of the witness and scratch.
    pub fn all_wires(&self) -> usize {
        self.n_wires + self.n_scratch
    }

    pub fn terms_of(&self, combination: usize) -> &[(u32, u32)] {
        &self.terms[self.lc_ptr[combination] as usize..self.lc_ptr[combination + 1] as usize]
    }

    /// Each operation is well formed; together they write as many wires as there are, which bounds that number.
    fn check_operations(&self) -> Result<(), Error> {
        if self.n_inputs >= self.n_wires {
            return Err(fault("more inputs than wires"));
        }
        if self.all_wires() + self.n_lcs() > u32::MAX as usize {
            return Err(fault("more wires and linear combinations than 32 bits count"));
        }
        let mut written = 1 + self.n_inputs as u64;
        let mut sorted = 0;
        for (index, op) in self.ops.iter().enumerate() {
            let at = |reason| Err(Error::Program { reason, op: Some(index) });
            let count_fits = match op.code {
                Opcode::Bits => op.n >= 1 && op.b + op.n <= F::MODULUS_BIT_SIZE as usize,
                Opcode::OneHot => (1..=WIDEST_ONE_HOT).contains(&op.n),
                Opcode::Sort => (1..=self.n_lcs()).contains(&op.n),
                _ => op.n == 0,
            };
            if !count_fits || (op.b != 0 && !op.code.reads_b() && op.code != Opcode::Bits) {
                return at("a field out of range, or not zero where unused");
            }
            if op.code == Opcode::Sort {
                // Else a short program could ask for work without end, by sorting the same values again and again.
                sorted += op.n;
                if sorted > self.n_lcs() {
                    return at("sorts more values than there are linear combinations");
                }
            }
            if op.reads().any(|combination| combination >= self.n_lcs()) {
                return at("reads a linear combination that does not exist");
            }
            if op.writes().end > self.all_wires() {
                return at("writes a wire that does not exist");
            }
            written += op.writes().len() as u64;
        }
        if written != self.all_wires() as u64 {
            return Err(fault("the operations do not write each wire once"));
        }
        Ok(())
    }

    fn check_combinations(&self) -> Result<(), Error> {
        if self.lc_ptr.first() != Some(&0) || self.lc_ptr.last().map(|&end| end as usize) != Some(self.terms.len()) {
            return Err(fault("linear combinations do not cover the terms"));
        }
        if self.lc_ptr.windows(2).any(|ends| ends[0] > ends[1]) {
            return Err(fault("pointers of linear combinations do not rise"));
        }
        let exists =
            |&(wire, factor): &(u32, u32)| (wire as usize) < self.all_wires() && (factor as usize) < self.consts.len();
        if !self.terms.iter().all(exists) {
            return Err(fault("a term names a wire or constant that does not exist"));
        }
        Ok(())
    }

    /// Each wire is written once, and read only afterwards.
    fn check_order(&self) -> Result<(), Error> {
        let first = 1 + self.n_inputs;
        let mut written = vec![false; self.all_wires() - first];
        let mut ready = vec![false; self.n_lcs()];
        for (index, op) in self.ops.iter().enumerate() {
            let at = |reason| Err(Error::Program { reason, op: Some(index) });
            for combination in op.reads().filter(|&combination| !ready[combination]) {
                let is_ready = |&(wire, _): &(u32, u32)| (wire as usize) < first || written[wire as usize - first];
                if !self.terms_of(combination).iter().all(is_ready) {
                    return at("reads a wire before it is written");
                }
            }
            op.reads().for_each(|combination| ready[combination] = true);
            let Some(start) = op.dst.checked_sub(first) else {
                return at("writes a wire twice");
            };
            let places = &mut written[start..start + op.writes().len()];
            if places.contains(&true) {
                return at("writes a wire twice");
            }
            places.fill(true);
        }
        Ok(())
    }
}

/// What the checksum at the end covers.
fn checked_body(data: &[u8]) -> Result<&[u8], Error> {
    let end = data.len().checked_sub(CHECKSUM_SIZE).ok_or(fault("cut short"))?;
    let (body, checksum) = data.split_at(end);
    if Blake2b::<U32>::digest(body).as_slice() != checksum {
        return Err(fault("the checksum does not match"));
    }
    Ok(body)
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

    fn u32(&mut self) -> Result<u32, Error> {
        Ok(words(self.take(4)?).next().unwrap_or_default())
    }

    fn counts<const N: usize>(&mut self) -> Result<[u64; N], Error> {
        let mut counts = [0; N];
        for count in &mut counts {
            *count = u64::from(self.u32()?);
        }
        Ok(counts)
    }

    /// Bytes of an array that the header announces; counts are below 2^32 + 1 and sizes small, so nothing overflows.
    fn array(&mut self, count: u64, size: usize) -> Result<&'a [u8], Error> {
        let bytes = usize::try_from(count * size as u64).map_err(|_| fault("cut short"))?;
        self.take(bytes)
    }
}

fn read_ops(bytes: &[u8]) -> Result<Vec<Op>, Error> {
    let read = |(index, bytes)| {
        let mut fields = words(bytes);
        let mut next = || fields.next().unwrap_or_default();
        let code = Opcode::read(next()).ok_or(Error::Program { reason: "an unknown opcode", op: Some(index) })?;
        let mut next = || next() as usize;
        Ok(Op { code, a: next(), b: next(), dst: next(), n: next() })
    };
    bytes.chunks_exact(20).enumerate().map(read).collect()
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}

fn fault(reason: &'static str) -> Error {
    Error::Program { reason, op: None }
}
