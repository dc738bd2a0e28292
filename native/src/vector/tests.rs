//! Lanes against arkworks: the values at the edges, in every lane, and random ones.

use ark_ff::{AdditiveGroup, BigInt, Field, Fp2, Fp2Config, MontConfig, UniformRand};
use ark_std::rand::Rng;

use super::memory::Element;
use super::*;

type Fq = Element<ark_bn254::FqConfig>;

/// Elements whose words in memory's form are 0, 1, p - 1, of few or many bits, or random.
fn samples<T: MontConfig<4>>(rng: &mut impl Rng) -> [Element<T>; LANES] {
    std::array::from_fn(|_| match rng.gen_range(0..8) {
        0 => Element::ZERO,
        1 => Element::new_unchecked(BigInt([1, 0, 0, 0])),
        2 => -Element::new_unchecked(BigInt([1, 0, 0, 0])),
        3 => Element::ONE,
        4 => -Element::ONE,
        5 => Element::new_unchecked(BigInt([u64::MAX, u64::MAX, u64::MAX, T::MODULUS.0[3] - 1])),
        _ => Element::rand(rng),
    })
}

struct Case<F>(F);

impl<F: Fn(Ifma) -> R, R> Task for Case<F> {
    type Output = R;
    #[inline(always)]
    fn run(self, ifma: Ifma) -> R {
        (self.0)(ifma)
    }
}

fn on_lanes<R>(case: impl Fn(Ifma) -> R) -> Option<R> {
    Ifma::find().map(|ifma| ifma.run(Case(case)))
}

fn stored<T: MontConfig<4>>(lanes: &Lanes<T, 5>) -> [Element<T>; LANES] {
    let mut elements = [Element::ZERO; LANES];
    lanes.store(&mut elements);
    elements
}

fn each<T: Copy, R>(elements: &[T; LANES], change: impl Fn(T) -> R) -> [R; LANES] {
    elements.map(change)
}

fn both<T: Copy, R>(a: &[T; LANES], b: &[T; LANES], combine: impl Fn(T, T) -> R) -> [R; LANES] {
    std::array::from_fn(|i| combine(a[i], b[i]))
}

fn agrees_with_arkworks<T: MontConfig<4>>() {
    let rng = &mut ark_std::test_rng();
    let sixteenth = Element::<T>::from(16).inverse().unwrap_or_default();
    for _ in 0..2000 {
        let (a, b) = (samples::<T>(rng), samples::<T>(rng));
        on_lanes(|ifma| {
            let (x, y) = (Lanes::load(ifma, &a), Lanes::load(ifma, &b));
            assert_eq!(stored(&x), a);
            assert_eq!(stored(&x.product(&y).canonical()), both(&a, &b, |a, b| a * b));
            assert_eq!(stored(&Lanes::load_raised(ifma, &a).times(&y).canonical()), both(&a, &b, |a, b| a * b));
            assert_eq!(stored(&x.sum(&y)), both(&a, &b, |a, b| a + b));
            assert_eq!(stored(&x.difference(&y)), both(&a, &b, |a, b| a - b));
            assert_eq!(stored(&x.doubled()), each(&a, |a| a.double()));
            assert_eq!(stored(&x.negated()), each(&a, |a| -a));
            assert_eq!(stored(&x.squared().canonical()), each(&a, |a| a.square() * sixteenth));
            for mask in [0, 1, 0x80, 0x5a, 0xff] {
                let expected: [_; LANES] = std::array::from_fn(|i| if mask >> i & 1 == 1 { b[i] } else { a[i] });
                assert_eq!(stored(&x.replaced(mask, &y)), expected);
                let expected: [_; LANES] = std::array::from_fn(|i| if mask >> i & 1 == 1 { -a[i] } else { a[i] });
                assert_eq!(stored(&x.loose().negated_where::<1>(mask).carry().canonical()), expected);
            }
            assert_eq!(x.zeros(), bits(&each(&a, |a| a == Element::ZERO)));
            assert_eq!(x.equals(&y), bits(&both(&a, &b, |a, b| a == b)));
            assert_eq!(stored(&Lanes::splat(ifma, &a[3])), [a[3]; LANES]);
        });
    }
}

fn bits(flags: &[bool; LANES]) -> Mask {
    (0..LANES).fold(0, |mask, i| mask | u8::from(flags[i]) << i)
}

#[test]
fn lanes_agree_with_arkworks() {
    agrees_with_arkworks::<ark_bn254::FqConfig>();
    agrees_with_arkworks::<ark_bn254::FrConfig>();
    agrees_with_arkworks::<ark_bls12_381::FrConfig>();
}

/// 16 p - 1 times itself, the largest that the memory form gives, and sums of products.
#[test]
fn late_reduction_holds_at_its_bounds() {
    let top = -Fq::new_unchecked(BigInt([1, 0, 0, 0]));
    let rng = &mut ark_std::test_rng();
    for _ in 0..200 {
        let mut a = samples::<ark_bn254::FqConfig>(rng);
        let mut b = samples::<ark_bn254::FqConfig>(rng);
        a[rng.gen_range(0..LANES)] = top;
        b[rng.gen_range(0..LANES)] = top;
        let result = on_lanes(|ifma| {
            let (x, y) = (Lanes::load_raised(ifma, &a), Lanes::load_raised(ifma, &b));
            let product = x.times(&y).less::<4>().less::<2>().canonical();
            let sum = Wide::product(&x, &y).plus_product(&x, &x).reduce().carry();
            (stored(&product), stored(&sum.less::<4>().less::<2>().canonical()))
        });
        let Some((product, sum)) = result else { return };
        let sixteen = Fq::from(16);
        assert_eq!(product, both(&a, &b, |a, b| a * b * sixteen));
        assert_eq!(sum, both(&a, &b, |a, b| (a * b + a.square()) * sixteen));
    }
}

/// k p + d for d next to 0, to p, and where the highest limbs of d and p are the same: there the estimate is at its edge.
#[test]
fn canonical_holds_at_the_multiples_of_p() {
    type Q = Lanes<ark_bn254::FqConfig, 5>;
    let words = |words| Fq::new_unchecked(BigInt(words));
    let top = <ark_bn254::FqConfig as MontConfig<4>>::MODULUS.0[3];
    let mut residues = [Fq::ZERO; LANES];
    residues[1] = words([1, 0, 0, 0]);
    residues[2] = -residues[1];
    residues[3] = words([0, 0, 0, top >> 16 << 16]);
    residues[4] = residues[3] - residues[1];
    residues[5] = words([u64::MAX, u64::MAX, 0, 0]);
    residues[6] = -residues[5];
    residues[7] = words([0, 0, 0, top]);
    on_lanes(|ifma| {
        let loose = Q::load(ifma, &residues).loose();
        assert_eq!(stored(&loose.canonical()), residues);
        assert_eq!(stored(&loose.plus_multiple::<1>().canonical()), residues);
        assert_eq!(stored(&loose.plus_multiple::<2>().canonical()), residues);
        assert_eq!(stored(&loose.plus_multiple::<3>().canonical()), residues);
        assert_eq!(stored(&loose.plus_multiple::<3>().carry().loose().canonical()), residues);
        assert_eq!(Q::load(ifma, &residues).permuted(&[1, 0, 3, 2, 5, 4, 7, 6]).zeros(), 2);
    });
}

#[test]
fn quadratic_extension_agrees_with_arkworks() {
    type Fq2 = Fp2<ark_bn254::Fq2Config>;
    assert_eq!(ark_bn254::Fq2Config::NONRESIDUE, -Fq::ONE);
    let rng = &mut ark_std::test_rng();
    for _ in 0..1000 {
        let [a0, a1, b0, b1] = std::array::from_fn(|_| samples::<ark_bn254::FqConfig>(rng));
        let a = both(&a0, &a1, Fq2::new);
        let b = both(&b0, &b1, Fq2::new);
        let result = on_lanes(|ifma| {
            let load = |c0, c1| Extension { parts: [Lanes::load(ifma, c0), Lanes::load(ifma, c1)] };
            let raised = Extension { parts: [Lanes::load_raised(ifma, &a0), Lanes::load_raised(ifma, &a1)] };
            let (x, y) = (load(&a0, &a1), load(&b0, &b1));
            let product = raised.times::<16>(&y).carry().parts;
            let square = x.squared::<1>().carry().parts;
            [product[0], product[1], square[0], square[1]].map(|part| stored(&part.canonical()))
        });
        let Some([c0, c1, s0, s1]) = result else { return };
        let sixteenth = Fq::from(16).inverse().unwrap_or_default();
        for i in 0..LANES {
            assert_eq!(Fq2::new(c0[i], c1[i]), a[i] * b[i]);
            let mut square = a[i].square();
            square.mul_assign_by_fp(&sixteenth);
            assert_eq!(Fq2::new(s0[i], s1[i]), square);
        }
    }
}
