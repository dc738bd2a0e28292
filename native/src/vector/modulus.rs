//! What the lanes know of a modulus, drawn from arkworks' configuration of the field.

use ark_ff::MontConfig;

/// Bits of a limb.
pub const BITS: u32 = 52;
pub const LIMB: u64 = (1 << BITS) - 1;

/// A prime p below 2^(52 L - 5), in limbs of 52 bits.
pub trait Modulus<const L: usize>: 'static {
    const P: [u64; L];
    /// -1/p mod 2^52
    const INVERSE: u64;
    /// How far the lanes' R = 2^(52 L) is above memory's 2^(64 N), in bits.
    const SHIFT: u32;
}

impl<T: MontConfig<4>> Modulus<5> for T {
    const P: [u64; 5] = {
        let limbs = split::<4, 5>(T::MODULUS.0);
        // 16 p and the sums that the formulas build stay below 2^260.
        assert!(limbs[4] < 1 << (BITS - 5), "the modulus leaves no room for late reduction");
        limbs
    };
    const INVERSE: u64 = T::INV & LIMB;
    const SHIFT: u32 = 5 * BITS - 256;
}

/// 64-bit words as 52-bit limbs.
pub const fn split<const N: usize, const L: usize>(words: [u64; N]) -> [u64; L] {
    let mut limbs = [0; L];
    let mut i = 0;
    while i < L {
        let start = i * BITS as usize;
        let (word, bit) = (start / 64, start % 64);
        if word < N {
            limbs[i] = words[word] >> bit;
            if bit > 64 - BITS as usize && word + 1 < N {
                limbs[i] |= words[word + 1] << (64 - bit);
            }
            limbs[i] &= LIMB;
        }
        i += 1;
    }
    limbs
}

/// times * p, normalised.
pub const fn multiple<const L: usize>(p: [u64; L], times: u64) -> [u64; L] {
    let mut limbs = [0; L];
    let (mut i, mut carry) = (0, 0u128);
    while i < L {
        let sum = p[i] as u128 * times as u128 + carry;
        limbs[i] = sum as u64 & LIMB;
        carry = sum >> BITS;
        i += 1;
    }
    assert!(carry == 0, "the multiple does not fit its limbs");
    limbs
}
