//! iden3's `.r1cs` and `.wtns` as arkworks' matrices and assignment. They were written by this benchmark.

use std::collections::HashMap;
use std::path::Path;

use ark_bn254::Fr;
use ark_ff::PrimeField;
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, Matrix, SynthesisError, Variable,
};

use crate::Outcome;

const ELEMENT: usize = 32;

#[derive(Clone)]
pub struct System {
    pub wires: usize,
    /// The constant 1 among them.
    pub inputs: usize,
    /// A, B and C.
    pub matrices: Vec<Matrix<Fr>>,
}

impl System {
    pub fn read(path: &Path) -> Outcome<Self> {
        let data = std::fs::read(path)?;
        let parts = sections(&data)?;
        let header = &parts.get(&1).ok_or("no header")?[4 + ELEMENT..];
        let word = |i: usize| u32_at(header, 4 * i);
        let (wires, inputs, constraints) = (word(0), 1 + word(1) + word(2), word(6));
        let mut matrices = vec![Matrix::with_capacity(constraints); 3];
        let mut rest = *parts.get(&2).ok_or("no constraints")?;
        for _ in 0..constraints {
            for matrix in &mut matrices {
                let (terms, after) = rest[4..].split_at(u32_at(rest, 0) * (4 + ELEMENT));
                matrix
                    .push(terms.chunks_exact(4 + ELEMENT).map(|term| (element(&term[4..]), u32_at(term, 0))).collect());
                rest = after;
            }
        }
        Ok(Self { wires, inputs, matrices })
    }

    pub fn constraints(&self) -> usize {
        self.matrices[0].len()
    }
}

/// For the setup, which takes circuits only.
impl ConstraintSynthesizer<Fr> for System {
    fn generate_constraints(self, system: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let mut wires = vec![Variable::One];
        for _ in 1..self.inputs {
            wires.push(system.new_input_variable(|| Err(SynthesisError::AssignmentMissing))?);
        }
        for _ in self.inputs..self.wires {
            wires.push(system.new_witness_variable(|| Err(SynthesisError::AssignmentMissing))?);
        }
        let sum = |row: &[(Fr, usize)]| LinearCombination(row.iter().map(|&(x, wire)| (x, wires[wire])).collect());
        let [a, b, c] = [&self.matrices[0], &self.matrices[1], &self.matrices[2]];
        for ((a, b), c) in a.iter().zip(b).zip(c) {
            system.enforce_r1cs_constraint(|| sum(a), || sum(b), || sum(c))?;
        }
        Ok(())
    }
}

pub fn read_witness(path: &Path) -> Outcome<Vec<Fr>> {
    let data = std::fs::read(path)?;
    let values = *sections(&data)?.get(&2).ok_or("no values")?;
    Ok(values.chunks_exact(ELEMENT).map(element).collect())
}

fn sections(data: &[u8]) -> Outcome<HashMap<usize, &[u8]>> {
    let mut rest = &data[12..];
    let mut found = HashMap::new();
    for _ in 0..u32_at(data, 8) {
        let length = u64::from_le_bytes(rest[4..12].try_into()?);
        let (section, after) = rest[12..].split_at(usize::try_from(length)?);
        found.insert(u32_at(rest, 0), section);
        rest = after;
    }
    Ok(found)
}

fn element(bytes: &[u8]) -> Fr {
    Fr::from_le_bytes_mod_order(bytes)
}

fn u32_at(data: &[u8], at: usize) -> usize {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&data[at..at + 4]);
    u32::from_le_bytes(bytes) as usize
}
