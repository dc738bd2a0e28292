//! Groth16 on a circuit from files: `arkworks-peer prepare|serve|prove|check FOLDER`, where FOLDER holds the key that
//! `prepare` makes, and circuit.r1cs and witness.wtns stand one folder up. `serve` answers each line it reads, `prove` or
//! `verify`, with one line of JSON.

use std::fs::File;
use std::io::{stdin, stdout, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use ark_bn254::{Bn254, Fr};
use ark_ff::UniformRand;
use ark_groth16::r1cs_to_qap::LibsnarkReduction;
use ark_groth16::{prepare_verifying_key, Groth16, PreparedVerifyingKey, Proof, ProvingKey};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use ark_std::rand::rngs::OsRng;
use serde_json::{json, Value};

use crate::iden3::{read_witness, System};
use crate::Outcome;

type Scheme = Groth16<Bn254, LibsnarkReduction>;

pub fn run(arguments: &[String]) -> Outcome<()> {
    let [mode, folder] = arguments else {
        return Err("usage: arkworks-peer prepare|serve|prove|check FOLDER".into());
    };
    let folder = PathBuf::from(folder);
    match mode.as_str() {
        "prepare" => prepare(&folder),
        "serve" => Prover::serve(&folder),
        "check" => {
            let prover = Prover::load(&folder)?;
            let proof = Proof::deserialize_uncompressed_unchecked(File::open(folder.join("proof"))?)?;
            say(&timed(|| prover.verify(&prepare_verifying_key(&prover.key.vk), &proof))?.1)
        }
        "prove" => {
            let proof = Prover::load(&folder)?.prove()?;
            Ok(proof.serialize_uncompressed(File::create(folder.join("proof"))?)?)
        }
        _ => Err("no such mode".into()),
    }
}

/// The figures are of the key's generation alone.
fn prepare(folder: &Path) -> Outcome<()> {
    let system = System::read(&folder.join("../circuit.r1cs"))?;
    let (key, figures) = timed(|| Ok(Scheme::generate_random_parameters_with_reduction(system, &mut OsRng)?))?;
    let mut file = BufWriter::new(File::create(folder.join("key"))?);
    key.serialize_uncompressed(&mut file)?;
    file.flush()?;
    say(&figures)
}

struct Prover {
    system: System,
    key: ProvingKey<Bn254>,
    witness: Vec<Fr>,
}

impl Prover {
    fn load(folder: &Path) -> Outcome<Self> {
        let file = BufReader::with_capacity(1 << 20, File::open(folder.join("key"))?);
        Ok(Self {
            system: System::read(&folder.join("../circuit.r1cs"))?,
            key: ProvingKey::deserialize_uncompressed_unchecked(file)?,
            witness: read_witness(&folder.join("../witness.wtns"))?,
        })
    }

    fn prove(&self) -> Outcome<Proof<Bn254>> {
        Ok(Scheme::create_proof_with_reduction_and_matrices(
            &self.key,
            Fr::rand(&mut OsRng),
            Fr::rand(&mut OsRng),
            &self.system.matrices,
            self.system.inputs,
            self.system.constraints(),
            &self.witness,
        )?)
    }

    fn verify(&self, key: &PreparedVerifyingKey<Bn254>, proof: &Proof<Bn254>) -> Outcome<()> {
        ark_serialize::Valid::check(proof)?;
        if Groth16::<Bn254>::verify_proof(key, proof, &self.witness[1..self.system.inputs])? {
            return Ok(());
        }
        Err("an own proof was refused".into())
    }

    /// A proof is checked after its clock.
    fn serve(folder: &Path) -> Outcome<()> {
        let (prover, figures) = timed(|| Self::load(folder))?;
        say(&figures)?;
        let key = prepare_verifying_key(&prover.key.vk);
        let mut proof = None;
        for line in stdin().lines() {
            let figures = match (line?.as_str(), &proof) {
                ("verify", Some(known)) => timed(|| prover.verify(&key, known))?.1,
                _ => {
                    let (made, figures) = timed(|| prover.prove())?;
                    prover.verify(&key, &made)?;
                    proof = Some(made);
                    figures
                }
            };
            say(&figures)?;
        }
        Ok(())
    }
}

fn timed<T>(step: impl FnOnce() -> Outcome<T>) -> Outcome<(T, Value)> {
    let (start, before) = (Instant::now(), processor_seconds()?);
    let result = step()?;
    let figures = json!({
        "seconds": start.elapsed().as_secs_f64(),
        "cpu": processor_seconds()? - before,
        "peak_mb": peak_mb()?,
        "version": "ark-groth16 0.6",
    });
    Ok((result, figures))
}

fn say(figures: &Value) -> Outcome<()> {
    let mut out = stdout().lock();
    writeln!(out, "{figures}")?;
    Ok(out.flush()?)
}

/// Of all threads, of which arkworks starts and ends some in each sum.
fn processor_seconds() -> Outcome<f64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live value of the type that the call fills.
    if unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) } != 0 {
        return Err("no clock of the process".into());
    }
    Ok(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
}

fn peak_mb() -> Outcome<f64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:")).ok_or("no figure")?;
    Ok(line.split_whitespace().nth(1).ok_or("no figure")?.parse::<f64>()? / 1024.0)
}
