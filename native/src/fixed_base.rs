//! Sums of products over points known ahead, from tables of their multiples: no doublings are left to do.
//!
//! A scalar is written in signed digits of `width` bits, from -2^(width - 1) up to 2^(width - 1). The table of a base
//! holds d 2^(width i) times the base for each place i and each digit d > 0.

use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::CurveGroup;
use ark_ff::{AdditiveGroup, PrimeField, Zero};

use crate::error::Error;
use crate::msm;

/// Points in all tables together at most: 2 MiB in G1, what a core keeps close.
const ROOM: usize = 1 << 15;

/// Few bases have tables; many have none.
pub struct FixedBases<P: SWCurveConfig> {
    bases: Vec<Affine<P>>,
    /// Bits of a digit; 0 where there are no tables.
    width: usize,
    multiples: Vec<Affine<P>>,
}

impl<P: SWCurveConfig> FixedBases<P> {
    pub fn new(bases: Vec<Affine<P>>) -> Self {
        let fits = |width: &usize| bases.len() * places::<P>(*width) << (width - 1) <= ROOM;
        let width = (4..=7).rev().find(fits).unwrap_or(0);
        let mut multiples = Vec::new();
        if width > 0 {
            for base in &bases {
                tabulate(*base, width, &mut multiples);
            }
        }
        Self { multiples: Projective::normalize_batch(&multiples), width, bases }
    }

    pub fn len(&self) -> usize {
        self.bases.len()
    }

    /// Without tables, sums are done on all threads of the pool; with them, on this one.
    pub fn has_tables(&self) -> bool {
        self.width > 0
    }

    pub fn is_empty(&self) -> bool {
        self.bases.is_empty()
    }

    /// sum scalars[i] * bases[i]; exactly one scalar per base.
    pub fn sum(&self, scalars: &[P::ScalarField]) -> Result<Projective<P>, Error> {
        if !self.has_tables() || scalars.len() != self.bases.len() {
            return msm::msm(&self.bases, scalars);
        }
        let mut total = Projective::ZERO;
        let tables = self.multiples.chunks_exact(places::<P>(self.width) << (self.width - 1));
        for (scalar, table) in scalars.iter().zip(tables) {
            self.add_product(&mut total, scalar, table);
        }
        Ok(total)
    }

    fn add_product(&self, total: &mut Projective<P>, scalar: &P::ScalarField, table: &[Affine<P>]) {
        let (bits, half) = (scalar.into_bigint(), 1 << (self.width - 1));
        let mut carry = 0;
        for (place, multiples) in table.chunks_exact(half).enumerate() {
            let digit = bits_at(bits.as_ref(), place * self.width, self.width) + carry;
            carry = usize::from(digit > half);
            // A digit above the half is replaced by its distance to the next place, and subtracted.
            let size = if carry == 1 { 2 * half - digit } else { digit };
            match size.checked_sub(1).map(|index| multiples[index]) {
                Some(multiple) if carry == 1 => *total -= multiple,
                Some(multiple) => *total += multiple,
                None => {}
            }
        }
    }
}

/// Places of a scalar, with room for the last carry.
fn places<P: SWCurveConfig>(width: usize) -> usize {
    (P::ScalarField::MODULUS_BIT_SIZE as usize + 1).div_ceil(width)
}

fn tabulate<P: SWCurveConfig>(base: Affine<P>, width: usize, out: &mut Vec<Projective<P>>) {
    let mut step = Projective::from(base);
    for _ in 0..places::<P>(width) {
        let mut multiple = Projective::zero();
        for _ in 0..1 << (width - 1) {
            multiple += step;
            out.push(multiple);
        }
        step = multiple.double();
    }
}

fn bits_at(limbs: &[u64], start: usize, width: usize) -> usize {
    let limb = |index: usize| u128::from(limbs.get(index).copied().unwrap_or(0));
    let both = limb(start / 64) | limb(start / 64 + 1) << 64;
    ((both >> (start % 64)) as usize) & ((1 << width) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{Fr, G1};
    use ark_ff::{BigInteger, UniformRand};

    #[test]
    fn sums_are_those_of_the_general_algorithm() -> Result<(), Error> {
        let rng = &mut ark_std::test_rng();
        for count in [0, 1, 2, 8, 20, 30, 64, 80] {
            let mut bases: Vec<Affine<G1>> = (0..count).map(|_| Projective::rand(rng).into_affine()).collect();
            bases.extend([Affine::identity(), Affine::identity()]);
            let tables = FixedBases::new(bases.clone());
            assert_eq!(tables.len(), count + 2);
            assert!(tables.multiples.len() <= ROOM && (count > 60 || tables.has_tables()));
            let mut edges = vec![Fr::ZERO, Fr::from(1), -Fr::from(1), -Fr::from(2), Fr::from(u64::MAX)];
            edges.extend((1..9).map(|bits| Fr::from(1u64 << bits) - Fr::from(1)));
            edges.extend((1..9).map(|bits| Fr::from(1u64 << bits)));
            for edge in edges {
                let mut scalars: Vec<Fr> = (0..count).map(|_| Fr::rand(rng)).collect();
                scalars.extend([edge, edge]);
                scalars.rotate_left(count / 2);
                assert_eq!(tables.sum(&scalars)?, msm::msm(&bases, &scalars)?);
            }
            assert!(tables.sum(&vec![Fr::ZERO; count + 3]).is_err());
        }
        Ok(())
    }

    #[test]
    fn bits_are_taken_across_limbs() {
        let value = Fr::from(0x0123_4567_89ab_cdef_u64) * Fr::from(u64::MAX);
        let (limbs, bits) = (value.into_bigint(), value.into_bigint().to_bits_le());
        for start in (0..260).step_by(7) {
            let expected = (0..7).map(|k| usize::from(bits.get(start + k) == Some(&true)) << k).sum::<usize>();
            assert_eq!(bits_at(limbs.as_ref(), start, 7), expected);
        }
    }
}
