//! Sums of products in a prime field of four limbs, reduced once at the end.
//!
//! Elements stand in Montgomery form, x R with R = 2^256. A product of two such integers is (x R)(y R) = (x y R) R, so
//! products add up as plain integers, and one Montgomery reduction of the whole sum, which divides by R, ends with
//! (sum of x y) R mod r. What needs no division by R, a small multiple k x R, is added R times as large: in the upper
//! limbs. A product is below r^2 < 2^512, a multiple with k < 2^32 below 2^32 r R < 2^544, and there are fewer than 2^32
//! terms in a program, so that nine limbs hold every sum.

use std::marker::PhantomData;

use ark_ff::{BigInt, BigInteger, Fp, MontBackend, MontConfig};

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

    pub fn reduced(mut self) -> Element<P> {
        for i in 0..LIMBS {
            let factor = self.limbs[i].wrapping_mul(P::INV);
            let mut carry = 0;
            for j in 0..LIMBS {
                self.limbs[i + j] = multiply_add(factor, P::MODULUS.0[j], self.limbs[i + j], &mut carry);
            }
            for limb in &mut self.limbs[i + LIMBS..] {
                let over;
                (*limb, over) = limb.overflowing_add(carry);
                carry = u64::from(over);
            }
        }
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
        let mut value = BigInt(value);
        while value >= P::MODULUS {
            value.sub_with_borrow(&P::MODULUS);
        }
        Fp::new_unchecked(value)
    }
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
    use ark_bn254::FrConfig;
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
