//! Butterflies of one field element at a time, for any field.

use std::marker::PhantomData;

use ark_ff::PrimeField;

use super::butterflies::{quarters_of, twiddles_of, Butterflies, Quarters};

pub struct Scalar<F>(PhantomData<F>);

impl<F: PrimeField> Butterflies for Scalar<F> {
    type Unit = F;
    type Twiddle = F;

    const BLOCK: usize = 1 << 9;

    fn split_four([a, b, c, d]: Quarters<F>, [low, high, inner]: [&[F]; 3]) {
        let points = a.iter_mut().zip(b).zip(c.iter_mut().zip(d));
        for (((a, b), (c, d)), ((low, high), inner)) in points.zip(low.iter().zip(high).zip(inner)) {
            split(a, c, low);
            split(b, d, high);
            split(a, b, inner);
            split(c, d, inner);
        }
    }

    fn merge_four([a, b, c, d]: Quarters<F>, [low, high, inner]: [&[F]; 3]) {
        let points = a.iter_mut().zip(b).zip(c.iter_mut().zip(d));
        for (((a, b), (c, d)), ((low, high), inner)) in points.zip(low.iter().zip(high).zip(inner)) {
            merge(a, b, inner);
            merge(c, d, inner);
            merge(a, c, low);
            merge(b, d, high);
        }
    }

    fn split_block(values: &mut [F], table: &[F]) {
        let mut span = values.len();
        while span > 2 {
            let twiddles = twiddles_of(span, table);
            values.chunks_exact_mut(span).for_each(|block| Self::split_four(quarters_of(block), twiddles));
            span /= 4;
        }
        if span == 2 {
            pairs(values, |a, b| split(a, b, &table[1]));
        }
    }

    fn merge_block(values: &mut [F], table: &[F]) {
        let mut span = 1;
        if values.len().trailing_zeros() % 2 == 1 {
            pairs(values, |a, b| merge(a, b, &table[1]));
            span = 2;
        }
        while span < values.len() {
            span *= 4;
            let twiddles = twiddles_of(span, table);
            values.chunks_exact_mut(span).for_each(|block| Self::merge_four(quarters_of(block), twiddles));
        }
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
