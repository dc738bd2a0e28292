//! Are these points of a Barreto-Naehrig curve's twist in G2? Many at a time, by the test of `group.rs`.
//!
//! With Q = x P it asks whether Q + P + psi(Q) + psi^2(Q) equals psi^3(2 Q). x is the same for all points, so they are
//! doubled and added to side by side, and share their inversions.

use ark_ec::bn::BnConfig;
use ark_ec::short_weierstrass::Affine;
use ark_ff::{biginteger::arithmetic::find_naf, Field};
use rayon::prelude::*;

use crate::affine::{Adder, BulkCurve, Room, Stored, Term};
use crate::kernel::kernel;

/// Points that are tested side by side.
const BLOCK: usize = 512;

/// The first of some points of the twist that is outside the subgroup of order r.
pub fn first_outside_g2<B: BnConfig<G2Config: BulkCurve>>(points: &[Affine<B::G2Config>]) -> Option<usize> {
    first_outside_by::<B>(B::G2Config::adder(kernel()), points)
}

fn first_outside_by<B: BnConfig<G2Config: BulkCurve>>(
    adder: &dyn Adder<B::G2Config>,
    points: &[Affine<B::G2Config>],
) -> Option<usize> {
    let strays = points.par_chunks(BLOCK).enumerate().filter_map(|(number, block)| {
        let block: Vec<_> = block.iter().map(B::G2Config::store).collect();
        let stray = Room::of_thread(|room| stray::<B>(adder, &block, room))?;
        Some(number * BLOCK + stray)
    });
    strays.min()
}

/// The first of a block's points that fails the test.
fn stray<B: BnConfig<G2Config: BulkCurve>>(
    adder: &dyn Adder<B::G2Config>,
    points: &[<B::G2Config as BulkCurve>::Point],
    room: &mut Room,
) -> Option<usize> {
    let each: Vec<Term> = (0..points.len()).map(Term::plus).collect();
    let once: Vec<_> = times_x::<B>(adder, points, room);
    let turned = |points: &[_]| points.iter().map(untwisted_frobenius::<B>).collect::<Vec<_>>();
    let first = turned(&once);
    let second = turned(&first);
    let mut right = turned(&second);
    adder.double(&mut right, 1, room);
    let mut left = once;
    for summand in [points, &first, &second] {
        adder.accumulate(&mut left, summand, &each, room);
    }
    left.iter().zip(&right).position(|(left, right)| left != right)
}

/// x times each point.
fn times_x<B: BnConfig<G2Config: BulkCurve>>(
    adder: &dyn Adder<B::G2Config>,
    points: &[<B::G2Config as BulkCurve>::Point],
    room: &mut Room,
) -> Vec<<B::G2Config as BulkCurve>::Point> {
    let plus: Vec<Term> = (0..points.len()).map(Term::plus).collect();
    let minus: Vec<Term> = (0..points.len()).map(Term::minus).collect();
    let mut products = vec![<B::G2Config as BulkCurve>::Point::INFINITY; points.len()];
    let mut doublings = 0;
    for digit in find_naf(B::X).into_iter().rev() {
        doublings += 1;
        if digit != 0 {
            adder.double(&mut products, doublings, room);
            adder.accumulate(&mut products, points, if (digit < 0) != B::X_IS_NEGATIVE { &minus } else { &plus }, room);
            doublings = 0;
        }
    }
    adder.double(&mut products, doublings, room);
    products
}

fn untwisted_frobenius<B: BnConfig<G2Config: BulkCurve>>(
    point: &<B::G2Config as BulkCurve>::Point,
) -> <B::G2Config as BulkCurve>::Point {
    let mut turned = B::G2Config::load(point);
    turned.x.frobenius_map_in_place(1);
    turned.y.frobenius_map_in_place(1);
    turned.x *= B::TWIST_MUL_BY_Q_X;
    turned.y *= B::TWIST_MUL_BY_Q_Y;
    B::G2Config::store(&turned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::{decode_points, encode_points};
    use crate::error::Error;
    use crate::group::cofactor::{outsider, points_of_cofactor_orders};
    use crate::instance::{PairingConfig, G2};
    use crate::kernel::Kernel;
    use ark_ec::short_weierstrass::Projective;
    use ark_ec::{AffineRepr, CurveGroup};
    use ark_ff::UniformRand;

    fn first(kernel: Kernel, points: &[Affine<G2>]) -> Option<usize> {
        first_outside_by::<PairingConfig>(G2::adder(kernel), points)
    }

    #[test]
    fn a_stray_point_is_found_wherever_it_stands() {
        let rng = &mut ark_std::test_rng();
        let mut points: Vec<Affine<G2>> = (0..BLOCK + 20).map(|_| Projective::rand(rng).into_affine()).collect();
        points[3] = points[2];
        points[4] = -points[2];
        points[5] = Affine::identity();
        let stray = outsider(rng);
        for kernel in Kernel::available() {
            assert_eq!(first(kernel, &[]), None);
            assert_eq!(first(kernel, &points), None);
            for place in [0, 1, 7, 8, BLOCK - 1, BLOCK, BLOCK + 19] {
                let mut with_stray = points.clone();
                with_stray[place] = stray;
                assert_eq!(first(kernel, &with_stray), Some(place));
                with_stray[BLOCK + 19] = stray;
                assert_eq!(first(kernel, &with_stray), Some(place));
            }
        }
    }

    /// Also points of every small order of the twist, alone and shifted by a point of the group.
    #[test]
    fn no_point_of_cofactor_order_passes() {
        let mut points = vec![Affine::<G2>::generator(); 9];
        for stray in points_of_cofactor_orders() {
            for shift in [Affine::identity(), Affine::generator()] {
                points[8] = (stray + shift).into_affine();
                Kernel::available().for_each(|kernel| assert_eq!(first(kernel, &points), Some(8)));
            }
        }
    }

    /// As where each point is checked alone: the first that is at fault in any way.
    #[test]
    fn of_several_faults_the_first_is_reported() {
        let rng = &mut ark_std::test_rng();
        let points = vec![Affine::<G2>::generator(); 100];
        let mut faults = |stray: usize, off_curve: Option<usize>, too_large: Option<usize>| {
            let mut points = points.clone();
            points[stray] = outsider(rng);
            let mut bytes = encode_points(&points);
            off_curve.inspect(|place| bytes[128 * place] ^= 1);
            too_large.inspect(|place| bytes[128 * place..128 * place + 32].fill(255));
            decode_points::<G2>(&bytes)
        };
        assert_eq!(faults(70, None, None), Err(Error::NotInSubgroup { index: 70 }));
        assert_eq!(faults(70, Some(71), None), Err(Error::NotInSubgroup { index: 70 }));
        assert_eq!(faults(70, None, Some(71)), Err(Error::NotInSubgroup { index: 70 }));
        assert_eq!(faults(70, Some(69), None), Err(Error::NotOnCurve { index: 69 }));
        assert_eq!(faults(70, Some(3), Some(2)), Err(Error::Coordinate { index: 2 }));
        assert_eq!(decode_points::<G2>(&encode_points(&points)), Ok(points));
    }
}
