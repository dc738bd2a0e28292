//! Prime fields in Montgomery form: products with two carry chains where the processor has them, sums without branches
//! on x86-64, plain Rust elsewhere.
//!
//! One reduction everywhere (Koc, Acar, Kaliski, "Analyzing and comparing Montgomery multiplication algorithms", the
//! coarsely integrated form): in each of N rounds the products with one word of b are added to t, then the multiple of p
//! that makes the lowest word of t zero, and that word is dropped. What is left is below 2 p, and then below p.
#![allow(unsafe_code)] // The calls of `adx`, which asks for a processor that has been asked for.

#[cfg(target_arch = "x86_64")]
mod adx;
mod inverse;
mod portable;
#[cfg(target_arch = "x86_64")]
mod sums;

use std::sync::atomic::{AtomicU8, Ordering};

use ark_ff::{BigInt, Fp, MontBackend, MontConfig};

use crate::kernel::{kernel, Kernel};

pub use inverse::inverse;

/// An element of a field of N words.
pub type Element<C, const N: usize> = Fp<MontBackend<C, N>, N>;

/// A modulus, and -1 / modulus mod 2^64.
#[repr(C)]
pub(crate) struct Field<const N: usize> {
    modulus: [u64; N],
    inverse: u64,
}

struct Of<C, const N: usize>(std::marker::PhantomData<C>);

#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))] // what the carry chains are told
impl<C: MontConfig<N>, const N: usize> Of<C, N> {
    const FIELD: Field<N> = Field { modulus: C::MODULUS.0, inverse: C::INV };
    const FOUR: Field<4> = Field { modulus: resized(&C::MODULUS.0), inverse: C::INV };
    const SIX: Field<6> = Field { modulus: resized(&C::MODULUS.0), inverse: C::INV };
    /// The top bits that no element has.
    const SPARE: u32 = C::MODULUS.0[N - 1].leading_zeros();
    const HAS_PRODUCT: bool = (N == 4 || N == 6) && Self::SPARE >= 1;
    const HAS_TWO_PRODUCTS: bool = N == 4 && Self::SPARE >= 2;
}

/// a = a b.
#[inline(always)]
pub fn multiply<C: MontConfig<N>, const N: usize>(a: &mut Element<C, N>, b: &Element<C, N>) {
    a.0 = BigInt(product::<C, N>(&a.0 .0, &b.0 .0));
}

/// a = a^2.
#[inline(always)]
pub fn square<C: MontConfig<N>, const N: usize>(a: &mut Element<C, N>) {
    a.0 = BigInt(product::<C, N>(&a.0 .0, &a.0 .0));
}

/// The sum of a[k] b[k], reduced once.
#[inline(always)]
pub fn sum_of_products<C: MontConfig<N>, const N: usize, const M: usize>(
    a: &[Element<C, N>; M],
    b: &[Element<C, N>; M],
) -> Element<C, N> {
    if Of::<C, N>::HAS_TWO_PRODUCTS && M == 2 {
        return Fp::new_unchecked(BigInt(two_products::<C, N>([&a[0].0 .0, &a[1].0 .0], [&b[0].0 .0, &b[1].0 .0])));
    }
    a.iter().zip(b).map(|(a, b)| *a * b).sum()
}

/// a = a + b.
#[inline(always)]
pub fn add<C: MontConfig<N>, const N: usize>(a: &mut Element<C, N>, b: &Element<C, N>) {
    a.0 = BigInt(sum::<C, N>(&a.0 .0, &b.0 .0));
}

/// a = 2 a.
#[inline(always)]
pub fn double<C: MontConfig<N>, const N: usize>(a: &mut Element<C, N>) {
    a.0 = BigInt(sum::<C, N>(&a.0 .0, &a.0 .0));
}

/// a = a - b.
#[inline(always)]
pub fn subtract<C: MontConfig<N>, const N: usize>(a: &mut Element<C, N>, b: &Element<C, N>) {
    a.0 = BigInt(difference::<C, N>(&a.0 .0, &b.0 .0));
}

/// a = -a.
#[inline(always)]
pub fn negate<C: MontConfig<N>, const N: usize>(a: &mut Element<C, N>) {
    a.0 = BigInt(difference::<C, N>(&[0; N], &a.0 .0));
}

#[inline(always)]
fn sum<C: MontConfig<N>, const N: usize>(a: &[u64; N], b: &[u64; N]) -> [u64; N] {
    #[cfg(target_arch = "x86_64")]
    if let (4, 1.., Some(a), Some(b)) = (N, Of::<C, N>::SPARE, a.first_chunk(), b.first_chunk()) {
        return resized(&sums::add4(a, b, &Of::<C, N>::FOUR.modulus));
    }
    portable::add(a, b, &C::MODULUS.0)
}

#[inline(always)]
fn difference<C: MontConfig<N>, const N: usize>(a: &[u64; N], b: &[u64; N]) -> [u64; N] {
    #[cfg(target_arch = "x86_64")]
    if let (4, Some(a), Some(b)) = (N, a.first_chunk(), b.first_chunk()) {
        return resized(&sums::subtract4(a, b, &Of::<C, N>::FOUR.modulus));
    }
    portable::subtract(a, b, &C::MODULUS.0)
}

#[inline(always)]
fn product<C: MontConfig<N>, const N: usize>(a: &[u64; N], b: &[u64; N]) -> [u64; N] {
    #[cfg(target_arch = "x86_64")]
    if Of::<C, N>::HAS_PRODUCT && CARRY_CHAINS.load(Ordering::Relaxed) == PRESENT {
        if let (4, Some(a), Some(b)) = (N, a.first_chunk(), b.first_chunk()) {
            // SAFETY: the processor has BMI2 and ADX.
            return resized(&unsafe { adx::multiply4(a, b, &Of::<C, N>::FOUR) });
        }
        if let (6, Some(a), Some(b)) = (N, a.first_chunk(), b.first_chunk()) {
            // SAFETY: as above.
            return resized(&unsafe { adx::multiply6(a, b, &Of::<C, N>::SIX) });
        }
    }
    without_carry_chains([a], [b], &Of::<C, N>::FIELD)
}

#[inline(never)]
fn two_products<C: MontConfig<N>, const N: usize>(a: [&[u64; N]; 2], b: [&[u64; N]; 2]) -> [u64; N] {
    #[cfg(target_arch = "x86_64")]
    if CARRY_CHAINS.load(Ordering::Relaxed) == PRESENT {
        if let ([Some(a), Some(c)], [Some(b), Some(d)]) = (a.map(|a| a.first_chunk()), b.map(|b| b.first_chunk())) {
            // SAFETY: the processor has BMI2 and ADX.
            return resized(&unsafe { adx::two_products4([a, c], [b, d], &Of::<C, N>::FOUR) });
        }
    }
    without_carry_chains(a, b, &Of::<C, N>::FIELD)
}

const PRESENT: u8 = 1;
const ABSENT: u8 = 2;
/// Neither while nobody has asked. A byte of our own, for it is read before each product.
static CARRY_CHAINS: AtomicU8 = AtomicU8::new(0);

/// Where there are none; or where nobody has asked yet.
#[inline(never)]
fn without_carry_chains<const N: usize, const M: usize>(
    a: [&[u64; N]; M],
    b: [&[u64; N]; M],
    field: &Field<N>,
) -> [u64; N] {
    if CARRY_CHAINS.load(Ordering::Relaxed) != ABSENT {
        CARRY_CHAINS.store(if kernel() >= Kernel::Adx { PRESENT } else { ABSENT }, Ordering::Relaxed);
    }
    portable::sum_of_products(a, b, field)
}

/// The first words, and zeros where there are no more.
#[inline(always)]
const fn resized<const N: usize, const M: usize>(words: &[u64; N]) -> [u64; M] {
    let mut result = [0; M];
    let mut i = 0;
    while i < N && i < M {
        result[i] = words[i];
        i += 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{AdditiveGroup, Field, UniformRand};

    /// Both ways, on random elements and on those at the edges, against arkworks' products.
    fn agrees<C: MontConfig<N>, const N: usize>() {
        let rng = &mut ark_std::test_rng();
        let edges = [Element::<C, N>::ZERO, Fp::new_unchecked(BigInt::one()), Element::ONE];
        let random: Vec<Element<C, N>> = (0..if cfg!(miri) { 2 } else { 40 }).map(|_| Element::rand(rng)).collect();
        let all: Vec<_> = edges.into_iter().chain(edges.map(|edge| -edge)).chain(random).collect();
        for x in &all {
            let mut result = *x;
            square(&mut result);
            assert_eq!(result, x.square());
            negate(&mut result);
            assert_eq!(result, -x.square());
            double(&mut result);
            assert_eq!(result, -x.square().double());
            for y in &all {
                let mut result = *x;
                multiply(&mut result, y);
                assert_eq!(result, *x * y);
                let mut result = *x;
                add(&mut result, y);
                assert_eq!(result, *x + y);
                subtract(&mut result, y);
                assert_eq!(result, *x);
                subtract(&mut result, y);
                assert_eq!(result, *x - y);
                let portable = portable::add(&x.0 .0, &y.0 .0, &C::MODULUS.0);
                assert_eq!(portable, (*x + y).0 .0);
                assert_eq!(portable::subtract(&x.0 .0, &y.0 .0, &C::MODULUS.0), (*x - y).0 .0);
                let (a, b) = ([*x, *y], [*y, -*x]);
                assert_eq!(sum_of_products(&a, &b), Element::ZERO);
                assert_eq!(sum_of_products(&a, &a), x.square() + y.square());
                assert_eq!(sum_of_products(&[*x, *y, *x], &[*x, *y, *y]), x.square() + y.square() + *x * y);
                let portable = portable::sum_of_products([&x.0 .0], [&y.0 .0], &Of::<C, N>::FIELD);
                assert_eq!(BigInt(portable), (*x * y).0);
                if Of::<C, N>::SPARE > 0 {
                    let (a, b) = (a.each_ref().map(|x| &x.0 .0), b.each_ref().map(|x| &x.0 .0));
                    let squares = x.square() + y.square();
                    assert_eq!(portable::sum_of_products(a, a, &Of::<C, N>::FIELD), squares.0 .0);
                    assert_eq!(portable::sum_of_products(a, b, &Of::<C, N>::FIELD), [0; N]);
                }
            }
        }
    }

    #[test]
    fn products_are_arkworks_products() {
        agrees::<ark_bn254::FqConfig, 4>();
        agrees::<ark_bn254::FrConfig, 4>();
        agrees::<ark_bls12_381::FrConfig, 4>();
        agrees::<ark_bls12_381::FqConfig, 6>();
        agrees::<ark_secp256k1::FqConfig, 4>();
    }
}
