//! The final exponentiation of a Barreto-Naehrig pairing, for whoever asks only whether the result is one.
//!
//! Hard part: Fuentes-Castaneda, Knapp, Rodriguez-Henriquez, "Faster hashing to G2" (SAC 2011), section 5. It gives the
//! power 2 x (6 x^2 + 3 x + 1) of the pairing, and r divides no factor of that, so one stays one and nothing becomes it.

use ark_ec::bn::BnConfig;
use ark_ff::{CyclotomicMultSubgroup, Field, Zero};

use crate::miller::Value;

/// Bits of a digit of the curve's parameter: few products, and odd powers up to the seventh.
const WIDTH: u32 = 4;

/// Is this Miller value a pairing that is one? Zero is none.
pub fn is_one<B: BnConfig>(value: &Value<B>) -> bool {
    easy_part::<B>(value).is_some_and(|value| hard_part::<B>(&value) == Value::<B>::ONE)
}

/// value^((q^6 - 1) (q^2 + 1)): in the cyclotomic subgroup, where a conjugate is the inverse.
fn easy_part<B: BnConfig>(value: &Value<B>) -> Option<Value<B>> {
    let first = conjugate::<B>(value) * value.inverse()?;
    Some(first.frobenius_map(2) * first)
}

/// value to the power l_0 + l_1 q + l_2 q^2 + l_3 q^3, where with the curve's parameter x
/// l_2 = 12 x^3 + 6 x^2 + 6 x, l_1 = l_2 - 2 x, l_0 = l_2 + 6 x^2 + 1 and l_3 = l_1 - 1.
fn hard_part<B: BnConfig>(value: &Value<B>) -> Value<B> {
    let x2 = power_of_x::<B>(value).cyclotomic_square();
    let x6 = x2.cyclotomic_square() * x2;
    let xx6 = power_of_x::<B>(&x6);
    let xxx12 = power_of_x::<B>(&xx6.cyclotomic_square());
    let l2 = xxx12 * xx6 * x6;
    let l1 = l2 * conjugate::<B>(&x2);
    let l0 = l2 * xx6 * value;
    let l3 = l1 * conjugate::<B>(value);
    l0 * l1.frobenius_map(1) * l2.frobenius_map(2) * l3.frobenius_map(3)
}

/// value^x, for a value of the cyclotomic subgroup.
fn power_of_x<B: BnConfig>(value: &Value<B>) -> Value<B> {
    let square = value.cyclotomic_square();
    let mut odd = [*value; 1 << (WIDTH - 2)];
    for i in 1..odd.len() {
        odd[i] = odd[i - 1] * square;
    }
    let mut result: Option<Value<B>> = None;
    for digit in digits(B::X).into_iter().rev() {
        result = result.map(|value| value.cyclotomic_square());
        if digit != 0 {
            let power = odd[digit.unsigned_abs() as usize / 2];
            let factor = if digit < 0 { conjugate::<B>(&power) } else { power };
            result = Some(result.map_or(factor, |value| value * factor));
        }
    }
    let result = result.unwrap_or(Value::<B>::ONE);
    if B::X_IS_NEGATIVE {
        conjugate::<B>(&result)
    } else {
        result
    }
}

/// The inverse in the cyclotomic subgroup.
fn conjugate<B: BnConfig>(value: &Value<B>) -> Value<B> {
    let mut result = *value;
    result.conjugate_in_place();
    result
}

/// Signed digits of a number, lowest first: odd ones below 2^(WIDTH - 1) in size, with at least WIDTH - 1 zeros between.
fn digits(number: &[u64]) -> Vec<i64> {
    let mut rest = number.iter().rfold(0_i128, |rest, limb| rest << 64 | i128::from(*limb));
    let mut digits = Vec::with_capacity(128);
    while !rest.is_zero() {
        let low = (rest & ((1 << WIDTH) - 1)) as i64;
        let digit = match low {
            even if even % 2 == 0 => 0,
            high if high > 1 << (WIDTH - 1) => high - (1 << WIDTH),
            low => low,
        };
        digits.push(digit);
        rest = (rest - i128::from(digit)) >> 1;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bn254::{Bn254, Config, Fq12, G1Projective, G2Projective};
    use ark_ec::pairing::{MillerLoopOutput, Pairing};
    use ark_ff::UniformRand;

    #[test]
    fn equals_arkworks_exponentiation() {
        let rng = &mut ark_std::test_rng();
        for _ in 0..5 {
            let value = Fq12::rand(rng);
            let theirs = Bn254::final_exponentiation(MillerLoopOutput(value)).map(|output| output.0);
            let ours = easy_part::<Config>(&value).map(|value| hard_part::<Config>(&value));
            assert_eq!(ours, theirs);
            assert!(!is_one::<Config>(&value));
        }
    }

    #[test]
    fn knows_pairings_that_are_one() {
        let rng = &mut ark_std::test_rng();
        let (p, q) = (G1Projective::rand(rng), G2Projective::rand(rng));
        assert!(is_one::<Config>(&Bn254::multi_miller_loop([p, -p], [q, q]).0));
        assert!(!is_one::<Config>(&Bn254::multi_miller_loop([p, p], [q, q]).0));
        assert!(is_one::<Config>(&Fq12::ONE));
        assert!(!is_one::<Config>(&Fq12::zero()));
    }

    #[test]
    fn digits_are_those_of_the_number() {
        for number in [1, 7, 8, 9, 4965661367192848881, u64::MAX] {
            let digits = digits(&[number]);
            let back = digits.iter().rfold(0_i128, |sum, digit| 2 * sum + i128::from(*digit));
            assert_eq!(back, i128::from(number));
            assert!(digits.iter().all(|digit| *digit == 0 || (digit % 2 != 0 && digit.abs() < 8)));
        }
    }
}
