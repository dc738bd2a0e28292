//! A proving key as the native prover wants it: matrices, and each query's points with tables of their multiples.
//!
//! Letters as in `prover/proving_key.py`. A wire that stands on one side of no constraint has the point at infinity in
//! that side's query; such points are left out, and `Support` says which wires the others belong to.

use ark_ec::short_weierstrass::Affine;
use ark_ec::{AffineRepr, CurveConfig};

use super::layout::{fault, Extent, Facts};
use super::storage::Shelf;
use crate::affine::{Adder, BulkCurve, Room, Stored};
use crate::encode::{decode_points, decode_points_unchecked};
use crate::error::Error;
use crate::kernel::kernel;
use crate::msm::{Shape, Tables};
use crate::ntt::Domain;
use crate::sparse::{Matrix, Parts};

/// Points that one task doubles at a time: they stay in a core's second cache.
const BLOCK: usize = 1 << 11;

/// The wires that a query has points of, rising.
pub type Support = Vec<u32>;

/// The points of one query, with the levels of their tables.
pub struct Query<C: BulkCurve> {
    pub count: usize,
    pub shape: Shape,
    pub levels: Shelf<C::Point>,
}

/// The key's single points: alpha, beta and delta, and the public inputs'.
#[derive(Clone, Debug, PartialEq)]
pub struct Singles<P: BulkCurve, Q: BulkCurve> {
    pub alpha1: Affine<P>,
    pub beta1: Affine<P>,
    pub delta1: Affine<P>,
    pub ic: Vec<Affine<P>>,
    pub beta2: Affine<Q>,
    pub gamma2: Affine<Q>,
    pub delta2: Affine<Q>,
}

pub struct Key<P: BulkCurve, Q: BulkCurve<ScalarField = P::ScalarField>> {
    pub facts: Facts,
    pub singles: Singles<P, Q>,
    pub matrices: [Matrix<P::ScalarField>; 2],
    pub domain: Domain<P::ScalarField>,
    pub a_wires: Support,
    pub b_wires: Support,
    pub a: Query<P>,
    pub b1: Query<P>,
    pub b2: Query<Q>,
    /// One point for each wire, at infinity for the public ones where nothing is folded in.
    pub c: Query<P>,
    pub h: Query<P>,
}

/// The shapes of the tables. Queries over the same wires share a shape, so that they can share a schedule, and C and H
/// do, so that they can share buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shapes {
    /// Of A, C and H.
    pub wide: Shape,
    pub b: Shape,
}

/// What a key is made from, as canonical bytes; the points have been checked by whoever made or read them.
pub struct Sources<'a> {
    pub facts: Facts,
    /// alpha | beta | delta | IC in G1, beta | gamma | delta in G2.
    pub singles1: &'a [u8],
    pub singles2: &'a [u8],
    pub a: Parts<'a>,
    pub b: Parts<'a>,
    pub a_points: &'a [u8],
    pub b1_points: &'a [u8],
    pub b2_points: &'a [u8],
    /// Of every wire where C's part of H is folded in, else of those after the public ones.
    pub c_points: &'a [u8],
    pub h_points: &'a [u8],
}

impl<C: BulkCurve> Query<C> {
    /// Build the levels one after the other, on all threads.
    pub fn new(points: &[Affine<C>], shape: Shape) -> Result<Self, Error> {
        let adder = C::adder(kernel());
        let levels = Shelf::build(shape.levels(), points.len(), BLOCK, |first, rows| {
            let count = rows.first().map_or(0, |row| row.len() / size_of::<C::Point>());
            let mut stored: Vec<C::Point> = points[first..first + count].iter().map(C::store).collect();
            fill_levels(adder, &mut stored, shape.width() * shape.sets(), rows);
        })?;
        Ok(Self { count: points.len(), shape, levels })
    }

    pub fn tables(&self) -> Result<Tables<'_, C>, Error> {
        Tables::over(&self.levels, self.count, self.shape)
    }

    pub fn extent(&self) -> Extent {
        Extent::new(self.count, &self.shape)
    }
}

fn fill_levels<C: BulkCurve>(adder: &dyn Adder<C>, points: &mut [C::Point], spacing: usize, rows: &mut [&mut [u8]]) {
    let mut room = Room::new();
    for (level, row) in rows.iter_mut().enumerate() {
        if level > 0 {
            adder.double(points, spacing, &mut room);
        }
        row.copy_from_slice(C::Point::bytes(points));
    }
}

impl<P: BulkCurve, Q: BulkCurve> Singles<P, Q> {
    /// Every point in its group; those of the header finite. A key's IC is for the verifier to judge.
    pub fn decode(n_public: usize, singles1: &[u8], singles2: &[u8]) -> Result<Self, Error> {
        Self::new(n_public, decode_points(singles1)?, &decode_points(singles2)?)
    }

    pub fn new(n_public: usize, mut first: Vec<Affine<P>>, second: &[Affine<Q>]) -> Result<Self, Error> {
        let (&[beta2, gamma2, delta2], true) = (second, first.len() == n_public + 4) else {
            return Err(fault("a number of single points that no key has"));
        };
        let ic = first.split_off(3);
        let [alpha1, beta1, delta1] = first[..] else {
            return Err(fault("a number of single points that no key has"));
        };
        if [alpha1, beta1, delta1].iter().any(Affine::is_zero) || [beta2, gamma2, delta2].iter().any(Affine::is_zero) {
            return Err(fault("a point at infinity where none may be"));
        }
        Ok(Self { alpha1, beta1, delta1, ic, beta2, gamma2, delta2 })
    }
}

type Scalar<P> = <P as CurveConfig>::ScalarField;

impl<P: BulkCurve, Q: BulkCurve<ScalarField = P::ScalarField>> Key<P, Q> {
    /// Decode, leave out points at infinity, and build tables; `shapes` is asked once the numbers of points are known.
    pub fn new(sources: &Sources, shapes: impl FnOnce(&Counts) -> Shapes) -> Result<Self, Error> {
        let facts = &sources.facts;
        facts.check()?;
        let (n, size) = (facts.n_wires as usize, facts.domain_size as usize);
        let matrices = [sources.a, sources.b].map(|parts| Matrix::<Scalar<P>>::decode(n, parts));
        let [a_matrix, b_matrix] = matrices;
        let singles = Singles::decode(facts.n_public as usize, sources.singles1, sources.singles2)?;
        let (a_points, a_wires) = sparse(decode_points_unchecked::<P>(sources.a_points)?, n)?;
        let (b1_points, b2_points) =
            (decode_points_unchecked::<P>(sources.b1_points)?, decode_points_unchecked::<Q>(sources.b2_points)?);
        let (b1_points, b2_points, b_wires) = both(&b1_points, &b2_points, n)?;
        let mut c_points = decode_points_unchecked::<P>(sources.c_points)?;
        if !facts.folded {
            c_points.splice(0..0, std::iter::repeat_n(Affine::identity(), facts.n_public as usize + 1));
        }
        let h_points = decode_points_unchecked::<P>(sources.h_points)?;
        if c_points.len() != n || h_points.len() != size {
            return Err(fault("a query of another number of points than wires"));
        }
        let shapes = shapes(&Counts { a: a_points.len(), b: b1_points.len(), c: n, h: size });
        Ok(Self {
            facts: facts.clone(),
            singles,
            matrices: [a_matrix?, b_matrix?],
            domain: Domain::new(size)?,
            a_wires,
            b_wires,
            a: Query::new(&a_points, shapes.wide)?,
            b1: Query::new(&b1_points, shapes.b)?,
            b2: Query::new(&b2_points, shapes.b)?,
            c: Query::new(&c_points, shapes.wide)?,
            h: Query::new(&h_points, shapes.wide)?,
        })
    }

    pub fn extents(&self) -> [Extent; 5] {
        [self.a.extent(), self.b1.extent(), self.b2.extent(), self.c.extent(), self.h.extent()]
    }

    /// Rows of the matrices fit the domain, supports name wires, and lengths agree.
    pub fn check(self) -> Result<Self, Error> {
        let (n, size) = (self.facts.n_wires, self.facts.domain_size as usize);
        if self.matrices.iter().any(|matrix| matrix.height() > size) {
            return Err(fault("a matrix that does not fit the domain"));
        }
        for (wires, count) in [(&self.a_wires, self.a.count), (&self.b_wires, self.b1.count)] {
            let rise = wires.windows(2).all(|pair| pair[0] < pair[1]);
            if wires.len() != count || !rise || wires.last().is_some_and(|&last| last >= n) {
                return Err(fault("a query's wires do not rise, or do not exist"));
            }
        }
        // What shares a schedule or buckets has one shape.
        if self.b1.shape != self.b2.shape || self.c.shape != self.h.shape {
            return Err(fault("tables of a shape that no key has"));
        }
        Ok(self)
    }
}

/// How many points each query has.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    pub a: usize,
    pub b: usize,
    pub c: usize,
    pub h: usize,
}

/// The finite points and the wires they belong to.
fn sparse<C: BulkCurve>(points: Vec<Affine<C>>, n: usize) -> Result<(Vec<Affine<C>>, Support), Error> {
    if points.len() != n {
        return Err(fault("a query of another number of points than wires"));
    }
    let wires = (0..n as u32).filter(|&wire| !points[wire as usize].is_zero()).collect();
    Ok((points.into_iter().filter(|point| !point.is_zero()).collect(), wires))
}

/// The same for B, whose points in both groups share their wires.
#[allow(clippy::type_complexity)]
fn both<P: BulkCurve, Q: BulkCurve>(
    first: &[Affine<P>],
    second: &[Affine<Q>],
    n: usize,
) -> Result<(Vec<Affine<P>>, Vec<Affine<Q>>, Support), Error> {
    if first.len() != n || second.len() != n {
        return Err(fault("a query of another number of points than wires"));
    }
    let wires: Support =
        (0..n as u32).filter(|&wire| !first[wire as usize].is_zero() || !second[wire as usize].is_zero()).collect();
    let first = wires.iter().map(|&wire| first[wire as usize]).collect();
    let second = wires.iter().map(|&wire| second[wire as usize]).collect();
    Ok((first, second, wires))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{Fr, G1, G2};
    use crate::prove::testing::{Example, WIRES};
    use ark_ec::CurveGroup;
    use ark_ff::Field;

    const POINTS: Error = Error::NativeKey { reason: "a query of another number of points than wires" };
    const SINGLES: Error = Error::NativeKey { reason: "a number of single points that no key has" };
    const INFINITE: Error = Error::NativeKey { reason: "a point at infinity where none may be" };
    /// Bytes of a point in G1; one in G2 has twice as many.
    const SIZE: usize = 64;

    /// What is wrong with a key once its sources are altered.
    fn fault_of(folded: bool, alter: impl FnOnce(&mut Example<G1, G2>)) -> Option<Error> {
        let mut example = Example::new(folded);
        alter(&mut example);
        example.key(0).err()
    }

    #[test]
    fn queries_have_a_point_for_every_wire() {
        for folded in [false, true] {
            assert_eq!(fault_of(folded, |_| ()), None);
            for query in 0..5 {
                let size = if query == 2 { 2 * SIZE } else { SIZE };
                let fewer = |example: &mut Example<_, _>| {
                    let bytes = &mut example.queries[query];
                    bytes.truncate(bytes.len() - size);
                };
                assert_eq!(fault_of(folded, fewer), Some(POINTS), "one fewer in {query}");
                let more = |example: &mut Example<_, _>| example.queries[query].extend_from_within(..size);
                assert_eq!(fault_of(folded, more), Some(POINTS), "one more in {query}");
            }
        }
    }

    #[test]
    fn single_points_are_counted_and_finite() {
        for group in 0..2 {
            let size = SIZE << group;
            let last = |example: &Example<_, _>| example.singles[group].len() - size;
            assert_eq!(fault_of(true, |it| it.singles[group].truncate(last(it))), Some(SINGLES));
            assert_eq!(fault_of(true, |it| it.singles[group].extend_from_within(..size)), Some(SINGLES));
            assert_eq!(fault_of(true, |it| it.singles[group].clear()), Some(SINGLES));
            for place in 0..3 {
                let infinite = |it: &mut Example<_, _>| it.singles[group][place * size..][..size].fill(0);
                assert_eq!(fault_of(true, infinite), Some(INFINITE), "{group} {place}");
            }
        }
    }

    #[test]
    fn sizes_that_no_circuit_has_are_refused() {
        let domain = Some(Error::NativeKey { reason: "a domain that is no power of two in range" });
        let wires = Some(Error::NativeKey { reason: "a number of wires out of range" });
        for size in [0, 1, 3, 6, (1 << 27) + 1, 1 << 28, u32::MAX] {
            assert_eq!(fault_of(true, |it| it.facts.domain_size = size), domain);
        }
        for (n_wires, n_public) in [(0, 0), (6, 6), (6, 7), (1 << 31, 1), (u32::MAX, 1)] {
            let alter = |it: &mut Example<_, _>| (it.facts.n_wires, it.facts.n_public) = (n_wires, n_public);
            assert_eq!(fault_of(true, alter), wires);
        }
        // The largest there may be are refused for their queries, not for themselves.
        assert_eq!(fault_of(true, |it| it.facts.domain_size = 1 << 27), Some(POINTS));
        assert_eq!(fault_of(true, |it| it.facts.domain_size = 2), Some(POINTS));
    }

    /// A wire has a place in B as soon as one group has a point for it; in the other it may be at infinity.
    #[test]
    fn both_groups_of_b_share_the_wires_of_either() -> Result<(), Error> {
        let (one, two) = (Affine::<G1>::generator(), Affine::<G2>::generator());
        let (no_one, no_two) = (Affine::identity(), Affine::identity());
        let first = [one, no_one, one, no_one];
        let second = [two, two, no_two, no_two];
        let expected = (vec![one, no_one, one], vec![two, two, no_two], vec![0, 1, 2]);
        assert_eq!(both(&first, &second, 4)?, expected);
        Ok(())
    }

    /// The third level of tables is twice as far from the points as the second.
    #[test]
    fn levels_are_multiples_by_powers_of_two() -> Result<(), Error> {
        let points: Vec<Affine<G1>> =
            (1..40u64).map(|i| (Affine::<G1>::generator() * Fr::from(i)).into_affine()).collect();
        for (width, levels) in [(4, 1), (5, 3), (16, 16), (7, 10)] {
            let shape = Shape::new::<Fr>(width, levels);
            let query = Query::<G1>::new(&points, shape)?;
            assert_eq!(query.levels.len(), points.len() * shape.levels());
            for (level, row) in query.levels.chunks_exact(points.len()).enumerate() {
                let factor = Fr::from(2u64).pow([(width * shape.sets() * level) as u64]);
                let expected: Vec<_> = points.iter().map(|point| (*point * factor).into_affine()).collect();
                assert_eq!(row.iter().map(G1::load).collect::<Vec<_>>(), expected, "level {level} of {shape:?}");
            }
        }
        Ok(())
    }

    fn key(alter: impl FnOnce(&mut Key<G1, G2>)) -> Option<Error> {
        let mut key = Example::<G1, G2>::new(true).key(0).ok()?;
        alter(&mut key);
        key.check().err()
    }

    #[test]
    fn supports_rise_and_name_wires() {
        let wires = Some(Error::NativeKey { reason: "a query's wires do not rise, or do not exist" });
        assert_eq!(key(|_| ()), None);
        assert_eq!(key(|key| key.a_wires.swap(0, 1)), wires);
        assert_eq!(key(|key| key.a_wires[1] = key.a_wires[0]), wires);
        assert_eq!(key(|key| key.a_wires.push(WIRES as u32 - 1)), wires);
        assert_eq!(key(|key| key.a_wires.truncate(1)), wires);
        assert_eq!(key(|key| key.b_wires[0] = WIRES as u32), wires);
        assert_eq!(key(|key| key.b_wires[0] = WIRES as u32 - 1), None);
        assert_eq!(key(|key| key.b_wires.clear()), wires);
    }
}
