//! The arkworks side of the comparison: one job as JSON on standard input, one result as JSON on standard output; with
//! arguments, the prover on files that `prove` describes.
//!
//! A proof is read as points ahead of the clock; checking that they are in their groups is part of each verification.

mod iden3;
mod prove;

use std::error::Error;
use std::io::Read;
use std::str::FromStr;
use std::time::Instant;

use ark_bn254::{Bn254, Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_groth16::{prepare_verifying_key, Groth16, Proof, VerifyingKey};
use ark_serialize::Valid;
use serde_json::{json, Value};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.is_empty() {
        return prove::run(&arguments);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let job: Value = serde_json::from_str(&text)?;
    let key = prepare_verifying_key(&read_key(&job["key"])?);
    let mut items = Vec::new();
    for item in list(&job["items"])? {
        items.push((
            list(&item["public"])?.iter().map(number).collect::<Outcome<Vec<Fr>>>()?,
            read_proof(&item["proof"])?,
        ));
    }
    let (mut passes, mut busy) = (Vec::new(), Vec::new());
    for _ in 0..job["passes"].as_u64().ok_or("passes")? {
        let (start, before) = (Instant::now(), processor_seconds()?);
        for (inputs, proof) in &items {
            proof.check()?;
            if !Groth16::<Bn254>::verify_proof(&key, proof, inputs)? {
                return Err("a good proof was refused".into());
            }
        }
        passes.push(start.elapsed().as_secs_f64() / items.len() as f64);
        busy.push((processor_seconds()? - before) / items.len() as f64);
    }
    println!("{}", json!({ "each_s": passes, "cpu_s": busy, "version": "ark-groth16 0.6" }));
    Ok(())
}

/// Time this thread has spent on a processor.
fn processor_seconds() -> Outcome<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().ok_or("no figure")?.parse::<f64>()? / 1e9)
}

fn read_key(key: &Value) -> Outcome<VerifyingKey<Bn254>> {
    Ok(VerifyingKey {
        alpha_g1: g1(&key["vk_alpha_1"])?,
        beta_g2: g2(&key["vk_beta_2"])?,
        gamma_g2: g2(&key["vk_gamma_2"])?,
        delta_g2: g2(&key["vk_delta_2"])?,
        gamma_abc_g1: list(&key["IC"])?.iter().map(g1).collect::<Outcome<_>>()?,
    })
}

fn read_proof(proof: &Value) -> Outcome<Proof<Bn254>> {
    Ok(Proof { a: g1(&proof["pi_a"])?, b: g2(&proof["pi_b"])?, c: g1(&proof["pi_c"])? })
}

fn g1(point: &Value) -> Outcome<G1Affine> {
    Ok(G1Affine::new_unchecked(number::<Fq>(&point[0])?, number(&point[1])?))
}

fn g2(point: &Value) -> Outcome<G2Affine> {
    let pair = |pair: &Value| Ok::<_, Box<dyn Error>>(Fq2::new(number(&pair[0])?, number(&pair[1])?));
    Ok(G2Affine::new_unchecked(pair(&point[0])?, pair(&point[1])?))
}

fn number<F: FromStr>(value: &Value) -> Outcome<F> {
    F::from_str(value.as_str().ok_or("not a string")?).map_err(|_| "not a number".into())
}

fn list(value: &Value) -> Outcome<&Vec<Value>> {
    value.as_array().ok_or_else(|| "not a list".into())
}
