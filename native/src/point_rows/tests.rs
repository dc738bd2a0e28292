//! Held against sums taken one by one, for every kernel, width and split.

use ark_ff::{Field, UniformRand};
use ark_std::rand::Rng;

use super::*;
use crate::instance::{Fr, G1, G2};
use crate::kernel::Kernel;
use crate::sparse::Parts;

/// A matrix from rows of (column, coefficient) pairs.
fn matrix(width: usize, rows: &[Vec<(usize, Fr)>]) -> Matrix<Fr> {
    let words = |values: Vec<usize>| values.iter().flat_map(|value| (*value as u32).to_le_bytes()).collect::<Vec<u8>>();
    let entries: Vec<(usize, Fr)> = rows.concat();
    let mut end = 0;
    let ends = rows.iter().map(|row| {
        end += row.len();
        end
    });
    let parts = Parts {
        row_ptr: &words(std::iter::once(0).chain(ends).collect()),
        columns: &words(entries.iter().map(|(column, _)| *column).collect()),
        places: &words((0..entries.len()).collect()),
        scalars: &crate::encode::encode_scalars(&entries.iter().map(|(_, value)| *value).collect::<Vec<_>>()),
    };
    Matrix::decode(width, parts).unwrap_or_else(|error| panic!("{error}"))
}

fn expected<C: BulkCurve<ScalarField = Fr>>(rows: &[Vec<(usize, Fr)>], bases: &[Affine<C>]) -> Vec<Affine<C>> {
    let sum = |row: &Vec<(usize, Fr)>| row.iter().map(|(column, value)| bases[*column] * value).sum::<Projective<C>>();
    rows.iter().map(|row| sum(row).into()).collect()
}

/// Points of which some are equal, opposite or infinity.
fn bases<C: BulkCurve>(count: usize, rng: &mut impl Rng) -> Vec<Affine<C>> {
    let mut bases: Vec<Affine<C>> = (0..count).map(|_| Projective::rand(rng).into()).collect();
    bases[1] = bases[0];
    bases[2] = -bases[0];
    bases[3] = Affine::identity();
    bases
}

/// Coefficients as circuits have them, and the edges of digits.
fn coefficient(rng: &mut impl Rng) -> Fr {
    let power = Fr::from(2).pow([rng.gen_range(0..254)]);
    match rng.gen_range(0..9) {
        0 | 1 => Fr::ONE,
        2 => -Fr::ONE,
        3 => Fr::from(rng.gen_range(0u64..5)),
        4 => power,
        5 => -power,
        6 => power - Fr::ONE,
        _ => Fr::rand(rng),
    }
}

fn random_rows(count: usize, width: usize, rng: &mut impl Rng) -> Vec<Vec<(usize, Fr)>> {
    let mut row = |length| (0..length).map(|_| (rng.gen_range(0..width), coefficient(rng))).collect::<Vec<_>>();
    let mut rows: Vec<_> = (0..count).map(|index| row(index % 7)).collect();
    rows.push(row(300));
    rows.push(vec![(0, Fr::ONE), (1, -Fr::ONE)]);
    rows.push(vec![(0, Fr::from(5)), (2, Fr::from(5)), (3, Fr::from(9))]);
    rows.push(vec![(0, Fr::ONE), (1, Fr::ONE), (0, Fr::ONE), (2, -Fr::ONE)]);
    rows
}

fn check<C: BulkCurve<ScalarField = Fr>>(count: usize) -> Result<(), Error> {
    let rng = &mut ark_std::test_rng();
    let (bases, rows) = (bases::<C>(40, rng), random_rows(count, 40, rng));
    let (matrix, expected) = (matrix(40, &rows), expected(&rows, &bases));
    assert_eq!(apply(&matrix, &bases)?, expected);
    for kernel in Kernel::available() {
        for (width, side_by_side) in [(2, 1000), (3, 1), (5, 7), (8, 64)] {
            assert_eq!(apply_by(C::adder(kernel), &matrix, &bases, width, side_by_side)?, expected, "{kernel} {width}");
        }
    }
    Ok(())
}

#[test]
fn rows_are_those_of_the_definition() -> Result<(), Error> {
    check::<G1>(150)?;
    check::<G2>(40)
}

/// More digits than are added up at a time.
#[test]
fn a_long_row_is_cut() -> Result<(), Error> {
    let rng = &mut ark_std::test_rng();
    let bases = bases::<G1>(10, rng);
    let rows = [
        (0..250).map(|index| (index % 10, Fr::rand(rng))).collect(),
        vec![],
        (0..2 * DIGITS).map(|index| (index % 4, Fr::ONE)).collect(),
        (0..DIGITS).map(|index| (4 + index % 2, -Fr::ONE)).collect(),
    ];
    let matrix = matrix(10, &rows);
    let lengths: Vec<usize> = parts(&matrix, 4).iter().map(|part| part.row).collect();
    assert_eq!(lengths, [0, 0, 0, 0, 1, 2, 2, 3]);
    assert_eq!(apply(&matrix, &bases)?, expected(&rows, &bases));
    Ok(())
}

#[test]
fn a_matrix_of_ones_has_no_tables() -> Result<(), Error> {
    let rng = &mut ark_std::test_rng();
    let bases = bases::<G1>(10, rng);
    let rows = vec![vec![(5, Fr::ONE), (6, -Fr::ONE)]; 20];
    let plain = Source::new(G1::adder(kernel()), &matrix(10, &rows), &bases, 6)?;
    assert_eq!(plain.points().len(), 10);
    let rows = vec![vec![(5, Fr::from(3)), (6, -Fr::ONE)]; 20];
    let tabled = Source::new(G1::adder(kernel()), &matrix(10, &rows), &bases, 6)?;
    assert_eq!(tabled.points().len(), 10 + 32);
    Ok(())
}

#[test]
fn one_point_for_each_column() {
    let rng = &mut ark_std::test_rng();
    let rows = vec![vec![(5, Fr::ONE)]];
    let found = apply(&matrix(10, &rows), &bases::<G1>(9, rng));
    assert_eq!(found, Err(Error::Count { what: "point", expected: 10, found: 9 }));
    assert_eq!(apply::<G1>(&matrix(0, &[]), &[]), Ok(vec![]));
    assert_eq!(apply::<G1>(&matrix(0, &[vec![], vec![]]), &[]), Ok(vec![Affine::identity(); 2]));
}
