//! The least that a proof of these wires can cost, in operations: what its measured phases are held against.

use ark_ec::CurveConfig;

use super::key::Key;
use super::phases::Phases;
use super::prover::Wires;
use crate::affine::BulkCurve;
use crate::costs::fewest_additions;
use crate::error::Error;

type Scalar<P> = <P as CurveConfig>::ScalarField;

/// Transforms of the quotient: an interpolation and an evaluation for each of A and B, and for C where it is not folded
/// into the key.
const TRANSFORMS: [usize; 2] = [6, 4];

/// Operations that no arrangement of the work does without, with multiples of the key's points known ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Entries of A and B that are not 1 or -1, and the products of their values.
    pub products: usize,
    pub butterflies: usize,
    /// Additions of points for A, in G1 for B, in G2 for B, and for C with the quotient.
    pub a: usize,
    pub b1: usize,
    pub b2: usize,
    pub c: usize,
}

impl<P: BulkCurve, Q: BulkCurve<ScalarField = P::ScalarField>> Key<P, Q> {
    /// For wires that `wires` has checked.
    pub fn least_work(&self, wires: &Wires<Scalar<P>>) -> Result<Work, Error> {
        let additions = fewest_additions::<Scalar<P>>;
        let of = |support: &[u32]| support.iter().map(|&wire| wires.integers[wire as usize]).collect::<Vec<_>>();
        let size = self.facts.domain_size as usize;
        let mut last = self.quotient(&wires.elements, &mut Phases::default())?;
        let first = if self.facts.folded { 0 } else { self.facts.n_public as usize + 1 };
        last.extend(&wires.integers[first..]);
        let b = additions(&of(&self.b_wires));
        Ok(Work {
            products: self.matrices.iter().map(|matrix| matrix.products()).sum::<usize>() + size,
            butterflies: TRANSFORMS[usize::from(self.facts.folded)] * (size / 2) * size.ilog2() as usize,
            a: additions(&of(&self.a_wires)),
            b1: b,
            b2: b,
            c: additions(&last),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{G1, G2};
    use crate::prove::testing::{witness, Example};

    /// Two entries of A and none of B are other than 1; each wire of A and B has a digit of its own.
    #[test]
    fn work_is_counted_without_what_a_key_spares() -> Result<(), Error> {
        let least = |folded: bool, x: u64, y: u64| {
            let key = Example::<G1, G2>::new(folded).key(0)?;
            key.least_work(&key.wires(&witness(x, y))?)
        };
        let (folded, plain) = (least(true, 0, 1)?, least(false, 0, 1)?);
        assert_eq!((folded.products, plain.products), (2 + 4, 2 + 4));
        assert_eq!((folded.butterflies, plain.butterflies), (4 * 4, 6 * 4));
        // Of the wires 1, x the zero costs nothing; of y there is one digit, and each digit has a bucket.
        assert_eq!((folded.a, folded.b1, folded.b2), (2, 2, 2));
        assert_eq!((plain.a, plain.b1, plain.b2), (2, 2, 2));
        assert!(least(true, 1, 1)?.a > 2);
        // The constant has no point in C where nothing is folded in.
        assert_eq!(folded.c, plain.c + 2);
        Ok(())
    }
}
