//! The Groth16 check (Groth 2016, section 3.2) with a key made ready: e(A, B) = e(alpha, beta) e(S, gamma) e(C, delta),
//! where S = IC_0 + sum x_j IC_j.

use ark_ec::bn::{BnConfig, G1Affine, G2Affine};
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{AffineRepr, CurveConfig, CurveGroup};
use ark_ff::Field;

use crate::encode::{point_size, read_point, whole_elements};
use crate::error::Error;
use crate::final_exponent::is_one;
use crate::fixed_base::FixedBases;
use crate::group::Group;
use crate::lines::{lines, Line};
use crate::miller::{self, FixedLines, Value};
use crate::threads;

pub type Scalar<B> = <<B as BnConfig>::G1Config as CurveConfig>::ScalarField;

/// A BN curve whose groups have what a check needs.
pub trait PairingCurve: BnConfig<G1Config: Group, G2Config: Group> {}

impl<B: BnConfig<G1Config: Group, G2Config: Group>> PairingCurve for B {}

/// A verifying key with the lines of its points in G2, and, once they are worth it, tables of its public inputs' points.
pub struct Key<B: PairingCurve> {
    pub(crate) ic: FixedBases<B::G1Config>,
    pub(crate) alpha: G1Affine<B>,
    pub(crate) beta: FixedLines<B>,
    pub(crate) gamma: FixedLines<B>,
    pub(crate) delta: FixedLines<B>,
    /// The Miller value of (alpha, beta).
    alpha_beta: Value<B>,
}

/// A, B and C, each on its curve, none of them at infinity.
pub struct Points<B: PairingCurve> {
    pub a: G1Affine<B>,
    pub b: G2Affine<B>,
    pub c: G1Affine<B>,
}

impl<B: PairingCurve> Points<B> {
    /// A | B | C; an error's index is 0, 1 or 2. Of several bad points the first is named; that B is in its subgroup is
    /// known only where C is bad.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (g1, g2) = (point_size::<B::G1Config>(), point_size::<B::G2Config>());
        if bytes.len() != 2 * g1 + g2 {
            return Err(Error::PartialElement { what: "proof", size: 2 * g1 + g2, found: bytes.len() });
        }
        let (a, rest) = bytes.split_at(g1);
        let (b, c) = rest.split_at(g2);
        let (a, b) = (finite(0, a)?, finite(1, b)?);
        // G1 is the whole curve.
        let c = finite(2, c).map_err(|error| lines::<B>(&b).map_or(OUTSIDE, |_| error))?;
        Ok(Self { a, b, c })
    }

    /// With the lines of B, which must be in its subgroup.
    pub fn ready(&self) -> Result<Proof<B>, Error> {
        Ok(Proof { a: self.a, b: lines::<B>(&self.b).ok_or(OUTSIDE)?, c: self.c })
    }
}

/// What is wrong with a B that is not in its subgroup.
pub(crate) const OUTSIDE: Error = Error::NotInSubgroup { index: 1 };

/// A and C, on the curve, and the lines of B, which is in the subgroup; none of them at infinity.
pub struct Proof<B: PairingCurve> {
    pub a: G1Affine<B>,
    pub b: Vec<Line<B>>,
    pub c: G1Affine<B>,
}

impl<B: PairingCurve> Proof<B> {
    /// A | B | C; an error's index is 0, 1 or 2.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Points::decode(bytes)?.ready()
    }
}

/// The bytes of each of many proofs.
pub fn split<B: PairingCurve>(data: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let size = 2 * point_size::<B::G1Config>() + point_size::<B::G2Config>();
    whole_elements(data, size, "proof")?;
    Ok(data.chunks_exact(size).collect())
}

/// A point of the curve that is not at infinity.
fn finite<P: Group>(index: usize, bytes: &[u8]) -> Result<Affine<P>, Error> {
    let point: Affine<P> = read_point(index, bytes)?;
    if !point.is_on_curve() {
        return Err(Error::NotOnCurve { index });
    }
    if point.is_zero() {
        return Err(Error::Infinity { index });
    }
    Ok(point)
}

impl<B: PairingCurve> Key<B> {
    /// `g2` holds beta, gamma and delta; `ic` one point for the constant and one for each public input.
    pub fn new(alpha: G1Affine<B>, g2: [G2Affine<B>; 3], ic: Vec<G1Affine<B>>) -> Result<Self, Error> {
        if ic.is_empty() {
            return Err(Error::Count { what: "IC point", expected: 1, found: 0 });
        }
        let fixed = |index: usize| FixedLines::new(&g2[index]).ok_or(Error::NotInSubgroup { index });
        let (beta, gamma, delta) = (fixed(0)?, fixed(1)?, fixed(2)?);
        let [at_alpha] = miller::evaluations::<B, 1>([alpha]);
        let alpha_beta = miller::product([], [(at_alpha, &beta)]);
        Ok(Self { ic: FixedBases::new(ic), alpha, beta, gamma, delta, alpha_beta })
    }

    /// Public inputs, the constant 1 not among them.
    pub fn n_public(&self) -> usize {
        self.ic.len() - 1
    }

    /// Does the equation hold? On this thread alone, where the public inputs are few.
    pub fn check(&self, inputs: &[Scalar<B>], proof: &Proof<B>) -> Result<bool, Error> {
        if inputs.len() != self.n_public() {
            return Err(Error::Count { what: "public input", expected: self.n_public(), found: inputs.len() });
        }
        let work = || self.holds(inputs, proof);
        Ok(if self.ic.are_few() { work() } else { threads::install(work) })
    }

    /// The same for as many inputs as there must be.
    pub(crate) fn holds(&self, inputs: &[Scalar<B>], proof: &Proof<B>) -> bool {
        let mut scalars = vec![Scalar::<B>::ONE];
        scalars.extend_from_slice(inputs);
        let Ok(statement) = self.ic.sum(&scalars) else { return false };
        let [at_statement, at_c] = miller::evaluations::<B, 2>([statement.into_affine(), proof.c]);
        let value =
            miller::product([(-proof.a, proof.b.as_slice())], [(at_statement, &self.gamma), (at_c, &self.delta)]);
        is_one::<B>(&(value * self.alpha_beta))
    }

    /// Does prod e(-pairs) e(alpha, beta)^weight e(S, gamma) e(c, delta) hold, `pairs` being a Miller value? `statement` has
    /// the scalars of S, and the constant's is the weight: the sum of all.
    pub(crate) fn combination_holds(
        &self,
        pairs: &Value<B>,
        statement: &[Scalar<B>],
        c: Projective<B::G1Config>,
    ) -> bool {
        let (Some(weight), Ok(statement)) = (statement.first(), self.ic.sum(statement)) else { return false };
        let alpha = B::G1Config::times(&self.alpha, weight);
        let points = Projective::normalize_batch(&[alpha, statement, c]);
        let [at_alpha, at_statement, at_c] = miller::evaluations::<B, 3>([points[0], points[1], points[2]]);
        let fixed = [(at_alpha, &self.beta), (at_statement, &self.gamma), (at_c, &self.delta)];
        is_one::<B>(&(miller::product([], fixed) * pairs))
    }
}
