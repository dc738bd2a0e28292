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
