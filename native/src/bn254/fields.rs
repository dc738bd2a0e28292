//! The two prime fields.

use ark_ff::{BigInt, Fp, Fp256, MontBackend, MontConfig};

use crate::fields;

pub type Fq = Fp256<MontBackend<FqConfig, 4>>;
pub type Fr = Fp256<MontBackend<FrConfig, 4>>;

/// The field of the coordinates.
pub struct FqConfig;
/// The field of the scalars.
pub struct FrConfig;

/// An element of `ark_bn254`'s field as one of ours: both have the same words.
pub const fn fq(element: ark_bn254::Fq) -> Fq {
    Fp::new_unchecked(element.0)
}

pub const fn fr(element: ark_bn254::Fr) -> Fr {
    Fp::new_unchecked(element.0)
}

/// Arkworks' constants with our products.
macro_rules! config {
    ($config:ty, $element:ty, $theirs:ty, $convert:ident) => {
        impl MontConfig<4> for $config {
            const MODULUS: BigInt<4> = <$theirs>::MODULUS;
            const GENERATOR: $element = $convert(<$theirs>::GENERATOR);
            const TWO_ADIC_ROOT_OF_UNITY: $element = $convert(<$theirs>::TWO_ADIC_ROOT_OF_UNITY);
            const SMALL_SUBGROUP_BASE: Option<u32> = <$theirs>::SMALL_SUBGROUP_BASE;
            const SMALL_SUBGROUP_BASE_ADICITY: Option<u32> = <$theirs>::SMALL_SUBGROUP_BASE_ADICITY;
            const LARGE_SUBGROUP_ROOT_OF_UNITY: Option<$element> = match <$theirs>::LARGE_SUBGROUP_ROOT_OF_UNITY {
                Some(root) => Some($convert(root)),
                None => None,
            };

            #[inline(always)]
            fn add_assign(a: &mut $element, b: &$element) {
                fields::add(a, b);
            }

            #[inline(always)]
            fn sub_assign(a: &mut $element, b: &$element) {
                fields::subtract(a, b);
            }

            #[inline(always)]
            fn double_in_place(a: &mut $element) {
                fields::double(a);
            }

            #[inline(always)]
            fn neg_in_place(a: &mut $element) {
                fields::negate(a);
            }

            #[inline(always)]
            fn mul_assign(a: &mut $element, b: &$element) {
                fields::multiply(a, b);
            }

            #[inline(always)]
            fn square_in_place(a: &mut $element) {
                fields::square(a);
            }

            fn inverse(a: &$element) -> Option<$element> {
                fields::inverse(a)
            }

            #[inline(always)]
            fn sum_of_products<const M: usize>(a: &[$element; M], b: &[$element; M]) -> $element {
                fields::sum_of_products(a, b)
            }
        }
    };
}

config!(FqConfig, Fq, ark_bn254::FqConfig, fq);
config!(FrConfig, Fr, ark_bn254::FrConfig, fr);
