//! The sums over the key's queries, in which nearly all of a proof's time goes.

use ark_ec::short_weierstrass::Projective;

use super::key::Key;
use super::phases::Phases;
use super::quotient::Integer;
use crate::affine::BulkCurve;
use crate::error::Error;
use crate::msm::{sum, Schedule};

/// sum_i a_i u_i, sum_i a_i v_i in both groups, and sum_i a_i k_i + sum_j h_j H_j.
pub struct Sums<P: BulkCurve, Q: BulkCurve> {
    pub a: Projective<P>,
    pub b1: Projective<P>,
    pub b2: Projective<Q>,
    pub c: Projective<P>,
}

impl<P: BulkCurve, Q: BulkCurve<ScalarField = P::ScalarField>> Key<P, Q> {
    /// Each sum on all threads, so that no two of them drive each other's points out of the processor's memory.
    pub(super) fn sums(
        &self,
        wires: &[Integer<P>],
        h: &[Integer<P>],
        phases: &mut Phases,
    ) -> Result<Sums<P, Q>, Error> {
        let schedule = Schedule::of_integers::<P::ScalarField>;
        let some = |places: &[u32]| places.iter().map(|&wire| wires[wire as usize]).collect::<Vec<_>>();
        let all = phases.time("schedule", || schedule(wires, self.c.shape))?;
        // Where A has a point for every wire, and they are cut alike, C's schedule serves it too.
        let own = match self.a.count == wires.len() && self.a.shape == self.c.shape {
            true => None,
            false => Some(phases.time("schedule", || schedule(&some(&self.a_wires), self.a.shape))?),
        };
        let a = phases.time("a", || sum(&[(&self.a.tables()?, own.as_ref().unwrap_or(&all))]))?;
        drop(own);
        let b = phases.time("schedule", || schedule(&some(&self.b_wires), self.b1.shape))?;
        let b1 = phases.time("b1", || sum(&[(&self.b1.tables()?, &b)]))?;
        let b2 = phases.time("b2", || sum(&[(&self.b2.tables()?, &b)]))?;
        drop(b);
        let odd = phases.time("schedule", || schedule(h, self.h.shape))?;
        let c = phases.time("c", || sum(&[(&self.c.tables()?, &all), (&self.h.tables()?, &odd)]))?;
        Ok(Sums { a, b1, b2, c })
    }
}
