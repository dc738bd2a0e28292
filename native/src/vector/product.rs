//! Products of lanes, and Montgomery's reduction of them.

use std::marker::PhantomData;

use super::lanes::{Lanes, Loose};
use super::modulus::{Modulus, BITS};
use super::word::{Ifma, Word};

/// Sums of products in 2 L columns of weight 2^(52 k), not carried; a column is below 2^63.
///
/// Column k of one product is a sum of at most 2 L terms below 2^52, and the reduction adds at most as many: sums of up
/// to a hundred products fit.
pub struct Wide<M, const L: usize> {
    low: [Word; L],
    high: [Word; L],
    modulus: PhantomData<M>,
}

impl<M: Modulus<L>, const L: usize> Wide<M, L> {
    #[inline(always)]
    pub fn product(a: &Lanes<M, L>, b: &Lanes<M, L>) -> Self {
        Self::zero(a.limbs[0].ifma()).plus_product(a, b)
    }

    #[inline(always)]
    pub fn zero(ifma: Ifma) -> Self {
        let zero = ifma.zero();
        Self { low: [zero; L], high: [zero; L], modulus: PhantomData }
    }

    #[inline(always)]
    pub fn plus_product(mut self, a: &Lanes<M, L>, b: &Lanes<M, L>) -> Self {
        for i in 0..L {
            for j in 0..L {
                self.add_low(i + j, a.limbs[j], b.limbs[i]);
                self.add_high(i + j + 1, a.limbs[j], b.limbs[i]);
            }
        }
        self
    }

    /// The mixed terms once, doubled, then the squares of the limbs.
    #[inline(always)]
    pub fn square(a: &Lanes<M, L>) -> Self {
        let zero = a.limbs[0].ifma().zero();
        let mut sum = Self { low: [zero; L], high: [zero; L], modulus: PhantomData };
        for i in 0..L {
            for j in i + 1..L {
                sum.add_low(i + j, a.limbs[j], a.limbs[i]);
                sum.add_high(i + j + 1, a.limbs[j], a.limbs[i]);
            }
        }
        sum = sum.plus(&sum);
        for i in 0..L {
            sum.add_low(2 * i, a.limbs[i], a.limbs[i]);
            sum.add_high(2 * i + 1, a.limbs[i], a.limbs[i]);
        }
        sum
    }

    #[inline(always)]
    pub fn plus(&self, other: &Self) -> Self {
        let mut sum = Self { low: self.low, high: self.high, modulus: PhantomData };
        for i in 0..L {
            sum.low[i] = self.low[i].plus(other.low[i]);
            sum.high[i] = self.high[i].plus(other.high[i]);
        }
        sum
    }

    /// This over 2^(52 L), modulo p: for a sum of products below s p^2 the result is below (1 + s p / 2^(52 L)) p.
    #[inline(always)]
    pub fn reduce(mut self) -> Loose<M, L> {
        let ifma = self.low[0].ifma();
        let inverse = ifma.splat(M::INVERSE);
        for i in 0..L {
            let factor = ifma.zero().plus_low(self.low[i], inverse);
            for j in 0..L {
                let p = ifma.splat(M::P[j]);
                self.add_low(i + j, factor, p);
                self.add_high(i + j + 1, factor, p);
            }
            let carry = self.low[i].shift_right::<BITS>();
            if i + 1 < L {
                self.low[i + 1] = self.low[i + 1].plus(carry);
            } else {
                self.high[0] = self.high[0].plus(carry);
            }
        }
        Loose::new(self.high)
    }

    #[inline(always)]
    fn add_low(&mut self, column: usize, a: Word, b: Word) {
        if column < L {
            self.low[column] = self.low[column].plus_low(a, b);
        } else {
            self.high[column - L] = self.high[column - L].plus_low(a, b);
        }
    }

    #[inline(always)]
    fn add_high(&mut self, column: usize, a: Word, b: Word) {
        if column < L {
            self.low[column] = self.low[column].plus_high(a, b);
        } else {
            self.high[column - L] = self.high[column - L].plus_high(a, b);
        }
    }
}
