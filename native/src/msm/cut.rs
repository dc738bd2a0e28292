//! How scalars are cut into digits: which bits each digit is made of, and which bucket and which term it becomes.

use ark_ff::{BigInteger, PrimeField};

#[cfg(target_arch = "x86_64")]
use super::lanes::Lanes;
use super::shape::Shape;
use crate::kernel::Kernel;

/// Where a window's bits are found, and where its digits go: the bucket before the first of its set, and the first index
/// of its level.
pub(super) struct Place {
    pub(super) limb: usize,
    pub(super) shift: u32,
    pub(super) mask: u32,
    pub(super) bucket: u32,
    pub(super) index: u32,
}

impl Place {
    fn new(window: usize, points: usize, shape: &Shape) -> Self {
        let (level, set) = (window / shape.sets(), window % shape.sets());
        let low = window * shape.width();
        Self {
            limb: low / 64,
            shift: (low % 64) as u32,
            // What runs over in the last window stays in it.
            mask: if window + 1 == shape.windows() { u32::MAX } else { (1 << shape.width()) - 1 },
            bucket: ((set * shape.buckets_of_set()) as u32).wrapping_sub(1),
            index: (level * points) as u32,
        }
    }
}

/// Limbs of a small scalar with all digits raised, and zeros beyond.
pub(super) type Limbs = [u64; 8];

/// How scalars are cut into digits of one shape: with half of a digit's range added to each digit, the carries are those
/// of one addition of integers, and the digits are the windows' bits less that half.
pub(super) struct Cutter {
    pub(super) width: usize,
    pub(super) places: Vec<Place>,
    pub(super) halves: Limbs,
    #[cfg(target_arch = "x86_64")]
    lanes: Option<Lanes>,
}

impl Cutter {
    pub(super) fn new<F: PrimeField>(kernel: Kernel, points: usize, shape: &Shape) -> Self {
        const { assert!(<F::BigInt as BigInteger>::NUM_LIMBS + 2 <= size_of::<Limbs>() / 8, "a limb to run over into") };
        let mut halves = [0; 8];
        for window in 0..shape.windows() {
            let bit = window * shape.width() + shape.width() - 1;
            halves[bit / 64] |= 1 << (bit % 64);
        }
        let _ = kernel;
        Self {
            width: shape.width(),
            places: (0..shape.windows()).map(|window| Place::new(window, points, shape)).collect(),
            halves,
            #[cfg(target_arch = "x86_64")]
            lanes: Lanes::find::<F>(kernel),
        }
    }

    /// The digits of these scalars that are not zero, as bucket << 32 | term, in any order; `first` is the index of the
    /// first scalar. They are written over what `out` holds.
    pub(super) fn cut<'a, F: PrimeField, S>(
        &self,
        scalars: &[S],
        integer: &impl Fn(&S) -> F::BigInt,
        first: u32,
        out: &'a mut Vec<u64>,
    ) -> &'a [u64] {
        // Eight digits are written at a time, of which only some may count.
        let most = scalars.len() * self.places.len() + 8;
        if out.len() < most {
            out.resize(most, 0);
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(lanes) = self.lanes {
            let count = lanes.cut::<F, S>(self, scalars, integer, first, out);
            return &out[..count];
        }
        let mut count = 0;
        for (scalar, index) in scalars.iter().zip(first..) {
            count += self.cut_one::<F>(integer(scalar), index, &mut out[count..]);
        }
        &out[..count]
    }

    /// How many windows of a small scalar of so many bits have a digit.
    #[inline(always)]
    pub(super) fn windows(&self, bits: usize) -> usize {
        // The digits of k windows reach (2^(width - 1) - 1) (2^(width k) - 1) / (2^width - 1) >= 2^(width k - 2), so that
        // nothing is carried beyond these.
        if bits == 0 {
            0
        } else {
            (bits + 2).div_ceil(self.width).min(self.places.len())
        }
    }

    /// Write the digits of one scalar, and say how many they are. There is no branch on a digit, which would be guessed
    /// wrongly half of the time.
    #[inline(always)]
    fn cut_one<F: PrimeField>(&self, mut value: F::BigInt, index: u32, out: &mut [u64]) -> usize {
        let negative = value > F::MODULUS_MINUS_ONE_DIV_TWO;
        if negative {
            let mut opposite = F::MODULUS;
            opposite.sub_with_borrow(&value);
            value = opposite;
        }
        let mut limbs = self.halves;
        let mut carry = 0;
        for (limb, part) in limbs.iter_mut().zip(value.as_ref().iter().chain(std::iter::repeat(&0))) {
            let sum = u128::from(*limb) + u128::from(*part) + carry;
            (*limb, carry) = (sum as u64, sum >> 64);
        }
        let windows = self.windows(value.num_bits() as usize);
        let half = 1 << (self.width - 1);
        let mut count = 0;
        for place in &self.places[..windows] {
            let pair = u128::from(limbs[(place.limb + 1) % 8]) << 64 | u128::from(limbs[place.limb % 8]);
            let digit = ((pair >> place.shift) as u32 & place.mask) as i32 - half;
            let sign = (digit < 0) != negative;
            let bucket = place.bucket.wrapping_add(digit.unsigned_abs());
            out[count] = u64::from(bucket) << 32 | u64::from(sign) << 31 | u64::from(place.index + index);
            count += usize::from(digit != 0);
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::{AdditiveGroup, Field, UniformRand};

    use super::*;
    use crate::instance::Fr;
    use crate::msm::shape::WIDTHS;

    /// Numbers at which a carry, a sign or the number of digits changes, and any.
    fn scalars() -> Vec<Fr> {
        let rng = &mut ark_std::test_rng();
        let half = Fr::from(Fr::MODULUS_MINUS_ONE_DIV_TWO);
        let mut scalars = vec![Fr::ZERO, Fr::ONE, -Fr::ONE, half, half + Fr::ONE, half - Fr::ONE, half.double()];
        for bit in 0..254 {
            let power = Fr::from(2).pow([bit]);
            scalars.extend([power, -power, power - Fr::ONE, power.double() - Fr::from(3), half - power]);
        }
        // Words of zeros and of ones, through which carries and borrows run.
        for words in 0..16 {
            let word = |i: u32| if words >> i & 1 == 1 { Fr::from(u64::MAX) } else { Fr::ZERO };
            let value = (0..4).fold(Fr::ZERO, |sum, i| sum + word(i) * Fr::from(2).pow([64 * u64::from(i)]));
            scalars.extend([value, value + Fr::ONE, -value, -value - Fr::ONE]);
        }
        scalars.extend((0..100).map(|_| Fr::rand(rng)));
        scalars
    }

    /// The scalars that these digits stand for, in the order of their indices.
    fn summed(digits: &[u64], first: usize, count: usize, points: usize, shape: &Shape) -> Vec<Fr> {
        let mut sums = vec![Fr::ZERO; count];
        for digit in digits {
            let (bucket, term) = ((digit >> 32) as usize, *digit as u32);
            let (set, size) = (bucket / shape.buckets_of_set(), bucket % shape.buckets_of_set() + 1);
            let (level, index) = ((term & !(1 << 31)) as usize / points, (term & !(1 << 31)) as usize % points);
            let window = level * shape.sets() + set;
            assert!(bucket < shape.buckets() && window < shape.windows(), "{shape:?} {digit:x}");
            let value = Fr::from(size as u64) * Fr::from(2).pow([(shape.width() * window) as u64]);
            sums[index - first] += if term >> 31 == 1 { -value } else { value };
        }
        sums
    }

    #[test]
    fn digits_add_up_to_the_scalars() {
        let scalars = scalars();
        let (first, points) = (5, scalars.len() + 9);
        let mut out = vec![u64::MAX; 3];
        for kernel in Kernel::available() {
            for width in WIDTHS {
                for levels in [1, 3, 1000] {
                    let shape = Shape::new::<Fr>(width, levels);
                    let cutter = Cutter::new::<Fr>(kernel, points, &shape);
                    let digits = cutter.cut::<Fr, Fr>(&scalars, &|s| s.into_bigint(), first, &mut out);
                    let found = summed(digits, first as usize, scalars.len(), points, &shape);
                    assert!(found == scalars, "{kernel} {shape:?}");
                }
            }
        }
    }

    #[test]
    fn every_kernel_finds_the_same_digits() {
        let all = scalars();
        let shape = Shape::new::<Fr>(7, 4);
        for count in (0..20).chain([63, 64, 65, 500]) {
            for start in [0, 3, 400] {
                let digits = |kernel| {
                    let (mut out, cutter) = (Vec::new(), Cutter::new::<Fr>(kernel, 1000, &shape));
                    let scalars = &all[start..start + count];
                    let mut digits = cutter.cut::<Fr, Fr>(scalars, &|s| s.into_bigint(), 11, &mut out).to_vec();
                    digits.sort_unstable();
                    digits
                };
                for kernel in Kernel::available() {
                    assert!(digits(kernel) == digits(Kernel::Portable), "{kernel} {count} {start}");
                }
            }
        }
    }

    #[test]
    fn small_scalars_have_few_digits_and_zeros_none() {
        let cutter = |kernel| Cutter::new::<Fr>(kernel, 100, &Shape::new::<Fr>(9, 1000));
        for kernel in Kernel::available() {
            let count =
                |scalars: &[Fr]| cutter(kernel).cut::<Fr, Fr>(scalars, &|s| s.into_bigint(), 0, &mut Vec::new()).len();
            assert_eq!(count(&[Fr::ZERO; 21]), 0);
            assert_eq!(count(&[Fr::ONE, -Fr::ONE, Fr::ZERO, Fr::from(255)]), 3);
            // 256 is half of a digit's range: -256, and 1 carried.
            assert_eq!(count(&[Fr::from(256), -Fr::from(256)]), 4);
        }
        assert_eq!(
            [0, 1, 7, 8, 16, 17, 253, 300].map(|bits| cutter(Kernel::Portable).windows(bits)),
            [0, 1, 1, 2, 2, 3, 29, 29]
        );
    }
}
