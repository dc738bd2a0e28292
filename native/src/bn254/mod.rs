//! BN254 over this crate's field arithmetic: arkworks' towers, curves and pairing, with other products below them.
//!
//! Every number is that of `ark_bn254`, whose curve is the tests' oracle; only the type that multiplies is ours.

mod curves;
mod fields;
mod tower;

use ark_ec::bn::{Bn, BnConfig, TwistType};
use ark_ec::short_weierstrass::Projective;

pub use self::curves::{G1Config, G2Config};
pub use self::fields::{Fq, FqConfig, Fr, FrConfig};
pub use self::tower::{Fq12, Fq12Config, Fq2, Fq2Config, Fq6, Fq6Config};

use self::tower::fq2;

/// The parameters of the pairing.
pub struct Config;

pub type Bn254 = Bn<Config>;
pub type G1Projective = Projective<G1Config>;
pub type G2Projective = Projective<G2Config>;

impl BnConfig for Config {
    const X: &'static [u64] = ark_bn254::Config::X;
    const X_IS_NEGATIVE: bool = ark_bn254::Config::X_IS_NEGATIVE;
    const ATE_LOOP_COUNT: &'static [i8] = ark_bn254::Config::ATE_LOOP_COUNT;
    const TWIST_TYPE: TwistType = ark_bn254::Config::TWIST_TYPE;
    const TWIST_MUL_BY_Q_X: Fq2 = fq2(ark_bn254::Config::TWIST_MUL_BY_Q_X);
    const TWIST_MUL_BY_Q_Y: Fq2 = fq2(ark_bn254::Config::TWIST_MUL_BY_Q_Y);
    type Fp = Fq;
    type Fp2Config = Fq2Config;
    type Fp6Config = Fq6Config;
    type Fp12Config = Fq12Config;
    type G1Config = G1Config;
    type G2Config = G2Config;
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ec::pairing::Pairing;
    use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
    use ark_ec::{AffineRepr, CurveConfig, CurveGroup, PrimeGroup};
    use ark_ff::{AdditiveGroup, FftField, Field, Fp, Fp256, MontBackend, MontConfig, PrimeField, UniformRand, Zero};
    use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
    use ark_std::rand::Rng;

    type Element<C> = Fp256<MontBackend<C, 4>>;

    fn same<C: MontConfig<4>, T: MontConfig<4>>(ours: Element<C>, theirs: Element<T>) {
        assert_eq!(ours.0, theirs.0);
    }

    /// Every operation on the same words in both fields.
    fn agrees<C: MontConfig<4>, T: MontConfig<4>>(rng: &mut impl Rng) {
        assert_eq!(C::MODULUS, T::MODULUS);
        let edges = [Element::<T>::ZERO, Element::ONE, -Element::<T>::ONE, Fp::new_unchecked(ark_ff::BigInt::one())];
        let random: Vec<Element<T>> = (0..50).map(|_| Element::rand(rng)).collect();
        let all: Vec<Element<T>> = edges.into_iter().chain(edges.map(|edge| -edge)).chain(random).collect();
        for x in &all {
            let ours = Element::<C>::new_unchecked(x.0);
            same(ours.square(), x.square());
            same(ours.double(), x.double());
            same(-ours, -*x);
            assert_eq!(ours.inverse().map(|value| value.0), x.inverse().map(|value| value.0));
            assert_eq!(ours.sqrt().map(|value| value.square()), x.sqrt().map(|_| ours));
            assert_eq!(ours.into_bigint(), x.into_bigint());
            for y in &all {
                let other = Element::<C>::new_unchecked(y.0);
                same(ours * other, *x * y);
                same(ours + other, *x + y);
                same(ours - other, *x - y);
                let (sum, theirs) = ([ours, other], [*x, *y]);
                same(Element::sum_of_products(&sum, &[other, ours]), Element::sum_of_products(&theirs, &[*y, *x]));
                same(Element::sum_of_products(&[ours], &[other]), *x * y);
            }
        }
        same(Element::<C>::GENERATOR, Element::<T>::GENERATOR);
        for bits in [0, 1, 5] {
            let size = 1 << bits;
            let theirs = Element::<T>::get_root_of_unity(size).map(|root| root.0);
            assert_eq!(Element::<C>::get_root_of_unity(size).map(|root| root.0), theirs);
        }
    }

    #[test]
    fn fields_are_arkworks_fields() {
        let rng = &mut ark_std::test_rng();
        agrees::<FqConfig, ark_bn254::FqConfig>(rng);
        agrees::<FrConfig, ark_bn254::FrConfig>(rng);
    }

    /// A value in the other library's type, through the bytes that both write.
    fn through_bytes<A: CanonicalSerialize, B: CanonicalDeserialize>(value: &A) -> Option<B> {
        let mut bytes = Vec::new();
        value.serialize_uncompressed(&mut bytes).ok()?;
        B::deserialize_uncompressed(&bytes[..]).ok()
    }

    #[test]
    fn towers_are_arkworks_towers() {
        let rng = &mut ark_std::test_rng();
        for _ in 0..10 {
            let (x, y) = (Fq12::rand(rng), Fq12::rand(rng));
            let theirs = |value: &Fq12| through_bytes::<Fq12, ark_bn254::Fq12>(value);
            assert_eq!(theirs(&(x * y)), theirs(&x).zip(theirs(&y)).map(|(x, y)| x * y));
            assert_eq!(theirs(&x.square()), theirs(&x).map(|x| x.square()));
            assert_eq!(x.inverse().as_ref().map(theirs), theirs(&x).map(|x| x.inverse()));
            for power in 0..12 {
                assert_eq!(theirs(&x.frobenius_map(power)), theirs(&x).map(|x| x.frobenius_map(power)));
            }
        }
    }

    #[test]
    fn groups_and_pairing_are_arkworks_ones() {
        let rng = &mut ark_std::test_rng();
        for _ in 0..3 {
            let (s, t) = (Fr::rand(rng), Fr::rand(rng));
            let (p, q) = (G1Projective::generator() * s, G2Projective::generator() * t);
            let (theirs_s, theirs_t) = (Fp::new_unchecked(s.0), Fp::new_unchecked(t.0));
            let theirs_p = ark_bn254::G1Projective::generator() * theirs_s;
            let theirs_q = ark_bn254::G2Projective::generator() * theirs_t;
            assert_eq!(through_bytes(&p), Some(theirs_p));
            assert_eq!(through_bytes(&q), Some(theirs_q));
            assert_eq!(through_bytes(&Bn254::pairing(p, q)), Some(ark_bn254::Bn254::pairing(theirs_p, theirs_q)));
        }
    }

    #[test]
    fn a_scalar_of_any_length_multiplies() {
        let point = Affine::<G1Config>::generator();
        let (r, one) = (Fr::MODULUS.0.to_vec(), [&Fr::MODULUS.0[..], &[1]].concat());
        assert!(point.mul_bigint(&r).is_zero() && !point.mul_bigint(&one).is_zero());
        assert_eq!(point.mul_bigint([7]), point.into_group() * Fr::from(7));
        let shifted = Fr::from(2).pow([256]);
        assert_eq!(point.mul_bigint(&one), point.into_group() * shifted);
        assert_eq!(G2Config::COFACTOR.len(), 4);
        assert!(Affine::<G2Config>::generator().is_on_curve() && point.is_on_curve());
        assert_eq!(G1Config::mul_by_a(Fq::ONE), Fq::ZERO);
        assert_eq!(G2Projective::generator().into_affine(), G2Config::GENERATOR);
    }
}
