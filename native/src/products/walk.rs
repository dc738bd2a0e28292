//! From the highest digit down: all points doubled together, then each one's digits added out of its table.

use ark_ec::scalar_mul::glv::GLVConfig;

use super::digits::{Digits, MOST, WIDTH};
use crate::affine::{Adder, BulkCurve, Coordinate, Room, Stored, Term};

/// points[i] becomes the multiple of it that the i-th digits say.
pub fn scale<C: BulkCurve + GLVConfig>(
    adder: &dyn Adder<C>,
    points: &mut [C::Point],
    digits: &Digits,
    room: &mut Room,
) {
    let count = points.len();
    let table = table_of(adder, points, room);
    let mut terms = vec![Term::NONE; count];
    points.fill(C::Point::INFINITY);
    for (row, (first, second)) in digits.rows().enumerate() {
        if row > 0 {
            adder.double(points, WIDTH as usize, room);
        }
        for (digits, start) in [(first, 0), (second, MOST * count)] {
            for (place, (term, &digit)) in terms.iter_mut().zip(digits).enumerate() {
                *term = term_of(digit, start + place, count);
            }
            adder.accumulate(points, &table, &terms, room);
        }
    }
}

/// Multiple d of point i stands at (d - 1) * count + i.
fn term_of(digit: i8, first: usize, count: usize) -> Term {
    let place = |size: u8| first + (size as usize - 1) * count;
    match digit {
        0 => Term::NONE,
        1.. => Term::plus(place(digit.unsigned_abs())),
        _ => Term::minus(place(digit.unsigned_abs())),
    }
}

/// All points, all their doubles, and so on to MOST times; then the endomorphism of all these.
fn table_of<C: BulkCurve + GLVConfig>(adder: &dyn Adder<C>, points: &[C::Point], room: &mut Room) -> Vec<C::Point> {
    let count = points.len();
    let mut table = vec![C::Point::INFINITY; 2 * MOST * count];
    table[..count].copy_from_slice(points);
    for multiple in 2..=MOST {
        let (made, rest) = table.split_at_mut((multiple - 1) * count);
        let (left, right) = (multiple / 2, multiple.div_ceil(2));
        let pairs: Vec<[Term; 2]> =
            (0..count).map(|place| [left, right].map(|part| Term::plus((part - 1) * count + place))).collect();
        adder.add_pairs(made, &pairs, &mut rest[..count], room);
    }
    let beta = C::ENDO_COEFFS.first().copied().unwrap_or_default();
    let (multiples, images) = table.split_at_mut(MOST * count);
    for (point, image) in multiples.iter().zip(images) {
        *image = endomorphism::<C>(point, &beta);
    }
    table
}

/// (beta x, y), which is lambda times (x, y).
fn endomorphism<C: BulkCurve>(point: &C::Point, beta: &C::BaseField) -> C::Point
where
    C::BaseField: Coordinate,
{
    let (x, y): (C::BaseField, C::BaseField) = point.coordinates();
    C::Point::from_coordinates(&(x * beta), &y)
}
