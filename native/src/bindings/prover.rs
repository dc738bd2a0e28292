//! The native prover as Python sees it.

use std::fs::OpenOptions;
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::programs::Program;
use super::{scalar, Buffer};
use crate::affine::BulkCurve;
use crate::encode::encode_points;
use crate::error::Error;
use crate::instance::{Fr, PairingConfig, G1, G2};
use crate::prove::budget;
use crate::prove::checked;
use crate::prove::file;
use crate::prove::key::{Key, Sources};
use crate::prove::layout::{fault, Facts};
use crate::prove::phases::Phases;
use crate::prove::prover::{Blinding, Elements};
use crate::sparse::Parts;
use crate::threads;

/// A `SparseMatrix`.
#[derive(FromPyObject)]
pub struct Matrix<'py> {
    row_ptr: Buffer<'py>,
    columns: Buffer<'py>,
    places: Buffer<'py>,
    scalars: Buffer<'py>,
}

impl Matrix<'_> {
    fn parts(&self) -> Parts<'_> {
        super::parts(&self.row_ptr, &self.columns, &self.places, &self.scalars)
    }
}

/// A `ProvingKey` of `prover/proving_key.py`.
#[derive(FromPyObject)]
pub struct ProvingKey<'py> {
    n_wires: u32,
    n_public: u32,
    domain_size: u32,
    alpha1: Buffer<'py>,
    beta1: Buffer<'py>,
    beta2: Buffer<'py>,
    gamma2: Buffer<'py>,
    delta1: Buffer<'py>,
    delta2: Buffer<'py>,
    ic: Buffer<'py>,
    a: Matrix<'py>,
    b: Matrix<'py>,
    a_points: Buffer<'py>,
    b1_points: Buffer<'py>,
    b2_points: Buffer<'py>,
    c_points: Buffer<'py>,
    h_points: Buffer<'py>,
    folded_points: Option<Buffer<'py>>,
    circuit_hash: Buffer<'py>,
    circuit_digest: Option<Buffer<'py>>,
    development: bool,
}

impl ProvingKey<'_> {
    fn facts(&self) -> Result<Facts, Error> {
        let digest = self.circuit_digest.as_ref().map(|digest| fixed(digest.as_slice())).transpose()?;
        Ok(Facts {
            n_wires: self.n_wires,
            n_public: self.n_public,
            domain_size: self.domain_size,
            folded: self.folded_points.is_some(),
            development: self.development,
            circuit_digest: digest,
            circuit_hash: fixed(self.circuit_hash.as_slice())?,
        })
    }

    /// The single points, joined.
    fn singles(&self) -> [Vec<u8>; 2] {
        let first = [&self.alpha1, &self.beta1, &self.delta1, &self.ic].map(Buffer::as_slice).concat();
        [first, [&self.beta2, &self.gamma2, &self.delta2].map(Buffer::as_slice).concat()]
    }

    fn sources<'a>(&'a self, singles: &'a [Vec<u8>; 2]) -> Result<Sources<'a>, Error> {
        Ok(Sources {
            facts: self.facts()?,
            singles1: &singles[0],
            singles2: &singles[1],
            a: self.a.parts(),
            b: self.b.parts(),
            a_points: self.a_points.as_slice(),
            b1_points: self.b1_points.as_slice(),
            b2_points: self.b2_points.as_slice(),
            c_points: self.folded_points.as_ref().unwrap_or(&self.c_points).as_slice(),
            h_points: self.h_points.as_slice(),
        })
    }
}

/// The key with tables of at most `memory` bytes.
fn load(sources: &Sources, memory: u64) -> Result<Key<G1, G2>, Error> {
    Key::new(sources, |counts| budget::shapes::<Fr>(counts, memory, size_of::<<G1 as BulkCurve>::Point>()))?.check()
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Error> {
    bytes.try_into().map_err(|_| fault("a digest of another length"))
}

/// A proving key made ready, whose proofs are verified before they are handed out.
#[pyclass(frozen, module = "zkmargin.algebra._native")]
pub struct Prover(checked::Prover<PairingConfig>);

#[pymethods]
impl Prover {
    /// `key` is a `ProvingKey` whose points have been checked; its tables take at most `memory` bytes.
    #[new]
    fn new(py: Python<'_>, key: ProvingKey<'_>, memory: u64) -> PyResult<Self> {
        let singles = key.singles();
        let sources = key.sources(&singles)?;
        Ok(Self(py.detach(|| threads::install(|| checked::Prover::new(load(&sources, memory)?)))?))
    }

    /// How many operations of each kind a proof of this witness costs at the least.
    fn least_work<'py>(&self, py: Python<'py>, witness: Buffer<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (key, witness) = (&self.0.key, witness.as_slice());
        let work = py.detach(|| threads::install(|| key.least_work(&key.wires(witness)?)))?;
        let counts = [
            ("products", work.products),
            ("butterflies", work.butterflies),
            ("a", work.a),
            ("b1", work.b1),
            ("b2", work.b2),
            ("c", work.c),
        ];
        let found = PyDict::new(py);
        for (name, count) in counts {
            found.set_item(name, count)?;
        }
        Ok(found)
    }

    /// The members of `ProverFacts`.
    fn facts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (facts, singles) = (&self.0.key.facts, &self.0.key.singles);
        let out = PyDict::new(py);
        out.set_item("n_wires", facts.n_wires)?;
        out.set_item("n_public", facts.n_public)?;
        out.set_item("domain_size", facts.domain_size)?;
        out.set_item("folded", facts.folded)?;
        out.set_item("development", facts.development)?;
        out.set_item("circuit_digest", facts.circuit_digest.as_ref().map(|digest| PyBytes::new(py, digest)))?;
        out.set_item("circuit_hash", PyBytes::new(py, &facts.circuit_hash))?;
        out.set_item("alpha1", PyBytes::new(py, &encode_points(&[singles.alpha1])))?;
        out.set_item("beta2", PyBytes::new(py, &encode_points(&[singles.beta2])))?;
        out.set_item("gamma2", PyBytes::new(py, &encode_points(&[singles.gamma2])))?;
        out.set_item("delta2", PyBytes::new(py, &encode_points(&[singles.delta2])))?;
        out.set_item("ic", PyBytes::new(py, &threads::install(|| encode_points(&singles.ic))))?;
        Ok(out)
    }

    /// A | B | C, or None where the proof does not verify; and the seconds of each phase. With `alone` on one thread.
    fn prove<'py>(
        &self,
        py: Python<'py>,
        witness: Buffer<'py>,
        r: Buffer<'py>,
        s: Buffer<'py>,
        alone: bool,
    ) -> PyResult<Made<'py>> {
        let (witness, r, s) = (witness.as_slice(), r.as_slice(), s.as_slice());
        let mut phases = Phases::default();
        let proof = py.detach(|| {
            let blinding = Blinding { r: scalar(r)?, s: scalar(s)? };
            on_threads(alone, || self.0.prove(witness, &blinding, &mut phases))
        })?;
        shown(py, proof, &phases)
    }

    /// The same from the inputs of a witness program; the public inputs come first in what is returned.
    fn prove_inputs<'py>(
        &self,
        py: Python<'py>,
        program: &Bound<'py, Program>,
        inputs: Buffer<'py>,
        r: Buffer<'py>,
        s: Buffer<'py>,
        alone: bool,
    ) -> PyResult<(Bound<'py, PyBytes>, Made<'py>)> {
        let (program, inputs, r, s) = (&program.get().0, inputs.as_slice(), r.as_slice(), s.as_slice());
        let mut phases = Phases::default();
        let n_public = self.0.key.facts.n_public as usize;
        let (public, proof) = py.detach(|| {
            let blinding = Blinding { r: scalar(r)?, s: scalar(s)? };
            on_threads(alone, || {
                let mut witness = vec![0; program.n_wires() * SCALAR];
                phases.time("program", || {
                    program.run_many(&program.decode_inputs(inputs, 1)?, &mut witness);
                    Ok::<_, Error>(())
                })?;
                let proof = self.0.prove(&witness, &blinding, &mut phases)?;
                Ok::<_, Error>((witness[SCALAR..SCALAR * (n_public + 1)].to_vec(), proof))
            })
        })?;
        Ok((PyBytes::new(py, &public), shown(py, proof, &phases)?))
    }
}

/// A proof's bytes, if there is one, and the seconds of each phase.
type Made<'py> = (Option<Bound<'py, PyBytes>>, Bound<'py, PyDict>);

const SCALAR: usize = 32;

fn on_threads<R: Send>(alone: bool, work: impl FnOnce() -> R + Send) -> R {
    if alone {
        threads::alone(work)
    } else {
        threads::install(work)
    }
}

fn shown<'py>(py: Python<'py>, proof: Option<Elements<G1, G2>>, phases: &Phases) -> PyResult<Made<'py>> {
    let proof =
        proof.map(|proof| [encode_points(&[proof.a]), encode_points(&[proof.b]), encode_points(&[proof.c])].concat());
    let seconds = PyDict::new(py);
    for (name, time) in phases.seconds() {
        seconds.set_item(name, time)?;
    }
    Ok((proof.map(|bytes| PyBytes::new(py, &bytes)), seconds))
}

/// Make the tables of a `ProvingKey` and write a native key file over the empty file at `path`.
#[pyfunction]
pub fn write_native_key(py: Python<'_>, key: ProvingKey<'_>, memory: u64, path: PathBuf) -> PyResult<()> {
    let singles = key.singles();
    let sources = key.sources(&singles)?;
    Ok(py.detach(|| {
        let mut file = OpenOptions::new().write(true).open(path)?;
        threads::install(|| file::write(&load(&sources, memory)?, [sources.a, sources.b], &mut file))?;
        Ok::<_, Error>(file.sync_all()?)
    })?)
}

/// Map a native key file, or with `private` copy it into memory of our own.
#[pyfunction]
pub fn open_native_key(py: Python<'_>, path: PathBuf, private: bool) -> PyResult<Prover> {
    Ok(Prover(py.detach(|| threads::install(|| checked::Prover::open(&path, private)))?))
}

/// Hold every section of a native key file against its checksum.
#[pyfunction]
pub fn verify_native_key(py: Python<'_>, path: PathBuf) -> PyResult<()> {
    Ok(py.detach(|| threads::install(|| file::verify::<G1, G2>(&path)))?)
}
