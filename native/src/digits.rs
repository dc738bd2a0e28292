//! Scalars in signed digits: s or r - s, whichever is below r/2, in digits from -2^(width - 1) + 1 to 2^(width - 1).

use ark_ff::{BigInteger, PrimeField};

/// A digit that is not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digit {
    /// It counts 2^(width window).
    pub window: usize,
    pub size: usize,
    pub minus: bool,
}

/// Digits of a scalar at most. The smaller of s and r - s has a bit less than the modulus, and the sign takes one.
pub fn windows<F: PrimeField>(width: usize) -> usize {
    (F::MODULUS_BIT_SIZE as usize).div_ceil(width)
}

/// The digits of a scalar that are not zero, the lowest first; up to 16 bits each.
pub fn digits<F: PrimeField>(scalar: &F, width: usize) -> impl Iterator<Item = Digit> {
    let mut value = scalar.into_bigint();
    let negative = value > F::MODULUS_MINUS_ONE_DIV_TWO;
    if negative {
        let mut opposite = F::MODULUS;
        opposite.sub_with_borrow(&value);
        value = opposite;
    }
    let (half, bits) = (1 << (width - 1), value.num_bits() as usize);
    // One more place than there are bits, for the last carry.
    (0..=bits / width)
        .scan(0, move |carry, window| {
            let digit = bits_at(value.as_ref(), window * width, width) + *carry;
            *carry = usize::from(digit > half);
            // A digit above the half is replaced by its distance to the next place, and subtracted.
            let size = if *carry == 1 { 2 * half - digit } else { digit };
            Some(Digit { window, size, minus: negative != (*carry == 1) })
        })
        .filter(|digit| digit.size != 0)
}

fn bits_at(limbs: &[u64], start: usize, width: usize) -> usize {
    let limb = |index: usize| u128::from(limbs.get(index).copied().unwrap_or(0));
    let both = limb(start / 64) | limb(start / 64 + 1) << 64;
    ((both >> (start % 64)) as usize) & ((1 << width) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Fr;
    use ark_ff::{AdditiveGroup, Field, UniformRand};

    #[test]
    fn digits_add_up_to_the_scalar() {
        let rng = &mut ark_std::test_rng();
        let half = Fr::from(2).inverse().unwrap_or_default();
        let powers = (0..254).map(|bit| Fr::from(2).pow([bit]));
        let edges = powers.flat_map(|power| [power, power - Fr::ONE, -power]).chain([Fr::ZERO, half, half - Fr::ONE]);
        for scalar in edges.chain((0..100).map(|_| Fr::rand(rng))) {
            for width in [2, 3, 4, 6, 7, 8, 11, 13, 16] {
                let mut sum = Fr::ZERO;
                for Digit { window, size, minus } in digits(&scalar, width) {
                    assert!(window < windows::<Fr>(width) && (1..=1 << (width - 1)).contains(&size));
                    let part = Fr::from(size as u64) * Fr::from(2).pow([(width * window) as u64]);
                    sum += if minus { -part } else { part };
                }
                assert_eq!(sum, scalar, "{width}");
            }
        }
    }

    #[test]
    fn small_scalars_and_their_opposites_have_few() {
        let digit = |minus| Digit { window: 0, size: 1, minus };
        assert_eq!(digits(&Fr::ONE, 5).collect::<Vec<_>>(), [digit(false)]);
        assert_eq!(digits(&-Fr::ONE, 5).collect::<Vec<_>>(), [digit(true)]);
        assert_eq!(digits(&Fr::from(1u128 << 100), 5).count(), 1);
        assert_eq!(digits(&Fr::ZERO, 5).count(), 0);
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
