//! Scalars as signed digits of their two halves, digit by digit for all of them.

use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ff::{AdditiveGroup, BigInteger, PrimeField};

/// Bits of a digit.
pub const WIDTH: u32 = 4;
/// The largest digit's absolute value: that many multiples of a point are in its table.
pub const MOST: usize = 1 << (WIDTH - 1);

/// From the highest digit down, those of all first halves and those of all second halves.
pub struct Digits {
    count: usize,
    digits: Vec<i8>,
}

impl Digits {
    pub fn of<C: GLVConfig>(scalars: &[C::ScalarField]) -> Self {
        let splitter = Splitter::<C>::new();
        let halves: Vec<[Signed<C::ScalarField>; 2]> = scalars.iter().map(|scalar| splitter.split(scalar)).collect();
        let bits = halves.iter().flatten().map(|half| half.size.num_bits()).max().unwrap_or(0);
        // One bit more, which a carry may need.
        let (count, rows) = (scalars.len(), (bits + 1).div_ceil(WIDTH) as usize);
        let mut digits = vec![0; 2 * rows * count];
        for (place, pair) in halves.iter().enumerate() {
            for (side, half) in pair.iter().enumerate() {
                let row_of = |row: usize| (2 * (rows - 1 - row) + side) * count + place;
                signed_digits(half, rows, |row, digit| digits[row_of(row)] = digit);
            }
        }
        Self { count, digits }
    }

    /// The digits of both halves, of all scalars, from the highest place to the lowest.
    pub fn rows(&self) -> impl Iterator<Item = (&[i8], &[i8])> {
        self.digits.chunks_exact(2 * self.count.max(1)).map(|both| both.split_at(self.count))
    }
}

/// A number's absolute value and sign.
struct Signed<F: PrimeField> {
    size: F::BigInt,
    is_minus: bool,
}

impl<F: PrimeField> Signed<F> {
    /// The one of `value` and `value - r` that is nearer to zero.
    fn nearest(value: F) -> Self {
        let (plus, minus) = (value.into_bigint(), (-value).into_bigint());
        let is_minus = minus < plus;
        Self { size: if is_minus { minus } else { plus }, is_minus }
    }
}

/// What splits scalars: k = first + lambda * second, both about half as long as r.
///
/// The short vectors (n11, n12) and (n21, n22) of the curve satisfy n_1 + lambda n_2 = 0, so that any multiples of them
/// may be taken off (k, 0); the nearest ones are k n22 / r and -k n12 / r, which are found here to within two, by a product
/// with a rounded quotient.
struct Splitter<C: GLVConfig> {
    vectors: [[C::ScalarField; 2]; 2],
    /// 2^(64 N) n22 / r and 2^(64 N) n12 / r without their signs, rounded down; and whether to take them as minus.
    quotients: [(<C::ScalarField as PrimeField>::BigInt, bool); 2],
}

impl<C: GLVConfig> Splitter<C> {
    fn new() -> Self {
        let [n11, n12, n21, n22] = C::SCALAR_DECOMP_COEFFS;
        let element = |(is_plus, size): (bool, <C::ScalarField as PrimeField>::BigInt)| {
            let value = C::ScalarField::from_bigint(size).unwrap_or_default();
            if is_plus {
                value
            } else {
                -value
            }
        };
        Self {
            vectors: [[element(n11), element(n12)], [element(n21), element(n22)]],
            quotients: [(quotient::<C::ScalarField>(n22.1), !n22.0), (quotient::<C::ScalarField>(n12.1), n12.0)],
        }
    }

    fn split(&self, scalar: &C::ScalarField) -> [Signed<C::ScalarField>; 2] {
        let whole = Signed::nearest(*scalar);
        if 2 * whole.size.num_bits() <= C::ScalarField::MODULUS_BIT_SIZE {
            return [whole, Signed::nearest(C::ScalarField::ZERO)];
        }
        let words = scalar.into_bigint();
        let [first, second] = [0, 1].map(|side| {
            let (quotient, is_minus) = &self.quotients[side];
            let multiple = C::ScalarField::from_bigint(words.mul_high(quotient)).unwrap_or_default();
            if *is_minus {
                -multiple
            } else {
                multiple
            }
        });
        let left = *scalar - first * self.vectors[0][0] - second * self.vectors[1][0];
        let right = -(first * self.vectors[0][1] + second * self.vectors[1][1]);
        [Signed::nearest(left), Signed::nearest(right)]
    }
}

/// 2^(64 N) size / r, rounded down; `size` is well below r.
fn quotient<F: PrimeField>(size: F::BigInt) -> F::BigInt {
    let (size, modulus): (num_bigint::BigUint, num_bigint::BigUint) = (size.into(), F::MODULUS.into());
    F::BigInt::try_from((size << (64 * F::BigInt::NUM_LIMBS)) / modulus).unwrap_or_default()
}

/// Digits from -MOST + 1 to MOST, the lowest first, of a number that `rows` of them have room for.
fn signed_digits<F: PrimeField>(number: &Signed<F>, rows: usize, mut put: impl FnMut(usize, i8)) {
    let words = number.size.as_ref();
    let mut carry = 0;
    for row in 0..rows {
        let bit = row * WIDTH as usize;
        let word = words.get(bit / 64).copied().unwrap_or(0);
        let mut digit = (word >> (bit % 64)) as i8 & (2 * MOST as i8 - 1);
        digit += carry;
        carry = i8::from(digit > MOST as i8);
        digit -= carry << WIDTH;
        put(row, if number.is_minus { -digit } else { digit });
    }
}
