//! Poseidon with circomlib's parameters.
//!
//! Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon: A New Hash Function for Zero-Knowledge Proof Systems":
//! the permutation (section 2.3), the Grain LFSR that draws its constants (appendix E) and the equivalent form with
//! sparse matrices in the partial rounds (appendix B), which is what runs here.

use ark_ff::{BigInteger, Field, PrimeField};

const FULL_ROUNDS: usize = 8;
/// For state widths 2 to 17 over a 254-bit field with S-box x^5.
const PARTIAL_ROUNDS: [usize; 16] = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68];
pub const MAX_ARITY: usize = 16;

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
pub fn generate<F: PrimeField>(arity: usize) -> Option<Box<dyn Permutation<F>>> {
    macro_rules! widths {
        ($($arity:literal => $width:literal),*) => {
            match arity {
                $($arity => Sparse::<F, $width>::generate().map(|hash| Box::new(hash) as Box<dyn Permutation<F>>),)*
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

/// The same permutation with T + (T - 1) instead of T^2 products in a partial round.
///
/// Two rewritings, each exact. (1) The S-box of a partial round touches element 0 only, so constants added to the others
/// before it may be added after it instead, multiplied by the mixing matrix: they move into the next round. (2) Write
/// the mixing matrix M as a product of blocks, [[m, v], [w, B]] = [[1, 0], [0, B]] * [[m, v], [B^-1 w, I]]. The left factor
/// commutes with the S-box on element 0, so it moves into the next round's matrix, which becomes
/// M * [[1, 0], [0, B]] = [[m, vB], [w, BB]], and so on: round i (from 0) uses v B^i and B^-(i+1) w, and one dense
/// B^rounds remains for the end.
struct Sparse<F, const T: usize> {
    first_half: Vec<[F; T]>,
    partial: Vec<PartialRound<F, T>>,
    after_partial: [[F; T]; T],
    second_half: Vec<[F; T]>,
    mds: [[F; T]; T],
}

struct PartialRound<F, const T: usize> {
    constant: F,
    /// (m, v B^i): what the state contributes to element 0.
    row: [F; T],
    /// (unused, B^-(i+1) w): what element 0 contributes to the others.
    column: [F; T],
}

impl<F: PrimeField, const T: usize> Sparse<F, T> {
    fn generate() -> Option<Self> {
        let Parameters { rounds, mds } = Parameters::<F, T>::draw()?;
        let (first_half, rest) = rounds.split_at(FULL_ROUNDS / 2);
        let (middle, last) = rest.split_at(rest.len() - FULL_ROUNDS / 2);
        let mut second_half = last.to_vec();

        let block = lower_block(&mds);
        let inverse = invert(&block)?;
        let mut row = mds[0];
        let mut column = std::array::from_fn(|i| if i == 0 { F::ZERO } else { mds[i][0] });
        let mut remaining = identity();
        let mut carried = [F::ZERO; T];
        let mut partial = Vec::with_capacity(middle.len());
        for constants in middle {
            let mut pending: [F; T] = std::array::from_fn(|i| constants[i] + carried[i]);
            let constant = std::mem::take(&mut pending[0]);
            carried = multiply(&mds, &pending);
            column = multiply(&inverse, &column);
            partial.push(PartialRound { constant, row, column });
            row = std::array::from_fn(|j| (0..T).map(|i| row[i] * block[i][j]).sum());
            remaining = product(&block, &remaining);
        }
        for (constant, carry) in second_half.first_mut()?.iter_mut().zip(carried) {
            *constant += carry;
        }
        Some(Self { first_half: first_half.to_vec(), partial, after_partial: remaining, second_half, mds })
    }

    fn permute(&self, state: &mut [F; T]) {
        for constants in &self.first_half {
            self.full_round(state, constants);
        }
        for round in &self.partial {
            let first = fifth_power(state[0] + round.constant);
            state[0] = first;
            let mixed = F::sum_of_products(&round.row, state);
            for (value, factor) in state.iter_mut().zip(&round.column).skip(1) {
                *value += first * factor;
            }
            state[0] = mixed;
        }
        *state = multiply(&self.after_partial, state);
        for constants in &self.second_half {
            self.full_round(state, constants);
        }
    }

    fn full_round(&self, state: &mut [F; T], constants: &[F; T]) {
        for (value, constant) in state.iter_mut().zip(constants) {
            *value = fifth_power(*value + constant);
        }
        *state = multiply(&self.mds, state);
    }
}

impl<F: PrimeField, const T: usize> Permutation<F> for Sparse<F, T> {
    fn hash_from(&self, initial: F, inputs: &[F]) -> F {
        let mut state = [initial; T];
        state[1..].copy_from_slice(inputs);
        self.permute(&mut state);
        state[0]
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
    use ark_bn254::Fr;
    use ark_ff::{AdditiveGroup, MontFp};

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
        let hash = generate::<Fr>(2).map(|hash| hash.hash(&inputs(2)));
        let expected = MontFp!("7853200120776062878684798364095072458815029376092732009249414926327459813530");
        assert_eq!(hash, Some(expected));
    }

    #[test]
    fn sparse_form_is_the_same_permutation() {
        assert_eq!(generate::<Fr>(1).map(|hash| hash.hash(&inputs(1))), plain::<2>(&inputs(1)));
        assert_eq!(generate::<Fr>(5).map(|hash| hash.hash(&inputs(5))), plain::<6>(&inputs(5)));
        assert_eq!(generate::<Fr>(16).map(|hash| hash.hash(&inputs(16))), plain::<17>(&inputs(16)));
    }

    #[test]
    fn other_arities_do_not_exist() {
        assert!(generate::<Fr>(0).is_none());
        assert!(generate::<Fr>(17).is_none());
    }
}
