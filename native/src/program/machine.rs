//! Running a program: values are filled in the order of its operations, many witnesses side by side.

use ark_ff::{AdditiveGroup, BigInteger, Field, MontConfig, PrimeField};
use rayon::prelude::*;

use super::format::Opcode;
use super::integer::{divmod, isqrt};
use super::plan::{Program, Step, SumStep, Term};
use crate::encode::{decode_scalars, scalar_size, write_scalar};
use crate::error::Error;
use crate::sparse::Constraints;
use crate::sum::{Element, Sum, LIMBS};

impl<P: MontConfig<LIMBS>> Program<P> {
    pub fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    pub fn n_wires(&self) -> usize {
        self.n_wires
    }

    /// `count` vectors of inputs, end to end.
    pub fn decode_inputs(&self, inputs: &[u8], count: usize) -> Result<Vec<Element<P>>, Error> {
        let values = decode_scalars(inputs, "program input")?;
        let expected = count.saturating_mul(self.n_inputs);
        if values.len() != expected {
            return Err(Error::Count { what: "program input", expected, found: values.len() });
        }
        Ok(values)
    }

    /// The witness of each vector of inputs, as canonical bytes into `out`, which has room for exactly these.
    ///
    /// A thread keeps one array of values for all the witnesses that it computes.
    pub fn run_many(&self, inputs: &[Element<P>], out: &mut [u8]) {
        let size = scalar_size::<Element<P>>();
        out.par_chunks_exact_mut(self.n_wires * size).enumerate().for_each_init(
            || vec![Element::<P>::ZERO; self.n_values],
            |values, (index, witness)| {
                self.run(&inputs[index * self.n_inputs..(index + 1) * self.n_inputs], values);
                for (value, bytes) in values.iter().zip(witness.chunks_exact_mut(size)) {
                    write_scalar(value, bytes);
                }
            },
        );
    }

    /// For each vector of inputs the first constraint that its witness does not satisfy.
    pub fn first_broken(
        &self,
        inputs: &[Element<P>],
        count: usize,
        constraints: &Constraints<Element<P>>,
    ) -> Result<Vec<Option<usize>>, Error> {
        if constraints.width() != self.n_wires {
            return Err(Error::Count { what: "wire", expected: self.n_wires, found: constraints.width() });
        }
        Ok((0..count)
            .into_par_iter()
            .map_init(
                || vec![Element::<P>::ZERO; self.n_values],
                |values, index| {
                    self.run(&inputs[index * self.n_inputs..(index + 1) * self.n_inputs], values);
                    constraints.first_broken(&values[..self.n_wires])
                },
            )
            .collect())
    }

    fn run(&self, inputs: &[Element<P>], values: &mut [Element<P>]) {
        values[0] = Element::<P>::ONE;
        values[1..=self.n_inputs].copy_from_slice(inputs);
        let (mut sums, mut terms, mut sorted) = (&self.sums[..], &self.terms[..], &self.sorted[..]);
        for step in &self.steps {
            for sum in take(&mut sums, step.sums) {
                values[sum.dst as usize] = self.sum(sum, &mut terms, values);
            }
            if step.code == Opcode::Sort {
                sort(take(&mut sorted, step.n), step.dst, values);
            } else {
                execute(step, values);
            }
        }
    }

    #[inline]
    fn sum(&self, sum: &SumStep, terms: &mut &[Term], values: &[Element<P>]) -> Element<P> {
        let mut total = Sum::from(&self.consts[sum.constant as usize]);
        for term in take(terms, sum.products) {
            total.add_product(&values[term.value as usize], &self.consts[term.factor as usize]);
        }
        for term in take(terms, sum.multiples) {
            total.add_multiple(&values[term.value as usize], term.factor);
        }
        for term in take(terms, sum.negatives) {
            total.subtract_multiple(&values[term.value as usize], term.factor);
        }
        total.reduced()
    }
}

/// The first items of a slice, which loses them.
fn take<'a, T>(rest: &mut &'a [T], count: u32) -> &'a [T] {
    let (head, tail) = rest.split_at(count as usize);
    *rest = tail;
    head
}

#[inline]
fn execute<F: PrimeField>(step: &Step, values: &mut [F]) {
    let a = values[step.a as usize];
    let dst = step.dst as usize;
    let many = dst..dst + step.n as usize;
    match step.code {
        Opcode::Product => values[dst] = a * values[step.b as usize],
        Opcode::Quotient => values[dst] = values[step.b as usize].inverse().map_or(F::ZERO, |inverse| a * inverse),
        Opcode::Bits => {
            let a = a.into_bigint();
            for (bit, wire) in values[many].iter_mut().enumerate() {
                *wire = F::from(a.get_bit(step.b as usize + bit));
            }
        }
        Opcode::Divmod => (values[dst], values[dst + 1]) = divmod(a, values[step.b as usize]),
        Opcode::Isqrt => values[dst] = isqrt(a),
        Opcode::OneHot => {
            values[many.clone()].fill(F::ZERO);
            if a < F::from(step.n) {
                values[dst + a.into_bigint().as_ref()[0] as usize] = F::ONE;
            }
        }
        Opcode::Linear | Opcode::Sort => values[dst] = a,
    }
}

fn sort<F: PrimeField>(places: &[u32], dst: u32, values: &mut [F]) {
    let mut listed: Vec<F> = places.iter().map(|&place| values[place as usize]).collect();
    listed.sort_by_cached_key(|value| value.into_bigint());
    values[dst as usize..dst as usize + listed.len()].copy_from_slice(&listed);
}
