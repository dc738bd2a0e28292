//! The Python module `zkmargin.algebra._native`; `algebra/_native.pyi` gives its types.
//!
//! Every function takes buffers, lets go of the interpreter for the work, and returns bytes.

mod costs;
mod groups;
mod hashes;
mod programs;
mod prover;

use pyo3::exceptions::{PyOSError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyMemoryView};

use crate::encode::{decode_points, decode_scalars, encode_scalars, read_scalar, scalar_size, whole_elements};
use crate::error::{Error, Kind};
use crate::instance::{self, Curve, Fq, Fr, PairingConfig, G1, G2};
use crate::kernel::{self, Kernel};
use crate::sparse::{Matrix, Parts};
use crate::{batch, field, groth16, ntt, pairing, threads};

type Scalars = Result<Vec<Fr>, Error>;

/// Bytes as given; any other buffer is copied, since its owner may write to it while the interpreter is let go.
struct Buffer<'py>(Bound<'py, PyBytes>);

impl Buffer<'_> {
    fn as_slice(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl<'py> FromPyObject<'_, 'py> for Buffer<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Self(bytes.to_owned()));
        }
        let copy = PyMemoryView::from(&object)?.call_method0("tobytes")?;
        Ok(Self(copy.cast_into::<PyBytes>().map_err(|_| PyTypeError::new_err("a buffer is needed"))?))
    }
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        Python::attach(|py| raise(py, &error).unwrap_or_else(|problem| problem))
    }
}

/// The exception of `zkmargin.algebra.errors` for an error.
fn raise(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    if let Error::System { code, .. } = error {
        return Ok(PyOSError::new_err((*code, error.to_string())));
    }
    let attributes = PyDict::new(py);
    let name = match error.kind() {
        Kind::Encoding => "EncodingError",
        Kind::Point => "PointError",
        Kind::Domain => "DomainError",
        Kind::System => "AlgebraError",
    };
    if error.kind() == Kind::Domain {
        attributes.set_item("size", error.size())?;
    } else {
        attributes.set_item("what", error.what())?;
        attributes.set_item("index", error.index())?;
    }
    let class = py.import("zkmargin.algebra.errors")?.getattr(name)?;
    Ok(PyErr::from_value(class.call((error.to_string(),), Some(&attributes))?))
}

/// Do the work on the thread pool, without the interpreter, and hand its bytes to Python.
fn bulk<'py>(py: Python<'py>, work: impl FnOnce() -> Result<Vec<u8>, Error> + Send) -> PyResult<Bound<'py, PyBytes>> {
    let bytes = py.detach(|| threads::install(work))?;
    Ok(PyBytes::new(py, &bytes))
}

fn scalars(data: &[u8]) -> Scalars {
    decode_scalars(data, "scalar")
}

/// One scalar; an empty or longer vector is an error.
fn scalar(data: &[u8]) -> Result<Fr, Error> {
    match scalars(data)?[..] {
        [value] => Ok(value),
        ref values => Err(Error::Count { what: "scalar", expected: 1, found: values.len() }),
    }
}

fn elementwise<'py>(
    py: Python<'py>,
    a: &Buffer<'py>,
    b: &Buffer<'py>,
    operation: impl Fn(&mut Fr, &Fr) + Sync + Send,
) -> PyResult<Bound<'py, PyBytes>> {
    let (a, b) = (a.as_slice(), b.as_slice());
    bulk(py, move || Ok(encode_scalars(&field::elementwise(scalars(a)?, &scalars(b)?, operation)?)))
}

#[pyfunction]
fn fr_add<'py>(py: Python<'py>, a: Buffer<'py>, b: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
    elementwise(py, &a, &b, |x, y| *x += y)
}

#[pyfunction]
fn fr_sub<'py>(py: Python<'py>, a: Buffer<'py>, b: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
    elementwise(py, &a, &b, |x, y| *x -= y)
}

#[pyfunction]
fn fr_mul<'py>(py: Python<'py>, a: Buffer<'py>, b: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
    elementwise(py, &a, &b, |x, y| *x *= y)
}

#[pyfunction]
fn fr_inverse<'py>(py: Python<'py>, a: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
    let a = a.as_slice();
    bulk(py, move || Ok(encode_scalars(&field::inverses(scalars(a)?)?)))
}

#[pyfunction]
fn fr_powers<'py>(
    py: Python<'py>,
    base: Buffer<'py>,
    count: usize,
    scale: Buffer<'py>,
) -> PyResult<Bound<'py, PyBytes>> {
    let (base, scale) = (base.as_slice(), scale.as_slice());
    bulk(py, move || Ok(encode_scalars(&field::powers(scalar(base)?, count, scalar(scale)?))))
}

#[pyfunction]
fn fr_to_montgomery<'py>(py: Python<'py>, values: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
    convert(py, &values, "scalar", field::to_montgomery::<Fr>)
}

#[pyfunction]
fn fr_from_montgomery<'py>(py: Python<'py>, values: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
    convert(py, &values, "scalar", field::from_montgomery::<Fr>)
}

#[pyfunction]
fn fq_to_montgomery<'py>(py: Python<'py>, values: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
    convert(py, &values, "coordinate", field::to_montgomery::<Fq>)
}

#[pyfunction]
fn fq_from_montgomery<'py>(py: Python<'py>, values: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
    convert(py, &values, "coordinate", field::from_montgomery::<Fq>)
}

fn convert<'py, F: ark_ff::PrimeField>(
    py: Python<'py>,
    values: &Buffer<'py>,
    what: &'static str,
    conversion: fn(&mut [F]),
) -> PyResult<Bound<'py, PyBytes>> {
    let values = values.as_slice();
    bulk(py, move || {
        let mut elements = decode_scalars(values, what)?;
        conversion(&mut elements);
        Ok(encode_scalars(&elements))
    })
}

#[pyfunction]
fn ntt_scalars<'py>(
    py: Python<'py>,
    values: Buffer<'py>,
    inverse: bool,
    coset: Buffer<'py>,
) -> PyResult<Bound<'py, PyBytes>> {
    let (values, coset) = (values.as_slice(), coset.as_slice());
    bulk(py, move || Ok(encode_scalars(&ntt::transform(scalars(values)?, inverse, scalar(coset)?)?)))
}

fn parts<'a>(row_ptr: &'a Buffer, columns: &'a Buffer, places: &'a Buffer, scalars: &'a Buffer) -> Parts<'a> {
    Parts {
        row_ptr: row_ptr.as_slice(),
        columns: columns.as_slice(),
        places: places.as_slice(),
        scalars: scalars.as_slice(),
    }
}

#[pyfunction]
fn matrix_apply<'py>(
    py: Python<'py>,
    width: usize,
    row_ptr: Buffer<'py>,
    columns: Buffer<'py>,
    places: Buffer<'py>,
    coefficients: Buffer<'py>,
    vector: Buffer<'py>,
) -> PyResult<Bound<'py, PyBytes>> {
    let parts = parts(&row_ptr, &columns, &places, &coefficients);
    let vector = vector.as_slice();
    bulk(py, move || {
        let matrix = Matrix::decode(width, parts)?;
        Ok(encode_scalars(&matrix.apply(&scalars(vector)?)?))
    })
}

#[pyfunction]
fn pairing_check(py: Python<'_>, g1_points: Buffer<'_>, g2_points: Buffer<'_>) -> PyResult<bool> {
    let (g1, g2) = (g1_points.as_slice(), g2_points.as_slice());
    let work = || pairing::product_is_one::<Curve>(&decode_points::<G1>(g1)?, instance::RECENT.prepare::<G2>(g2)?);
    Ok(py.detach(|| threads::install(work))?)
}

/// A verifying key made ready for the Groth16 check.
#[pyclass(frozen, module = "zkmargin.algebra._native")]
struct Groth16Key(groth16::Key<PairingConfig>);

#[pymethods]
impl Groth16Key {
    /// `g2` is beta | gamma | delta.
    #[new]
    fn new(py: Python<'_>, alpha: Buffer<'_>, g2: Buffer<'_>, ic: Buffer<'_>) -> PyResult<Self> {
        let (alpha, g2, ic) = (alpha.as_slice(), g2.as_slice(), ic.as_slice());
        let load = || {
            let ([alpha], g2) = (exactly(decode_points::<G1>(alpha)?)?, exactly(decode_points::<G2>(g2)?)?);
            groth16::Key::new(alpha, g2, decode_points::<G1>(ic)?)
        };
        Ok(Self(py.detach(|| threads::install(load))?))
    }

    #[getter]
    fn n_public(&self) -> usize {
        self.0.n_public()
    }

    /// On the thread that asks, so that as many proofs are checked at a time as there are threads that ask.
    fn check(&self, py: Python<'_>, inputs: Buffer<'_>, proof: Buffer<'_>) -> PyResult<bool> {
        let (inputs, proof) = (inputs.as_slice(), proof.as_slice());
        Ok(py.detach(|| self.0.check(&few_scalars(inputs)?, &groth16::Proof::decode(proof)?))?)
    }

    /// For each proof True, False, or the exception that says what is wrong with its points.
    fn check_many<'py>(
        &self,
        py: Python<'py>,
        inputs: Buffer<'py>,
        proofs: Buffer<'py>,
        weights: Buffer<'py>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let (inputs, proofs, weights) = (inputs.as_slice(), proofs.as_slice(), weights.as_slice());
        let work = || {
            let weights: Vec<batch::Weight> = batch::Weight::decode_all(weights)?;
            batch::check_many(&self.0, &scalars(inputs)?, &groth16::split::<PairingConfig>(proofs)?, &weights)
        };
        let verdicts = py.detach(|| threads::install(work))?;
        let shown = |verdict| match verdict {
            Ok(holds) => Ok(PyBool::new(py, holds).to_owned().into_any()),
            Err(error) => Ok(raise(py, &error)?.into_value(py).into_bound(py).into_any()),
        };
        verdicts.into_iter().map(shown).collect()
    }
}

/// So few that they are not worth the thread pool.
fn few_scalars(data: &[u8]) -> Scalars {
    let size = scalar_size::<Fr>();
    whole_elements(data, size, "scalar")?;
    let read = |(index, bytes)| read_scalar(bytes).ok_or(Error::NotCanonical { what: "scalar", index });
    data.chunks_exact(size).enumerate().map(read).collect()
}

fn exactly<T, const N: usize>(points: Vec<T>) -> Result<[T; N], Error> {
    points.try_into().map_err(|points: Vec<T>| Error::Count { what: "point", expected: N, found: points.len() })
}

/// Processor features that matter to field arithmetic, found at run time.
#[pyfunction]
fn cpu_features() -> Vec<&'static str> {
    threads::cpu_features()
}

/// The kernels that run here, the one in use first; and why that is not the one asked for, where it is not.
#[pyfunction]
fn kernels() -> (Vec<&'static str>, Option<&'static str>) {
    let used = kernel::kernel();
    let others = Kernel::available().filter(|other| *other != used);
    (std::iter::once(used).chain(others).map(Kernel::name).collect(), kernel::complaint())
}

/// Threads at work in bulk calls.
#[pyfunction(name = "threads")]
fn thread_count() -> usize {
    threads::count()
}

/// The version of this extension.
#[pyfunction]
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

#[pymodule]
mod _native {
    #[pymodule_export]
    use super::costs::unit_costs;
    #[pymodule_export]
    use super::groups::{
        g1_add, g1_bases, g1_bases_unchecked, g1_compress, g1_decompress, g1_matrix_apply, g1_msm, g1_multiples,
        g1_neg, g1_ntt, g1_scale, g2_add, g2_bases, g2_bases_unchecked, g2_compress, g2_decompress, g2_matrix_apply,
        g2_msm, g2_multiples, g2_neg, g2_ntt, g2_scale, G1Bases, G2Bases,
    };
    #[pymodule_export]
    use super::hashes::{
        keccak256, keccak256_many, merkle_levels, poseidon, poseidon_lists, secp256k1_recover, MerkleTree,
    };
    #[pymodule_export]
    use super::programs::{load_constraints, load_program, Constraints, Program};
    #[pymodule_export]
    use super::prover::{open_native_key, verify_native_key, write_native_key, Prover};
    #[pymodule_export]
    use super::{
        cpu_features, fq_from_montgomery, fq_to_montgomery, fr_add, fr_from_montgomery, fr_inverse, fr_mul, fr_powers,
        fr_sub, fr_to_montgomery, kernels, matrix_apply, ntt_scalars, pairing_check, thread_count, version, Groth16Key,
    };
}
