//! Inverses by the binary Euclidean algorithm on approximations (Pornin, "Optimized binary GCD for modular inversion",
//! eprint 2020/972): 31 steps at a time are decided by the highest 33 and the lowest 31 bits of both numbers and then
//! applied to all their bits at once. Within the 31 steps, zeros are taken off together, so that the time depends on
//! the number.

use ark_ff::{BigInt, Fp, MontConfig};

use super::Element;

/// Steps decided at a time.
const STEPS: u32 = 31;
const LOW: u64 = (1 << STEPS) - 1;

/// 1 / a in Montgomery form, or None for zero.
pub fn inverse<C: MontConfig<N>, const N: usize>(element: &Element<C, N>) -> Option<Element<C, N>> {
    let modulus = &C::MODULUS.0;
    // Throughout, a R^2 = element u and b R^2 = element v mod p; a falls to 0, and b, odd, to the common divisor 1.
    let (mut a, mut b) = (element.0 .0, *modulus);
    let (mut u, mut v) = (C::R2.0, [0; N]);
    if a == [0; N] {
        return None;
    }
    while a != [0; N] {
        let mut steps = decide(approximations(&a, &b));
        let (new_a, negative) = combined(&a, &b, steps[0]);
        steps[0] = steps[0].map(|factor| if negative { -factor } else { factor });
        let (new_b, negative) = combined(&a, &b, steps[1]);
        steps[1] = steps[1].map(|factor| if negative { -factor } else { factor });
        (a, b) = (new_a, new_b);
        (u, v) =
            (combined_modulo(&u, &v, steps[0], modulus, C::INV), combined_modulo(&u, &v, steps[1], modulus, C::INV));
    }
    Some(Fp::new_unchecked(BigInt(v)))
}

/// Of both numbers the highest 33 bits, counted from the longer one's first, over the lowest 31; all bits if they are
/// 64 or fewer.
#[inline(always)]
fn approximations<const N: usize>(a: &[u64; N], b: &[u64; N]) -> (u64, u64) {
    let Some(top) = (1..N).rev().find(|&word| a[word] | b[word] != 0) else { return (a[0], b[0]) };
    let empty = (a[top] | b[top]).leading_zeros();
    let take = |number: &[u64; N]| {
        let double = u128::from(number[top]) << 64 | u128::from(number[top - 1]);
        ((double << empty) >> 64) as u64 & !LOW | number[0] & LOW
    };
    (take(a), take(b))
}

/// What 31 steps make of (a, b), b being odd: 2^31 times the new a is f a + g b, with [f, g] the first pair; so with b.
#[inline(always)]
fn decide((mut a, mut b): (u64, u64)) -> [[i64; 2]; 2] {
    let ([mut f0, mut g0], [mut f1, mut g1]) = ([1i64, 0], [0i64, 1]);
    let mut left = STEPS;
    loop {
        let zeros = (a | 1 << left).trailing_zeros();
        a >>= zeros;
        f1 <<= zeros;
        g1 <<= zeros;
        left -= zeros;
        if left == 0 {
            return [[f0, g0], [f1, g1]];
        }
        // Both are odd: the larger becomes the difference, and the smaller stays, as b. No branch, which would be
        // mistaken every other time.
        let (difference, less) = a.overflowing_sub(b);
        let swap = u64::from(less).wrapping_neg();
        b = b.wrapping_add(difference & swap);
        a = (difference ^ swap).wrapping_sub(swap);
        let swap = swap as i64;
        let (f, g) = (f0 - f1, g0 - g1);
        f1 += f & swap;
        g1 += g & swap;
        f0 = (f ^ swap) - swap;
        g0 = (g ^ swap) - swap;
    }
}

/// |f a + g b| / 2^31, and whether f a + g b is negative. The division leaves no rest, and the result fits.
#[inline(always)]
fn combined<const N: usize>(a: &[u64; N], b: &[u64; N], factors: [i64; 2]) -> ([u64; N], bool) {
    let (mut quotient, top) = sum_over_steps([a, b], factors);
    let (sign, mut carry) = ((top >> 63) as u64, top < 0);
    for word in &mut quotient {
        (*word, carry) = (*word ^ sign).overflowing_add(u64::from(carry));
    }
    (quotient, top < 0)
}

/// (f u + g v) / 2^31 mod p, canonical, for |f| + |g| <= 2^31.
#[inline(always)]
fn combined_modulo<const N: usize>(
    u: &[u64; N],
    v: &[u64; N],
    [f, g]: [i64; 2],
    modulus: &[u64; N],
    inverse: u64,
) -> [u64; N] {
    // A multiple of p below 2^31 p makes the division exact: the quotient is above -p and below 2 p.
    let low = u[0].wrapping_mul(f as u64).wrapping_add(v[0].wrapping_mul(g as u64));
    let times = low.wrapping_mul(inverse) & LOW;
    let (quotient, top) = sum_over_steps([u, v, modulus], [f, g, times as i64]);
    let sign = (top >> 63) as u64;
    let mut reduced = quotient;
    let (mut carry, mut borrow) = (false, false);
    let mut more = quotient;
    for i in 0..N {
        (more[i], carry) = carrying_add(quotient[i], modulus[i] & sign, carry);
        (reduced[i], borrow) = borrowing_sub(quotient[i], modulus[i], borrow);
    }
    if top < i64::from(borrow) {
        more
    } else {
        reduced
    }
}

/// (the sum of numbers[k] factors[k]) / 2^31, which leaves no rest: N words, and the signed one above them.
#[inline(always)]
fn sum_over_steps<const N: usize, const K: usize>(numbers: [&[u64; N]; K], factors: [i64; K]) -> ([u64; N], i64) {
    let mut sum = [0; N];
    let mut carry = 0i128;
    for i in 0..N {
        for k in 0..K {
            carry += i128::from(numbers[k][i]) * i128::from(factors[k]);
        }
        sum[i] = carry as u64;
        carry >>= 64;
    }
    let top = carry as i64;
    for i in 0..N {
        let above = if i + 1 < N { sum[i + 1] } else { top as u64 };
        sum[i] = sum[i] >> STEPS | above << (64 - STEPS);
    }
    (sum, top >> STEPS)
}

#[inline(always)]
fn carrying_add(a: u64, b: u64, carry: bool) -> (u64, bool) {
    let (sum, first) = a.overflowing_add(b);
    let (sum, second) = sum.overflowing_add(u64::from(carry));
    (sum, first || second)
}

#[inline(always)]
fn borrowing_sub(a: u64, b: u64, borrow: bool) -> (u64, bool) {
    let (difference, first) = a.overflowing_sub(b);
    let (difference, second) = difference.overflowing_sub(u64::from(borrow));
    (difference, first || second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{Field, PrimeField, UniformRand};

    fn agrees<C: MontConfig<N>, const N: usize>() {
        let rng = &mut ark_std::test_rng();
        let one = Element::<C, N>::from(1);
        let words = |word: u64| Fp::new_unchecked(BigInt(std::array::from_fn(|i| if i == 0 { word } else { 0 })));
        let mut elements = vec![words(0), one, -one, words(1), -words(1), words(2), words(u64::MAX), one + one];
        for bits in 0..Element::<C, N>::MODULUS_BIT_SIZE {
            let power = Element::<C, N>::from(2).pow([u64::from(bits)]);
            elements.extend([power, -power, power + one]);
        }
        elements.extend((0..2000).map(|_| Element::rand(rng)));
        for element in elements {
            let found = inverse(&element);
            assert_eq!(found, C::inverse(&element));
            assert!(found.is_none_or(|found| found * element == one));
        }
        assert_eq!(inverse(&words(0)), None::<Element<C, N>>);
    }

    /// Words that are no canonical element, as a damaged file may hold them: every inversion ends, and where it can, with
    /// the residue's inverse.
    #[test]
    fn inversions_of_any_words_end() {
        type Q = Element<ark_bn254::FqConfig, 4>;
        let rng = &mut ark_std::test_rng();
        let mut elements = vec![Q::new_unchecked(BigInt([u64::MAX; 4]))];
        for _ in 0..500 {
            elements.push(Q::new_unchecked(BigInt(std::array::from_fn(|_| u64::rand(rng)))));
            elements.push(Q::new_unchecked(BigInt(std::array::from_fn(|i| u64::rand(rng) & (i as u64 % 2)))));
        }
        for element in elements {
            let residue = Q::from_le_bytes_mod_order(&element.0 .0.map(u64::to_le_bytes).concat());
            let residue = Q::new_unchecked(residue.into_bigint());
            assert_eq!(inverse(&element), residue.inverse());
        }
        let mut multiple = Q::MODULUS;
        for _ in 0..5 {
            assert!(inverse(&Q::new_unchecked(multiple)).is_some_and(|end| end.0 < Q::MODULUS));
            ark_ff::BigInteger::add_with_carry(&mut multiple, &Q::MODULUS);
        }
    }

    #[test]
    fn inverses_agree_with_arkworks() {
        agrees::<ark_bn254::FqConfig, 4>();
        agrees::<ark_bn254::FrConfig, 4>();
        agrees::<ark_secp256k1::FqConfig, 4>();
        agrees::<ark_bls12_381::FqConfig, 6>();
    }
}
