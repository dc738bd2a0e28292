//! G2 points made ready for the pairing, with a short memory: a verifying key's points come back with every proof.
//!
//! What is remembered is public, keyed by all its bytes, and has passed every check.

use std::collections::VecDeque;
use std::sync::Mutex;

use ark_ec::pairing::Pairing;
use ark_ec::short_weierstrass::Affine;
use rayon::prelude::*;

use crate::encode::{decode_points, point_size, read_checked_point};
use crate::error::Error;
use crate::group::Group;

/// Points remembered: several keys' worth, about 20 KB each.
const CAPACITY: usize = 32;
/// A call with more points than this neither asks nor fills the memory.
const FEW: usize = 8;

/// The latest points first.
pub struct Recent<E: Pairing>(Mutex<VecDeque<(Vec<u8>, E::G2Prepared)>>);

impl<E: Pairing> Recent<E> {
    pub const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    /// Check and prepare points; those seen lately have been checked and are prepared.
    pub fn prepare<P>(&self, data: &[u8]) -> Result<Vec<E::G2Prepared>, Error>
    where
        P: Group,
        E: Pairing<G2Affine = Affine<P>>,
    {
        let size = point_size::<P>();
        if !data.len().is_multiple_of(size) || data.len() > FEW * size {
            return Ok(decode_points::<P>(data)?.into_par_iter().map(E::G2Prepared::from).collect());
        }
        data.chunks_exact(size)
            .enumerate()
            .map(|(index, bytes)| {
                if let Some(known) = self.recall(bytes) {
                    return Ok(known);
                }
                let prepared = E::G2Prepared::from(read_checked_point::<P>(index, bytes)?);
                self.remember(bytes, &prepared);
                Ok(prepared)
            })
            .collect()
    }

    // A memory that is busy (or that a fork left locked) is passed by: it saves time and decides nothing.

    fn recall(&self, bytes: &[u8]) -> Option<E::G2Prepared> {
        let mut entries = self.0.try_lock().ok()?;
        let place = entries.iter().position(|(known, _)| known == bytes)?;
        let entry = entries.remove(place)?;
        let prepared = entry.1.clone();
        entries.push_front(entry);
        Some(prepared)
    }

    fn remember(&self, bytes: &[u8], prepared: &E::G2Prepared) {
        if let Ok(mut entries) = self.0.try_lock() {
            entries.truncate(CAPACITY - 1);
            entries.push_front((bytes.to_vec(), prepared.clone()));
        }
    }
}

impl<E: Pairing> Default for Recent<E> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::encode_points;
    use crate::instance::{Curve, Fr, G2};
    use ark_ec::{AffineRepr, CurveGroup};

    fn multiples(count: u64) -> Vec<Affine<G2>> {
        (1..=count).map(|k| (Affine::<G2>::generator() * Fr::from(k)).into_affine()).collect()
    }

    #[test]
    fn recalls_what_it_prepared_and_stays_small() -> Result<(), Error> {
        let recent = Recent::<Curve>::new();
        let points = multiples(3 * CAPACITY as u64);
        for point in &points {
            let bytes = encode_points(&[*point]);
            for _ in 0..2 {
                assert_eq!(recent.prepare::<G2>(&bytes)?, vec![(*point).into()]);
            }
            assert_eq!(recent.recall(&bytes), Some((*point).into()));
        }
        assert_eq!(recent.0.try_lock().map(|entries| entries.len()).ok(), Some(CAPACITY));
        Ok(())
    }

    #[test]
    fn a_point_refused_once_is_refused_again() {
        let recent = Recent::<Curve>::new();
        let mut bytes = encode_points(&multiples(2));
        bytes[128] ^= 1;
        for _ in 0..3 {
            assert_eq!(recent.prepare::<G2>(&bytes), Err(Error::NotOnCurve { index: 1 }));
        }
    }
}
