//! Many proofs under one key: one equation, that of their random linear combination, and bisection where it fails.
//!
//! Let D_i = e(-A_i, B_i) e(alpha, beta) e(S_i, gamma) e(C_i, delta), which is one if and only if proof i holds. All points
//! are in groups of prime order r, so D_i = g^(d_i) for a generator g. With a weight w_i for each proof the combination
//! prod D_i^(w_i) is one if and only if sum w_i d_i = 0 mod r. If some d_k is not 0, then of all values of w_k mod r, the
//! other weights being as they are, exactly one makes it so: proofs that do not depend on the weights pass with
//! probability at most 2^-128, where the weights take 2^128 different values mod r with equal probability. Bisection tests
//! fewer than 2 N ranges of N proofs under the same weights: at most N 2^-127 in all.
//!
//! A weight is w = a + b lambda, where a and b have 64 bits and lambda is the cube root of one by which the curve's
//! endomorphism multiplies: its product costs 64 doublings, not 128. The 2^128 weights differ mod r: if a + b lambda = 0
//! mod r for |a|, |b| < 2^64, then r divides a^2 - a b + b^2, the norm, which is below 3 * 2^128 < r and so is 0, which
//! is only so for a = b = 0.

use std::ops::Range;

use ark_ec::bn::{G1Affine, G2Affine};
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{CurveGroup, VariableBaseMSM};
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;

use crate::affine::BulkCurve;
use crate::curve;
use crate::encode::whole_elements;
use crate::error::Error;
use crate::groth16::{Key, PairingCurve, Points, Scalar, OUTSIDE};
use crate::lines::{lines, Line};
use crate::miller::{self, Value};
use crate::msm::{self, Schedule, Shape, Tables};

/// Proofs in one equation at most: what the three pairings of the key and the last exponentiation cost is little beside
/// them, and they take 2 MB.
const BLOCK: usize = 2048;
/// Proofs that share the squarings of one Miller loop: two for each lane where there are lanes.
const LOOP: usize = 16;
/// One in so many proofs is found false by bisection; further ones are checked one by one, which then costs less.
const RARE: usize = 16;
/// From so many points on, what is done for all of them side by side costs less.
const MANY: usize = 24;

/// A curve of pairings with an endomorphism of G1, whose pairs go through a Miller loop together.
pub trait BatchCurve: PairingCurve<G1Config: GLVConfig + BulkCurve> {
    /// The product of the Miller values of these pairs, none of whose points of G2 is at infinity; None where one of those
    /// is outside its subgroup.
    fn miller_product(pairs: &[(G1Affine<Self>, G2Affine<Self>)]) -> Option<Value<Self>> {
        plain_product::<Self>(pairs)
    }
}

/// One pair after the other, through the lines of each.
pub fn plain_product<B: PairingCurve>(pairs: &[(G1Affine<B>, G2Affine<B>)]) -> Option<Value<B>> {
    let ready: Option<Vec<Vec<Line<B>>>> = pairs.iter().map(|(_, q)| lines::<B>(q)).collect();
    Some(miller::product::<B>(pairs.iter().map(|(p, _)| *p).zip(ready?.iter().map(Vec::as_slice)), []))
}

/// A random weight, as its two halves.
#[derive(Clone, Copy, Debug)]
pub struct Weight(pub u64, pub u64);

impl Weight {
    /// 16 bytes each, the halves little-endian.
    pub fn decode_all(data: &[u8]) -> Result<Vec<Self>, Error> {
        whole_elements(data, 16, "weight")?;
        let half = |bytes: &[u8]| bytes.iter().rfold(0, |value, byte| value << 8 | u64::from(*byte));
        Ok(data.chunks_exact(16).map(|bytes| Self(half(&bytes[..8]), half(&bytes[8..]))).collect())
    }

    fn scalar<P: GLVConfig>(self) -> P::ScalarField {
        P::ScalarField::from(self.0) + P::LAMBDA * P::ScalarField::from(self.1)
    }

    /// This weight times a point of order r. The point and its image add up to minus the image's image.
    fn times<P: GLVConfig>(self, point: &Affine<P>) -> Projective<P> {
        let image = P::endomorphism_affine(point);
        let both = -P::endomorphism_affine(&image);
        let mut total = Projective::ZERO;
        for bit in (0..64).rev() {
            total.double_in_place();
            match (self.0 >> bit & 1, self.1 >> bit & 1) {
                (1, 0) => total += point,
                (0, 1) => total += image,
                (1, 1) => total += both,
                _ => {}
            }
        }
        total
    }
}

/// weights[i] * points[i].
fn weighted<P: GLVConfig + BulkCurve>(points: &[Affine<P>], weights: &[Weight]) -> Result<Vec<Affine<P>>, Error> {
    if points.len() < MANY {
        let products: Vec<_> = points.iter().zip(weights).map(|(point, weight)| weight.times(point)).collect();
        return Ok(Projective::normalize_batch(&products));
    }
    let scalars: Vec<P::ScalarField> = weights.iter().map(|weight| weight.scalar::<P>()).collect();
    curve::scale(points, &scalars)
}

/// sum weights[i] * points[i].
fn weighted_sum<P: GLVConfig + BulkCurve>(points: &[Affine<P>], weights: &[Weight]) -> Projective<P> {
    if points.len() >= MANY {
        if let Ok(sum) = sum_by_buckets(points, weights) {
            return sum;
        }
    }
    let halves = |half: fn(&Weight) -> u64| weights.iter().map(half).collect::<Vec<_>>();
    let first = Projective::msm_u64(points, &halves(|weight| weight.0));
    let second = Projective::msm_u64(points, &halves(|weight| weight.1));
    first + P::endomorphism(&second)
}

/// The same: the first half of a weight counts for its point, the second for the point's image.
fn sum_by_buckets<P: GLVConfig + BulkCurve>(points: &[Affine<P>], weights: &[Weight]) -> Result<Projective<P>, Error> {
    let images = points.iter().map(|point| P::store(&P::endomorphism_affine(point)));
    let stored: Vec<P::Point> = points.iter().map(P::store).chain(images).collect();
    let halves = weights.iter().map(|weight| weight.0).chain(weights.iter().map(|weight| weight.1));
    let scalars: Vec<P::ScalarField> = halves.map(P::ScalarField::from).collect();
    let shape = Shape::best::<P::ScalarField>(stored.len(), 1);
    msm::sum(&[(&Tables::over(&stored, stored.len(), shape)?, &Schedule::new(&scalars, shape)?)])
}

/// A proof whose points are good, as far as is known of B, made ready: its place in the batch, and -weight A.
struct Member<'a, B: BatchCurve> {
    place: usize,
    inputs: &'a [Scalar<B>],
    points: Points<B>,
    weight: Weight,
    weighted_a: G1Affine<B>,
    /// Its B turned out not to be in its subgroup: it counts no more.
    stray: bool,
}

/// The verdict on each proof: the same that `Key::check` gives, with an error for points that are none.
pub fn check_many<B: BatchCurve>(
    key: &Key<B>,
    inputs: &[Scalar<B>],
    proofs: &[&[u8]],
    weights: &[Weight],
) -> Result<Vec<Result<bool, Error>>, Error> {
    if weights.len() != proofs.len() {
        return Err(Error::Count { what: "weight", expected: proofs.len(), found: weights.len() });
    }
    if inputs.len() != proofs.len() * key.n_public() {
        let expected = proofs.len() * key.n_public();
        return Err(Error::Count { what: "public input", expected, found: inputs.len() });
    }
    let mut verdicts: Vec<Result<bool, Error>> = vec![Ok(true); proofs.len()];
    for start in (0..proofs.len()).step_by(BLOCK) {
        let places = start..proofs.len().min(start + BLOCK);
        let mut members = members(key, places, inputs, proofs, weights, &mut verdicts)?;
        for (place, verdict) in judged(key, &mut members) {
            verdicts[place] = verdict;
        }
    }
    Ok(verdicts)
}

/// Those of the proofs at these places whose points can be read; the others have their verdicts.
fn members<'a, B: BatchCurve>(
    key: &Key<B>,
    places: Range<usize>,
    inputs: &'a [Scalar<B>],
    proofs: &[&[u8]],
    weights: &[Weight],
    verdicts: &mut [Result<bool, Error>],
) -> Result<Vec<Member<'a, B>>, Error> {
    let n = key.n_public();
    let read: Vec<_> = proofs[places.clone()].par_iter().map(|bytes| Points::<B>::decode(bytes)).collect();
    let mut members = Vec::with_capacity(read.len());
    for (place, points) in places.zip(read) {
        match points {
            Ok(points) => members.push(Member {
                place,
                inputs: &inputs[place * n..(place + 1) * n],
                weighted_a: points.a,
                points,
                weight: weights[place],
                stray: false,
            }),
            Err(error) => verdicts[place] = Err(error),
        }
    }
    let points: Vec<_> = members.iter().map(|member| member.points.a).collect();
    let weights: Vec<_> = members.iter().map(|member| member.weight).collect();
    for (member, product) in members.iter_mut().zip(weighted::<B::G1Config>(&points, &weights)?) {
        member.weighted_a = -product;
    }
    Ok(members)
}

/// A proof's place in the batch, and what is to be said of it.
type Verdict = (usize, Result<bool, Error>);

/// The verdicts on those of one block's proofs that do not hold.
fn judged<B: BatchCurve>(key: &Key<B>, members: &mut [Member<'_, B>]) -> Vec<Verdict> {
    if members.len() < 3 {
        return one_by_one(key, members);
    }
    let values: Vec<Value<B>> = members.par_chunks_mut(LOOP).map(|members| miller_value(members)).collect();
    let mut found: Vec<Verdict> =
        members.iter().filter(|member| member.stray).map(|member| (member.place, Err(OUTSIDE))).collect();
    if Sums::of(key, members).hold(key, &values) {
        return found;
    }
    let mut search = Search { key, members, values, found: Vec::new(), most: members.len() / RARE };
    search.range(0..search.values.len(), true);
    found.append(&mut search.found);
    found
}

/// The Miller value of all these pairs (-A, B) but the strays, which are marked.
fn miller_value<B: BatchCurve>(members: &mut [Member<'_, B>]) -> Value<B> {
    let pairs: Vec<_> = members.iter().map(|member| (member.weighted_a, member.points.b)).collect();
    if let Some(value) = B::miller_product(&pairs) {
        return value;
    }
    let mut good = Vec::new();
    for (member, pair) in members.iter_mut().zip(pairs) {
        member.stray = lines::<B>(&pair.1).is_none();
        if !member.stray {
            good.push(pair);
        }
    }
    // None of these is a stray.
    B::miller_product(&good).unwrap_or(Value::<B>::ONE)
}

fn one_by_one<B: BatchCurve>(key: &Key<B>, members: &[Member<'_, B>]) -> Vec<Verdict> {
    let verdict = |member: &Member<'_, B>| {
        let verdict = member.points.ready().map(|proof| key.holds(member.inputs, &proof));
        (verdict != Ok(true)).then_some((member.place, verdict))
    };
    members.par_iter().filter(|member| !member.stray).filter_map(verdict).collect()
}

/// Bisection: a range of which the combination does not hold has a false proof in one of its halves. What is costly, the
/// Miller values of the pairs, is there already, one for each LOOP of proofs; ranges are counted in those.
struct Search<'a, B: BatchCurve> {
    key: &'a Key<B>,
    members: &'a [Member<'a, B>],
    values: Vec<Value<B>>,
    found: Vec<Verdict>,
    /// How many to find by bisection.
    most: usize,
}

impl<B: BatchCurve> Search<'_, B> {
    /// Find the false proofs in a range, of which it may be `known` that there is one.
    fn range(&mut self, loops: Range<usize>, known: bool) {
        let members = &self.members[loops.start * LOOP..self.members.len().min(loops.end * LOOP)];
        let many = self.found.len() > self.most;
        if !known && !many && Sums::of(self.key, members).hold(self.key, &self.values[loops.clone()]) {
            return;
        }
        if many || loops.len() < 2 {
            self.found.extend(one_by_one(self.key, members));
            return;
        }
        let (before, middle) = (self.found.len(), loops.start + loops.len() / 2);
        self.range(loops.start..middle, false);
        // What is not in the left half is in the right one.
        self.range(middle..loops.end, self.found.len() == before);
    }
}

/// What the members' equations add up to beside their pairs (-A, B).
struct Sums<B: BatchCurve> {
    /// The scalars of the public inputs' points; first the constant's, the sum of the weights.
    statement: Vec<Scalar<B>>,
    c: Projective<B::G1Config>,
}

impl<B: BatchCurve> Sums<B> {
    fn of(key: &Key<B>, members: &[Member<'_, B>]) -> Self {
        let mut statement = vec![Scalar::<B>::ZERO; key.n_public() + 1];
        let members: Vec<_> = members.iter().filter(|member| !member.stray).collect();
        for member in &members {
            let weight = member.weight.scalar::<B::G1Config>();
            statement[0] += weight;
            for (sum, input) in statement[1..].iter_mut().zip(member.inputs) {
                *sum += weight * input;
            }
        }
        let points: Vec<_> = members.iter().map(|member| member.points.c).collect();
        let weights: Vec<_> = members.iter().map(|member| member.weight).collect();
        Self { statement, c: weighted_sum::<B::G1Config>(&points, &weights) }
    }

    fn hold(&self, key: &Key<B>, pairs: &[Value<B>]) -> bool {
        let pairs = pairs.iter().fold(Value::<B>::ONE, |product, value| product * value);
        key.combination_holds(&pairs, &self.statement, self.c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bn254::Config;
    use crate::encode::encode_points;
    use crate::groth16::Proof;
    use crate::group::cofactor::outsider;
    use crate::instance::{Fr, G1, G2};
    use ark_ec::PrimeGroup;
    use ark_ff::UniformRand;
    use ark_std::rand::Rng;

    const N_PUBLIC: usize = 3;

    /// A key whose secrets are known.
    struct Trapdoor {
        secrets: [Fr; 4],
        k: [Fr; N_PUBLIC + 1],
        key: Key<Config>,
    }

    fn g1(log: Fr) -> Affine<G1> {
        (Projective::<G1>::generator() * log).into_affine()
    }

    fn g2(log: Fr) -> Affine<G2> {
        (Projective::<G2>::generator() * log).into_affine()
    }

    impl Trapdoor {
        fn new(rng: &mut impl Rng) -> Result<Self, Error> {
            let secrets: [Fr; 4] = std::array::from_fn(|_| Fr::rand(rng));
            let k: [Fr; N_PUBLIC + 1] = std::array::from_fn(|_| Fr::rand(rng));
            let [alpha, beta, gamma, delta] = secrets;
            let key = Key::new(g1(alpha), [beta, gamma, delta].map(g2), k.map(g1).to_vec())?;
            Ok(Self { secrets, k, key })
        }

        /// A proof whose equation misses by g^miss.
        fn forge(&self, inputs: &[Fr], miss: Fr, rng: &mut impl Rng) -> Vec<u8> {
            let [alpha, beta, gamma, delta] = self.secrets;
            let (a, b) = (Fr::rand(rng), Fr::rand(rng));
            let statement = self.k[0] + self.k[1..].iter().zip(inputs).map(|(k, x)| *k * x).sum::<Fr>();
            let c = (a * b - alpha * beta - gamma * statement + miss) * delta.inverse().unwrap_or_default();
            [encode_points(&[g1(a)]), encode_points(&[g2(b)]), encode_points(&[g1(c)])].concat()
        }
    }

    fn weights(count: usize, rng: &mut impl Rng) -> Vec<Weight> {
        (0..count).map(|_| Weight(rng.gen(), rng.gen())).collect()
    }

    #[test]
    fn names_exactly_the_false_proofs() -> Result<(), Error> {
        let rng = &mut ark_std::test_rng();
        let trapdoor = Trapdoor::new(rng)?;
        for (count, misses) in [
            (0, vec![]),
            (1, vec![]),
            (1, vec![0]),
            (2, vec![1]),
            (3, vec![0]),
            (9, vec![]),
            (9, vec![8]),
            (16, vec![7, 8]),
            (40, vec![0, 39]),
            (40, vec![7]),
            (33, vec![3, 4, 5, 20, 30, 32]),
            (20, (0..20).collect()),
            (BLOCK + 5, vec![BLOCK - 1, BLOCK + 3]),
        ] {
            let inputs: Vec<Fr> = (0..count * N_PUBLIC).map(|_| Fr::rand(rng)).collect();
            let proofs: Vec<Vec<u8>> = (0..count)
                .map(|i| {
                    let miss = if misses.contains(&i) { Fr::rand(rng) } else { Fr::ZERO };
                    trapdoor.forge(&inputs[i * N_PUBLIC..][..N_PUBLIC], miss, rng)
                })
                .collect();
            let slices: Vec<&[u8]> = proofs.iter().map(Vec::as_slice).collect();
            let verdicts = check_many(&trapdoor.key, &inputs, &slices, &weights(count, rng))?;
            let expected: Vec<_> = (0..count).map(|i| Ok(!misses.contains(&i))).collect();
            assert_eq!(verdicts, expected);
            for i in (0..count).take(20) {
                let alone = trapdoor.key.check(&inputs[i * N_PUBLIC..][..N_PUBLIC], &Proof::decode(&proofs[i])?);
                assert_eq!(alone, expected[i]);
            }
        }
        Ok(())
    }

    #[test]
    fn points_that_are_none_are_named_and_spoil_nothing() -> Result<(), Error> {
        let rng = &mut ark_std::test_rng();
        let trapdoor = Trapdoor::new(rng)?;
        let inputs = vec![Fr::ZERO; 5 * N_PUBLIC];
        let mut proofs: Vec<Vec<u8>> = (0..5).map(|_| trapdoor.forge(&inputs[..N_PUBLIC], Fr::ZERO, rng)).collect();
        proofs[1][0] ^= 1;
        proofs[2][64..192].fill(0);
        proofs[3][255] = 0xff;
        let slices: Vec<&[u8]> = proofs.iter().map(Vec::as_slice).collect();
        let verdicts = check_many(&trapdoor.key, &inputs, &slices, &weights(5, rng))?;
        let errors = [Error::NotOnCurve { index: 0 }, Error::Infinity { index: 1 }, Error::Coordinate { index: 2 }];
        let [first, second, third] = errors.map(Err);
        assert_eq!(verdicts, [Ok(true), first, second, third, Ok(true)]);
        Ok(())
    }

    /// Points of G2 outside the subgroup, alone and several in a loop, beside false proofs: each is named, the rest stand.
    #[test]
    fn strays_are_named_and_spoil_nothing() -> Result<(), Error> {
        let rng = &mut ark_std::test_rng();
        let trapdoor = Trapdoor::new(rng)?;
        for (count, strays, misses) in [
            (2, vec![1], vec![]),
            (40, vec![5], vec![]),
            (40, vec![0, 17, 18, 39], vec![1, 38]),
            (20, (0..20).collect(), vec![]),
        ] {
            let inputs: Vec<Fr> = (0..count * N_PUBLIC).map(|_| Fr::rand(rng)).collect();
            let mut proofs = Vec::new();
            for i in 0..count {
                let miss = if misses.contains(&i) { Fr::rand(rng) } else { Fr::ZERO };
                let mut proof = trapdoor.forge(&inputs[i * N_PUBLIC..][..N_PUBLIC], miss, rng);
                if strays.contains(&i) {
                    proof[64..192].copy_from_slice(&encode_points(&[outsider(rng)]));
                }
                proofs.push(proof);
            }
            let slices: Vec<&[u8]> = proofs.iter().map(Vec::as_slice).collect();
            let verdicts = check_many(&trapdoor.key, &inputs, &slices, &weights(count, rng))?;
            for (i, verdict) in verdicts.into_iter().enumerate() {
                let expected = if strays.contains(&i) { Err(OUTSIDE) } else { Ok(!misses.contains(&i)) };
                assert_eq!(verdict, expected, "proof {i} of {count}");
            }
        }
        Ok(())
    }

    /// Of a bad B and a bad C the first is named, as where one proof is checked.
    #[test]
    fn the_first_bad_point_is_named() -> Result<(), Error> {
        let rng = &mut ark_std::test_rng();
        let trapdoor = Trapdoor::new(rng)?;
        let mut proof = trapdoor.forge(&[Fr::ZERO; N_PUBLIC], Fr::ZERO, rng);
        proof[255] = 0xff;
        assert_eq!(Points::<Config>::decode(&proof).err(), Some(Error::Coordinate { index: 2 }));
        proof[64..192].copy_from_slice(&encode_points(&[outsider(rng)]));
        assert_eq!(Points::<Config>::decode(&proof).err(), Some(OUTSIDE));
        assert_eq!(Proof::<Config>::decode(&proof).err(), Some(OUTSIDE));
        Ok(())
    }

    #[test]
    fn proofs_that_cancel_under_equal_weights_do_not_under_random_ones() -> Result<(), Error> {
        let rng = &mut ark_std::test_rng();
        let trapdoor = Trapdoor::new(rng)?;
        let inputs: Vec<Fr> = (0..4 * N_PUBLIC).map(|_| Fr::rand(rng)).collect();
        let misses = [Fr::from(9), Fr::ZERO, -Fr::from(9), Fr::ZERO];
        let proofs: Vec<Vec<u8>> =
            (0..4).map(|i| trapdoor.forge(&inputs[i * N_PUBLIC..][..N_PUBLIC], misses[i], rng)).collect();
        let slices: Vec<&[u8]> = proofs.iter().map(Vec::as_slice).collect();
        let equal = check_many(&trapdoor.key, &inputs, &slices, &[Weight(5, 6); 4])?;
        assert_eq!(equal, vec![Ok(true); 4], "this is what weights are for");
        let verdicts = check_many(&trapdoor.key, &inputs, &slices, &weights(4, rng))?;
        assert_eq!(verdicts, [Ok(false), Ok(true), Ok(false), Ok(true)]);
        Ok(())
    }

    #[test]
    fn weights_are_what_they_stand_for() -> Result<(), Error> {
        let rng = &mut ark_std::test_rng();
        let point = Projective::<G1>::rand(rng).into_affine();
        for weight in weights(9, rng).into_iter().chain([Weight(0, 0), Weight(1, 0), Weight(0, u64::MAX)]) {
            assert_eq!(weight.times(&point), point * weight.scalar::<G1>());
            let sum = weighted_sum(&[point, -point, point], &[weight, Weight(3, 7), Weight(3, 7)]);
            assert_eq!(sum, weight.times(&point));
        }
        for count in [MANY - 1, MANY, 3 * MANY] {
            let points: Vec<_> = (0..count).map(|i| if i % 5 == 3 { point } else { g1(Fr::rand(rng)) }).collect();
            let mut weights = weights(count, rng);
            weights[2] = Weight(0, 0);
            let products: Vec<_> = points.iter().zip(&weights).map(|(p, w)| w.times(p).into_affine()).collect();
            assert_eq!(weighted(&points, &weights)?, products);
            assert_eq!(
                weighted_sum(&points, &weights),
                products.iter().copied().map(Projective::from).sum::<Projective<G1>>()
            );
        }
        let lambda = G1::LAMBDA;
        assert_eq!(lambda * lambda + lambda + Fr::ONE, Fr::ZERO);
        Ok(())
    }
}
