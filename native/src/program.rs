//! The witness machine: checks the bytes of a program and runs it on one vector of inputs.
//!
//! `docs/formats.md` describes the layout. Nothing is allocated before the header's counts have been held against the
//! length of the buffer, every wire is written once and only read afterwards, and both checks and run take linear time.

use ark_ff::{BigInteger, PrimeField};
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use num_bigint::BigUint;

use crate::encode::{decode_scalars, encode_scalars, scalar_size};
use crate::error::Error;

const MAGIC: &[u8] = b"zkwp";
const VERSION: u32 = 1;
const DIGEST_SIZE: usize = 32;
const CHECKSUM_SIZE: usize = 32;

const LINEAR: u32 = 0;
const PRODUCT: u32 = 1;
const INVERSE_OR_ZERO: u32 = 2;
const BITS: u32 = 3;
const DIVMOD: u32 = 4;

/// Check a program and run it: all wires, canonical bytes.
pub fn run<F: PrimeField>(program: &[u8], inputs: &[u8]) -> Result<Vec<u8>, Error> {
    let inputs: Vec<F> = decode_scalars(inputs, "program input")?;
    let program = Program::<F>::decode(program, inputs.len())?;
    Ok(encode_scalars(&program.run(&inputs)))
}

/// A program whose every rule has been checked; only `decode` makes one.
struct Program<F> {
    n_inputs: usize,
    n_wires: usize,
    consts: Vec<F>,
    lc_ptr: Vec<u32>,
    terms: Vec<(u32, u32)>,
    ops: Vec<Op>,
}

#[derive(Clone, Copy)]
struct Op {
    code: u32,
    a: usize,
    b: usize,
    dst: usize,
    n: usize,
}

impl Op {
    fn writes(&self) -> std::ops::Range<usize> {
        let count = match self.code {
            BITS => self.n,
            DIVMOD => 2,
            _ => 1,
        };
        self.dst..self.dst + count
    }

    fn reads_b(&self) -> bool {
        matches!(self.code, PRODUCT | DIVMOD)
    }
}

impl<F: PrimeField> Program<F> {
    /// Decode a program to be run on `n_inputs` inputs; knowing them bounds the number of wires before any is allocated.
    fn decode(data: &[u8], n_inputs: usize) -> Result<Self, Error> {
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
        let [n_wires, n_public, n_private, n_consts, n_lcs, n_terms, n_ops] = reader.counts()?;
        if n_public + n_private != n_inputs as u64 {
            let expected = (n_public + n_private) as usize;
            return Err(Error::Count { what: "program input", expected, found: n_inputs });
        }
        let (consts, lc_ptr) = (reader.array(n_consts, scalar_size::<F>())?, reader.array(n_lcs + 1, 4)?);
        let (wires, factors, ops) = (reader.array(n_terms, 4)?, reader.array(n_terms, 4)?, reader.array(n_ops, 20)?);
        if !reader.rest.is_empty() {
            return Err(fault("bytes left over after the operations"));
        }
        let program = Self {
            n_inputs,
            n_wires: n_wires as usize,
            consts: decode_scalars(consts, "program constant")?,
            lc_ptr: words(lc_ptr).collect(),
            terms: words(wires).zip(words(factors)).collect(),
            ops: ops.chunks_exact(20).map(read_op).collect(),
        };
        program.check_counts()?;
        program.check_combinations()?;
        program.check_order()?;
        Ok(program)
    }

    fn run(&self, inputs: &[F]) -> Vec<F> {
        let mut machine = Machine { program: self, wires: vec![F::ZERO; self.n_wires], lcs: vec![None; self.n_lcs()] };
        machine.wires[0] = F::ONE;
        machine.wires[1..=self.n_inputs].copy_from_slice(inputs);
        for op in &self.ops {
            machine.step(op);
        }
        machine.wires
    }

    fn n_lcs(&self) -> usize {
        self.lc_ptr.len() - 1
    }

    /// Wires are the constant, the inputs, and what the operations write; so their number is bounded by the buffer's length.
    fn check_counts(&self) -> Result<(), Error> {
        let mut written = 1 + self.n_inputs as u64;
        for (index, op) in self.ops.iter().enumerate() {
            let at = |reason| Err(Error::Program { reason, op: Some(index) });
            let bits_fit = match op.code {
                BITS => (1..=F::MODULUS_BIT_SIZE as usize).contains(&op.n),
                LINEAR | PRODUCT | INVERSE_OR_ZERO | DIVMOD => op.n == 0,
                _ => return at("an unknown opcode"),
            };
            if !bits_fit || (op.b != 0 && !op.reads_b()) {
                return at("a field out of range, or not zero where unused");
            }
            if op.a >= self.n_lcs() || op.b >= self.n_lcs() {
                return at("reads a linear combination that does not exist");
            }
            if op.writes().end > self.n_wires {
                return at("writes a wire that does not exist");
            }
            written += op.writes().len() as u64;
        }
        if written != self.n_wires as u64 {
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
            |&(wire, factor): &(u32, u32)| (wire as usize) < self.n_wires && (factor as usize) < self.consts.len();
        if !self.terms.iter().all(exists) {
            return Err(fault("a term names a wire or constant that does not exist"));
        }
        Ok(())
    }

    /// Each wire is written once, before it is read. A combination is ready after the last of its wires is written.
    fn check_order(&self) -> Result<(), Error> {
        // 0: there from the start; k + 1: written by operation k; MAX: not written yet.
        let mut written_by = vec![u32::MAX; self.n_wires];
        written_by[..=self.n_inputs].fill(0);
        for (index, op) in self.ops.iter().enumerate() {
            for place in &mut written_by[op.writes()] {
                if *place != u32::MAX {
                    return Err(Error::Program { reason: "writes a wire twice", op: Some(index) });
                }
                *place = index as u32 + 1;
            }
        }
        let ready: Vec<u32> = self
            .lc_ptr
            .windows(2)
            .map(|ends| &self.terms[ends[0] as usize..ends[1] as usize])
            .map(|terms| terms.iter().map(|&(wire, _)| written_by[wire as usize]).max().unwrap_or(0))
            .collect();
        for (index, op) in self.ops.iter().enumerate() {
            if ready[op.a] > index as u32 || (op.reads_b() && ready[op.b] > index as u32) {
                return Err(Error::Program { reason: "reads a wire before it is written", op: Some(index) });
            }
        }
        Ok(())
    }
}

struct Machine<'a, F> {
    program: &'a Program<F>,
    wires: Vec<F>,
    /// Values already computed: wires never change, so each combination is summed once however often it is read.
    lcs: Vec<Option<F>>,
}

impl<F: PrimeField> Machine<'_, F> {
    fn step(&mut self, op: &Op) {
        let a = self.combination(op.a);
        match op.code {
            LINEAR => self.wires[op.dst] = a,
            PRODUCT => self.wires[op.dst] = a * self.combination(op.b),
            INVERSE_OR_ZERO => self.wires[op.dst] = a.inverse().unwrap_or_default(),
            BITS => {
                let value = a.into_bigint();
                for (bit, wire) in self.wires[op.writes()].iter_mut().enumerate() {
                    *wire = F::from(value.get_bit(bit));
                }
            }
            _ => {
                let (quotient, remainder) = divmod(a, self.combination(op.b));
                self.wires[op.dst] = quotient;
                self.wires[op.dst + 1] = remainder;
            }
        }
    }

    fn combination(&mut self, index: usize) -> F {
        if let Some(value) = self.lcs[index] {
            return value;
        }
        let ends = &self.program.lc_ptr[index..index + 2];
        let value = self.program.terms[ends[0] as usize..ends[1] as usize]
            .iter()
            .map(|&(wire, factor)| {
                let (wire, factor) = (self.wires[wire as usize], self.program.consts[factor as usize]);
                if factor.is_one() {
                    wire
                } else {
                    wire * factor
                }
            })
            .sum();
        self.lcs[index] = Some(value);
        value
    }
}

/// Quotient and remainder of the canonical integers; (0, 0) for divisor 0.
fn divmod<F: PrimeField>(a: F, b: F) -> (F, F) {
    if b.is_zero() {
        return (F::ZERO, F::ZERO);
    }
    let (a, b): (BigUint, BigUint) = (a.into(), b.into());
    (F::from(&a / &b), F::from(&a % &b))
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

fn read_op(bytes: &[u8]) -> Op {
    let mut fields = words(bytes).map(|word| word as usize);
    let mut next = || fields.next().unwrap_or_default();
    Op { code: next() as u32, a: next(), b: next(), dst: next(), n: next() }
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}

fn fault(reason: &'static str) -> Error {
    Error::Program { reason, op: None }
}
