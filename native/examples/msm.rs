//! Processor time of sums of products against their floor, additions times the cost of one, on one thread:
//! `cargo run --release --no-default-features --example msm [log2 of points ...]`, with any `ZKMARGIN_KERNEL`.

use std::error::Error;
use std::hint::black_box;

use _native::affine::{BulkCurve, Room, Term};
use _native::instance::{Fr, G1, G2};
use _native::kernel::kernel;
use _native::msm::{sum, Schedule, Shape, Tables};
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{CurveGroup, VariableBaseMSM};
use ark_ff::UniformRand;

/// Rounds of which the shortest counts.
const ROUNDS: usize = 7;

/// Nanoseconds that this process has run.
fn clock() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes to the structure it is given, and to nothing else.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The shortest of some rounds, in nanoseconds.
fn shortest<R>(mut work: impl FnMut() -> R) -> f64 {
    let time = |_| {
        let start = clock();
        black_box(work());
        clock() - start
    };
    (0..ROUNDS).map(time).min().unwrap_or(0) as f64
}

fn walk<C: BulkCurve>(count: usize) -> Vec<Affine<C>> {
    let rng = &mut ark_std::test_rng();
    let (start, step) = (Projective::<C>::rand(rng), Projective::<C>::rand(rng).into_affine());
    let points = std::iter::successors(Some(start), |point| Some(*point + step));
    Projective::normalize_batch(&points.take(count).collect::<Vec<_>>())
}

/// Nanoseconds of one addition of points of a source of this size, taken here and there.
fn addition<C: BulkCurve>(source: &[C::Point]) -> f64 {
    let count = 4096.min(source.len() / 2);
    let next = |index: u64| index.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    let mut state = 7;
    let mut term = || {
        state = next(state);
        Term::plus((state >> 33) as usize % source.len())
    };
    let pairs: Vec<[Term; 2]> = (0..count).map(|_| [term(), term()]).collect();
    let mut sums = vec![source[0]; count];
    let (adder, mut room) = (C::adder(kernel()), Room::new());
    let few: Vec<[Term; 2]> = pairs.iter().map(|pair| pair.map(|term| Term(term.0 % 512))).collect();
    let near = shortest(|| (0..16).for_each(|_| adder.add_pairs(source, &few, &mut sums, &mut room)));
    let far = shortest(|| {
        for round in 0..16 {
            let shift = |term: Term| Term(((term.0 as usize + round * 977) % source.len()) as u32);
            let pairs: Vec<[Term; 2]> = pairs.iter().map(|pair| pair.map(shift)).collect();
            adder.add_pairs(source, &pairs, &mut sums, &mut room)
        }
    });
    println!("  one addition: {:.1} ns near, {:.1} ns far", near / count as f64 / 16.0, far / count as f64 / 16.0);
    near / count as f64 / 16.0
}

fn measure<C: BulkCurve<ScalarField = Fr>>(name: &str, log: usize, levels: usize) -> Result<(), Box<dyn Error>> {
    let rng = &mut ark_std::test_rng();
    let count = 1 << log;
    let bases = walk::<C>(count);
    let stored: Vec<C::Point> = bases.iter().map(C::store).collect();
    let shape = Shape::best::<Fr>(count, levels);
    println!("{name} 2^{log}: width {}, {} levels, {} sets, {}", shape.width(), shape.levels(), shape.sets(), kernel());
    let start = clock();
    let tables = Tables::build(C::adder(kernel()), &stored, shape);
    println!("  tables: {:.2} ms", (clock() - start) as f64 / 1e6);
    let one = addition::<C>(tables.levels());
    let dense: Vec<Fr> = (0..count).map(|_| Fr::rand(rng)).collect();
    let bits: Vec<Fr> = (0..count).map(|i| if i % 8 == 0 { Fr::rand(rng) } else { Fr::from(i as u64 & 1) }).collect();
    for (kind, scalars) in [("dense", &dense), ("bits", &bits)] {
        let schedule = Schedule::new(scalars, shape)?;
        let sorting = shortest(|| Schedule::new(scalars, shape));
        let adding = shortest(|| sum(&[(&tables, &schedule)]));
        let floor = schedule.len() as f64 * one;
        println!(
            "  {kind}: digits {:.2} ms, sum {:.2} ms, together {:.2} of the floor of {:.2} ms",
            sorting / 1e6,
            adding / 1e6,
            (sorting + adding) / floor,
            floor / 1e6
        );
        if levels == 1 {
            let other = shortest(|| Projective::msm_unchecked(&bases, scalars));
            println!("    arkworks {:.2} ms, {:.2} of it", other / 1e6, (sorting + adding) / other);
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global()?;
    let asked: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    for log in if asked.is_empty() { vec![10, 12, 14, 16] } else { asked } {
        for levels in [1000, 1] {
            measure::<G1>("G1", log, levels)?;
            measure::<G2>("G2", log.min(16), levels)?;
        }
    }
    Ok(())
}
