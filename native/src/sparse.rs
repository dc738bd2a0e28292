//! Sparse matrices in row-compressed form, applied to vectors of scalars; `point_rows` has the same for points.

use std::ops::Range;

use ark_ff::PrimeField;
use rayon::prelude::*;

use crate::encode::decode_scalars;
use crate::error::Error;

/// The bytes of a matrix, as `algebra/sparse.py` keeps them.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    pub row_ptr: &'a [u8],
    pub columns: &'a [u8],
    pub places: &'a [u8],
    pub scalars: &'a [u8],
}

pub struct Matrix<F> {
    width: usize,
    row_ptr: Vec<u32>,
    columns: Vec<u32>,
    /// The coefficient of each entry, as its place in `scalars`: a circuit has few different ones.
    places: Vec<u32>,
    scalars: Vec<F>,
    /// What multiplying by each of `scalars` takes.
    factors: Vec<Factor>,
}

/// Most coefficients of a circuit are 1 or -1, and need no product.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Factor {
    One,
    MinusOne,
    Other,
}

impl Factor {
    fn of<F: PrimeField>(scalar: &F) -> Self {
        match scalar {
            _ if scalar.is_one() => Self::One,
            _ if (-*scalar).is_one() => Self::MinusOne,
            _ => Self::Other,
        }
    }
}

/// The rows of a * b = c.
pub struct Constraints<F> {
    sides: [Matrix<F>; 3],
}

impl<F: PrimeField> Constraints<F> {
    pub fn new(a: Matrix<F>, b: Matrix<F>, c: Matrix<F>) -> Result<Self, Error> {
        if a.row_ptr.len() != b.row_ptr.len() || b.row_ptr.len() != c.row_ptr.len() {
            return Err(Error::Matrix { reason: "the three sides have different numbers of rows" });
        }
        if a.width != b.width || b.width != c.width {
            return Err(Error::Matrix { reason: "the three sides have different numbers of columns" });
        }
        Ok(Self { sides: [a, b, c] })
    }

    pub fn width(&self) -> usize {
        self.sides[0].width
    }

    /// The first row that a vector, `width` long, does not satisfy.
    pub fn first_broken(&self, vector: &[F]) -> Option<usize> {
        let [a, b, c] = &self.sides;
        (0..a.row_ptr.len() - 1).find(|&row| a.at(row, vector) * b.at(row, vector) != c.at(row, vector))
    }
}

impl<F: PrimeField> Matrix<F> {
    pub fn height(&self) -> usize {
        self.row_ptr.len() - 1
    }

    pub fn width(&self) -> usize {
        self.width
    }

    /// Decode, and check that the pointers rise from 0 to the number of entries, that every column and scalar exists.
    pub fn decode(width: usize, parts: Parts) -> Result<Self, Error> {
        let row_ptr = decode_u32(parts.row_ptr, "row pointer")?;
        let columns = decode_u32(parts.columns, "column")?;
        let places = decode_u32(parts.places, "place of a coefficient")?;
        let scalars: Vec<F> = decode_scalars(parts.scalars, "coefficient")?;
        let fault = |reason| Err(Error::Matrix { reason });
        if columns.len() != places.len() {
            return fault("one coefficient per column entry is needed");
        }
        if row_ptr.first() != Some(&0) || row_ptr.last().map(|&end| end as usize) != Some(columns.len()) {
            return fault("row pointers do not cover the entries");
        }
        if row_ptr.windows(2).any(|pair| pair[0] > pair[1]) {
            return fault("row pointers do not rise");
        }
        if columns.iter().any(|&column| column as usize >= width) {
            return fault("a column lies outside the matrix");
        }
        if places.iter().any(|&place| place as usize >= scalars.len()) {
            return fault("an entry names a scalar that does not exist");
        }
        let factors = scalars.iter().map(Factor::of).collect();
        Ok(Self { width, row_ptr, columns, places, scalars, factors })
    }

    /// Entries that cost a product: all but 1 and -1.
    pub fn products(&self) -> usize {
        self.places.iter().filter(|&&place| self.factors[place as usize] == Factor::Other).count()
    }

    /// The matrix times a vector of scalars.
    pub fn apply(&self, vector: &[F]) -> Result<Vec<F>, Error> {
        self.check_width("scalar", vector.len())?;
        Ok(self.each_row(64, |columns, places| self.row(columns, places, vector)))
    }

    /// The entries of a row, all rows' end to end.
    pub fn entries(&self, row: usize) -> Range<usize> {
        self.row_ptr[row] as usize..self.row_ptr[row + 1] as usize
    }

    /// The column of each entry, below the width.
    pub fn columns(&self) -> &[u32] {
        &self.columns
    }

    /// The coefficient of each entry, as its place in `scalars`.
    pub fn places(&self) -> &[u32] {
        &self.places
    }

    pub fn scalars(&self) -> &[F] {
        &self.scalars
    }

    pub fn coefficient(&self, entry: usize) -> &F {
        &self.scalars[self.places[entry] as usize]
    }

    /// One row times a vector.
    fn at(&self, row: usize, vector: &[F]) -> F {
        let entries = self.row_ptr[row] as usize..self.row_ptr[row + 1] as usize;
        self.row(&self.columns[entries.clone()], &self.places[entries], vector)
    }

    fn row(&self, columns: &[u32], places: &[u32], vector: &[F]) -> F {
        let mut sum = F::ZERO;
        for (&column, &place) in columns.iter().zip(places) {
            let value = &vector[column as usize];
            match self.factors[place as usize] {
                Factor::One => sum += value,
                Factor::MinusOne => sum -= value,
                Factor::Other => sum += *value * self.scalars[place as usize],
            }
        }
        sum
    }

    /// A result for each row, from its columns and the places of its coefficients.
    fn each_row<T: Send>(&self, grain: usize, row: impl Fn(&[u32], &[u32]) -> T + Sync) -> Vec<T> {
        self.row_ptr
            .par_windows(2)
            .with_min_len(grain)
            .map(|ends| {
                let (start, end) = (ends[0] as usize, ends[1] as usize);
                row(&self.columns[start..end], &self.places[start..end])
            })
            .collect()
    }

    fn check_width(&self, what: &'static str, found: usize) -> Result<(), Error> {
        if found != self.width {
            return Err(Error::Count { what, expected: self.width, found });
        }
        Ok(())
    }
}

fn decode_u32(data: &[u8], what: &'static str) -> Result<Vec<u32>, Error> {
    if !data.len().is_multiple_of(4) {
        return Err(Error::PartialElement { what, size: 4, found: data.len() });
    }
    Ok(data.chunks_exact(4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).collect())
}
