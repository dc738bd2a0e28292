//! Transforms of eight elements side by side, by AVX-512 IFMA.
//!
//! A unit is eight neighbours. Here elements become units and come back, `eights` has the butterflies between and within
//! units. Values are reduced late: they come back below 60 p.

// Several vectors are read at the same places.
#![allow(clippy::needless_range_loop)]

use std::marker::PhantomData;

use ark_ff::{BigInt, MontConfig};
use rayon::prelude::*;

use super::butterflies;
use super::eights::Eight;
use super::scalar::scales;
use super::ways::{Kept, Tables, Ways};
use crate::kernel::Kernel;
use crate::vector::memory::{scatter, Element};
use crate::vector::{Ifma, Lanes, Modulus, Packed, Task, LANES};

/// Eight neighbours among a transform's values.
pub type Unit = Packed<5>;

/// Units that one task converts at least.
const GRAIN: usize = 64;

/// The tables that were used, made once.
pub struct LaneWays<T> {
    ifma: Ifma,
    forward: Kept<Vec<Unit>>,
    inverse: Kept<Vec<Unit>>,
    odd: Kept<Vec<Unit>>,
    modulus: PhantomData<fn() -> T>,
}

impl<T: MontConfig<4>> LaneWays<T> {
    /// Where the kernel has the instructions, the domain eight units, and 64 p is below 2^260.
    pub fn find(size: usize, kernel: Kernel) -> Option<Self> {
        if kernel < Kernel::Ifma || size < LANES * LANES || <T as Modulus<5>>::P[4] >= 1 << 46 {
            return None;
        }
        let table = Kept::new;
        Some(Self { ifma: Ifma::find()?, forward: table(), inverse: table(), odd: table(), modulus: PhantomData })
    }

    fn butterflies(&self) -> Eight<T> {
        Eight::new(self.ifma)
    }

    fn forward(&self, tables: &Tables<Element<T>>) -> &[Unit] {
        self.forward.get(|| self.packed_table(&tables.forward()))
    }

    fn inverse(&self, tables: &Tables<Element<T>>) -> &[Unit] {
        self.inverse.get(|| self.packed_table(&tables.inverse()))
    }

    fn odd(&self, tables: &Tables<Element<T>>) -> &[Unit] {
        self.odd.get(|| self.packed_table(&tables.odd()))
    }

    fn packed_table(&self, table: &[Element<T>]) -> Vec<Unit> {
        let mut units = vec![Unit::ZERO; table.len() / LANES];
        self.pack::<true>(table, &mut units);
        units
    }

    fn pack<const RAISED: bool>(&self, elements: &[Element<T>], units: &mut [Unit]) {
        let chunks = elements.par_chunks(LANES * GRAIN).zip(units.par_chunks_mut(GRAIN));
        chunks.for_each(|(elements, units)| self.ifma.run(Pack::<T, RAISED> { elements, units }));
    }

    fn unpack(&self, units: &[Unit], elements: &mut [Element<T>]) {
        let chunks = elements.par_chunks_mut(LANES * GRAIN).zip(units.par_chunks(GRAIN));
        chunks.for_each(|(elements, units)| self.ifma.run(Unpack { elements, units }));
    }

    /// Do `work` on the values as units.
    fn on_units(&self, values: &mut [Element<T>], work: impl FnOnce(&mut [Unit])) {
        let mut units = vec![Unit::ZERO; values.len() / LANES];
        self.pack::<false>(values, &mut units);
        work(&mut units);
        self.unpack(&units, values);
    }

    fn extended(&self, values: &[Element<T>], tables: &Tables<Element<T>>) -> Vec<Unit> {
        let mut units = vec![Unit::ZERO; values.len() / LANES];
        self.pack::<false>(values, &mut units);
        butterflies::extend(self.butterflies(), &mut units, self.inverse(tables), self.odd(tables));
        units
    }
}

impl<T: MontConfig<4>> Ways<Element<T>> for LaneWays<T> {
    fn interpolate(&self, values: &mut [Element<T>], tables: &Tables<Element<T>>) {
        self.on_units(values, |units| butterflies::split(self.butterflies(), units, self.inverse(tables)));
    }

    fn evaluate(&self, values: &mut [Element<T>], tables: &Tables<Element<T>>) {
        self.on_units(values, |units| butterflies::merge(self.butterflies(), units, self.forward(tables)));
    }

    fn evaluate_odd(&self, values: &mut [Element<T>], tables: &Tables<Element<T>>) {
        self.on_units(values, |units| butterflies::merge(self.butterflies(), units, self.odd(tables)));
    }

    fn extend(&self, values: &mut [Element<T>], tables: &Tables<Element<T>>) {
        self.on_units(values, |units| {
            butterflies::extend(self.butterflies(), units, self.inverse(tables), self.odd(tables));
        });
    }

    fn quotient(
        &self,
        a: &mut [Element<T>],
        b: &mut [Element<T>],
        c: Option<&mut [Element<T>]>,
        values: &mut [BigInt<4>],
        tables: &Tables<Element<T>>,
    ) {
        // Made before both need them.
        self.inverse(tables);
        self.odd(tables);
        let (a, b) = rayon::join(|| self.extended(a, tables), || self.extended(b, tables));
        let c = c.map(|c| self.extended(c, tables));
        let (scale, canonical) = scales::<Element<T>>(values.len());
        // A product of two lanes in memory's form lacks the factor of one, and the product with this constant another.
        let canonical = canonical * Element::<T>::from(1u64 << (2 * <T as Modulus<5>>::SHIFT));
        let chunks = values.par_chunks_mut(LANES * GRAIN).zip(a.par_chunks(GRAIN)).zip(b.par_chunks(GRAIN));
        chunks.enumerate().for_each(|(place, ((values, a), b))| {
            let c = c.as_ref().map(|c| &c[place * GRAIN..][..a.len()]);
            self.ifma.run(Combine::<T> { values, a, b, c, scale, canonical });
        });
    }
}

type Eights<T> = Lanes<T, 5>;

/// As they are, or with the factor that products of lanes lack.
struct Pack<'a, T: MontConfig<4>, const RAISED: bool> {
    elements: &'a [Element<T>],
    units: &'a mut [Unit],
}

impl<T: MontConfig<4>, const RAISED: bool> Task for Pack<'_, T, RAISED> {
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        let (elements, _) = self.elements.as_chunks::<LANES>();
        for i in 0..elements.len() {
            let value = match RAISED {
                false => Eights::<T>::load(ifma, &elements[i]),
                true => Eights::<T>::load_raised(ifma, &elements[i]).less::<8>().less::<4>().less::<2>().canonical(),
            };
            self.units[i].write(&value);
        }
    }
}

struct Unpack<'a, T: MontConfig<4>> {
    elements: &'a mut [Element<T>],
    units: &'a [Unit],
}

impl<T: MontConfig<4>> Task for Unpack<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        let (elements, _) = self.elements.as_chunks_mut::<LANES>();
        for i in 0..elements.len() {
            let value: Eights<T> = self.units[i].read(ifma);
            let value = value.less::<32>().less::<16>().less::<8>().less::<4>().less::<2>();
            value.canonical().store(&mut elements[i]);
        }
    }
}

/// (a b - scale c) canonical, at each place.
struct Combine<'a, T: MontConfig<4>> {
    values: &'a mut [BigInt<4>],
    a: &'a [Unit],
    b: &'a [Unit],
    c: Option<&'a [Unit]>,
    scale: Element<T>,
    canonical: Element<T>,
}

impl<T: MontConfig<4>> Task for Combine<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        let (scale, canonical) = (Eights::<T>::splat(ifma, &self.scale), Eights::<T>::splat(ifma, &self.canonical));
        let (values, _) = self.values.as_chunks_mut::<LANES>();
        for i in 0..values.len() {
            let mut product = self.a[i].read::<T>(ifma).times_loose(&self.b[i].read(ifma));
            if let Some(c) = self.c {
                let c: Eights<T> = c[i].read(ifma);
                product = product.plus_multiple::<2>().minus(&c.times_loose(&scale));
            }
            let words = product.carry().times(&canonical).canonical().to_words();
            scatter(words, values[i].each_mut().map(|value| &mut value.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{Fr, FrConfig};
    use ark_ff::PrimeField;
    use num_bigint::BigUint;

    /// One number in all lanes of a unit.
    struct Fill<'a> {
        unit: &'a mut Unit,
        limbs: [u64; 5],
    }

    impl Task for Fill<'_> {
        type Output = ();

        #[inline(always)]
        fn run(self, ifma: Ifma) {
            self.unit.write(&Eights::<FrConfig>::splat_limbs(ifma, self.limbs));
        }
    }

    /// Whatever a transform may leave: no vector of values brings all sizes near their bound.
    #[test]
    fn numbers_below_60_p_come_back_reduced() {
        let Some(ways) = LaneWays::<FrConfig>::find(64, Kernel::Ifma) else { return };
        let (modulus, one) = (BigUint::from(Fr::MODULUS), BigUint::from(1u8));
        for rest in [BigUint::default(), one.clone(), &modulus >> 1, &modulus - &one] {
            for multiple in 0..60u8 {
                let number = &modulus * multiple + &rest;
                let limb = |place: usize| (&number >> (52 * place)).iter_u64_digits().next().unwrap_or(0) % (1 << 52);
                let mut units = [Unit::ZERO];
                ways.ifma.run(Fill { unit: &mut units[0], limbs: std::array::from_fn(limb) });
                let mut found = [Fr::from(7u8); LANES];
                ways.unpack(&units, &mut found);
                let expected = BigInt::try_from(rest.clone()).map(Fr::new_unchecked).ok();
                assert!(found.iter().all(|found| Some(*found) == expected), "{multiple} p + {rest}");
            }
        }
    }

    /// Of BLS12-381's scalars 64 p is too large for five limbs.
    #[test]
    fn lanes_are_for_fields_and_sizes_that_fit() {
        for kernel in [Kernel::Portable, Kernel::Adx] {
            assert!(LaneWays::<FrConfig>::find(64, kernel).is_none(), "{kernel}");
        }
        assert!(LaneWays::<FrConfig>::find(32, Kernel::Ifma).is_none());
        assert!(LaneWays::<ark_bls12_381::FrConfig>::find(64, Kernel::Ifma).is_none());
        assert_eq!(LaneWays::<FrConfig>::find(64, Kernel::Ifma).is_some(), Kernel::Ifma.runs_here());
    }
}
