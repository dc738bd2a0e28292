//! What every adder must do, for the tests of each: the same as arkworks, whatever stands beside whatever.

use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::UniformRand;
use ark_std::rand::Rng;

use super::{Adder, BulkCurve, Room, Stored, Term};

/// Points of which many are equal, opposite, or infinity; a fifth of them are.
fn crowd<C: BulkCurve>(count: usize, rng: &mut impl Rng) -> Vec<Affine<C>> {
    let few: Vec<Affine<C>> = (0..8).map(|_| Projective::rand(rng).into_affine()).collect();
    let mut walk = Projective::<C>::rand(rng);
    let step = few[0];
    let mut points = Vec::new();
    for _ in 0..count {
        walk += step;
        points.push(walk);
    }
    let mut points = Projective::normalize_batch(&points);
    for point in points.iter_mut() {
        match rng.gen_range(0..20) {
            0 => *point = Affine::identity(),
            1 => *point = few[rng.gen_range(0..3)],
            2 => *point = -few[rng.gen_range(0..3)],
            3 => *point = few[rng.gen_range(0..8)],
            _ => {}
        }
    }
    points
}

fn term(count: usize, rng: &mut impl Rng) -> Term {
    match rng.gen_range(0..10) {
        0 => Term::NONE,
        1..5 => Term::minus(rng.gen_range(0..count)),
        _ => Term::plus(rng.gen_range(0..count)),
    }
}

fn value<C: BulkCurve>(points: &[Affine<C>], term: Term) -> Affine<C> {
    match term {
        Term::NONE => Affine::identity(),
        _ if term.is_minus() => -points[term.index()],
        _ => points[term.index()],
    }
}

fn store<C: BulkCurve>(points: &[Affine<C>]) -> Vec<C::Point> {
    points.iter().map(C::store).collect()
}

fn assert_same<C: BulkCurve>(found: &[C::Point], expected: Vec<Projective<C>>, what: &str) {
    for (place, (found, expected)) in found.iter().zip(Projective::normalize_batch(&expected)).enumerate() {
        assert_eq!(C::load(found), expected, "{what} {place}");
    }
}

/// Sums, accumulations and doublings of every small length, and of some beyond every block.
pub fn check_adder<C: BulkCurve>(adder: &dyn Adder<C>) {
    let rng = &mut ark_std::test_rng();
    let room = &mut Room::new();
    let mixed = crowd::<C>(50, rng);
    // Nothing but exceptions, so that each meets each; and nothing but ordinary points.
    let strange: Vec<_> = mixed[..5].iter().flat_map(|p| [*p, -*p, Affine::identity()]).collect();
    let plain: Vec<_> = crowd::<C>(40, rng).into_iter().filter(|p| !p.is_zero()).collect();
    for points in [mixed, strange, plain] {
        let source = store(&points);
        for length in (0..41).chain([63, 64, 65, 500, 1023, 1024, 1025, 2500]) {
            let pairs: Vec<[Term; 2]> = (0..length).map(|_| [(); 2].map(|_| term(points.len(), rng))).collect();
            let mut sums = vec![source[0]; length];
            adder.add_pairs(&source, &pairs, &mut sums, room);
            let expected = pairs.iter().map(|[a, b]| value(&points, *a) + value(&points, *b)).collect();
            assert_same::<C>(&sums, expected, "pair");

            let terms: Vec<Term> = (0..length).map(|_| term(points.len(), rng)).collect();
            let before: Vec<Affine<C>> = (0..length).map(|_| points[rng.gen_range(0..points.len())]).collect();
            let mut accumulators = store(&before);
            adder.accumulate(&mut accumulators, &source, &terms, room);
            let expected = before.iter().zip(&terms).map(|(p, t)| *p + value(&points, *t)).collect();
            assert_same::<C>(&accumulators, expected, "accumulator");

            for times in 0..4 {
                let mut doubles = store(&before);
                adder.double(&mut doubles, times, room);
                let expected = before.iter().map(|p| (0..times).fold(p.into_group(), |sum, _| sum + sum)).collect();
                assert_same::<C>(&doubles, expected, "double");
            }
        }
    }
    check_storage::<C>();
}

/// Infinity is stored as zeros, and no point of the group is.
fn check_storage<C: BulkCurve>() {
    assert!(C::store(&Affine::identity()).is_infinity());
    assert!(C::load(&C::Point::INFINITY).is_zero());
    let generator = Affine::<C>::generator();
    assert_eq!(C::load(&C::store(&generator)), generator);
    assert!(!C::store(&generator).is_infinity());
}

/// Lengths that differ, and terms outside the source, must not be followed.
pub fn check_refusals<C: BulkCurve>(adder: &'static dyn Adder<C>) {
    let point = C::store(&Affine::generator());
    let refuses = |call: fn(&dyn Adder<C>, C::Point)| {
        let call = std::panic::AssertUnwindSafe(|| call(adder, point));
        assert!(std::panic::catch_unwind(call).is_err());
    };
    refuses(|adder, p| adder.add_pairs(&[p], &[[Term::plus(0), Term::plus(1)]], &mut [p], &mut Room::new()));
    refuses(|adder, p| adder.add_pairs(&[p], &[[Term::minus(1), Term::plus(0)]], &mut [p], &mut Room::new()));
    refuses(|adder, p| adder.add_pairs(&[p], &[[Term::plus(0); 2]], &mut [], &mut Room::new()));
    refuses(|adder, p| adder.add_pairs(&[p], &[], &mut [p], &mut Room::new()));
    refuses(|adder, p| adder.accumulate(&mut [p], &[p], &[Term::plus(1)], &mut Room::new()));
    refuses(|adder, p| adder.accumulate(&mut [p, p], &[p], &[Term::plus(0)], &mut Room::new()));
    refuses(|adder, p| adder.accumulate(&mut [p], &[p], &[Term::plus(0); 2], &mut Room::new()));
    refuses(|adder, p| adder.accumulate(&mut [p], &[], &[Term::minus(0)], &mut Room::new()));
    refuses(|adder, p| adder.add_pairs(&[], &[[Term::NONE, Term::plus(0)]], &mut [p], &mut Room::new()));
    check_after_refusal(adder, point);
    check_empty_source(adder, point);
}

/// A call that panicked half-way leaves nothing in the room for the next.
fn check_after_refusal<C: BulkCurve>(adder: &dyn Adder<C>, point: C::Point) {
    let (room, double) = (&mut Room::new(), C::store(&(C::load(&point) + C::load(&point)).into_affine()));
    let pairs = [[Term::plus(0), Term::plus(1)]; 3];
    let mut sums = [point; 3];
    adder.add_pairs(&[point, double], &pairs, &mut sums, room);
    let expected = sums;
    let beyond = [pairs[0], [Term::plus(1), Term::plus(2)]];
    let call = std::panic::AssertUnwindSafe(|| adder.add_pairs(&[point, double], &beyond, &mut [point; 2], room));
    assert!(std::panic::catch_unwind(call).is_err());
    let mut sums = [point; 3];
    adder.add_pairs(&[point, double], &pairs, &mut sums, room);
    assert!(sums == expected);
    assert_eq!(C::load(&sums[0]), (C::load(&point) + C::load(&double)).into_affine());
}

/// Sums of no terms at all need no source.
fn check_empty_source<C: BulkCurve>(adder: &dyn Adder<C>, point: C::Point) {
    let mut sums = [point; 9];
    adder.accumulate(&mut sums, &[], &[Term::NONE; 9], &mut Room::new());
    assert!(sums == [point; 9]);
    adder.add_pairs(&[], &[[Term::NONE; 2]; 9], &mut sums, &mut Room::new());
    assert!(sums.iter().all(Stored::is_infinity));
}
