//! Products in plain Rust, for any modulus of N words.

use super::Field;

/// (sum of a[k] b[k]) / 2^(64 N) below the modulus. The elements are; with more than one product, of M the modulus
/// has as many bits to spare.
pub(super) fn sum_of_products<const N: usize, const M: usize>(
    a: [&[u64; N]; M],
    b: [&[u64; N]; M],
    field: &Field<N>,
) -> [u64; N] {
    let modulus = &field.modulus;
    let mut t = [0; N];
    // Two words above t: with the highest bit of the modulus taken, or with many products, one does not hold the carry.
    let (mut above, mut over) = (0, 0);
    for i in 0..N {
        for (a, b) in a.iter().zip(&b) {
            let mut carry = 0;
            for j in 0..N {
                t[j] = multiply_add(a[j], b[i], t[j], &mut carry);
            }
            let (sum, one) = carry.overflowing_add(above);
            above = sum;
            over += u64::from(one);
        }
        let factor = t[0].wrapping_mul(field.inverse);
        let mut carry = 0;
        multiply_add(factor, modulus[0], t[0], &mut carry);
        for j in 1..N {
            t[j - 1] = multiply_add(factor, modulus[j], t[j], &mut carry);
        }
        let (sum, one) = carry.overflowing_add(above);
        t[N - 1] = sum;
        above = over + u64::from(one);
        over = 0;
    }
    below(t, above, modulus)
}

/// a + b, for a and b below the modulus.
pub(super) fn add<const N: usize>(a: &[u64; N], b: &[u64; N], modulus: &[u64; N]) -> [u64; N] {
    let mut sum = [0; N];
    let mut carry = false;
    for i in 0..N {
        let (part, first) = a[i].overflowing_add(b[i]);
        let second;
        (sum[i], second) = part.overflowing_add(u64::from(carry));
        carry = first | second;
    }
    below(sum, u64::from(carry), modulus)
}

/// a - b, for a and b below the modulus.
pub(super) fn subtract<const N: usize>(a: &[u64; N], b: &[u64; N], modulus: &[u64; N]) -> [u64; N] {
    let (mut difference, negative) = minus(a, b);
    if negative {
        let mut carry = false;
        for (word, part) in difference.iter_mut().zip(modulus) {
            let (sum, first) = word.overflowing_add(*part);
            let second;
            (*word, second) = sum.overflowing_add(u64::from(carry));
            carry = first | second;
        }
    }
    difference
}

/// a - b mod 2^(64 N), and whether b is above a.
#[inline(always)]
fn minus<const N: usize>(a: &[u64; N], b: &[u64; N]) -> ([u64; N], bool) {
    let mut difference = [0; N];
    let mut borrow = false;
    for i in 0..N {
        let (part, first) = a[i].overflowing_sub(b[i]);
        let second;
        (difference[i], second) = part.overflowing_sub(u64::from(borrow));
        borrow = first | second;
    }
    (difference, borrow)
}

/// t + above 2^(64 N), which is below twice the modulus, less the modulus where it is not below it.
pub(super) fn below<const N: usize>(t: [u64; N], above: u64, modulus: &[u64; N]) -> [u64; N] {
    let (less, borrow) = minus(&t, modulus);
    if above == 0 && borrow {
        t
    } else {
        less
    }
}

/// x y + word + carry, which is below 2^128; the upper half becomes the carry.
#[inline(always)]
fn multiply_add(x: u64, y: u64, word: u64, carry: &mut u64) -> u64 {
    let wide = u128::from(x) * u128::from(y) + u128::from(word) + u128::from(*carry);
    *carry = (wide >> 64) as u64;
    wide as u64
}
