//! What a header must say: counts that belong together, and sections that lie end to end up to the file's end.
//!
//! What a section's length must be follows from the counts, so a header that passes says where each array is, and that
//! the file holds all of it and nothing more.

use ark_ff::PrimeField;

use super::header::Header;
use super::layout::{fault, Extent, Facts, Part, ALIGNMENT, PARTS};
use crate::error::Error;

impl Header {
    pub(super) fn check_extents<Fr: PrimeField>(&self) -> Result<(), Error> {
        let Facts { n_wires, domain_size, .. } = self.facts;
        let [a, b1, b2, c, h] = &self.extents;
        if a.points > n_wires || b1.points > n_wires || b1.points != b2.points || c.points != n_wires {
            return Err(fault("a query of another number of points than wires"));
        }
        if h.points != domain_size {
            return Err(fault("the H query is not as long as the domain"));
        }
        if self.extents.iter().any(|extent| extent.shape::<Fr>().is_none()) {
            return Err(fault("tables of a shape that no key has"));
        }
        Ok(())
    }

    /// Each section where it must be and as long as it must be, up to the end of the file.
    pub(super) fn check_places(&self, header: u64, length: u64, [g1, g2]: [usize; 2]) -> Result<(), Error> {
        let mut end = header;
        for (part, section) in PARTS.iter().zip(&self.sections) {
            if section.start != end.next_multiple_of(ALIGNMENT) {
                return Err(fault("a section is out of place"));
            }
            let expected = self.length_of(*part, g1 as u64, g2 as u64);
            if expected.is_some_and(|expected| expected != section.length) {
                return Err(fault("a section of another length than its counts say"));
            }
            end = section.start.checked_add(section.length).ok_or(fault("a section is out of place"))?;
            if end > length {
                return Err(fault("cut short"));
            }
        }
        if end != length {
            return Err(fault("bytes left over after the last section"));
        }
        Ok(())
    }

    /// None for a matrix, which says itself how long it is.
    fn length_of(&self, part: Part, g1: u64, g2: u64) -> Option<u64> {
        let [a, b1, b2, c, h] = &self.extents;
        // Counts are below 2^32, levels below 2^10 (checked before) and points below 2^8 bytes: no overflow.
        let query = |extent: &Extent, size: u64| Some(u64::from(extent.points) * u64::from(extent.levels) * size);
        match part {
            Part::SinglesG1 => Some((3 + 1 + u64::from(self.facts.n_public)) * g1),
            Part::SinglesG2 => Some(3 * g2),
            Part::MatrixA | Part::MatrixB => None,
            Part::WiresA => Some(4 * u64::from(a.points)),
            Part::WiresB => Some(4 * u64::from(b1.points)),
            Part::QueryA => query(a, g1),
            Part::QueryB1 => query(b1, g1),
            Part::QueryB2 => query(b2, g2),
            Part::QueryC => query(c, g1),
            Part::QueryH => query(h, g1),
        }
    }
}
