//! Poseidon with circomlib's parameters.
//!
//! Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon: A New Hash Function for Zero-Knowledge Proof Systems":
//! the permutation (section 2.3), the Grain LFSR that draws its constants (appendix E) and the equivalent form with
//! sparse matrices in the partial rounds (appendix B), which is what runs here.

mod parameters;
mod sparse;

use ark_ff::{Field, MontConfig};

use crate::sum::{Element, LIMBS};

use self::sparse::Sparse;

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

#[cfg(test)]
mod tests {
    use super::parameters::{Parameters, FULL_ROUNDS};
    use super::sparse::multiply;
    use super::*;
    use crate::bn254::{Fr, FrConfig};
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
