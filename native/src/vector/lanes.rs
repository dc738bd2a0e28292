//! Eight elements modulo p: carried ([`Lanes`], fit for products) or not yet ([`Loose`], fit for sums).

use std::marker::PhantomData;

use super::modulus::{multiple, Modulus, BITS, LIMB};
use super::product::Wide;
use super::word::{Ifma, Mask, Word};

/// Eight numbers modulo p, each limb below 2^52. How many times p a value may be is said where it matters.
pub struct Lanes<M, const L: usize> {
    pub(super) limbs: [Word; L],
    modulus: PhantomData<M>,
}

/// Eight numbers with limbs of either sign, each of absolute value below 2^62.
pub struct Loose<M, const L: usize> {
    limbs: [Word; L],
    modulus: PhantomData<M>,
}

impl<M, const L: usize> Clone for Lanes<M, L> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, const L: usize> Copy for Lanes<M, L> {}

impl<M, const L: usize> Clone for Loose<M, L> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, const L: usize> Copy for Loose<M, L> {}

impl<M: Modulus<L>, const L: usize> Lanes<M, L> {
    /// From limbs below 2^52.
    #[inline(always)]
    pub(super) fn new(limbs: [Word; L]) -> Self {
        Self { limbs, modulus: PhantomData }
    }

    #[inline(always)]
    pub fn zero(ifma: Ifma) -> Self {
        Self::new([ifma.zero(); L])
    }

    /// The same number in every lane, given in limbs below 2^52.
    #[inline(always)]
    pub fn splat_limbs(ifma: Ifma, limbs: [u64; L]) -> Self {
        let mut words = [ifma.zero(); L];
        for i in 0..L {
            words[i] = ifma.splat(limbs[i]);
        }
        Self::new(words)
    }

    /// self other / 2^(52 L). For operands below s p and t p with s t p <= 2^(52 L) the result is below 2 p; for BN254,
    /// whose 2^260 is above 84 p, it is below (1 + s t / 84) p.
    #[inline(always)]
    pub fn times(&self, other: &Self) -> Self {
        self.times_loose(other).carry()
    }

    /// The same, not carried.
    #[inline(always)]
    pub fn times_loose(&self, other: &Self) -> Loose<M, L> {
        Wide::product(self, other).reduce()
    }

    /// self^2 / 2^(52 L), within the bounds of [`Lanes::times`].
    #[inline(always)]
    pub fn squared(&self) -> Self {
        self.squared_loose().carry()
    }

    #[inline(always)]
    pub fn squared_loose(&self) -> Loose<M, L> {
        Wide::square(self).reduce()
    }

    /// The product of two numbers in memory's form, in memory's form: a value below s p counts as 2^SHIFT s for the
    /// bounds of [`Lanes::times`].
    #[inline(always)]
    pub fn product(&self, other: &Self) -> Self {
        self.raise().times(other)
    }

    /// 2^SHIFT self, which must fit the limbs: memory's form made the lanes' own.
    #[inline(always)]
    pub fn raise(&self) -> Self {
        let ifma = self.limbs[0].ifma();
        let mut limbs = self.limbs;
        let left = 64 - M::SHIFT;
        let mask = ifma.splat(LIMB);
        for i in (0..L).rev() {
            // The limb's bits and, from below, the highest bits of its neighbour, put at the word's top.
            let below = if i > 0 { self.limbs[i - 1].shift_left::<{ 64 - BITS }>() } else { ifma.zero() };
            limbs[i] = below.funnel(self.limbs[i], left).and(mask);
        }
        Self::new(limbs)
    }

    #[inline(always)]
    pub fn loose(&self) -> Loose<M, L> {
        Loose::new(self.limbs)
    }

    #[inline(always)]
    pub fn plus(&self, other: &Self) -> Loose<M, L> {
        self.loose().plus(&other.loose())
    }

    #[inline(always)]
    pub fn minus(&self, other: &Self) -> Loose<M, L> {
        self.loose().minus(&other.loose())
    }

    /// self + other mod p, of canonical numbers.
    #[inline(always)]
    pub fn sum(&self, other: &Self) -> Self {
        self.plus(other).carry().less::<1>()
    }

    /// self - other mod p, of canonical numbers.
    #[inline(always)]
    pub fn difference(&self, other: &Self) -> Self {
        self.minus(other).carry_signed().mended::<1>()
    }

    /// -self mod p, of canonical numbers.
    #[inline(always)]
    pub fn negated(&self) -> Self {
        Self::zero(self.limbs[0].ifma()).difference(self)
    }

    /// 2 self mod p, of canonical numbers.
    #[inline(always)]
    pub fn doubled(&self) -> Self {
        self.sum(self)
    }

    /// K p less where the number is K p or more: from below (K + s) p to below max(K, s) p.
    #[inline(always)]
    pub fn less<const K: u64>(&self) -> Self {
        let reduced = self.loose().less_multiple::<K>().carry_signed();
        let mut limbs = reduced.limbs;
        let negative = limbs[L - 1].negatives();
        for i in 0..L {
            limbs[i] = limbs[i].replaced(negative, self.limbs[i]);
        }
        Self::new(limbs)
    }

    /// The number below p, for one below 2 p.
    #[inline(always)]
    pub fn canonical(&self) -> Self {
        self.less::<1>()
    }

    /// Lane i of the result is lane places[i] of self.
    #[inline(always)]
    pub fn permuted(&self, places: &[u64; 8]) -> Self {
        let mut limbs = self.limbs;
        for limb in &mut limbs {
            *limb = limb.permuted(*limb, places);
        }
        Self::new(limbs)
    }

    /// The lanes where the number (not only its residue) is zero.
    #[inline(always)]
    pub fn zeros(&self) -> Mask {
        let mut any = self.limbs[0];
        for limb in &self.limbs[1..] {
            any = any.or(*limb);
        }
        any.zeros()
    }

    /// The lanes where the numbers (not only their residues) are the same.
    #[inline(always)]
    pub fn equals(&self, other: &Self) -> Mask {
        let mut any = self.limbs[0].xor(other.limbs[0]);
        for i in 1..L {
            any = any.or(self.limbs[i].xor(other.limbs[i]));
        }
        any.zeros()
    }

    /// `other` in the lanes of the mask, self elsewhere.
    #[inline(always)]
    pub fn replaced(&self, mask: Mask, other: &Self) -> Self {
        let mut limbs = self.limbs;
        for i in 0..L {
            limbs[i] = limbs[i].replaced(mask, other.limbs[i]);
        }
        Self::new(limbs)
    }
}

impl<M: Modulus<L>, const L: usize> Loose<M, L> {
    #[inline(always)]
    pub(super) fn new(limbs: [Word; L]) -> Self {
        Self { limbs, modulus: PhantomData }
    }

    #[inline(always)]
    pub fn plus(mut self, other: &Self) -> Self {
        for i in 0..L {
            self.limbs[i] = self.limbs[i].plus(other.limbs[i]);
        }
        self
    }

    #[inline(always)]
    pub fn minus(mut self, other: &Self) -> Self {
        for i in 0..L {
            self.limbs[i] = self.limbs[i].minus(other.limbs[i]);
        }
        self
    }

    /// 2^BITS self.
    #[inline(always)]
    pub fn shifted<const BITS: u32>(mut self) -> Self {
        for i in 0..L {
            self.limbs[i] = self.limbs[i].shift_left::<BITS>();
        }
        self
    }

    /// K p more.
    #[inline(always)]
    pub fn plus_multiple<const K: u64>(self) -> Self {
        self.plus(&Self::multiple::<K>(self.limbs[0].ifma()))
    }

    /// K p less.
    #[inline(always)]
    pub fn less_multiple<const K: u64>(self) -> Self {
        self.minus(&Self::multiple::<K>(self.limbs[0].ifma()))
    }

    /// K p - self in the lanes of the mask, self elsewhere.
    #[inline(always)]
    pub fn negated_where<const K: u64>(mut self, mask: Mask) -> Self {
        let multiple = Self::multiple::<K>(self.limbs[0].ifma());
        for i in 0..L {
            self.limbs[i] = self.limbs[i].reversed_minus(mask, multiple.limbs[i]);
        }
        self
    }

    #[inline(always)]
    fn multiple<const K: u64>(ifma: Ifma) -> Self {
        Lanes::splat_limbs(ifma, const { multiple::<L>(M::P, K) }).loose()
    }

    /// The same number with limbs below 2^52. It must not be negative, and must fit.
    #[inline(always)]
    pub fn carry(self) -> Lanes<M, L> {
        Lanes::new(self.carry_signed().limbs)
    }

    /// The number below p, for one from 0 to below 4 p.
    ///
    /// The highest limb, with the carry of the next, tells how many times p to take off: the carries further below can
    /// make it wrong by one or two in its last place, and the number of times by one. What comes out is right where its
    /// highest limb is not negative and below that of p; elsewhere, which is as good as never, p is added or taken off.
    #[inline(always)]
    pub fn canonical(mut self) -> Lanes<M, L> {
        let ifma = self.limbs[0].ifma();
        let mut top = self.limbs[L - 1].plus(self.limbs[L - 2].shift_right_signed::<BITS>());
        let twice = const { multiple::<L>(M::P, 2) };
        let above = top.at_least(ifma.splat(twice[L - 1]));
        for i in 0..L {
            self.limbs[i] = self.limbs[i].minus_where(above, ifma.splat(twice[i]));
        }
        top = top.minus_where(above, ifma.splat(twice[L - 1]));
        let above = top.at_least(ifma.splat(M::P[L - 1]));
        for i in 0..L {
            self.limbs[i] = self.limbs[i].minus_where(above, ifma.splat(M::P[i]));
        }
        let reduced = self.carry_signed();
        if reduced.limbs[L - 1].below(ifma.splat(M::P[L - 1])) != Mask::MAX {
            return reduced.mended::<1>().less::<1>();
        }
        Lanes::new(reduced.limbs)
    }

    /// All limbs below 2^52 but the highest, which has the number's sign.
    #[inline(always)]
    pub fn carry_signed(mut self) -> Self {
        let mask = self.limbs[0].ifma().splat(LIMB);
        for i in 0..L - 1 {
            let carry = self.limbs[i].shift_right_signed::<BITS>();
            self.limbs[i + 1] = self.limbs[i + 1].plus(carry);
            self.limbs[i] = self.limbs[i].and(mask);
        }
        self
    }

    /// K p more where the number is negative; carried before by [`Loose::carry_signed`].
    #[inline(always)]
    pub fn mended<const K: u64>(self) -> Lanes<M, L> {
        let negative = self.limbs[L - 1].negatives();
        let raised = self.plus_multiple::<K>().carry_signed();
        let mut limbs = self.limbs;
        for i in 0..L {
            limbs[i] = limbs[i].replaced(negative, raised.limbs[i]);
        }
        Lanes::new(limbs)
    }
}
