//! The extensions of F_q: F_q^2 = F_q[u] / (u^2 + 1), F_q^6 = F_q^2[v] / (v^3 - 9 - u), F_q^12 = F_q^6[w] / (w^2 - v).

use ark_ff::{AdditiveGroup, Fp12, Fp12Config, Fp2, Fp2Config, Fp6, Fp6Config};

use super::fields::{fq, Fq};

pub type Fq2 = Fp2<Fq2Config>;
pub type Fq6 = Fp6<Fq6Config>;
pub type Fq12 = Fp12<Fq12Config>;

pub struct Fq2Config;
#[derive(Clone, Copy)]
pub struct Fq6Config;
#[derive(Clone, Copy)]
pub struct Fq12Config;

pub const fn fq2(element: ark_bn254::Fq2) -> Fq2 {
    Fq2::new(fq(element.c0), fq(element.c1))
}

const fn fq2s<const N: usize>(elements: &[ark_bn254::Fq2]) -> [Fq2; N] {
    assert!(elements.len() == N);
    let mut result = [Fq2::ZERO; N];
    let mut i = 0;
    while i < N {
        result[i] = fq2(elements[i]);
        i += 1;
    }
    result
}

impl Fp2Config for Fq2Config {
    type Fp = Fq;

    const NONRESIDUE: Fq = fq(ark_bn254::Fq2Config::NONRESIDUE);
    const FROBENIUS_COEFF_FP2_C1: &'static [Fq] =
        &[fq(ark_bn254::Fq2Config::FROBENIUS_COEFF_FP2_C1[0]), fq(ark_bn254::Fq2Config::FROBENIUS_COEFF_FP2_C1[1])];

    #[inline(always)]
    fn mul_fp_by_nonresidue_in_place(element: &mut Fq) -> &mut Fq {
        element.neg_in_place()
    }
}

impl Fp6Config for Fq6Config {
    type Fp2Config = Fq2Config;

    const NONRESIDUE: Fq2 = fq2(ark_bn254::Fq6Config::NONRESIDUE);
    const FROBENIUS_COEFF_FP6_C1: &'static [Fq2] = &fq2s::<6>(ark_bn254::Fq6Config::FROBENIUS_COEFF_FP6_C1);
    const FROBENIUS_COEFF_FP6_C2: &'static [Fq2] = &fq2s::<6>(ark_bn254::Fq6Config::FROBENIUS_COEFF_FP6_C2);

    /// (a + b u) (9 + u) = 9 a - b + (9 b + a) u.
    #[inline(always)]
    fn mul_fp2_by_nonresidue_in_place(element: &mut Fq2) -> &mut Fq2 {
        let mut nine = *element;
        nine.double_in_place().double_in_place().double_in_place();
        nine += &*element;
        *element = Fq2::new(nine.c0 - element.c1, nine.c1 + element.c0);
        element
    }
}

impl Fp12Config for Fq12Config {
    type Fp6Config = Fq6Config;

    const NONRESIDUE: Fq6 = Fq6::new(Fq2::ZERO, fq2(ark_bn254::Fq12Config::NONRESIDUE.c1), Fq2::ZERO);
    const FROBENIUS_COEFF_FP12_C1: &'static [Fq2] = &fq2s::<12>(ark_bn254::Fq12Config::FROBENIUS_COEFF_FP12_C1);
}
