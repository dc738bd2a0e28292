//! F_p^12 = F_p^2[w] / (w^6 - 9 - i) in lanes, as far as a Miller loop needs it: squares, and products with a line.
//!
//! A coefficient of a result is one sum of products in F_p^2, reduced once: what is saved by fewer products, as Karatsuba
//! does, the lanes would lose again by sums that have to be reduced. Coefficients are below 2 p, in the lanes' own form.

use super::extension::Extension;
use super::lanes::Lanes;
use super::modulus::Modulus;
use super::product::Wide;
use super::word::{Ifma, Mask};

/// Eight elements of F_p^2.
pub type Quadratic<M, const L: usize> = Extension<M, L, 2>;

/// A left factor a + b i as its products need it: a, b and -b.
type Left<M, const L: usize> = [Lanes<M, L>; 3];

/// Of an element below K p.
#[inline(always)]
fn left<const K: u64, M: Modulus<L>, const L: usize>(element: &Quadratic<M, L>) -> Left<M, L> {
    let [a, b] = element.parts;
    [a, b, b.loose().negated_where::<K>(Mask::MAX).carry()]
}

/// The sum of factors[i] right[j] over the terms (i, j). With the left factor below s p and the right one below t p a term adds
/// 2 s t / 84 to one, and the sum is below so many times p; there are a few terms, so that no column runs over.
#[inline(always)]
fn sum_of_products<M: Modulus<L>, const L: usize>(
    ifma: Ifma,
    factors: &[Left<M, L>],
    right: &[Quadratic<M, L>],
    terms: &[(usize, usize)],
) -> Quadratic<M, L> {
    let (mut real, mut imaginary) = (Wide::zero(ifma), Wide::zero(ifma));
    for (i, j) in terms {
        let ([a, b, minus_b], [c, d]) = (&factors[*i], &right[*j].parts);
        real = real.plus_product(a, c).plus_product(minus_b, d);
        imaginary = imaginary.plus_product(a, d).plus_product(b, c);
    }
    Extension { parts: [real.reduce().carry(), imaginary.reduce().carry()] }
}

/// 9 + i times an element below 2 p: below 3 p.
#[inline(always)]
fn times_nonresidue<M: Modulus<L>, const L: usize>(element: &Quadratic<M, L>) -> Quadratic<M, L> {
    let (a, b) = (element.parts[0].loose(), element.parts[1].loose());
    let real = a.shifted::<3>().plus(&a).minus(&b).plus_multiple::<2>();
    let imaginary = b.shifted::<3>().plus(&b).plus(&a);
    Extension { parts: [real.carry(), imaginary.carry()] }.less::<10>().less::<5>().less::<3>()
}

/// Coefficients of 1, w, ..., w^5.
pub struct Twelfth<M, const L: usize>(pub [Quadratic<M, L>; 6]);

/// A line's coefficients of 1, w and w^3.
pub type Line<M, const L: usize> = [Quadratic<M, L>; 3];

/// For each coefficient of a square: factors from f_0 ... f_5, 2 f_0 ... 2 f_5, and from f_0 ... f_5, then f_3 ... f_5 times
/// the non-residue. At most 68 / 84 are added.
const SQUARE: [&[(usize, usize)]; 6] = [
    &[(0, 0), (7, 8), (8, 7), (3, 6)],
    &[(6, 1), (8, 8), (9, 7)],
    &[(6, 2), (1, 1), (9, 8), (4, 7)],
    &[(6, 3), (7, 2), (10, 8)],
    &[(6, 4), (7, 3), (2, 2), (5, 8)],
    &[(6, 5), (7, 4), (8, 3)],
];

/// For each coefficient of a product with a line: factors from f_0 ... f_5, and from the line's three coefficients, then
/// the second and third times the non-residue. At most 32 / 84 are added.
const LINE: [&[(usize, usize)]; 6] = [
    &[(0, 0), (5, 3), (3, 4)],
    &[(1, 0), (0, 1), (4, 4)],
    &[(2, 0), (1, 1), (5, 4)],
    &[(3, 0), (2, 1), (0, 2)],
    &[(4, 0), (3, 1), (1, 2)],
    &[(5, 0), (4, 1), (2, 2)],
];

impl<M: Modulus<L>, const L: usize> Twelfth<M, L> {
    #[inline(always)]
    pub fn squared(&self, ifma: Ifma) -> Self {
        let mut factors = [left::<2, M, L>(&self.0[0]); 12];
        let mut right = [self.0[0]; 9];
        for i in 0..6 {
            factors[i] = left::<2, M, L>(&self.0[i]);
            factors[6 + i] = left::<4, M, L>(&self.0[i].plus(&self.0[i]).carry());
            right[i] = self.0[i];
        }
        for i in 3..6 {
            right[3 + i] = times_nonresidue(&self.0[i]);
        }
        Self::of_sums(ifma, &factors, &right, &SQUARE)
    }

    /// The product with a line whose coefficients are below 2 p.
    #[inline(always)]
    pub fn times_line(&self, ifma: Ifma, line: &Line<M, L>) -> Self {
        let [a, b, c] = *line;
        let mut factors = [left::<2, M, L>(&self.0[0]); 6];
        for i in 1..6 {
            factors[i] = left::<2, M, L>(&self.0[i]);
        }
        Self::of_sums(ifma, &factors, &[a, b, c, times_nonresidue(&b), times_nonresidue(&c)], &LINE)
    }

    #[inline(always)]
    fn of_sums(
        ifma: Ifma,
        factors: &[Left<M, L>],
        right: &[Quadratic<M, L>],
        coefficients: &[&[(usize, usize)]; 6],
    ) -> Self {
        let mut result = [right[0]; 6];
        for (coefficient, terms) in result.iter_mut().zip(coefficients) {
            *coefficient = sum_of_products(ifma, factors, right, terms);
        }
        Self(result)
    }
}
