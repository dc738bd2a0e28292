//! The permutation in its equivalent form with sparse matrices, which is what runs.

use std::sync::Arc;

use ark_ff::{AdditiveGroup, Field, MontConfig};

use crate::sum::{sum_of_products, Element, LIMBS};

use super::parameters::{Parameters, FULL_ROUNDS};
use super::{Permutation, MAX_ARITY};

/// The most of `block_length`.
const BLOCK: usize = 6;

/// Partial rounds between which the state as a whole is brought up to date, for each width; measured.
const fn block_length(width: usize) -> usize {
    match width {
        ..=3 => 2,
        4..=6 => 4,
        _ => BLOCK,
    }
}

type Square<F, const T: usize> = [[F; T]; T];

/// The same permutation with about 2 T instead of T^2 products in a partial round.
///
/// Three rewritings, each exact. (1) The S-box of a partial round touches element 0 only, so constants added to the others
/// before it may be added after it instead, multiplied by the mixing matrix: they move into the next round. (2) Write
/// the mixing matrix M as [[m, v], [w, B]], and let D_i = [[1, 0], [0, B^(p - i)]] before round i of p. D commutes with the
/// S-box on element 0, so that the states D_i x are mixed by D_(i+1) M D_i^-1 = [[m, v B^-(p - i)], [B^(p - i - 1) w, I]].
/// D_0 goes into the matrix of the full round before, and D_p is nothing. (3) What the S-box outputs of a block of rounds
/// add to the elements other than 0 is added at the block's end, in one sum each; until then element 0 takes what it needs
/// of it from those outputs: `rows` has the products of a round's row with the columns before it.
pub struct Sparse<P: MontConfig<LIMBS>, const T: usize> {
    first_half: Vec<FullRound<P, T>>,
    partial: Vec<PartialBlock<P>>,
    second_half: Vec<FullRound<P, T>>,
}

struct FullRound<P: MontConfig<LIMBS>, const T: usize> {
    constants: [Element<P>; T],
    matrix: Arc<[[Element<P>; T]; T]>,
}

/// Up to `BLOCK` partial rounds.
struct PartialBlock<P: MontConfig<LIMBS>> {
    constants: Vec<Element<P>>,
    /// For each round, what elements 1 to T - 1 at the block's begin and the outputs so far contribute to element 0.
    rows: Vec<Vec<Element<P>>>,
    /// For elements 1 to T - 1, what the block's outputs contribute to them.
    columns: Vec<Vec<Element<P>>>,
}

/// A partial round in the states D_i x.
struct PartialRound<F, const T: usize> {
    constant: F,
    /// (m, v B^-(p - i)): what the state contributes to element 0.
    row: [F; T],
    /// (unused, B^(p - i - 1) w): what element 0 contributes to the others.
    column: [F; T],
}

impl<P: MontConfig<LIMBS>, const T: usize> Sparse<P, T> {
    pub fn generate() -> Option<Self> {
        let Parameters { rounds, mds } = Parameters::<Element<P>, T>::draw()?;
        let (first, rest) = rounds.split_at(FULL_ROUNDS / 2);
        let (middle, last) = rest.split_at(rest.len() - FULL_ROUNDS / 2);
        let mut last = last.to_vec();
        let (partial, entry) = sparse_rounds(middle, &mds, last.first_mut()?)?;
        let entering = Arc::new(product(&entry, &mds));
        let matrix = Arc::new(mds);
        let full = |constants: &[Element<P>; T]| FullRound { constants: *constants, matrix: matrix.clone() };
        let mut first_half: Vec<_> = first.iter().map(full).collect();
        first_half.last_mut()?.matrix = entering;
        Some(Self {
            first_half,
            partial: partial.chunks(block_length(T)).map(gathered).collect(),
            second_half: last.iter().map(full).collect(),
        })
    }

    /// The first element of the permuted state.
    fn digest(&self, mut state: [Element<P>; T]) -> Element<P> {
        for round in &self.first_half {
            state = round.apply(state);
        }
        for block in &self.partial {
            block.apply(&mut state);
        }
        let Some((last, others)) = self.second_half.split_last() else { return state[0] };
        for round in others {
            state = round.apply(state);
        }
        sum_of_products(&last.matrix[0], &last.substituted(state))
    }
}

impl<P: MontConfig<LIMBS>, const T: usize> FullRound<P, T> {
    fn apply(&self, state: [Element<P>; T]) -> [Element<P>; T] {
        let state = self.substituted(state);
        std::array::from_fn(|i| sum_of_products(&self.matrix[i], &state))
    }

    fn substituted(&self, state: [Element<P>; T]) -> [Element<P>; T] {
        std::array::from_fn(|i| fifth_power(state[i] + self.constants[i]))
    }
}

impl<P: MontConfig<LIMBS>> PartialBlock<P> {
    fn apply(&self, state: &mut [Element<P>]) {
        let others = state.len() - 1;
        let mut known = [Element::<P>::ZERO; MAX_ARITY + BLOCK];
        known[..others].copy_from_slice(&state[1..]);
        for (round, (constant, row)) in self.constants.iter().zip(&self.rows).enumerate() {
            known[others + round] = fifth_power(state[0] + constant);
            state[0] = sum_of_products(row, &known);
        }
        let outputs = &known[others..others + self.rows.len()];
        for (value, column) in state[1..].iter_mut().zip(&self.columns) {
            *value += sum_of_products(column, outputs);
        }
    }
}

/// The partial rounds in the states D_i x, and D_0; what their constants leave over is added to those of the next round.
fn sparse_rounds<F: Field, const T: usize>(
    constants: &[[F; T]],
    mds: &[[F; T]; T],
    next: &mut [F; T],
) -> Option<(Vec<PartialRound<F, T>>, Square<F, T>)> {
    let mut carried = [F::ZERO; T];
    let mut firsts = Vec::with_capacity(constants.len());
    for constants in constants {
        let mut pending: [F; T] = std::array::from_fn(|i| constants[i] + carried[i]);
        firsts.push(std::mem::take(&mut pending[0]));
        carried = multiply(mds, &pending);
    }
    for (constant, carry) in next.iter_mut().zip(carried) {
        *constant += carry;
    }
    let block = lower_block(mds);
    let inverse = invert(&block)?;
    let mut row = mds[0];
    let mut column = std::array::from_fn(|i| if i == 0 { F::ZERO } else { mds[i][0] });
    let mut entry = identity();
    let mut rounds = Vec::with_capacity(firsts.len());
    for constant in firsts.into_iter().rev() {
        row = std::array::from_fn(|j| (0..T).map(|i| row[i] * inverse[i][j]).sum());
        rounds.push(PartialRound { constant, row, column });
        column = multiply(&block, &column);
        entry = product(&block, &entry);
    }
    rounds.reverse();
    Some((rounds, entry))
}

/// Rounds as one block.
fn gathered<P: MontConfig<LIMBS>, const T: usize>(rounds: &[PartialRound<Element<P>, T>]) -> PartialBlock<P> {
    let row = |(number, round): (usize, &PartialRound<Element<P>, T>)| {
        let earlier = rounds[..number].iter().map(|before| sum_of_products(&round.row[1..], &before.column[1..]));
        round.row[1..].iter().copied().chain(earlier).chain([round.row[0]]).collect()
    };
    PartialBlock {
        constants: rounds.iter().map(|round| round.constant).collect(),
        rows: rounds.iter().enumerate().map(row).collect(),
        columns: (1..T).map(|i| rounds.iter().map(|round| round.column[i]).collect()).collect(),
    }
}

impl<P: MontConfig<LIMBS>, const T: usize> Permutation<Element<P>> for Sparse<P, T> {
    fn hash_from(&self, initial: Element<P>, inputs: &[Element<P>]) -> Element<P> {
        let mut state = [initial; T];
        state[1..].copy_from_slice(inputs);
        self.digest(state)
    }
}

fn fifth_power<F: Field>(value: F) -> F {
    value.square().square() * value
}

pub fn multiply<F: Field, const T: usize>(matrix: &[[F; T]; T], vector: &[F; T]) -> [F; T] {
    std::array::from_fn(|i| F::sum_of_products(&matrix[i], vector))
}

fn product<F: Field, const T: usize>(a: &[[F; T]; T], b: &[[F; T]; T]) -> [[F; T]; T] {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..T).map(|k| a[i][k] * b[k][j]).sum()))
}

fn identity<F: Field, const T: usize>() -> [[F; T]; T] {
    std::array::from_fn(|i| std::array::from_fn(|j| if i == j { F::ONE } else { F::ZERO }))
}

/// [[1, 0], [0, B]] for a matrix [[m, v], [w, B]].
fn lower_block<F: Field, const T: usize>(matrix: &[[F; T]; T]) -> [[F; T]; T] {
    let mut block = *matrix;
    block[0] = identity()[0];
    for row in &mut block[1..] {
        row[0] = F::ZERO;
    }
    block
}

/// Gauss and Jordan; None for a singular matrix.
fn invert<F: Field, const T: usize>(matrix: &[[F; T]; T]) -> Option<[[F; T]; T]> {
    let (mut left, mut right) = (*matrix, identity());
    for pivot in 0..T {
        let found = (pivot..T).find(|&row| !left[row][pivot].is_zero())?;
        left.swap(pivot, found);
        right.swap(pivot, found);
        let factor = left[pivot][pivot].inverse()?;
        for j in 0..T {
            left[pivot][j] *= factor;
            right[pivot][j] *= factor;
        }
        for row in (0..T).filter(|&row| row != pivot) {
            let factor = left[row][pivot];
            for j in 0..T {
                let (l, r) = (left[pivot][j], right[pivot][j]);
                left[row][j] -= factor * l;
                right[row][j] -= factor * r;
            }
        }
    }
    Some(right)
}
