//! Many multiples of one base, from a table of its digits' multiples: nothing is doubled, and inversions are shared.
//!
//! Scalars are written in signed digits. Row i of the table holds d 2^(width i) times the base for each digit d > 0, and
//! the digits of a block of scalars are added up row by row, all side by side.

use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::CurveGroup;
use ark_ff::AdditiveGroup;
use rayon::prelude::*;

use crate::affine::{Adder, BulkCurve, Room, Stored, Term};
use crate::digits::{digits, windows};
use crate::kernel::{kernel, Kernel};

/// Scalars that are added up side by side: they and a row of the table stay in a core's second cache.
const BLOCK: usize = 1024;
/// Bytes of one row of the table at most.
const ROW: usize = 1 << 19;
/// Fewer scalars than this are multiplied one by one.
const FEW: usize = 16;

/// scalars[i] * base for a point of the group.
pub fn multiples<C: BulkCurve>(base: &Affine<C>, scalars: &[C::ScalarField]) -> Vec<Affine<C>> {
    if scalars.len() < FEW {
        let products: Vec<Projective<C>> = scalars.iter().map(|scalar| C::times(base, scalar)).collect();
        return Projective::normalize_batch(&products);
    }
    multiples_with(kernel(), base, scalars)
}

fn multiples_with<C: BulkCurve>(kernel: Kernel, base: &Affine<C>, scalars: &[C::ScalarField]) -> Vec<Affine<C>> {
    let adder = C::adder(kernel);
    let table = Table::<C>::new(adder, base, width::<C>(scalars.len()));
    let blocks = scalars.par_chunks(BLOCK).map_init(Block::<C>::default, |block, scalars| {
        table.multiply(adder, scalars, block);
        block.sums.iter().map(C::load).collect::<Vec<_>>()
    });
    blocks.flatten_iter().collect()
}

/// The width with the fewest additions for so many scalars, among those whose rows are not too long.
fn width<C: BulkCurve>(count: usize) -> usize {
    let additions = |width: &usize| windows::<C::ScalarField>(*width) * (count + (1 << (width - 1)));
    let short = |width: &usize| size_of::<C::Point>() << (width - 1) <= ROW;
    (2..=16).filter(short).min_by_key(additions).unwrap_or(2)
}

struct Table<C: BulkCurve> {
    width: usize,
    rows: Vec<Vec<C::Point>>,
}

/// What one thread works with.
struct Block<C: BulkCurve> {
    terms: Vec<Vec<Term>>,
    sums: Vec<C::Point>,
    room: Room,
}

impl<C: BulkCurve> Default for Block<C> {
    fn default() -> Self {
        Self { terms: Vec::new(), sums: Vec::new(), room: Room::new() }
    }
}

impl<C: BulkCurve> Table<C> {
    fn new(adder: &dyn Adder<C>, base: &Affine<C>, width: usize) -> Self {
        let mut place = Projective::from(*base);
        let mut places = Vec::new();
        for _ in 0..windows::<C::ScalarField>(width) {
            places.push(place);
            (0..width).for_each(|_| {
                place.double_in_place();
            });
        }
        let places = Projective::normalize_batch(&places);
        let rows = places.par_iter().map_init(Room::new, |room, place| row(adder, place, width, room)).collect();
        Self { width, rows }
    }

    /// The products of a block's scalars, into its sums.
    fn multiply(&self, adder: &dyn Adder<C>, scalars: &[C::ScalarField], block: &mut Block<C>) {
        let Block { terms, sums, room } = block;
        terms.clear();
        terms.resize(self.rows.len(), vec![Term::NONE; scalars.len()]);
        for (index, scalar) in scalars.iter().enumerate() {
            for digit in digits(scalar, self.width) {
                let term = if digit.minus { Term::minus } else { Term::plus };
                terms[digit.window][index] = term(digit.size - 1);
            }
        }
        sums.clear();
        sums.resize(scalars.len(), C::Point::INFINITY);
        for (row, terms) in self.rows.iter().zip(terms) {
            adder.accumulate(sums, row, terms, room);
        }
    }
}

/// 1, 2, ... 2^(width - 1) times a point: those there are, plus the last of them, are as many more.
fn row<C: BulkCurve>(adder: &dyn Adder<C>, point: &Affine<C>, width: usize, room: &mut Room) -> Vec<C::Point> {
    let mut row = vec![C::store(point)];
    for _ in 1..width {
        let last = Term::plus(row.len() - 1);
        let pairs: Vec<[Term; 2]> = (0..row.len()).map(|index| [last, Term::plus(index)]).collect();
        let mut more = vec![C::Point::INFINITY; row.len()];
        adder.add_pairs(&row, &pairs, &mut more, room);
        row.extend(more);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{Fr, G1, G2};
    use ark_ff::{Field, UniformRand};

    fn scalars(count: usize) -> Vec<Fr> {
        let rng = &mut ark_std::test_rng();
        let mut scalars: Vec<Fr> = (0..count).map(|_| Fr::rand(rng)).collect();
        let edges = [0, 1, 2, 3].map(Fr::from).into_iter().chain([1, 2, 3].map(|small: u64| -Fr::from(small)));
        let powers = (0..254).map(|bit| Fr::from(2).pow([bit]));
        let edges: Vec<Fr> = edges.chain(powers.clone()).chain(powers.map(|power| power - Fr::from(1))).collect();
        for (place, edge) in scalars.iter_mut().step_by(2).zip(edges) {
            *place = edge;
        }
        scalars
    }

    fn expected<C: BulkCurve<ScalarField = Fr>>(base: &Affine<C>, scalars: &[Fr]) -> Vec<Affine<C>> {
        let products: Vec<Projective<C>> = scalars.iter().map(|scalar| *base * scalar).collect();
        Projective::normalize_batch(&products)
    }

    #[test]
    fn of_every_number_of_scalars() {
        let base = Projective::<G1>::rand(&mut ark_std::test_rng()).into_affine();
        let all = scalars(2 * BLOCK + 100);
        let products = expected(&base, &all);
        for count in [0, 1, 2, FEW - 1, FEW, FEW + 1, 100, BLOCK, BLOCK + 1, all.len()] {
            assert_eq!(multiples(&base, &all[..count]), products[..count], "{count}");
        }
        assert_eq!(multiples(&Affine::<G1>::identity(), &all[..100]), vec![Affine::identity(); 100]);
    }

    #[test]
    fn by_every_kernel_and_width() {
        check_widths::<G1>(700);
        check_widths::<G2>(200);
    }

    fn check_widths<C: BulkCurve<ScalarField = Fr>>(count: usize) {
        let rng = &mut ark_std::test_rng();
        let (base, scalars) = (Projective::<C>::rand(rng).into_affine(), scalars(count));
        let products = expected(&base, &scalars);
        for kernel in Kernel::available() {
            assert_eq!(multiples_with(kernel, &base, &scalars), products);
            for width in [2, 3, 5, 8, 13] {
                let (adder, mut block) = (C::adder(kernel), Block::<C>::default());
                Table::<C>::new(adder, &base, width).multiply(adder, &scalars, &mut block);
                assert_eq!(block.sums.iter().map(C::load).collect::<Vec<_>>(), products, "{kernel} {width}");
            }
        }
    }

    #[test]
    fn widths_grow_with_the_work() {
        let chosen = |count| width::<G1>(count);
        assert!(chosen(FEW) >= 2 && chosen(FEW) < chosen(1000) && chosen(1000) < chosen(100_000));
        assert!(size_of::<<G1 as BulkCurve>::Point>() << (chosen(usize::MAX >> 10) - 1) <= ROW);
        assert!(width::<G2>(1 << 20) < width::<G1>(1 << 20));
    }
}
