//! Eight elements of F_p[i] with i^2 = -1, on two [`Lanes`].

use super::lanes::{Lanes, Loose};
use super::modulus::Modulus;
use super::product::Wide;
use super::word::Mask;

/// c0 + c1 i.
pub struct Quadratic<M, const L: usize> {
    pub c0: Lanes<M, L>,
    pub c1: Lanes<M, L>,
}

impl<M, const L: usize> Clone for Quadratic<M, L> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, const L: usize> Copy for Quadratic<M, L> {}

/// c0 + c1 i, not carried.
pub struct LooseQuadratic<M, const L: usize> {
    pub c0: Loose<M, L>,
    pub c1: Loose<M, L>,
}

impl<M: Modulus<L>, const L: usize> Quadratic<M, L> {
    /// self other / 2^(52 L); the parts of `self` are below K p. Where those of `other` are below t p, the result's are
    /// below (1 + 2 K t p / 2^(52 L)) p.
    #[inline(always)]
    pub fn times_loose<const K: u64>(&self, other: &Self) -> LooseQuadratic<M, L> {
        let minus_c1 = self.c1.loose().negated_where::<K>(Mask::MAX).carry();
        LooseQuadratic {
            c0: Wide::product(&self.c0, &other.c0).plus_product(&minus_c1, &other.c1).reduce(),
            c1: Wide::product(&self.c0, &other.c1).plus_product(&self.c1, &other.c0).reduce(),
        }
    }

    #[inline(always)]
    pub fn times<const K: u64>(&self, other: &Self) -> Self {
        self.times_loose::<K>(other).carry()
    }

    /// self^2 / 2^(52 L) as (c0 + c1)(c0 - c1) + 2 c0 c1 i; the parts are below K p, the result's below
    /// (1 + 4 K^2 p / 2^(52 L)) p.
    #[inline(always)]
    pub fn squared_loose<const K: u64>(&self) -> LooseQuadratic<M, L> {
        let sum = self.c0.plus(&self.c1).carry();
        let difference = self.c0.minus(&self.c1).plus_multiple::<K>().carry();
        let double = self.c0.plus(&self.c0).carry();
        LooseQuadratic { c0: sum.times_loose(&difference), c1: double.times_loose(&self.c1) }
    }
}

impl<M: Modulus<L>, const L: usize> LooseQuadratic<M, L> {
    #[inline(always)]
    pub fn carry(&self) -> Quadratic<M, L> {
        Quadratic { c0: self.c0.carry(), c1: self.c1.carry() }
    }
}
