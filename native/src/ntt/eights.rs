//! Butterflies of eight elements side by side, by AVX-512 IFMA.
//!
//! Butterflies that span eight elements or more are between units; those that span less stay within units, and are done
//! on eight units at a time, transposed. Values are reduced late: between stages down they are below 3 p; each stage up
//! adds 2 p at most, so that below 2^28 elements they stay below 60 p. Twiddles are below p and carry the factor that
//! products of lanes lack, so products with them are below 2 p.

// Several vectors are read at the same places.
#![allow(clippy::needless_range_loop)]

use std::marker::PhantomData;

use ark_ff::MontConfig;

use super::butterflies::{quarters_of, twiddles_of, Butterflies, Quarters};
use super::lanes::Unit;
use crate::vector::packed::transpose;
use crate::vector::{Ifma, Lanes, Task, LANES};

/// Eight numbers in registers.
type Eights<T> = Lanes<T, 5>;

/// The butterflies of one field.
pub struct Eight<T> {
    ifma: Ifma,
    modulus: PhantomData<fn() -> T>,
}

impl<T> Eight<T> {
    pub fn new(ifma: Ifma) -> Self {
        Self { ifma, modulus: PhantomData }
    }
}

impl<T> Clone for Eight<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Eight<T> {}

impl<T: MontConfig<4>> Butterflies for Eight<T> {
    type Unit = Unit;
    type Twiddle = Unit;

    const BLOCK: usize = 64;

    fn split_four(self, quarters: Quarters<Unit>, twiddles: [&[Unit]; 3]) {
        self.ifma.run(Pass::<T, true>::new(quarters, twiddles));
    }

    fn merge_four(self, quarters: Quarters<Unit>, twiddles: [&[Unit]; 3]) {
        self.ifma.run(Pass::<T, false>::new(quarters, twiddles));
    }

    fn split_block(self, values: &mut [Unit], table: &[Unit]) {
        self.ifma.run(Block { values, tables: [Some(table), None], modulus: PhantomData::<T> });
    }

    fn merge_block(self, values: &mut [Unit], table: &[Unit]) {
        self.ifma.run(Block { values, tables: [None, Some(table)], modulus: PhantomData::<T> });
    }

    fn extend_block(self, values: &mut [Unit], down: &[Unit], up: &[Unit]) {
        self.ifma.run(Block { values, tables: [Some(down), Some(up)], modulus: PhantomData::<T> });
    }
}

/// Two stages of a block, down or up.
struct Pass<'a, T, const DOWN: bool> {
    quarters: Quarters<'a, Unit>,
    twiddles: [&'a [Unit]; 3],
    modulus: PhantomData<T>,
}

impl<'a, T, const DOWN: bool> Pass<'a, T, DOWN> {
    #[inline(always)]
    fn new(quarters: Quarters<'a, Unit>, twiddles: [&'a [Unit]; 3]) -> Self {
        Self { quarters, twiddles, modulus: PhantomData }
    }
}

impl<T: MontConfig<4>, const DOWN: bool> Task for Pass<'_, T, DOWN> {
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        let [a, b, c, d] = self.quarters;
        let [low, high, inner] = self.twiddles;
        for i in 0..a.len() {
            let twiddles: [Eights<T>; 3] = [low[i].read(ifma), high[i].read(ifma), inner[i].read(ifma)];
            let values = [a[i].read(ifma), b[i].read(ifma), c[i].read(ifma), d[i].read(ifma)];
            let values = if DOWN { split_four(values, twiddles) } else { merge_four(values, twiddles) };
            a[i].write(&values[0]);
            b[i].write(&values[1]);
            c[i].write(&values[2]);
            d[i].write(&values[3]);
        }
    }
}

/// All stages of a block, down with the first table and up with the second, where there are these.
struct Block<'a, T> {
    values: &'a mut [Unit],
    tables: [Option<&'a [Unit]>; 2],
    modulus: PhantomData<T>,
}

impl<T: MontConfig<4>> Task for Block<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        let Self { values, tables: [down, up], .. } = self;
        let length = values.len();
        if let Some(table) = down {
            let mut span = length;
            while span > 2 {
                let twiddles = twiddles_of(span, table);
                for block in values.chunks_exact_mut(span) {
                    Pass::<T, true>::new(quarters_of(block), twiddles).run(ifma);
                }
                span /= 4;
            }
            if span == 2 {
                pairs::<T, true>(ifma, values, &table[1]);
            }
        }
        for eight in values.chunks_exact_mut(LANES) {
            within::<T>(ifma, eight, down, up);
        }
        if let Some(table) = up {
            let mut span = 1;
            if length.trailing_zeros() % 2 == 1 {
                pairs::<T, false>(ifma, values, &table[1]);
                span = 2;
            }
            while span < length {
                span *= 4;
                let twiddles = twiddles_of(span, table);
                for block in values.chunks_exact_mut(span) {
                    Pass::<T, false>::new(quarters_of(block), twiddles).run(ifma);
                }
            }
        }
    }
}

#[inline(always)]
fn pairs<T: MontConfig<4>, const DOWN: bool>(ifma: Ifma, values: &mut [Unit], twiddle: &Unit) {
    let twiddle: Eights<T> = twiddle.read(ifma);
    for pair in values.chunks_exact_mut(2) {
        let values = [pair[0].read(ifma), pair[1].read(ifma)];
        let [a, b] = if DOWN { split_two(values, twiddle) } else { merge_two(values, twiddle) };
        pair[0].write(&a);
        pair[1].write(&b);
    }
}

/// The stages within units, on eight of them: place i of all eight is one number of eight lanes, once transposed.
#[inline(always)]
fn within<T: MontConfig<4>>(ifma: Ifma, units: &mut [Unit], down: Option<&[Unit]>, up: Option<&[Unit]>) {
    let mut rows = [Eights::<T>::zero(ifma); LANES];
    for i in 0..LANES {
        rows[i] = units[i].read(ifma);
    }
    transpose(&mut rows);
    if let Some([first, ..]) = down {
        let w = constants::<T>(ifma, first);
        for j in 0..2 {
            [rows[j], rows[j + 2], rows[j + 4], rows[j + 6]] =
                split_four([rows[j], rows[j + 2], rows[j + 4], rows[j + 6]], [w[4 + j], w[6 + j], w[2 + j]]);
        }
        for j in 0..4 {
            [rows[2 * j], rows[2 * j + 1]] = split_two([rows[2 * j], rows[2 * j + 1]], w[1]);
        }
    }
    if let Some([first, ..]) = up {
        let w = constants::<T>(ifma, first);
        for j in 0..4 {
            [rows[2 * j], rows[2 * j + 1]] = merge_two([rows[2 * j], rows[2 * j + 1]], w[1]);
        }
        for j in 0..2 {
            [rows[j], rows[j + 2], rows[j + 4], rows[j + 6]] =
                merge_four([rows[j], rows[j + 2], rows[j + 4], rows[j + 6]], [w[4 + j], w[6 + j], w[2 + j]]);
        }
    }
    transpose(&mut rows);
    for i in 0..LANES {
        units[i].write(&rows[i]);
    }
}

/// Each twiddle of a unit in all lanes.
#[inline(always)]
fn constants<T: MontConfig<4>>(ifma: Ifma, unit: &Unit) -> [Eights<T>; LANES] {
    let mut constants = [Eights::<T>::zero(ifma); LANES];
    for i in 0..LANES {
        constants[i] = Eights::<T>::splat_limbs(ifma, unit.lane(i));
    }
    constants
}

/// From below 3 p to below 3 p.
#[inline(always)]
fn split_two<T: MontConfig<4>>([a, b]: [Eights<T>; 2], twiddle: Eights<T>) -> [Eights<T>; 2] {
    [a.plus(&b).carry().less::<3>(), a.minus(&b).plus_multiple::<3>().carry().times(&twiddle)]
}

/// From below 3 p to below 3 p.
#[inline(always)]
fn split_four<T: MontConfig<4>>([a, b, c, d]: [Eights<T>; 4], [low, high, inner]: [Eights<T>; 3]) -> [Eights<T>; 4] {
    let (ac, bd) = (a.plus(&c), b.plus(&d));
    let sum = ac.plus(&bd).carry().less::<6>().less::<3>();
    let difference = ac.minus(&bd).plus_multiple::<6>().carry().times(&inner);
    let ac = a.minus(&c).plus_multiple::<3>().carry().times_loose(&low);
    let bd = b.minus(&d).plus_multiple::<3>().carry().times_loose(&high);
    [sum, difference, ac.plus(&bd).carry(), ac.minus(&bd).plus_multiple::<2>().carry().times(&inner)]
}

/// From below s p to below (s + 2) p.
#[inline(always)]
fn merge_two<T: MontConfig<4>>([a, b]: [Eights<T>; 2], twiddle: Eights<T>) -> [Eights<T>; 2] {
    let product = b.times_loose(&twiddle);
    [a.loose().plus(&product).carry(), a.loose().minus(&product).plus_multiple::<2>().carry()]
}

/// From below s p to below (s + 4) p.
#[inline(always)]
fn merge_four<T: MontConfig<4>>([a, b, c, d]: [Eights<T>; 4], [low, high, inner]: [Eights<T>; 3]) -> [Eights<T>; 4] {
    let (b, d) = (b.times_loose(&inner), d.times_loose(&inner));
    let (a, b) = (a.loose().plus(&b), a.loose().minus(&b).plus_multiple::<2>());
    let c_even = c.loose().plus(&d).carry().times_loose(&low);
    let c_odd = c.loose().minus(&d).plus_multiple::<2>().carry().times_loose(&high);
    [
        a.plus(&c_even).carry(),
        b.plus(&c_odd).carry(),
        a.minus(&c_even).plus_multiple::<2>().carry(),
        b.minus(&c_odd).plus_multiple::<2>().carry(),
    ]
}
