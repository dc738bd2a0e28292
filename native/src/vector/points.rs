//! Coordinates between stored points and lanes.

use ark_ff::{Fp2, Fp2Config, MontConfig};

use super::extension::Extension;
use super::lanes::Lanes;
use super::memory::{self, Element};
use super::word::Ifma;
use super::LANES;
use crate::affine::{Coordinate, Stored};

/// A field whose elements lie in lanes as D coefficients modulo T's p.
pub trait Laned<T: MontConfig<4>, const D: usize>: Coordinate {
    fn splat(&self, ifma: Ifma) -> Extension<T, 5, D>;
}

impl<T: MontConfig<4>> Laned<T, 1> for Element<T> {
    #[inline(always)]
    fn splat(&self, ifma: Ifma) -> Extension<T, 5, 1> {
        Extension { parts: [Lanes::splat(ifma, self)] }
    }
}

impl<T: MontConfig<4>, P: Fp2Config<Fp = Element<T>>> Laned<T, 2> for Fp2<P> {
    #[inline(always)]
    fn splat(&self, ifma: Ifma) -> Extension<T, 5, 2> {
        const { assert!(is_minus_one::<T>(P::NONRESIDUE.0 .0), "the products are those of i^2 = -1") };
        Extension { parts: [Lanes::splat(ifma, &self.c0), Lanes::splat(ifma, &self.c1)] }
    }
}

/// Is this, in Montgomery form, p - R?
const fn is_minus_one<T: MontConfig<4>>(words: [u64; 4]) -> bool {
    let (mut i, mut carry) = (0, false);
    while i < 4 {
        let (sum, first) = words[i].overflowing_add(T::R.0[i]);
        let (sum, second) = sum.overflowing_add(carry as u64);
        if sum != T::MODULUS.0[i] {
            return false;
        }
        carry = first || second;
        i += 1;
    }
    true
}

impl<T: MontConfig<4>, const D: usize> Extension<T, 5, D> {
    /// The coordinates whose words begin at `start` in each row.
    #[inline(always)]
    pub fn gather<P: Stored>(ifma: Ifma, rows: [&P; LANES], start: usize) -> Self {
        let mut result = Self::zero(ifma);
        for i in 0..D {
            let mut words = [&[0; 4]; LANES];
            for lane in 0..LANES {
                if let Some(row) = rows[lane].words()[start + 4 * i..].first_chunk() {
                    words[lane] = row;
                }
            }
            result.parts[i] = Lanes::from_words(memory::gather(ifma, words));
        }
        result
    }

    /// Canonical coordinates into the words from `start` on.
    #[inline(always)]
    pub fn scatter<P: Stored>(&self, rows: &mut [P; LANES], start: usize) {
        for i in 0..D {
            let mut places = [const { None }; LANES];
            for (place, row) in places.iter_mut().zip(&mut *rows) {
                *place = row.words_mut()[start + 4 * i..].first_chunk_mut();
            }
            if let [Some(a), Some(b), Some(c), Some(d), Some(e), Some(f), Some(g), Some(h)] = places {
                memory::scatter(self.parts[i].to_words(), [a, b, c, d, e, f, g, h]);
            }
        }
    }
}
