//! A matrix as one section of a key file: counts, row pointers, columns, places, and each coefficient once.

use std::collections::HashMap;

use ark_ff::PrimeField;

use super::layout::fault;
use crate::encode::{scalar_size, whole_elements};
use crate::error::Error;
use crate::sparse::{Matrix, Parts};

/// The section's bytes. Coefficients that come again are kept once: a `.zkey` has one for each entry.
pub fn encode<F: PrimeField>(parts: &Parts) -> Result<Vec<u8>, Error> {
    whole_elements(parts.scalars, scalar_size::<F>(), "coefficient")?;
    whole_elements(parts.places, 4, "place of a coefficient")?;
    let table: Vec<&[u8]> = parts.scalars.chunks_exact(scalar_size::<F>()).collect();
    let (mut known, mut scalars, mut places) = (HashMap::new(), Vec::new(), Vec::with_capacity(parts.places.len()));
    for place in words(parts.places) {
        let scalar = *table.get(place as usize).ok_or(fault("an entry names a coefficient that does not exist"))?;
        let next = known.len() as u32;
        let place = *known.entry(scalar).or_insert_with(|| {
            scalars.extend_from_slice(scalar);
            next
        });
        places.extend(place.to_le_bytes());
    }
    let rows = (parts.row_ptr.len() / 4).saturating_sub(1);
    let mut out = Vec::with_capacity(12 + parts.row_ptr.len() + 2 * places.len() + scalars.len());
    for count in [rows, parts.columns.len() / 4, known.len()] {
        out.extend((count as u32).to_le_bytes());
    }
    for part in [parts.row_ptr, parts.columns, &places, &scalars] {
        out.extend_from_slice(part);
    }
    Ok(out)
}

/// The parts of a section, each as long as the counts say.
pub fn split<F: PrimeField>(section: &[u8]) -> Result<Parts<'_>, Error> {
    let (counts, mut rest) = section.split_at_checked(12).ok_or(fault("a matrix is cut short"))?;
    let mut counts = words(counts).map(u64::from);
    let mut next = || counts.next().unwrap_or_default();
    let (rows, entries, scalars) = (next(), next(), next());
    let mut take = |count: u64, size: u64| -> Result<&[u8], Error> {
        // Counts are below 2^32 + 1 and sizes below 2^7: no overflow.
        let size = usize::try_from(count * size).map_err(|_| fault("a matrix is cut short"))?;
        let (head, tail) = rest.split_at_checked(size).ok_or(fault("a matrix is cut short"))?;
        rest = tail;
        Ok(head)
    };
    let parts = Parts {
        row_ptr: take(rows + 1, 4)?,
        columns: take(entries, 4)?,
        places: take(entries, 4)?,
        scalars: take(scalars, scalar_size::<F>() as u64)?,
    };
    if !rest.is_empty() {
        return Err(fault("bytes left over after a matrix"));
    }
    Ok(parts)
}

/// A section decoded into memory of our own, every index of it checked.
pub fn decode<F: PrimeField>(width: usize, section: &[u8]) -> Result<Matrix<F>, Error> {
    Matrix::decode(width, split::<F>(section)?)
}

pub fn words(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Fr;
    use crate::prove::testing::{matrix, parts};

    #[test]
    fn coefficients_are_kept_once_and_mean_the_same() -> Result<(), Error> {
        let rows = matrix(&[&[(0, 7), (2, 9), (1, 7)], &[], &[(2, 9), (1, 1)]]);
        let section = encode::<Fr>(&parts(&rows))?;
        assert_eq!(split::<Fr>(&section)?.scalars.len(), 3 * 32);
        let (before, after) = (Matrix::<Fr>::decode(3, parts(&rows))?, decode::<Fr>(3, &section)?);
        let vector = [2, 30, 500].map(Fr::from);
        assert_eq!(after.apply(&vector)?, before.apply(&vector)?);
        assert_eq!(after.apply(&vector)?, [7 * 32 + 9 * 500, 0, 9 * 500 + 30].map(Fr::from));
        Ok(())
    }

    #[test]
    fn parts_that_are_not_whole_are_refused() {
        for (part, what) in [(2, "place of a coefficient"), (3, "coefficient")] {
            let mut rows = matrix(&[&[(0, 7)]]);
            rows[part].push(0);
            let found = encode::<Fr>(&parts(&rows)).err();
            assert!(matches!(found, Some(Error::PartialElement { what: named, .. }) if named == what), "{found:?}");
        }
        let mut rows = matrix(&[&[(0, 7)]]);
        rows[2][0] = 1;
        let missing = fault("an entry names a coefficient that does not exist");
        assert_eq!(encode::<Fr>(&parts(&rows)).err(), Some(missing));
    }

    #[test]
    fn sections_that_are_cut_or_go_on_are_refused() -> Result<(), Error> {
        let section = encode::<Fr>(&parts(&matrix(&[&[(0, 7), (1, 1)], &[(1, 7)]])))?;
        for length in 0..section.len() {
            assert_eq!(decode::<Fr>(2, &section[..length]).err(), Some(fault("a matrix is cut short")), "{length}");
        }
        let longer = [&section[..], &[0]].concat();
        assert_eq!(decode::<Fr>(2, &longer).err(), Some(fault("bytes left over after a matrix")));
        Ok(())
    }
}
