//! A checked program as the machine runs it: sums laid out in the order in which they are needed.
//!
//! Wires and sums live in one array of values, so that what an operation reads is one index. A combination that is a
//! single wire is that wire. Any other is summed just before the first operation that reads it, once, as values never
//! change; its slot after the wires is free again after the last.

use ark_ff::{AdditiveGroup, BigInteger, MontConfig, PrimeField};

use super::format::{Op, Opcode, Tables};
use crate::error::Error;
use crate::sum::{Element, LIMBS};

/// A program ready to be run.
pub struct Program<P: MontConfig<LIMBS>> {
    pub(super) n_inputs: usize,
    pub(super) n_wires: usize,
    /// Wires, scratch, and the slots of sums.
    pub(super) n_values: usize,
    pub(super) consts: Vec<Element<P>>,
    pub(super) steps: Vec<Step>,
    pub(super) sums: Vec<SumStep>,
    pub(super) terms: Vec<Term>,
    /// What SORT operations read, one after the other.
    pub(super) sorted: Vec<u32>,
}

/// An operation over values instead of combinations.
pub(super) struct Step {
    pub code: Opcode,
    /// How many sums are due before it.
    pub sums: u32,
    pub a: u32,
    pub b: u32,
    pub dst: u32,
    pub n: u32,
}

/// How a value is made from runs of terms, which follow those of the sum before. It begins with a constant.
pub(super) struct SumStep {
    pub dst: u32,
    pub constant: u32,
    /// Terms whose factor is the index of a constant; whose factor is the number itself; and the same, to be subtracted.
    pub products: u32,
    pub multiples: u32,
    pub negatives: u32,
}

pub(super) struct Term {
    pub value: u32,
    pub factor: u32,
}

/// What a constant is as a factor.
#[derive(Clone, Copy)]
enum Factor {
    Small(u32),
    Negative(u32),
    Large(u32),
}

impl Factor {
    /// Of an element: its own number or its negative's, where that is below 2^32, else `index`.
    fn of<F: PrimeField>(value: F, index: usize) -> Self {
        match (below_32_bits(value), below_32_bits(-value)) {
            (Some(factor), _) => Self::Small(factor),
            (None, Some(factor)) => Self::Negative(factor),
            (None, None) => Self::Large(index as u32),
        }
    }

    fn large(self) -> Option<u32> {
        if let Self::Large(index) = self {
            Some(index)
        } else {
            None
        }
    }

    fn small(self) -> Option<u32> {
        if let Self::Small(factor) = self {
            Some(factor)
        } else {
            None
        }
    }

    fn negative(self) -> Option<u32> {
        if let Self::Negative(factor) = self {
            Some(factor)
        } else {
            None
        }
    }
}

impl<P: MontConfig<LIMBS>> Program<P> {
    pub fn decode(data: &[u8]) -> Result<Self, Error> {
        Ok(Self::plan(Tables::decode(data)?))
    }

    fn plan(tables: Tables<Element<P>>) -> Self {
        let mut planner = Planner::new(&tables);
        let steps = tables.ops.iter().map(|op| planner.step(op)).collect();
        let Planner { sums, terms, sorted, slots, .. } = planner;
        let n_values = tables.all_wires() + slots as usize;
        let mut consts = tables.consts;
        consts.push(Element::<P>::ZERO);
        Self { n_inputs: tables.n_inputs, n_wires: tables.n_wires, n_values, consts, steps, sums, terms, sorted }
    }
}

struct Planner<'a, F> {
    tables: &'a Tables<F>,
    factors: Vec<Factor>,
    /// Of each combination: reads to come, and the value that it is, once there.
    reads: Vec<u32>,
    places: Vec<Option<u32>>,
    /// Slots so far, and those free again.
    slots: u32,
    free: Vec<u32>,
    sums: Vec<SumStep>,
    terms: Vec<Term>,
    sorted: Vec<u32>,
}

impl<'a, F: PrimeField> Planner<'a, F> {
    fn new(tables: &'a Tables<F>) -> Self {
        let mut reads = vec![0; tables.n_lcs()];
        tables.ops.iter().flat_map(Op::reads).for_each(|combination| reads[combination] += 1);
        Self {
            tables,
            factors: tables.consts.iter().enumerate().map(|(index, &value)| Factor::of(value, index)).collect(),
            reads,
            places: vec![None; tables.n_lcs()],
            slots: 0,
            free: Vec::new(),
            sums: Vec::new(),
            terms: Vec::new(),
            sorted: Vec::new(),
        }
    }

    fn step(&mut self, op: &Op) -> Step {
        let before = self.sums.len();
        let a = self.value(op.a);
        let b = if op.code.reads_b() { self.value(op.b) } else { op.b as u32 };
        if op.code == Opcode::Sort {
            let values: Vec<u32> = op.reads().map(|combination| self.value(combination)).collect();
            self.sorted.extend(values);
        }
        op.reads().for_each(|combination| self.release(combination));
        let sums = (self.sums.len() - before) as u32;
        Step { code: op.code, sums, a, b, dst: op.dst as u32, n: op.n as u32 }
    }

    /// Where the value of a combination is, at the latest after the sums planned so far.
    fn value(&mut self, combination: usize) -> u32 {
        if let Some(place) = self.places[combination] {
            return place;
        }
        let place = match *self.tables.terms_of(combination) {
            [(wire, constant)] if matches!(self.factors[constant as usize], Factor::Small(1)) => wire,
            ref terms => {
                let slot = self.free.pop().unwrap_or_else(|| {
                    self.slots += 1;
                    self.tables.all_wires() as u32 + self.slots - 1
                });
                self.sum(slot, terms);
                slot
            }
        };
        self.places[combination] = Some(place);
        place
    }

    fn sum(&mut self, dst: u32, terms: &[(u32, u32)]) {
        let zero = self.tables.consts.len() as u32;
        let own = terms.iter().position(|&(wire, _)| wire == 0);
        let constant = own.map_or(zero, |place| terms[place].1);
        let rest = || terms.iter().enumerate().filter(|&(place, _)| Some(place) != own).map(|(_, term)| term);
        let mut ends = [self.terms.len(); 4];
        for (end, kind) in ends[1..].iter_mut().zip([Factor::large, Factor::small, Factor::negative]) {
            for &(value, constant) in rest() {
                if let Some(factor) = kind(self.factors[constant as usize]) {
                    self.terms.push(Term { value, factor });
                }
            }
            *end = self.terms.len();
        }
        let [products, multiples, negatives] = std::array::from_fn(|kind| (ends[kind + 1] - ends[kind]) as u32);
        self.sums.push(SumStep { dst, constant, products, multiples, negatives });
    }

    fn release(&mut self, combination: usize) {
        self.reads[combination] -= 1;
        let first = self.tables.all_wires() as u32;
        match self.places[combination] {
            Some(place) if self.reads[combination] == 0 && place >= first => self.free.push(place),
            _ => {}
        }
    }
}

/// The number, if it is below 2^32.
fn below_32_bits<F: PrimeField>(value: F) -> Option<u32> {
    let value = value.into_bigint();
    if value.num_bits() > 32 {
        return None;
    }
    u32::try_from(*value.as_ref().first()?).ok()
}
