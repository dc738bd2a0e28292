//! Which tables a key gets for a budget of memory: those with which a proof costs the fewest additions.

use ark_ff::PrimeField;

use super::key::{Counts, Shapes};
use crate::msm::Shape;

/// Widths of digits to choose from.
const WIDTHS: std::ops::RangeInclusive<usize> = 4..=18;
/// What an addition in G2 costs, in additions in G1.
const G2_COST: usize = 3;

/// Tables for a key of these numbers of points, whose points and tables take at most `bytes`, if that is enough for the
/// points themselves; a point of G1 takes `size` bytes, one of G2 twice as many.
pub fn shapes<F: PrimeField>(counts: &Counts, bytes: u64, size: usize) -> Shapes {
    let all: Vec<Shape> = WIDTHS.flat_map(all_levels::<F>).collect();
    let Counts { a, b, c, h } = *counts;
    // Each shape of A, C and H, then of B1 and B2: points in units of one in G1, and what a proof costs.
    let wide = frontier(&all, |shape| ((a + c + h) * shape.levels(), shape.additions(a) + shape.additions(c + h)));
    let narrow = frontier(&all, |shape| (3 * b * shape.levels(), (1 + G2_COST) * shape.additions(b)));
    let room = (bytes / size as u64) as usize;
    let fits = |pair: &(&Choice, &Choice)| pair.0.points + pair.1.points <= room;
    let cost = |pair: &(&Choice, &Choice)| pair.0.cost + pair.1.cost;
    let pairs = || wide.iter().flat_map(|wide| narrow.iter().map(move |narrow| (wide, narrow)));
    let least = |pair: &(&Choice, &Choice)| (pair.0.points + pair.1.points, cost(pair));
    let chosen = pairs().filter(fits).min_by_key(cost).or_else(|| pairs().min_by_key(least));
    let plain = Shape::new::<F>(8, 1);
    chosen.map_or(Shapes { wide: plain, b: plain }, |(wide, b)| Shapes { wide: wide.shape, b: b.shape })
}

struct Choice {
    shape: Shape,
    points: usize,
    cost: usize,
}

/// The shapes that are cheaper than every smaller one.
fn frontier(all: &[Shape], measure: impl Fn(&Shape) -> (usize, usize)) -> Vec<Choice> {
    let choice = |shape: &Shape| {
        let (points, cost) = measure(shape);
        Choice { shape: *shape, points, cost }
    };
    let mut choices: Vec<Choice> = all.iter().map(choice).collect();
    choices.sort_by_key(|choice| (choice.points, choice.cost));
    let mut best = usize::MAX;
    choices.retain(|choice| {
        let better = choice.cost < best;
        best = best.min(choice.cost);
        better
    });
    choices
}

/// Every number of levels that digits of this width can have.
fn all_levels<F: PrimeField>(width: usize) -> impl Iterator<Item = Shape> {
    let windows = Shape::new::<F>(width, 1).windows();
    (1..=windows).map(move |levels| Shape::new::<F>(width, levels)).filter({
        let mut last = 0;
        move |shape| std::mem::replace(&mut last, shape.levels()) != shape.levels()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Fr;

    const COUNTS: Counts = Counts { a: 60_000, b: 30_000, c: 65_000, h: 65_536 };

    fn points(shapes: &Shapes) -> usize {
        let Counts { a, b, c, h } = COUNTS;
        (a + c + h) * shapes.wide.levels() + 3 * b * shapes.b.levels()
    }

    #[test]
    fn stays_within_the_budget_and_uses_it() {
        let plain = points(&shapes::<Fr>(&COUNTS, 0, 64));
        assert_eq!(plain, COUNTS.a + COUNTS.c + COUNTS.h + 3 * COUNTS.b, "no tables where there is no room");
        let mut last = usize::MAX;
        for megabytes in [20, 40, 80, 160, 320, 640, 1280] {
            let shapes = shapes::<Fr>(&COUNTS, megabytes << 20, 64);
            assert!(points(&shapes) * 64 <= (megabytes as usize) << 20);
            let cost = shapes.wide.additions(COUNTS.c) + shapes.b.additions(COUNTS.b);
            assert!(cost <= last);
            last = cost;
        }
    }

    /// Of all pairs of shapes that fit, none costs fewer additions.
    #[test]
    fn no_shapes_that_fit_are_cheaper() {
        let Counts { a, b, c, h } = COUNTS;
        let all: Vec<Shape> = WIDTHS.flat_map(all_levels::<Fr>).collect();
        let wide = |shape: &Shape| shape.additions(a) + shape.additions(c + h);
        let narrow = |shape: &Shape| (1 + G2_COST) * shape.additions(b);
        for megabytes in [25, 60, 200, 500, 2000] {
            let room = (megabytes << 20) / 64;
            let chosen = shapes::<Fr>(&COUNTS, megabytes << 20, 64);
            let pairs = all.iter().flat_map(|wide| all.iter().map(|b| Shapes { wide: *wide, b: *b }));
            let fitting = pairs.filter(|pair| points(pair) as u64 <= room);
            let least = fitting.map(|pair| wide(&pair.wide) + narrow(&pair.b)).min();
            assert_eq!(Some(wide(&chosen.wide) + narrow(&chosen.b)), least, "{megabytes} MiB");
        }
    }
}
