//! Poseidon with circomlib's parameters.
//!
//! Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon: A New Hash Function for Zero-Knowledge Proof Systems":
//! the permutation (section 2.3), the Grain LFSR that draws its constants (appendix E) and the equivalent form with
//! sparse matrices in the partial rounds (appendix B), which is what runs here.

use std::sync::Arc;

use ark_ff::{AdditiveGroup, BigInteger, Field, MontConfig, PrimeField};

use crate::sum::{sum_of_products, Element, LIMBS};

const FULL_ROUNDS: usize = 8;
/// For state widths 2 to 17 over a 254-bit field with S-box x^5.
const PARTIAL_ROUNDS: [usize; 16] = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68];
pub const MAX_ARITY: usize = 16;
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

/// A hash of a fixed number of inputs.
pub trait Permutation<F: Field>: Send + Sync {
    /// The first element of the permuted state (0, inputs...). There must be exactly width - 1 inputs.
    fn hash(&self, inputs: &[F]) -> F {
        self.hash_from(F::ZERO, inputs)
    }

    /// The same of the state (initial, inputs...).
    fn hash_from(&self, initial: F, inputs: &[F]) -> F;
}

/// The hash of `arity` inputs, 1 to 16, or None.
pub fn generate<P: MontConfig<LIMBS>>(arity: usize) -> Option<Box<dyn Permutation<Element<P>>>> {
    macro_rules! widths {
        ($($arity:literal => $width:literal),*) => {
            match arity {
                $($arity => Sparse::<P, $width>::generate().map(|hash| Box::new(hash) as Box<dyn Permutation<_>>),)*
                _ => None,
            }
        };
    }
    widths!(1 => 2, 2 => 3, 3 => 4, 4 => 5, 5 => 6, 6 => 7, 7 => 8, 8 => 9,
            9 => 10, 10 => 11, 11 => 12, 12 => 13, 13 => 14, 14 => 15, 15 => 16, 16 => 17)
}

/// A sponge in overwrite mode over lists of one length: a permutation for each block of 16 and one for what is left.
pub struct ListHash<'a, F> {
    blocks: Vec<(usize, &'a dyn Permutation<F>)>,
}

impl<'a, F: Field> ListHash<'a, F> {
    /// `width` is at least 1; `permutation` gives the hash of so many inputs.
    pub fn new<E>(width: usize, permutation: impl Fn(usize) -> Result<&'a dyn Permutation<F>, E>) -> Result<Self, E> {
        let mut blocks = Vec::with_capacity(width.div_ceil(MAX_ARITY));
        for start in (0..width).step_by(MAX_ARITY) {
            let length = MAX_ARITY.min(width - start);
            blocks.push((length, permutation(length)?));
        }
        Ok(Self { blocks })
    }

    /// There must be exactly `width` items.
    pub fn hash(&self, capacity: F, mut items: &[F]) -> F {
        let mut state = capacity;
        for (length, permutation) in &self.blocks {
            let (block, rest) = items.split_at(*length);
            state = permutation.hash_from(state, block);
            items = rest;
        }
        state
    }
}

type Square<F, const T: usize> = [[F; T]; T];

/// The constants as the paper draws them: `rounds` holds T numbers a round.
struct Parameters<F, const T: usize> {
    rounds: Vec<[F; T]>,
    mds: [[F; T]; T],
}

impl<F: PrimeField, const T: usize> Parameters<F, T> {
    fn draw() -> Option<Self> {
        let partial = *PARTIAL_ROUNDS.get(T.checked_sub(2)?)?;
        let mut grain = Grain::new(F::MODULUS_BIT_SIZE as usize, T, partial);
        let rounds = (0..FULL_ROUNDS + partial).map(|_| std::array::from_fn(|_| grain.below_modulus())).collect();
        let xs: [F; T] = std::array::from_fn(|_| grain.reduced());
        let ys: [F; T] = std::array::from_fn(|_| grain.reduced());
        let mut mds = [[F::ZERO; T]; T];
        for (row, x) in mds.iter_mut().zip(xs) {
            for (entry, y) in row.iter_mut().zip(ys) {
                *entry = (x + y).inverse()?;
            }
        }
        Some(Self { rounds, mds })
    }
}

/// The same permutation with about 2 T instead of T^2 products in a partial round.
///
/// Three rewritings, each exact. (1) The S-box of a partial round touches element 0 only, so constants added to the others
/// before it may be added after it instead, multiplied by the mixing matrix: they move into the next round. (2) Write
/// the mixing matrix M as [[m, v], [w, B]], and let D_i = [[1, 0], [0, B^(p - i)]] before round i of p. D commutes with the
/// S-box on element 0, so that the states D_i x are mixed by D_(i+1) M D_i^-1 = [[m, v B^-(p - i)], [B^(p - i - 1) w, I]].
/// D_0 goes into the matrix of the full round before, and D_p is nothing. (3) What the S-box outputs of a block of rounds
/// add to the elements other than 0 is added at the block's end, in one sum each; until then element 0 takes what it needs
/// of it from those outputs: `rows` has the products of a round's row with the columns before it.
struct Sparse<P: MontConfig<LIMBS>, const T: usize> {
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
    fn generate() -> Option<Self> {
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

fn multiply<F: Field, const T: usize>(matrix: &[[F; T]; T], vector: &[F; T]) -> [F; T] {
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

/// The 80-bit LFSR in self-shrinking mode, seeded with the instance it draws constants for.
struct Grain {
    register: u128,
    bits: usize,
}

impl Grain {
    fn new(bits: usize, width: usize, partial_rounds: usize) -> Self {
        // prime field, S-box x^alpha, field size, width, full rounds, partial rounds, then ones
        let fields = [(1, 2), (0, 4), (bits, 12), (width, 12), (FULL_ROUNDS, 10), (partial_rounds, 10)];
        let seed = fields.iter().fold(0u128, |seed, &(value, size)| seed << size | value as u128);
        let mut grain = Self { register: seed << 30 | 0x3fff_ffff, bits };
        for _ in 0..160 {
            grain.clock();
        }
        grain
    }

    /// The oldest bit stands on top of the register.
    fn clock(&mut self) -> bool {
        let tap = |position: u32| self.register >> (79 - position) & 1;
        let new = tap(0) ^ tap(13) ^ tap(23) ^ tap(38) ^ tap(51) ^ tap(62);
        self.register = (self.register << 1 | new) & ((1 << 80) - 1);
        new == 1
    }

    /// Of each pair of bits the second counts where the first is one.
    fn bit(&mut self) -> bool {
        loop {
            let (keep, bit) = (self.clock(), self.clock());
            if keep {
                return bit;
            }
        }
    }

    fn draw<F: PrimeField>(&mut self) -> F::BigInt {
        let bits: Vec<bool> = (0..self.bits).map(|_| self.bit()).collect();
        F::BigInt::from_bits_be(&bits)
    }

    /// Rejection sampling.
    fn below_modulus<F: PrimeField>(&mut self) -> F {
        loop {
            if let Some(value) = F::from_bigint(self.draw::<F>()) {
                return value;
            }
        }
    }

    fn reduced<F: PrimeField>(&mut self) -> F {
        F::from_le_bytes_mod_order(&self.draw::<F>().to_bytes_le())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::{Fr, FrConfig};
    use ark_ff::MontFp;

    /// The permutation as the paper states it.
    fn plain<const T: usize>(inputs: &[Fr]) -> Option<Fr> {
        let Parameters { rounds, mds } = Parameters::<Fr, T>::draw()?;
        let partial = FULL_ROUNDS / 2..rounds.len() - FULL_ROUNDS / 2;
        let mut state = [Fr::ZERO; T];
        state[1..].copy_from_slice(inputs);
        for (number, constants) in rounds.iter().enumerate() {
            for (value, constant) in state.iter_mut().zip(constants) {
                *value += constant;
            }
            let touched = if partial.contains(&number) { 1 } else { T };
            for value in &mut state[..touched] {
                *value = value.pow([5]);
            }
            state = multiply(&mds, &state);
        }
        Some(state[0])
    }

    fn inputs(count: u64) -> Vec<Fr> {
        (1..=count).map(Fr::from).collect()
    }

    #[test]
    fn agrees_with_circomlib() {
        let hash = generate::<FrConfig>(2).map(|hash| hash.hash(&inputs(2)));
        let expected = MontFp!("7853200120776062878684798364095072458815029376092732009249414926327459813530");
        assert_eq!(hash, Some(expected));
    }

    #[test]
    fn sparse_form_is_the_same_permutation() {
        assert_eq!(generate::<FrConfig>(1).map(|hash| hash.hash(&inputs(1))), plain::<2>(&inputs(1)));
        assert_eq!(generate::<FrConfig>(5).map(|hash| hash.hash(&inputs(5))), plain::<6>(&inputs(5)));
        assert_eq!(generate::<FrConfig>(16).map(|hash| hash.hash(&inputs(16))), plain::<17>(&inputs(16)));
    }

    #[test]
    fn other_arities_do_not_exist() {
        assert!(generate::<FrConfig>(0).is_none());
        assert!(generate::<FrConfig>(17).is_none());
    }
}
