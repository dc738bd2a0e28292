//! A sparse matrix times a vector of points, all rows side by side: digits of the coefficients are looked up in tables of
//! the points' multiples, and only the sums of whole rows are doubled.
//!
//! Row i is sum_j c_ij P_j. With each c_ij in signed digits, sum_w d_ijw 2^(width w), it is sum_w 2^(width w) S_iw with
//! S_iw = sum_j d_ijw P_j, which are sums of table entries. Coefficients 1 and -1 are a single digit and take the point
//! itself, so a matrix that has no others needs neither tables nor doublings.

mod source;

#[cfg(test)]
mod tests;

use std::ops::Range;

use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ff::PrimeField;
use rayon::prelude::*;

use crate::affine::{Adder, BulkCurve, Room, Stored, Term};
use crate::digits::{digits, windows};
use crate::error::Error;
use crate::kernel::kernel;
use crate::msm::Tree;
use crate::sparse::Matrix;
use source::Source;

/// Digits that are added up at a time, of one row or of many: they stay in a core's second cache.
const DIGITS: usize = 4096;
/// Rows that are doubled side by side at most.
const ROWS: usize = 2048;

/// The matrix times a vector of points of the group.
pub fn apply<C: BulkCurve>(matrix: &Matrix<C::ScalarField>, bases: &[Affine<C>]) -> Result<Vec<Affine<C>>, Error> {
    apply_by(C::adder(kernel()), matrix, bases, source::width::<C>(matrix), ROWS)
}

fn apply_by<C: BulkCurve>(
    adder: &dyn Adder<C>,
    matrix: &Matrix<C::ScalarField>,
    bases: &[Affine<C>],
    width: usize,
    rows: usize,
) -> Result<Vec<Affine<C>>, Error> {
    if bases.len() != matrix.width() {
        return Err(Error::Count { what: "point", expected: matrix.width(), found: bases.len() });
    }
    let source = Source::<C>::new(adder, matrix, bases, width)?;
    let parts = parts(matrix, width);
    let rows = parts.len().div_ceil(4 * rayon::current_num_threads()).clamp(1, rows);
    let sums = parts.par_chunks(rows).map(|parts| sums(adder, &source, matrix, parts));
    let sums: Vec<C::Point> = sums.flatten_iter().collect();
    let mut result = vec![Affine::identity(); matrix.height()];
    let mut start = 0;
    for parts in parts.chunk_by(|one, other| one.row == other.row) {
        result[parts[0].row] = total(&sums[start..start + parts.len()]);
        start += parts.len();
    }
    Ok(result)
}

fn total<C: BulkCurve>(sums: &[C::Point]) -> Affine<C> {
    match sums {
        [sum] => C::load(sum),
        _ => sums.iter().map(C::load).sum::<Projective<C>>().into(),
    }
}

/// Entries of one row that have not too many digits.
struct Part {
    row: usize,
    entries: Range<usize>,
}

fn parts<F: PrimeField>(matrix: &Matrix<F>, width: usize) -> Vec<Part> {
    let counts: Vec<usize> = matrix.scalars().iter().map(|scalar| digits(scalar, width).count()).collect();
    let mut parts = Vec::with_capacity(matrix.height());
    for row in 0..matrix.height() {
        let mut entries = matrix.entries(row);
        let mut count = 0;
        for entry in entries.clone() {
            count += counts[matrix.places()[entry] as usize];
            if count > DIGITS {
                parts.push(Part { row, entries: entries.start..entry + 1 });
                (entries.start, count) = (entry + 1, 0);
            }
        }
        parts.push(Part { row, entries });
    }
    parts
}

/// The sums of some parts of rows.
fn sums<C: BulkCurve>(
    adder: &dyn Adder<C>,
    source: &Source<C>,
    matrix: &Matrix<C::ScalarField>,
    parts: &[Part],
) -> Vec<C::Point> {
    // Level w holds S_iw for each part i.
    let mut levels: Vec<Vec<C::Point>> = Vec::new();
    let mut lists = Lists::default();
    for (number, part) in parts.iter().enumerate() {
        lists.take(source, matrix, part, number);
        if lists.terms.len() >= DIGITS || number + 1 == parts.len() {
            let top = lists.lists.iter().map(|list| list.window + 1).max().unwrap_or(0);
            levels.resize(levels.len().max(top), vec![C::Point::INFINITY; parts.len()]);
            lists.add_up(adder, source, &mut levels);
        }
    }
    weighted(adder, levels, source.width(), parts.len())
}

/// sum_w 2^(width w) levels[w], part by part.
fn weighted<C: BulkCurve>(
    adder: &dyn Adder<C>,
    mut levels: Vec<Vec<C::Point>>,
    width: usize,
    parts: usize,
) -> Vec<C::Point> {
    let Some(mut sums) = levels.pop() else { return vec![C::Point::INFINITY; parts] };
    let each: Vec<Term> = (0..parts).map(Term::plus).collect();
    Room::of_thread(|room| {
        while let Some(level) = levels.pop() {
            adder.double(&mut sums, width, room);
            adder.accumulate(&mut sums, &level, &each, room);
        }
    });
    sums
}

/// The terms of some parts, those of a part and a window together.
#[derive(Default)]
struct Lists {
    terms: Vec<Term>,
    lists: Vec<List>,
    /// Of one part: each term with its window, and where each window's are.
    unsorted: Vec<(usize, Term)>,
    starts: Vec<usize>,
}

struct List {
    part: usize,
    window: usize,
    terms: Range<usize>,
}

impl Lists {
    fn take<C: BulkCurve>(&mut self, source: &Source<C>, matrix: &Matrix<C::ScalarField>, part: &Part, number: usize) {
        self.unsorted.clear();
        self.starts.clear();
        self.starts.resize(windows::<C::ScalarField>(source.width()) + 1, 0);
        for entry in part.entries.clone() {
            for digit in digits(matrix.coefficient(entry), source.width()) {
                self.unsorted.push((digit.window, source.term(matrix.columns()[entry] as usize, digit)));
                self.starts[digit.window + 1] += 1;
            }
        }
        let mut end = self.terms.len();
        for (window, start) in self.starts.iter_mut().enumerate().skip(1) {
            let first = end;
            end += *start;
            *start = first;
            if first < end {
                self.lists.push(List { part: number, window: window - 1, terms: first..end });
            }
        }
        self.terms.resize(end, Term::NONE);
        for &(window, term) in &self.unsorted {
            let place = &mut self.starts[window + 1];
            self.terms[*place] = term;
            *place += 1;
        }
    }

    /// Each list's sum into its place; then there are no lists.
    fn add_up<C: BulkCurve>(&mut self, adder: &dyn Adder<C>, source: &Source<C>, levels: &mut [Vec<C::Point>]) {
        Tree::with(|tree: &mut Tree<C::Point>, room| {
            let slices = self.lists.iter().map(|list| &self.terms[list.terms.clone()]);
            tree.add(adder, source.points(), slices, room);
            for (number, list) in self.lists.iter().enumerate() {
                levels[list.window][list.part] = tree.sum(number);
            }
        });
        self.terms.clear();
        self.lists.clear();
    }
}
