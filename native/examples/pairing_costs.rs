//! What the parts of a check of a proof cost on this machine, in microseconds of one thread's processor time: the least
//! of many runs. A word after the command chooses those whose name has it.

use std::hint::black_box;

use _native::batch::{check_many, Weight};
use _native::bn254::{Config, Fq, Fq12, Fq2, Fr, G1Config, G2Config};
use _native::encode::encode_points;
use _native::error::Error;
use _native::final_exponent::is_one;
use _native::fixed_base::FixedBases;
use _native::groth16::{Key, Proof};
use _native::kernel::kernel;
use _native::lines::lines;
use _native::miller::{evaluations, product, FixedLines};
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{Field, UniformRand};

const N_PUBLIC: usize = 7;

fn g1(log: Fr) -> Affine<G1Config> {
    (Projective::<G1Config>::generator() * log).into_affine()
}

fn g2(log: Fr) -> Affine<G2Config> {
    (Projective::<G2Config>::generator() * log).into_affine()
}

/// Seconds that this thread has run.
fn processor_time() -> f64 {
    #[repr(C)]
    struct Time(i64, i64);
    extern "C" {
        fn clock_gettime(clock: i32, time: *mut Time) -> i32;
    }
    let mut time = Time(0, 0);
    // SAFETY: the system writes two words of 64 bits there, on Linux of 64 bits. 3 is this thread's processor time.
    unsafe { clock_gettime(3, &mut time) };
    time.0 as f64 + time.1 as f64 * 1e-9
}

fn chosen(what: &str) -> bool {
    std::env::args().nth(1).is_none_or(|word| what.contains(&word))
}

/// Print the least time of one of `count` repetitions.
fn report<T>(what: &str, count: usize, mut work: impl FnMut() -> T) {
    if !chosen(what) {
        return;
    }
    let mut least = f64::MAX;
    for _ in 0..20 {
        let start = processor_time();
        for _ in 0..count {
            black_box(work());
        }
        least = least.min((processor_time() - start) / count as f64);
    }
    println!("{what:<40} {:>10.4} us", least * 1e6);
}

fn main() -> Result<(), Error> {
    let rng = &mut ark_std::test_rng();
    println!("kernel {}", kernel());
    let (x, y, mut z) = (Fq::rand(rng), Fq::rand(rng), Fq::rand(rng));
    let (x2, y2) = (Fq2::rand(rng), Fq2::rand(rng));
    let (x12, y12) = (Fq12::rand(rng), Fq12::rand(rng));
    report("F_q product, each waits for the last", 2000, || {
        z *= x;
        z
    });
    report("F_q product", 2000, || black_box(x) * black_box(y));
    report("F_q inverse", 50, || black_box(x).inverse());
    report("F_q^2 product", 1000, || black_box(x2) * black_box(y2));
    report("F_q^2 square", 1000, || black_box(x2).square());
    report("F_q^12 product", 100, || black_box(x12) * black_box(y12));
    report("F_q^12 square", 100, || black_box(x12).square());

    let (alpha, beta, gamma, delta) = (Fr::rand(rng), Fr::rand(rng), Fr::rand(rng), Fr::rand(rng));
    let k: Vec<Fr> = (0..=N_PUBLIC).map(|_| Fr::rand(rng)).collect();
    let key = Key::<Config>::new(g1(alpha), [beta, gamma, delta].map(g2), k.iter().map(|k| g1(*k)).collect())?;
    let count = 1024;
    let mut inputs = Vec::new();
    let mut proofs = Vec::new();
    for _ in 0..count {
        let statement: Vec<Fr> = (0..N_PUBLIC).map(|_| Fr::rand(rng)).collect();
        let (a, b) = (Fr::rand(rng), Fr::rand(rng));
        let sum = k[0] + k[1..].iter().zip(&statement).map(|(k, x)| *k * x).sum::<Fr>();
        let c = (a * b - alpha * beta - gamma * sum) * delta.inverse().unwrap_or_default();
        proofs.push([encode_points(&[g1(a)]), encode_points(&[g2(b)]), encode_points(&[g1(c)])].concat());
        inputs.extend(statement);
    }
    let (p, q) = (g1(Fr::rand(rng)), g2(Fr::rand(rng)));
    let line = lines::<Config>(&q).unwrap_or_default();
    let fixed = FixedLines::<Config>::new(&q).into_iter().collect::<Vec<_>>();
    report("lines of a point of G2", 10, || lines::<Config>(black_box(&q)));
    report("Miller loop, one pair", 10, || product::<Config>([(p, &line[..])], []));
    let [at] = evaluations::<Config, 1>([p]);
    report("Miller loop, one fixed pair", 10, || product::<Config>([], [(at, &fixed[0])]));
    report("Miller loop, one and two fixed", 10, || {
        product::<Config>([(p, &line[..])], [(at, &fixed[0]), (at, &fixed[0])])
    });
    let value = product::<Config>([(p, &line[..])], []);
    report("final exponentiation", 10, || is_one::<Config>(black_box(&value)));
    report("proof decoded", 10, || Proof::<Config>::decode(&proofs[0]).is_ok());
    let proof = Proof::<Config>::decode(&proofs[0])?;
    let mut scalars = vec![Fr::ONE];
    scalars.extend_from_slice(&inputs[..N_PUBLIC]);
    let bases = FixedBases::new(k.iter().map(|k| g1(*k)).collect());
    report("sum of the public inputs' points", 10, || bases.sum(&scalars));
    report("check of a decoded proof", 100, || key.check(&inputs[..N_PUBLIC], &proof));
    let slices: Vec<&[u8]> = proofs.iter().map(Vec::as_slice).collect();
    let weights: Vec<Weight> = (0..count as u64).map(|i| Weight((i * 0x9e37_79b9_7f4a_7c15) | 1, !i)).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
    let pool = pool.map_err(|_| Error::ZeroCoset)?;
    for count in [1, 4, 16, 64, 256, 1024] {
        if !chosen("together") {
            break;
        }
        let mut least = f64::MAX;
        for _ in 0..5 {
            let start = processor_time();
            let verdicts =
                pool.install(|| check_many(&key, &inputs[..count * N_PUBLIC], &slices[..count], &weights[..count]))?;
            least = least.min((processor_time() - start) / count as f64);
            assert!(verdicts.iter().all(|verdict| *verdict == Ok(true)));
        }
        println!("{:<40} {:>10.4} us", format!("a proof of {count} together"), least * 1e6);
    }
    Ok(())
}
