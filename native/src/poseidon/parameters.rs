//! The constants of Poseidon, drawn from the Grain LFSR.

use ark_ff::{BigInteger, PrimeField};

pub const FULL_ROUNDS: usize = 8;
/// For state widths 2 to 17 over a 254-bit field with S-box x^5.
const PARTIAL_ROUNDS: [usize; 16] = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68];

/// The constants as the paper draws them: `rounds` holds T numbers a round.
pub struct Parameters<F, const T: usize> {
    pub rounds: Vec<[F; T]>,
    pub mds: [[F; T]; T],
}

impl<F: PrimeField, const T: usize> Parameters<F, T> {
    pub fn draw() -> Option<Self> {
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
