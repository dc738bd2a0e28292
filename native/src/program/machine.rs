//! Running a checked program: wires are filled in the order of the operations.

use ark_ff::{BigInteger, PrimeField};

use super::format::{Op, Opcode, Program};
use super::integer::{divmod, isqrt};
use crate::encode::{decode_scalars, scalar_size, write_scalar};
use crate::error::Error;

impl<F: PrimeField> Program<F> {
    pub fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    pub fn n_wires(&self) -> usize {
        self.n_wires
    }

    /// `count` vectors of inputs, end to end.
    pub fn decode_inputs(&self, inputs: &[u8], count: usize) -> Result<Vec<F>, Error> {
        let values = decode_scalars(inputs, "program input")?;
        let expected = count.saturating_mul(self.n_inputs);
        if values.len() != expected {
            return Err(Error::Count { what: "program input", expected, found: values.len() });
        }
        Ok(values)
    }

    /// The witness of each vector of inputs, as canonical bytes into `out`, which has room for exactly these.
    pub fn run_many(&self, inputs: &[F], out: &mut [u8]) {
        let size = self.n_wires * scalar_size::<F>();
        for (index, witness) in out.chunks_exact_mut(size).enumerate() {
            let inputs = &inputs[index * self.n_inputs..(index + 1) * self.n_inputs];
            for (wire, bytes) in self.run(inputs).iter().zip(witness.chunks_exact_mut(scalar_size::<F>())) {
                write_scalar(wire, bytes);
            }
        }
    }

    fn run(&self, inputs: &[F]) -> Vec<F> {
        let mut machine =
            Machine { program: self, wires: vec![F::ZERO; self.all_wires()], lcs: vec![None; self.n_lcs()] };
        machine.wires[0] = F::ONE;
        machine.wires[1..=self.n_inputs].copy_from_slice(inputs);
        for op in &self.ops {
            machine.step(op);
        }
        machine.wires.truncate(self.n_wires);
        machine.wires
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
            Opcode::Linear => self.wires[op.dst] = a,
            Opcode::Product => self.wires[op.dst] = a * self.combination(op.b),
            Opcode::Quotient => self.wires[op.dst] = self.combination(op.b).inverse().map_or(F::ZERO, |b| a * b),
            Opcode::Bits => {
                let value = a.into_bigint();
                for (bit, wire) in self.wires[op.writes()].iter_mut().enumerate() {
                    *wire = F::from(value.get_bit(op.b + bit));
                }
            }
            Opcode::Divmod => {
                let (quotient, remainder) = divmod(a, self.combination(op.b));
                self.wires[op.dst] = quotient;
                self.wires[op.dst + 1] = remainder;
            }
            Opcode::Isqrt => self.wires[op.dst] = isqrt(a),
            Opcode::OneHot => {
                for (place, wire) in self.wires[op.writes()].iter_mut().enumerate() {
                    *wire = F::from(a == F::from(place as u64));
                }
            }
            Opcode::Sort => {
                let mut values: Vec<F> = (op.a..op.a + op.n).map(|index| self.combination(index)).collect();
                values.sort_by_cached_key(|value| value.into_bigint());
                self.wires[op.writes()].copy_from_slice(&values);
            }
        }
    }

    fn combination(&mut self, index: usize) -> F {
        if let Some(value) = self.lcs[index] {
            return value;
        }
        let value = self
            .program
            .terms_of(index)
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
