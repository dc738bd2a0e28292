//! The points a matrix is applied to, and tables of the multiples of those whose coefficients need them.

use ark_ec::short_weierstrass::Affine;
use ark_ff::PrimeField;
use rayon::prelude::*;

use crate::affine::{Adder, BulkCurve, Room, Stored, Term};
use crate::digits::{digits, Digit};
use crate::error::Error;
use crate::sparse::Matrix;

/// Points whose multiples are made side by side.
const GROUP: usize = 128;
/// Bytes of all tables together at most.
const MEMORY: usize = 1 << 28;
const WIDTHS: std::ops::RangeInclusive<usize> = 2..=9;

/// The width of digits with the fewest additions, among those whose tables are not too large.
pub fn width<C: BulkCurve>(matrix: &Matrix<C::ScalarField>) -> usize {
    let counts: Vec<usize> = matrix.scalars().iter().map(|scalar| digits(scalar, 4).count()).collect();
    let long = matrix.places().iter().map(|&place| counts[place as usize]).filter(|count| *count > 1);
    let (entries, digits) = long.fold((0, 0), |(entries, digits), count| (entries + 1, digits + count));
    let columns = heavy_columns(matrix, *WIDTHS.start()).into_iter().filter(|heavy| *heavy).count();
    let table = |width: usize| columns << (width - 1);
    let fits = |width: &usize| table(*width).saturating_mul(size_of::<C::Point>()) <= MEMORY;
    let additions = |width: &usize| (digits * 4 / width).max(entries) + table(*width);
    WIDTHS.filter(fits).min_by_key(additions).unwrap_or(*WIDTHS.start())
}

/// Which columns have a coefficient with a digit other than 1 and -1.
fn heavy_columns<F: PrimeField>(matrix: &Matrix<F>, width: usize) -> Vec<bool> {
    let is_heavy = |scalar| digits(scalar, width).any(|digit| digit.size > 1);
    let heavy: Vec<bool> = matrix.scalars().iter().map(is_heavy).collect();
    let mut columns = vec![false; matrix.width()];
    for (&column, &place) in matrix.columns().iter().zip(matrix.places()) {
        columns[column as usize] |= heavy[place as usize];
    }
    columns
}

pub struct Source<C: BulkCurve> {
    width: usize,
    /// The points, then the tables.
    points: Vec<C::Point>,
    tables: Vec<Option<Table>>,
}

/// d times a point is found at first + (d - 1) step.
#[derive(Clone, Copy)]
struct Table {
    first: usize,
    step: usize,
}

impl<C: BulkCurve> Source<C> {
    /// One point for each column of the matrix.
    pub fn new(
        adder: &dyn Adder<C>,
        matrix: &Matrix<C::ScalarField>,
        bases: &[Affine<C>],
        width: usize,
    ) -> Result<Self, Error> {
        let heavy = heavy_columns(matrix, width);
        let columns: Vec<usize> = (0..heavy.len()).filter(|&column| heavy[column]).collect();
        let length = bases.len() + (columns.len() << (width - 1));
        if length >= Term::MOST {
            return Err(Error::Matrix { reason: "it has too many columns" });
        }
        let mut tables = vec![None; heavy.len()];
        let mut start = bases.len();
        for group in columns.chunks(GROUP) {
            for (place, &column) in group.iter().enumerate() {
                tables[column] = Some(Table { first: start + place, step: group.len() });
            }
            start += group.len() << (width - 1);
        }
        let mut points: Vec<C::Point> = bases.iter().map(C::store).collect();
        points.resize(length, C::Point::INFINITY);
        let (plain, multiples) = points.split_at_mut(bases.len());
        let groups = multiples.par_chunks_mut(GROUP << (width - 1)).zip(columns.par_chunks(GROUP));
        groups.for_each(|(multiples, group)| {
            for (multiple, &column) in multiples.iter_mut().zip(group) {
                *multiple = plain[column];
            }
            Room::of_thread(|room| multiply_out(adder, multiples, group.len(), room));
        });
        Ok(Self { width, points, tables })
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn points(&self) -> &[C::Point] {
        &self.points
    }

    /// Where a digit's multiple of a column's point is found; a column without a table has no other digits than 1.
    pub fn term(&self, column: usize, digit: Digit) -> Term {
        let index = match self.tables[column] {
            Some(Table { first, step }) => first + (digit.size - 1) * step,
            None => column,
        };
        if digit.minus {
            Term::minus(index)
        } else {
            Term::plus(index)
        }
    }
}

/// From the points of a group, at the beginning, their multiples: twice all of them, three times, and so on to the end.
fn multiply_out<C: BulkCurve>(adder: &dyn Adder<C>, table: &mut [C::Point], group: usize, room: &mut Room) {
    let mut done = group;
    while done < table.len() {
        let (source, rest) = table.split_at_mut(done);
        let last = done - group;
        let pair = |index| [Term::plus(last + index % group), Term::plus(index)];
        adder.add_pairs(source, &(0..done).map(pair).collect::<Vec<_>>(), &mut rest[..done], room);
        done *= 2;
    }
}
