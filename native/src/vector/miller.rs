//! The Miller loop of `crate::miller` for many pairs, in lanes: a pair in each lane, and as many further ones as come;
//! the lines of each point of G2 are made on the way, and whether it is in its subgroup is known at the end.
//!
//! Formulas and order of the lines are those of `crate::lines`. A bound in a comment is a multiple of p; what is kept is
//! below 2 p, in the lanes' own form.

use ark_ec::bn::{BnConfig, G1Affine, G2Affine};
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ff::{AdditiveGroup, Field, Fp12, Fp2, Fp6, MontConfig};

use super::extension::Extension;
use super::lanes::Lanes;
use super::memory::Element;
use super::points::Laned;
use super::tower::{Line, Quadratic, Twelfth};
use super::word::{Ifma, Mask, Task};
use super::LANES;
use crate::lines::untwisted_frobenius;
use crate::miller::Value;

/// A pair of points, neither of which is at infinity.
pub type Pair<B> = (G1Affine<B>, G2Affine<B>);

/// The product of the Miller values of the pairs, or None where a point of G2 is not in its subgroup.
pub fn product<T: MontConfig<4>, B: BnConfig<Fp = Element<T>>>(ifma: Ifma, pairs: &[Pair<B>]) -> Option<Value<B>> {
    ifma.run(Product::<B>(pairs))
}

struct Product<'a, B: BnConfig>(&'a [Pair<B>]);

impl<T: MontConfig<4>, B: BnConfig<Fp = Element<T>>> Task for Product<'_, B> {
    type Output = Option<Value<B>>;

    #[inline(always)]
    fn run(self, ifma: Ifma) -> Option<Value<B>> {
        const { assert!(!B::X_IS_NEGATIVE, "the loop would end with a conjugate") };
        let mut rows: Vec<Row<T>> = self.0.chunks(LANES).map(|pairs| Row::new::<B>(ifma, pairs)).collect();
        let coefficient = to_lanes(ifma, B::G2Config::COEFF_B.splat(ifma));
        let one = to_lanes(ifma, Fp2::<B::Fp2Config>::ONE.splat(ifma));
        let zero = Extension::zero(ifma);
        let mut value = Twelfth([one, zero, zero, zero, zero, zero]);
        for step in steps::<B>() {
            let Some(place) = step.place() else {
                value = value.squared(ifma);
                continue;
            };
            for row in &mut rows {
                let mut line = match place {
                    Place::Itself => row.multiple.double(&coefficient),
                    Place::Base(base) => row.multiple.add(&row.bases[base]),
                };
                line[0] = scaled(&line[0], &row.point[1]);
                line[1] = scaled(&line[1], &row.point[0]);
                for (coefficient, neutral) in line.iter_mut().zip([one, zero, zero]) {
                    *coefficient = coefficient.replaced(row.empty, &neutral);
                }
                value = value.times_line(ifma, &line);
            }
        }
        rows.iter().all(|row| row.in_subgroup()).then(|| product_of_lanes::<T, B>(ifma, &value))
    }
}

/// What the loop does next.
#[derive(Clone, Copy)]
enum Step {
    Square,
    Line(Place),
}

/// What is added to a multiple of a point.
#[derive(Clone, Copy)]
enum Place {
    Itself,
    Base(usize),
}

impl Step {
    fn place(self) -> Option<Place> {
        match self {
            Self::Square => None,
            Self::Line(place) => Some(place),
        }
    }
}

fn steps<B: BnConfig>() -> Vec<Step> {
    let mut steps = Vec::with_capacity(3 * B::ATE_LOOP_COUNT.len());
    for (round, digit) in B::ATE_LOOP_COUNT.iter().rev().skip(1).enumerate() {
        if round > 0 {
            steps.push(Step::Square);
        }
        steps.push(Step::Line(Place::Itself));
        match digit {
            1 => steps.push(Step::Line(Place::Base(POINT))),
            -1 => steps.push(Step::Line(Place::Base(NEGATIVE))),
            _ => {}
        }
    }
    steps.extend([Step::Line(Place::Base(ONCE)), Step::Line(Place::Base(TWICE))]);
    steps
}

// What is added to multiples of Q, psi being the untwisted Frobenius: Q, -Q, psi(Q), -psi^2(Q). And what is there at the end
// if Q is in the subgroup: -psi^3(Q).
const POINT: usize = 0;
const NEGATIVE: usize = 1;
const ONCE: usize = 2;
const TWICE: usize = 3;
const END: usize = 4;

/// Points (x, y) of G2.
type Base<T> = [Quadratic<T, 5>; 2];

/// A pair for each lane that is not empty.
struct Row<T> {
    empty: Mask,
    /// x and y of the point of G1.
    point: [Lanes<T, 5>; 2],
    bases: [Base<T>; 5],
    multiple: Multiple<T>,
}

impl<T: MontConfig<4>> Row<T> {
    /// Of at least one pair; empty lanes hold the first again.
    #[inline(always)]
    fn new<B: BnConfig<Fp = Element<T>>>(ifma: Ifma, pairs: &[Pair<B>]) -> Self {
        let pair = |lane: usize| pairs.get(lane).unwrap_or(&pairs[0]);
        let points: [[G2Affine<B>; 5]; LANES] = std::array::from_fn(|lane| {
            let q = pair(lane).1;
            let once = untwisted_frobenius::<B>(q);
            let twice = -untwisted_frobenius::<B>(once);
            [q, -q, once, twice, untwisted_frobenius::<B>(twice)]
        });
        let mut bases = [[Extension::zero(ifma); 2]; 5];
        for (place, base) in bases.iter_mut().enumerate() {
            let x = [points.map(|row| row[place].x.c0), points.map(|row| row[place].x.c1)];
            let y = [points.map(|row| row[place].y.c0), points.map(|row| row[place].y.c1)];
            base[0] = Extension { parts: [load(ifma, &x[0]), load(ifma, &x[1])] };
            base[1] = Extension { parts: [load(ifma, &y[0]), load(ifma, &y[1])] };
        }
        let p = [std::array::from_fn(|lane| pair(lane).0.x), std::array::from_fn(|lane| pair(lane).0.y)];
        let one = to_lanes(ifma, Fp2::<B::Fp2Config>::ONE.splat(ifma));
        Self {
            empty: (u16::from(Mask::MAX) << pairs.len()) as Mask,
            point: [load(ifma, &p[0]), load(ifma, &p[1])],
            multiple: Multiple { x: bases[POINT][0], y: bases[POINT][1], z: one },
            bases,
        }
    }

    /// Does each multiple end where those of the subgroup's points do?
    #[inline(always)]
    fn in_subgroup(&self) -> bool {
        let Multiple { x, y, z } = &self.multiple;
        let [end_x, end_y] = &self.bases[END];
        let off_x = x.minus(&z.times::<2>(end_x).carry()).plus_multiple::<2>().carry().less::<2>().less::<1>();
        let off_y = y.minus(&z.times::<2>(end_y).carry()).plus_multiple::<2>().carry().less::<2>().less::<1>();
        (!z.less::<1>().zeros() & off_x.zeros() & off_y.zeros()) == Mask::MAX
    }
}

/// (X / Z, Y / Z).
struct Multiple<T> {
    x: Quadratic<T, 5>,
    y: Quadratic<T, 5>,
    z: Quadratic<T, 5>,
}

impl<T: MontConfig<4>> Multiple<T> {
    /// Double it; the tangent.
    #[inline(always)]
    fn double(&mut self, coefficient: &Quadratic<T, 5>) -> Line<T, 5> {
        let (xx, yy) = (self.x.squared::<2>().carry(), self.y.squared::<2>().carry());
        let zz = self.z.squared::<2>().carry();
        let b = coefficient.times::<2>(&triple(&zz)).carry();
        let (b3, b2) = (triple(&b), b.plus(&b).carry());
        // 4 squared is below 2, and less 4 below 6.
        let yz = self.y.plus(&self.z).carry();
        let yz2 = yz.squared::<4>().minus(&yy.plus(&zz)).plus_multiple::<4>().carry();
        let bb = b2.squared::<4>().carry();
        // 4 times 8.
        let xy = self.x.times::<2>(&self.y);
        let xy2 = xy.plus(&xy).carry();
        self.x = xy2.times::<4>(&yy.minus(&b3).plus_multiple::<6>().carry()).carry();
        // 8 squared is below 5, and less 6 below 11.
        let y = yy.plus(&b3).carry().squared::<8>().minus(&triple(&bb).loose()).plus_multiple::<6>().carry();
        self.y = y.less::<6>().less::<3>().less::<2>();
        // 8 times 6 is below 3.
        self.z = yy.loose().shifted::<2>().carry().times::<8>(&yz2).carry().less::<2>();
        let first = yz2.loose().negated_where::<6>(Mask::MAX).carry();
        [first, triple(&xx), b.minus(&yy).plus_multiple::<2>().carry().less::<2>()]
    }

    /// Add another point; the line through both.
    #[inline(always)]
    fn add(&mut self, [x, y]: &Base<T>) -> Line<T, 5> {
        let rise = self.y.minus(&self.z.times::<2>(y).carry()).plus_multiple::<2>().carry();
        let run = self.x.minus(&self.z.times::<2>(x).carry()).plus_multiple::<2>().carry();
        let run2 = run.squared::<4>().carry();
        let (run3, g) = (run.times::<4>(&run2).carry(), self.x.times::<2>(&run2).carry());
        let rise2 = rise.squared::<4>().carry();
        // Below 8.
        let h = run3.loose().plus(&self.z.times::<2>(&rise2)).minus(&g.plus(&g)).plus_multiple::<4>().carry();
        self.x = run.times::<4>(&h).carry();
        let down = g.minus(&h).plus_multiple::<8>().carry();
        let y_run3 = self.y.times::<2>(&run3).carry();
        self.y = rise.times::<4>(&down).minus(&y_run3.loose()).plus_multiple::<2>().carry().less::<2>();
        self.z = self.z.times::<2>(&run3).carry();
        let third = rise.times::<4>(x).minus(&run.times::<4>(y)).plus_multiple::<2>().carry().less::<2>();
        [run, rise.loose().negated_where::<4>(Mask::MAX).carry(), third]
    }
}

/// Three times an element.
#[inline(always)]
fn triple<T: MontConfig<4>>(element: &Quadratic<T, 5>) -> Quadratic<T, 5> {
    element.plus(element).plus(&element.loose()).carry()
}

/// An element below 6 p times one of F_p.
#[inline(always)]
fn scaled<T: MontConfig<4>>(element: &Quadratic<T, 5>, factor: &Lanes<T, 5>) -> Quadratic<T, 5> {
    Extension { parts: [element.parts[0].times(factor), element.parts[1].times(factor)] }
}

#[inline(always)]
fn load<T: MontConfig<4>>(ifma: Ifma, elements: &[Element<T>; LANES]) -> Lanes<T, 5> {
    part_to_lanes(ifma, &Lanes::load(ifma, elements))
}

/// From memory's form to the lanes' own: 2^256 x times 2^264 / 2^260.
#[inline(always)]
fn part_to_lanes<T: MontConfig<4>>(ifma: Ifma, part: &Lanes<T, 5>) -> Lanes<T, 5> {
    part.times(&Lanes::splat(ifma, &Element::from(256u64)))
}

#[inline(always)]
fn to_lanes<T: MontConfig<4>>(ifma: Ifma, element: Quadratic<T, 5>) -> Quadratic<T, 5> {
    Extension { parts: [part_to_lanes(ifma, &element.parts[0]), part_to_lanes(ifma, &element.parts[1])] }
}

/// In memory's form: 2^260 x times 2^256 / 2^260.
#[inline(always)]
fn from_lanes<T: MontConfig<4>>(ifma: Ifma, part: &Lanes<T, 5>) -> [Element<T>; LANES] {
    let mut elements = [Element::ZERO; LANES];
    part.times(&Lanes::splat(ifma, &Element::ONE)).canonical().store(&mut elements);
    elements
}

#[inline(always)]
fn product_of_lanes<T: MontConfig<4>, B: BnConfig<Fp = Element<T>>>(ifma: Ifma, value: &Twelfth<T, 5>) -> Value<B> {
    let mut parts = [[[Element::ZERO; LANES]; 2]; 6];
    for (parts, coefficient) in parts.iter_mut().zip(&value.0) {
        parts[0] = from_lanes(ifma, &coefficient.parts[0]);
        parts[1] = from_lanes(ifma, &coefficient.parts[1]);
    }
    let mut product = Value::<B>::ONE;
    for lane in 0..LANES {
        let at = |power: usize| Fp2::<B::Fp2Config>::new(parts[power][0][lane], parts[power][1][lane]);
        product *= Fp12::new(Fp6::new(at(0), at(2), at(4)), Fp6::new(at(1), at(3), at(5)));
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bn254::{Config, FqConfig, Fr, G1Projective, G2Projective};
    use crate::group::cofactor::{outsider, points_of_cofactor_orders};
    use crate::{lines, miller};
    use ark_ec::{CurveGroup, PrimeGroup};
    use ark_ff::UniformRand;

    fn plain(pairs: &[Pair<Config>]) -> Option<Value<Config>> {
        let lines: Option<Vec<_>> = pairs.iter().map(|(_, q)| lines::lines::<Config>(q)).collect();
        Some(miller::product::<Config>(pairs.iter().map(|(p, _)| *p).zip(lines?.iter().map(Vec::as_slice)), []))
    }

    fn random(count: usize) -> Vec<Pair<Config>> {
        let rng = &mut ark_std::test_rng();
        let pair = |_| (G1Projective::rand(rng).into_affine(), G2Projective::rand(rng).into_affine());
        (0..count).map(pair).collect()
    }

    #[test]
    fn the_value_is_that_of_the_plain_loop() {
        let Some(ifma) = Ifma::find() else { return };
        for count in (0..20).chain([24, 33]) {
            let pairs = random(count);
            assert_eq!(product::<FqConfig, Config>(ifma, &pairs), plain(&pairs), "{count} pairs");
        }
        let generators = (G1Projective::generator(), G2Projective::generator());
        let small = |k: u64| ((generators.0 * Fr::from(k)).into_affine(), (generators.1 * Fr::from(k)).into_affine());
        let pairs: Vec<Pair<Config>> = (1..40).map(small).collect();
        assert_eq!(product::<FqConfig, Config>(ifma, &pairs), plain(&pairs));
    }

    #[test]
    fn a_point_outside_the_subgroup_is_seen_in_every_lane() {
        let Some(ifma) = Ifma::find() else { return };
        let rng = &mut ark_std::test_rng();
        let strays: Vec<_> = points_of_cofactor_orders().into_iter().chain((0..4).map(|_| outsider(rng))).collect();
        for place in 0..11 {
            let mut pairs = random(11);
            pairs[place].1 = strays[place % strays.len()];
            assert_eq!(product::<FqConfig, Config>(ifma, &pairs), None);
            pairs[place].1 = (strays[place % strays.len()] + pairs[0].1).into_affine();
            assert_eq!(product::<FqConfig, Config>(ifma, &pairs), None);
        }
    }

    #[test]
    fn a_multiple_that_ends_elsewhere_is_outside_the_subgroup() {
        let Some(ifma) = Ifma::find() else { return };
        let mut row = Row::<FqConfig>::new::<Config>(ifma, &random(LANES));
        let [x, y] = row.bases[END];
        let (zero, one) = (Extension::zero(ifma), row.multiple.z);
        let opposite = y.loose().negated_where::<2>(Mask::MAX).carry();
        for (x, y, z, expected) in
            [(x, y, one, true), (x, opposite, one, false), (y, y, one, false), (zero, zero, zero, false)]
        {
            row.multiple = Multiple { x, y, z };
            assert_eq!(row.in_subgroup(), expected);
        }
    }
}
