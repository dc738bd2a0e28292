//! Eight elements of F_p (D = 1) or of F_p[i] with i^2 = -1 (D = 2): D [`Lanes`] for the coefficients.
//!
//! Bounds are multiples of p and hold for each coefficient.

use super::lanes::{Lanes, Loose};
use super::modulus::Modulus;
use super::product::Wide;
use super::word::{Ifma, Mask};

/// Carried elements.
pub struct Extension<M, const L: usize, const D: usize> {
    pub parts: [Lanes<M, L>; D],
}

/// Elements not carried.
pub struct LooseExtension<M, const L: usize, const D: usize> {
    pub parts: [Loose<M, L>; D],
}

impl<M, const L: usize, const D: usize> Clone for Extension<M, L, D> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, const L: usize, const D: usize> Copy for Extension<M, L, D> {}

impl<M, const L: usize, const D: usize> Clone for LooseExtension<M, L, D> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, const L: usize, const D: usize> Copy for LooseExtension<M, L, D> {}

impl<M: Modulus<L>, const L: usize, const D: usize> Extension<M, L, D> {
    #[inline(always)]
    pub fn zero(ifma: Ifma) -> Self {
        Self { parts: [Lanes::zero(ifma); D] }
    }

    /// The number one, which is not the field's one in memory's form.
    #[inline(always)]
    pub fn unit(ifma: Ifma) -> Self {
        let mut unit = Self::zero(ifma);
        let mut one = [0; L];
        one[0] = 1;
        unit.parts[0] = Lanes::splat_limbs(ifma, one);
        unit
    }

    #[inline(always)]
    pub fn loose(&self) -> LooseExtension<M, L, D> {
        let mut loose = LooseExtension { parts: [self.parts[0].loose(); D] };
        for i in 1..D {
            loose.parts[i] = self.parts[i].loose();
        }
        loose
    }

    #[inline(always)]
    pub fn plus(&self, other: &Self) -> LooseExtension<M, L, D> {
        self.loose().plus(&other.loose())
    }

    #[inline(always)]
    pub fn minus(&self, other: &Self) -> LooseExtension<M, L, D> {
        self.loose().minus(&other.loose())
    }

    /// self other / 2^(52 L), for self below K p and `other` below t p: below (1 + D K t p / 2^(52 L)) p.
    #[inline(always)]
    pub fn times<const K: u64>(&self, other: &Self) -> LooseExtension<M, L, D> {
        let (a, b) = (&self.parts, &other.parts);
        let mut result = LooseExtension { parts: [a[0].loose(); D] };
        if D == 1 {
            result.parts[0] = a[0].times_loose(&b[0]);
        } else {
            let minus_a1 = a[1].loose().negated_where::<K>(Mask::MAX).carry();
            result.parts[0] = Wide::product(&a[0], &b[0]).plus_product(&minus_a1, &b[1]).reduce();
            result.parts[1] = Wide::product(&a[0], &b[1]).plus_product(&a[1], &b[0]).reduce();
        }
        result
    }

    /// self^2 / 2^(52 L), for self below K p: below (1 + K^2 p / 2^(52 L)) p with D = 1, and 4 K^2 in place of K^2 with
    /// D = 2, where it is (a + b)(a - b) + 2 a b i.
    #[inline(always)]
    pub fn squared<const K: u64>(&self) -> LooseExtension<M, L, D> {
        let a = &self.parts;
        let mut result = LooseExtension { parts: [a[0].loose(); D] };
        if D == 1 {
            result.parts[0] = a[0].squared_loose();
        } else {
            let sum = a[0].plus(&a[1]).carry();
            let difference = a[0].minus(&a[1]).plus_multiple::<K>().carry();
            let double = a[0].plus(&a[0]).carry();
            result.parts[0] = sum.times_loose(&difference);
            result.parts[1] = double.times_loose(&a[1]);
        }
        result
    }

    #[inline(always)]
    pub fn raise(&self) -> Self {
        let mut result = *self;
        for i in 0..D {
            result.parts[i] = self.parts[i].raise();
        }
        result
    }

    /// K p less where a coefficient is K p or more.
    #[inline(always)]
    pub fn less<const K: u64>(&self) -> Self {
        let mut result = *self;
        for i in 0..D {
            result.parts[i] = self.parts[i].less::<K>();
        }
        result
    }

    /// Lane i of the result is lane places[i] of self.
    #[inline(always)]
    pub fn permuted(&self, places: &[u64; 8]) -> Self {
        let mut result = *self;
        for i in 0..D {
            result.parts[i] = self.parts[i].permuted(places);
        }
        result
    }

    #[inline(always)]
    pub fn zeros(&self) -> Mask {
        let mut mask = Mask::MAX;
        for part in &self.parts {
            mask &= part.zeros();
        }
        mask
    }

    #[inline(always)]
    pub fn equals(&self, other: &Self) -> Mask {
        let mut mask = Mask::MAX;
        for i in 0..D {
            mask &= self.parts[i].equals(&other.parts[i]);
        }
        mask
    }

    #[inline(always)]
    pub fn replaced(&self, mask: Mask, other: &Self) -> Self {
        let mut result = *self;
        for i in 0..D {
            result.parts[i] = self.parts[i].replaced(mask, &other.parts[i]);
        }
        result
    }
}

impl<M: Modulus<L>, const L: usize, const D: usize> LooseExtension<M, L, D> {
    #[inline(always)]
    pub fn plus(&self, other: &Self) -> Self {
        let mut result = *self;
        for i in 0..D {
            result.parts[i] = self.parts[i].plus(&other.parts[i]);
        }
        result
    }

    #[inline(always)]
    pub fn minus(&self, other: &Self) -> Self {
        let mut result = *self;
        for i in 0..D {
            result.parts[i] = self.parts[i].minus(&other.parts[i]);
        }
        result
    }

    #[inline(always)]
    pub fn plus_multiple<const K: u64>(&self) -> Self {
        let mut result = *self;
        for i in 0..D {
            result.parts[i] = self.parts[i].plus_multiple::<K>();
        }
        result
    }

    /// 2^BITS self.
    #[inline(always)]
    pub fn shifted<const BITS: u32>(&self) -> Self {
        let mut result = *self;
        for i in 0..D {
            result.parts[i] = self.parts[i].shifted::<BITS>();
        }
        result
    }

    /// K p - self in the lanes of the mask, self elsewhere.
    #[inline(always)]
    pub fn negated_where<const K: u64>(&self, mask: Mask) -> Self {
        let mut result = *self;
        for i in 0..D {
            result.parts[i] = self.parts[i].negated_where::<K>(mask);
        }
        result
    }

    /// The elements below p, for ones from 0 to below 4 p.
    #[inline(always)]
    pub fn canonical(&self) -> Extension<M, L, D> {
        let mut result = Extension { parts: [self.parts[0].canonical(); D] };
        for i in 1..D {
            result.parts[i] = self.parts[i].canonical();
        }
        result
    }

    /// The same with limbs below 2^52; no coefficient may be negative.
    #[inline(always)]
    pub fn carry(&self) -> Extension<M, L, D> {
        let mut result = Extension { parts: [self.parts[0].carry(); D] };
        for i in 1..D {
            result.parts[i] = self.parts[i].carry();
        }
        result
    }
}
