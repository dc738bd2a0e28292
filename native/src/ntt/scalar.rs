//! Butterflies of one field element at a time, for any field.

use std::marker::PhantomData;

use ark_ff::{BigInteger, PrimeField};
use rayon::prelude::*;

use super::butterflies::{self, quarters_of, twiddles_of, Butterflies, Quarters};
use super::ways::{Kept, Tables, Ways};
use crate::affine::Coordinate;

const GRAIN: usize = 1 << 10;

/// The tables that were used, made once.
#[derive(Default)]
pub struct ScalarWays<F> {
    forward: Kept<Vec<F>>,
    inverse: Kept<Vec<F>>,
    odd: Kept<Vec<F>>,
}

impl<F: PrimeField> ScalarWays<F> {
    pub const fn new() -> Self {
        Self { forward: Kept::new(), inverse: Kept::new(), odd: Kept::new() }
    }
}

impl<F: PrimeField + Coordinate> Ways<F> for ScalarWays<F> {
    fn interpolate(&self, values: &mut [F], tables: &Tables<F>) {
        butterflies::split(Scalar::new(), values, self.inverse.get(|| tables.inverse()));
    }

    fn evaluate(&self, values: &mut [F], tables: &Tables<F>) {
        butterflies::merge(Scalar::new(), values, self.forward.get(|| tables.forward()));
    }

    fn evaluate_odd(&self, values: &mut [F], tables: &Tables<F>) {
        butterflies::merge(Scalar::new(), values, self.odd.get(|| tables.odd()));
    }

    fn extend(&self, values: &mut [F], tables: &Tables<F>) {
        let (down, up) = (self.inverse.get(|| tables.inverse()), self.odd.get(|| tables.odd()));
        butterflies::extend(Scalar::new(), values, down, up);
    }

    fn quotient(&self, a: &mut [F], b: &mut [F], c: Option<&mut [F]>, values: &mut [F::BigInt], tables: &Tables<F>) {
        // Made before both need them.
        self.inverse.get(|| tables.inverse());
        self.odd.get(|| tables.odd());
        rayon::join(|| self.extend(a, tables), || self.extend(b, tables));
        let (scale, canonical) = scales::<F>(a.len());
        let pairs = a.par_iter().zip(&*b);
        let Some(c) = c else {
            return pairs
                .zip(values)
                .with_min_len(GRAIN)
                .for_each(|((a, b), value)| *value = words(*a * b * canonical));
        };
        self.extend(c, tables);
        pairs.zip(&*c).zip(values).with_min_len(GRAIN).for_each(|(((a, b), c), value)| {
            *value = words((*a * b - *c * scale) * canonical);
        });
    }
}

/// Extended values are `size` times too large: `size` for c, and what undoes its square in a product.
///
/// The latter is divided by the Montgomery radix, so that the words of a product with it are the canonical ones of the
/// product that is meant.
pub fn scales<F: PrimeField>(size: usize) -> (F, F) {
    let scale = F::from(size as u64);
    let radix = F::from(2u64).pow([64 * F::BigInt::NUM_LIMBS as u64]);
    // The modulus is odd and both are powers of two, so an inverse exists.
    (scale, (scale.square() * radix).inverse().unwrap_or_default())
}

/// The words that represent an element, which are those of another one's canonical form here.
fn words<F: PrimeField + Coordinate>(value: F) -> F::BigInt {
    let mut words = F::BigInt::default();
    value.write(words.as_mut());
    words
}

struct Scalar<F>(PhantomData<fn() -> F>);

impl<F> Scalar<F> {
    const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<F> Clone for Scalar<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Scalar<F> {}

impl<F: PrimeField> Butterflies for Scalar<F> {
    type Unit = F;
    type Twiddle = F;

    const BLOCK: usize = 1 << 9;

    fn split_four(self, [a, b, c, d]: Quarters<F>, [low, high, inner]: [&[F]; 3]) {
        let points = a.iter_mut().zip(b).zip(c.iter_mut().zip(d));
        for (((a, b), (c, d)), ((low, high), inner)) in points.zip(low.iter().zip(high).zip(inner)) {
            split(a, c, low);
            split(b, d, high);
            split(a, b, inner);
            split(c, d, inner);
        }
    }

    fn merge_four(self, [a, b, c, d]: Quarters<F>, [low, high, inner]: [&[F]; 3]) {
        let points = a.iter_mut().zip(b).zip(c.iter_mut().zip(d));
        for (((a, b), (c, d)), ((low, high), inner)) in points.zip(low.iter().zip(high).zip(inner)) {
            merge(a, b, inner);
            merge(c, d, inner);
            merge(a, c, low);
            merge(b, d, high);
        }
    }

    fn split_block(self, values: &mut [F], table: &[F]) {
        let mut span = values.len();
        while span > 2 {
            let twiddles = twiddles_of(span, table);
            values.chunks_exact_mut(span).for_each(|block| self.split_four(quarters_of(block), twiddles));
            span /= 4;
        }
        if span == 2 {
            pairs(values, |a, b| split(a, b, &table[1]));
        }
    }

    fn merge_block(self, values: &mut [F], table: &[F]) {
        let mut span = 1;
        if values.len().trailing_zeros() % 2 == 1 {
            pairs(values, |a, b| merge(a, b, &table[1]));
            span = 2;
        }
        while span < values.len() {
            span *= 4;
            let twiddles = twiddles_of(span, table);
            values.chunks_exact_mut(span).for_each(|block| self.merge_four(quarters_of(block), twiddles));
        }
    }

    fn extend_block(self, values: &mut [F], down: &[F], up: &[F]) {
        self.split_block(values, down);
        self.merge_block(values, up);
    }
}

fn pairs<F>(values: &mut [F], butterfly: impl Fn(&mut F, &mut F)) {
    for pair in values.chunks_exact_mut(2) {
        if let [a, b] = pair {
            butterfly(a, b);
        }
    }
}

#[inline(always)]
fn split<F: PrimeField>(a: &mut F, b: &mut F, twiddle: &F) {
    let difference = *a - *b;
    *a += *b;
    *b = difference * twiddle;
}

#[inline(always)]
fn merge<F: PrimeField>(a: &mut F, b: &mut F, twiddle: &F) {
    let product = *b * twiddle;
    *b = *a - product;
    *a += product;
}
