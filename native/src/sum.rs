//! Sums of products in a prime field of four limbs, reduced once at the end.
//!
//! Elements stand in Montgomery form, x R with R = 2^256. A product of two such integers is (x R)(y R) = (x y R) R, so
//! products add up as plain integers, and one Montgomery reduction of the whole sum, which divides by R, ends with
//! (sum of x y) R mod r. What needs no division by R, a small multiple k x R, is added R times as large: in the upper
//! limbs. A product is below r^2 < 2^512, a multiple with k < 2^32 below 2^32 r R < 2^544, and there are fewer than 2^32
//! terms in a program, so that nine limbs hold every sum.

use std::marker::PhantomData;

use ark_ff::{BigInt, Fp, MontBackend, MontConfig};

/// Limbs of an element.
pub const LIMBS: usize = 4;
pub type Element<P> = Fp<MontBackend<P, LIMBS>, LIMBS>;

/// A sum that has not been reduced yet.
pub struct Sum<P> {
    limbs: [u64; 2 * LIMBS + 1],
    field: PhantomData<P>,
}

impl<P: MontConfig<LIMBS>> Sum<P> {
    /// 2^256 mod r, as an integer.
    const RADIX: [u64; LIMBS] = P::R.0;

    pub fn from(value: &Element<P>) -> Self {
        let [a, b, c, d] = value.0 .0;
        Self { limbs: [0, 0, 0, 0, a, b, c, d, 0], field: PhantomData }
    }

    #[inline(always)]
    pub fn add_product(&mut self, x: &Element<P>, y: &Element<P>) {
        let (x, y) = (&x.0 .0, &y.0 .0);
        let mut product = [0; 2 * LIMBS];
        for i in 0..LIMBS {
            let mut carry = 0;
            for j in 0..LIMBS {
                product[i + j] = multiply_add(x[i], y[j], product[i + j], &mut carry);
            }
            product[i + LIMBS] = carry;
        }
        let mut carry = false;
        for (limb, part) in self.limbs.iter_mut().zip(product) {
            carry = add_carry(limb, part, carry);
        }
        self.limbs[2 * LIMBS] += u64::from(carry);
    }

    #[inline(always)]
    pub fn add_multiple(&mut self, x: &Element<P>, factor: u32) {
        self.add_integer(&x.0 .0, u64::from(factor));
    }

    #[inline(always)]
    pub fn subtract_multiple(&mut self, x: &Element<P>, factor: u32) {
        let mut negative = P::MODULUS.0;
        let mut borrow = false;
        for (limb, part) in negative.iter_mut().zip(x.0 .0) {
            let (less, first) = limb.overflowing_sub(part);
            let (less, second) = less.overflowing_sub(u64::from(borrow));
            *limb = less;
            borrow = first | second;
        }
        self.add_integer(&negative, u64::from(factor));
    }

    #[inline(always)]
    fn add_integer(&mut self, x: &[u64; LIMBS], factor: u64) {
        let mut carry = 0;
        for (limb, part) in self.limbs[LIMBS..].iter_mut().zip(x) {
            *limb = multiply_add(*part, factor, *limb, &mut carry);
        }
        self.limbs[2 * LIMBS] += carry;
    }

    pub fn reduced(self) -> Element<P> {
        self.reduced_below(u64::MAX)
    }

    /// The same where the sum divided by R is known to be below `most` r, once a Montgomery reduction has been made.
    #[inline(always)]
    fn reduced_below(mut self, most: u64) -> Element<P> {
        let mut over = 0;
        for i in 0..LIMBS {
            let factor = self.limbs[i].wrapping_mul(P::INV);
            let mut carry = 0;
            for j in 0..LIMBS {
                self.limbs[i + j] = multiply_add(factor, P::MODULUS.0[j], self.limbs[i + j], &mut carry);
            }
            let wide = u128::from(self.limbs[i + LIMBS]) + u128::from(carry) + over;
            self.limbs[i + LIMBS] = wide as u64;
            over = wide >> 64;
        }
        self.limbs[2 * LIMBS] += over as u64;
        let [.., a, b, c, d, mut above] = self.limbs;
        let mut value = [a, b, c, d];
        // What stands above 2^256 comes back as so many times 2^256 mod r.
        while above != 0 {
            let mut carry = 0;
            for (limb, part) in value.iter_mut().zip(Self::RADIX) {
                *limb = multiply_add(part, above, *limb, &mut carry);
            }
            above = carry;
        }
        Fp::new_unchecked(BigInt(below_modulus::<P>(value, most)))
    }
}

/// The sum of products x[i] y[i], of which there are fewer than 2^32.
///
/// The limbs of the sum are taken one after the other, over all products: what belongs to one limb stays in registers.
/// Long enough for a call to cost nothing, and one copy of it is enough for all lengths.
#[inline(never)]
pub fn sum_of_products<P: MontConfig<LIMBS>>(x: &[Element<P>], y: &[Element<P>]) -> Element<P> {
    let mut limbs = [0; 2 * LIMBS + 1];
    let mut carry = [0; 2];
    limbs[0] = column::<P, 0>(x, y, &mut carry);
    limbs[1] = column::<P, 1>(x, y, &mut carry);
    limbs[2] = column::<P, 2>(x, y, &mut carry);
    limbs[3] = column::<P, 3>(x, y, &mut carry);
    limbs[4] = column::<P, 4>(x, y, &mut carry);
    limbs[5] = column::<P, 5>(x, y, &mut carry);
    limbs[6] = column::<P, 6>(x, y, &mut carry);
    [limbs[7], limbs[8]] = carry;
    // Each product is below r^2, and r / R below 2^-spare; the reduction itself adds less than r. Where that does not fit
    // four limbs, `most` is above 2^spare, and holds for any four limbs.
    let most = (x.len() as u64).div_ceil(1 << P::MODULUS.0[LIMBS - 1].leading_zeros()) + 1;
    Sum::<P> { limbs, field: PhantomData }.reduced_below(most)
}

/// Limb K of a sum of products, and what goes on to the next one.
#[inline(always)]
fn column<P: MontConfig<LIMBS>, const K: usize>(x: &[Element<P>], y: &[Element<P>], carry: &mut [u64; 2]) -> u64 {
    let mut sum = u128::from(carry[1]) << 64 | u128::from(carry[0]);
    let mut above = 0;
    for (x, y) in x.iter().zip(y) {
        for i in K.saturating_sub(LIMBS - 1)..=K.min(LIMBS - 1) {
            let over;
            (sum, over) = sum.overflowing_add(u128::from(x.0 .0[i]) * u128::from(y.0 .0[K - i]));
            above += u64::from(over);
        }
    }
    *carry = [(sum >> 64) as u64, above];
    sum as u64
}

/// An integer of four limbs, below `most` r, less its multiples of r. With s bits to spare it is below 2^(s+1) r anyway:
/// take away 2^s r, then half of that, and so on, each at most once and without a branch, which would be guessed wrongly.
#[inline(always)]
fn below_modulus<P: MontConfig<LIMBS>>(mut value: [u64; LIMBS], most: u64) -> [u64; LIMBS] {
    const { assert!(P::MODULUS.0[LIMBS - 1] != 0) };
    for shift in (0..=P::MODULUS.0[LIMBS - 1].leading_zeros()).rev() {
        if most <= 1 << shift {
            continue;
        }
        let multiple = shifted(&P::MODULUS.0, shift);
        let mut less = [0; LIMBS];
        let mut borrow = false;
        for i in 0..LIMBS {
            let (part, first) = value[i].overflowing_sub(multiple[i]);
            let second;
            (less[i], second) = part.overflowing_sub(u64::from(borrow));
            borrow = first | second;
        }
        value = if borrow { value } else { less };
    }
    value
}

/// x 2^shift for a shift below 64 that x has the bits to spare for.
#[inline(always)]
fn shifted(x: &[u64; LIMBS], shift: u32) -> [u64; LIMBS] {
    std::array::from_fn(|i| x[i] << shift | if i == 0 { 0 } else { x[i - 1] >> 1 >> (63 - shift) })
}

/// x y + limb + carry, which is below 2^128; the upper half becomes the carry.
#[inline(always)]
fn multiply_add(x: u64, y: u64, limb: u64, carry: &mut u64) -> u64 {
    let wide = u128::from(x) * u128::from(y) + u128::from(limb) + u128::from(*carry);
    *carry = (wide >> 64) as u64;
    wide as u64
}

#[inline(always)]
fn add_carry(limb: &mut u64, part: u64, carry: bool) -> bool {
    let wide = u128::from(*limb) + u128::from(part) + u128::from(carry);
    *limb = wide as u64;
    wide >> 64 != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bn254::FrConfig;
    use ark_ff::{AdditiveGroup, Field, UniformRand};

    type F = Element<FrConfig>;

    #[test]
    fn equals_the_sum_term_by_term() {
        let mut rng = ark_std::test_rng();
        for round in 0..200u32 {
            let constant = if round % 2 == 0 { F::ZERO } else { F::rand(&mut rng) };
            let (mut sum, mut expected) = (Sum::from(&constant), constant);
            for k in 0..round {
                let edge = [F::ZERO, F::ONE, -F::ONE, F::rand(&mut rng)];
                let (x, y) = (edge[(k % 4) as usize], edge[(k / 4 % 4) as usize]);
                let factor = u32::MAX - k * round;
                sum.add_product(&x, &y);
                sum.add_multiple(&y, factor);
                sum.subtract_multiple(&x, factor);
                expected += x * y + (y - x) * F::from(factor);
            }
            assert_eq!(sum.reduced(), expected);
        }
    }

    #[test]
    fn a_sum_of_products_is_that_of_its_terms() {
        let mut rng = ark_std::test_rng();
        let largest = -F::new_unchecked(BigInt::one());
        for length in 0..80 {
            let draw = |place: usize, rng: &mut _| if length % 3 == place % 4 { largest } else { F::rand(rng) };
            let x: Vec<F> = (0..length).map(|place| draw(place, &mut rng)).collect();
            let y: Vec<F> = (0..length).map(|place| draw(place, &mut rng)).collect();
            let expected: F = x.iter().zip(&y).map(|(x, y)| *x * y).sum();
            assert_eq!(sum_of_products(&x, &y), expected);
            assert_eq!(sum_of_products(&vec![largest; length], &vec![largest; length]).0, {
                let count = F::from(length as u64);
                (largest.square() * count).0
            });
        }
    }

    #[test]
    fn any_four_limbs_are_brought_below_the_modulus() {
        let modulus = FrConfig::MODULUS.0;
        for value in
            [[0; LIMBS], [u64::MAX; LIMBS], modulus, shifted(&modulus, 1), shifted(&modulus, 2), [7, 0, 0, 1 << 63]]
        {
            let expected: F = value.iter().rev().fold(F::ZERO, |sum, limb| sum * F::from(1u128 << 64) + F::from(*limb));
            assert_eq!(F::from(BigInt(below_modulus::<FrConfig>(value, u64::MAX))), expected);
        }
    }

    /// The largest terms, many of them: no limb runs over, and what comes out is below the modulus.
    #[test]
    fn long_sums_of_large_terms_are_reduced() {
        let largest = -F::new_unchecked(BigInt::one());
        let (mut sum, mut expected) = (Sum::from(&largest), largest);
        for _ in 0..100_000 {
            sum.add_product(&largest, &largest);
            sum.add_multiple(&largest, u32::MAX);
            sum.subtract_multiple(&F::ZERO, u32::MAX);
            expected += largest.square() + largest * F::from(u32::MAX);
        }
        let result = sum.reduced();
        assert_eq!(result, expected);
        assert!(result.0 < FrConfig::MODULUS);
    }
}
