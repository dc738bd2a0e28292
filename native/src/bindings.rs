//! The Python module `zkmargin.algebra._native`; `algebra/_native.pyi` gives its types.
//!
//! Every function takes buffers, lets go of the interpreter for the work, and returns bytes.

mod costs;
mod prover;

use std::sync::{PoisonError, RwLock};

use ark_ec::short_weierstrass::Affine;
use pyo3::exceptions::{PyMemoryError, PyOSError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyMemoryView};
use rayon::prelude::*;

use crate::encode::{
    decode_points, decode_points_unchecked, decode_scalars, encode_points, encode_scalars, read_scalar, scalar_size,
    whole_elements,
};
use crate::error::{Error, Kind};
use crate::instance::{self, Curve, Fq, Fr, FrConfig, PairingConfig, G1, G2};
use crate::kernel::{self, Kernel};
use crate::poseidon::ListHash;
use crate::sparse::{self, Matrix, Parts};
use crate::{
    batch, compress, curve, field, groth16, keccak, merkle, msm, multiples, ntt, pairing, point_rows, program,
    secp256k1, threads,
};

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

/// Both groups have the same functions; this writes them once.
macro_rules! group {
    ($config:ty, $Bases:ident, $class:literal, $bases:ident, $bases_unchecked:ident, $add:ident, $neg:ident,
     $scale:ident, $multiples:ident, $msm:ident, $matrix_apply:ident, $ntt:ident,
     $compress:ident, $decompress:ident) => {
        /// Points decoded and checked once.
        #[pyclass(frozen, name = $class, module = "zkmargin.algebra._native")]
        struct $Bases(Vec<Affine<$config>>);

        #[pymethods]
        impl $Bases {
            fn __len__(&self) -> usize {
                self.0.len()
            }
        }

        #[pyfunction]
        fn $bases(py: Python<'_>, points: Buffer<'_>) -> PyResult<$Bases> {
            let points = points.as_slice();
            Ok($Bases(py.detach(|| threads::install(|| decode_points(points)))?))
        }

        #[pyfunction]
        fn $bases_unchecked(py: Python<'_>, points: Buffer<'_>) -> PyResult<$Bases> {
            let points = points.as_slice();
            Ok($Bases(py.detach(|| threads::install(|| decode_points_unchecked(points)))?))
        }

        #[pyfunction]
        fn $add<'py>(py: Python<'py>, a: Buffer<'py>, b: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
            let (a, b) = (a.as_slice(), b.as_slice());
            bulk(py, move || Ok(encode_points(&curve::add::<$config>(&decode_points(a)?, &decode_points(b)?)?)))
        }

        #[pyfunction]
        fn $neg<'py>(py: Python<'py>, points: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
            let points = points.as_slice();
            bulk(py, move || Ok(encode_points(&curve::negate::<$config>(&decode_points(points)?))))
        }

        #[pyfunction]
        fn $scale<'py>(py: Python<'py>, points: Buffer<'py>, factors: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
            let (points, factors) = (points.as_slice(), factors.as_slice());
            bulk(py, move || Ok(encode_points(&curve::scale::<$config>(&decode_points(points)?, &scalars(factors)?)?)))
        }

        #[pyfunction]
        fn $multiples<'py>(py: Python<'py>, base: Buffer<'py>, factors: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
            let (base, factors) = (base.as_slice(), factors.as_slice());
            bulk(py, move || {
                let [base] = exactly(decode_points(base)?)?;
                Ok(encode_points(&multiples::multiples::<$config>(&base, &scalars(factors)?)))
            })
        }

        #[pyfunction]
        fn $msm<'py>(
            py: Python<'py>,
            bases: &Bound<'py, $Bases>,
            factors: Buffer<'py>,
        ) -> PyResult<Bound<'py, PyBytes>> {
            let (bases, factors) = (&bases.get().0, factors.as_slice());
            bulk(py, move || Ok(encode_points(&curve::affine(&[msm::msm::<$config>(bases, &scalars(factors)?)?]))))
        }

        #[pyfunction]
        fn $matrix_apply<'py>(
            py: Python<'py>,
            width: usize,
            row_ptr: Buffer<'py>,
            columns: Buffer<'py>,
            places: Buffer<'py>,
            coefficients: Buffer<'py>,
            bases: &Bound<'py, $Bases>,
        ) -> PyResult<Bound<'py, PyBytes>> {
            let parts = parts(&row_ptr, &columns, &places, &coefficients);
            let bases = &bases.get().0;
            bulk(py, move || {
                let matrix = Matrix::decode(width, parts)?;
                Ok(encode_points(&point_rows::apply::<$config>(&matrix, bases)?))
            })
        }

        #[pyfunction]
        fn $ntt<'py>(py: Python<'py>, points: Buffer<'py>, inverse: bool) -> PyResult<Bound<'py, PyBytes>> {
            let points = points.as_slice();
            bulk(py, move || Ok(encode_points(&curve::transform::<$config>(&decode_points(points)?, inverse)?)))
        }

        #[pyfunction]
        fn $compress<'py>(py: Python<'py>, points: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
            let points = points.as_slice();
            bulk(py, move || compress::compress::<$config>(points))
        }

        #[pyfunction]
        fn $decompress<'py>(py: Python<'py>, points: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
            let points = points.as_slice();
            bulk(py, move || Ok(encode_points(&compress::decompress::<$config>(points)?)))
        }
    };
}

group!(
    G1,
    G1Bases,
    "G1Bases",
    g1_bases,
    g1_bases_unchecked,
    g1_add,
    g1_neg,
    g1_scale,
    g1_multiples,
    g1_msm,
    g1_matrix_apply,
    g1_ntt,
    g1_compress,
    g1_decompress
);
group!(
    G2,
    G2Bases,
    "G2Bases",
    g2_bases,
    g2_bases_unchecked,
    g2_add,
    g2_neg,
    g2_scale,
    g2_multiples,
    g2_msm,
    g2_matrix_apply,
    g2_ntt,
    g2_compress,
    g2_decompress
);

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

/// A hash of a short message takes less than letting go of the interpreter would gain.
#[pyfunction]
fn keccak256<'py>(py: Python<'py>, data: Buffer<'py>) -> Bound<'py, PyBytes> {
    let data = data.as_slice();
    let digest = if data.len() < 1 << 14 { keccak::keccak256(data) } else { py.detach(|| keccak::keccak256(data)) };
    PyBytes::new(py, &digest)
}

/// The digests of many messages, end to end.
#[pyfunction]
fn keccak256_many<'py>(py: Python<'py>, messages: Vec<Buffer<'py>>) -> Bound<'py, PyBytes> {
    let messages: Vec<&[u8]> = messages.iter().map(Buffer::as_slice).collect();
    let digests: Vec<[u8; 32]> = py.detach(|| messages.iter().map(|message| keccak::keccak256(message)).collect());
    PyBytes::new(py, digests.as_flattened())
}

/// x | y of the public key, big-endian, or None where no key made this signature.
#[pyfunction]
fn secp256k1_recover<'py>(
    py: Python<'py>,
    digest: [u8; 32],
    r: [u8; 32],
    s: [u8; 32],
    odd: bool,
) -> Option<Bound<'py, PyBytes>> {
    py.detach(|| secp256k1::recover(&digest, &r, &s, odd)).map(|key| PyBytes::new(py, &key))
}

#[pyfunction]
fn poseidon<'py>(py: Python<'py>, inputs: Buffer<'py>, arity: usize) -> PyResult<Bound<'py, PyBytes>> {
    let inputs = inputs.as_slice();
    bulk(py, move || {
        let hash = instance::poseidon(arity)?;
        let values = groups_of(arity, inputs)?;
        let hashes: Vec<Fr> = values.par_chunks_exact(arity).with_min_len(16).map(|group| hash.hash(group)).collect();
        Ok(encode_scalars(&hashes))
    })
}

/// Scalars that make a whole number of groups.
fn groups_of(size: usize, data: &[u8]) -> Scalars {
    let size = size.saturating_mul(scalar_size::<Fr>());
    if !data.len().is_multiple_of(size) {
        return Err(Error::PartialElement { what: "Poseidon input", size, found: data.len() });
    }
    scalars(data)
}

#[pyfunction]
fn poseidon_lists<'py>(
    py: Python<'py>,
    capacity: Buffer<'py>,
    items: Buffer<'py>,
    width: usize,
) -> PyResult<Bound<'py, PyBytes>> {
    let (capacity, items) = (capacity.as_slice(), items.as_slice());
    bulk(py, move || {
        if width == 0 {
            return Err(Error::Arity { found: width });
        }
        let (capacity, values) = (scalar(capacity)?, groups_of(width, items)?);
        let hash = ListHash::new(width.min(values.len()), instance::poseidon)?;
        let digests: Vec<Fr> =
            values.par_chunks_exact(width).with_min_len(16).map(|list| hash.hash(capacity, list)).collect();
        Ok(encode_scalars(&digests))
    })
}

#[pyfunction]
#[pyo3(signature = (leaves, depth, arity=2))]
fn merkle_levels<'py>(
    py: Python<'py>,
    leaves: Buffer<'py>,
    depth: usize,
    arity: usize,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let leaves = leaves.as_slice();
    let levels = py.detach(|| {
        threads::install(|| -> Result<Vec<Vec<u8>>, Error> {
            let levels = {
                merkle::places(depth, arity)?;
                merkle::levels(scalars(leaves)?, depth, arity, instance::poseidon(arity)?)?
            };
            Ok(levels.iter().map(|level| encode_scalars(level)).collect())
        })
    })?;
    Ok(levels.iter().map(|level| PyBytes::new(py, level)).collect())
}

/// A Poseidon tree whose leaves change. A lock guards it, so that it may be used from several threads; it is taken before
/// the thread pool is entered, since a thread of the pool that waits takes up other work, which might want the lock too.
#[pyclass(frozen, module = "zkmargin.algebra._native")]
struct MerkleTree(RwLock<merkle::Tree<Fr>>);

impl MerkleTree {
    fn read<R: Send>(&self, py: Python<'_>, work: impl FnOnce(&merkle::Tree<Fr>) -> R + Send) -> R {
        py.detach(|| work(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// A few leaves are not worth the thread pool.
    fn change(
        &self,
        py: Python<'_>,
        leaves: &[u8],
        work: impl FnOnce(&mut merkle::Tree<Fr>, Vec<Fr>) -> Result<(), Error> + Send,
    ) -> PyResult<()> {
        Ok(py.detach(|| {
            let tree = &mut *self.0.write().unwrap_or_else(PoisonError::into_inner);
            let changed = || work(tree, scalars(leaves)?);
            if leaves.len() < merkle::BULK * scalar_size::<Fr>() {
                changed()
            } else {
                threads::install(changed)
            }
        })?)
    }
}

#[pymethods]
impl MerkleTree {
    #[new]
    fn new(py: Python<'_>, leaves: Buffer<'_>, depth: usize, arity: usize) -> PyResult<Self> {
        let leaves = leaves.as_slice();
        let build = || {
            merkle::places(depth, arity)?;
            merkle::Tree::build(scalars(leaves)?, depth, arity, instance::poseidon(arity)?)
        };
        Ok(Self(RwLock::new(py.detach(|| threads::install(build))?)))
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.read(py, merkle::Tree::len)
    }

    fn root<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.read(py, |tree| encode_scalars(&[tree.root()])))
    }

    fn append(&self, py: Python<'_>, leaves: Buffer<'_>) -> PyResult<()> {
        self.change(py, leaves.as_slice(), |tree, leaves| tree.append(&leaves))
    }

    fn update_many(&self, py: Python<'_>, indices: Vec<u64>, leaves: Buffer<'_>) -> PyResult<()> {
        self.change(py, leaves.as_slice(), |tree, leaves| {
            if leaves.len() != indices.len() {
                return Err(Error::Count { what: "scalar", expected: indices.len(), found: leaves.len() });
            }
            tree.update_many(indices.into_iter().zip(leaves).collect())
        })
    }

    fn path<'py>(&self, py: Python<'py>, index: u64) -> PyResult<Bound<'py, PyBytes>> {
        let path = self.read(py, |tree| tree.path(index).map(|siblings| encode_scalars(&siblings)))?;
        Ok(PyBytes::new(py, &path))
    }

    fn nodes<'py>(&self, py: Python<'py>, level: usize, start: usize, count: usize) -> PyResult<Bound<'py, PyBytes>> {
        let nodes = self.read(py, |tree| {
            let nodes = tree.nodes(level, start, count)?;
            Ok::<_, Error>(threads::install(|| encode_scalars(nodes)))
        })?;
        Ok(PyBytes::new(py, &nodes))
    }
}

/// A witness program decoded and checked once.
#[pyclass(frozen, module = "zkmargin.algebra._native")]
struct Program(program::Program<FrConfig>);

#[pymethods]
impl Program {
    #[getter]
    fn n_inputs(&self) -> usize {
        self.0.n_inputs()
    }

    #[getter]
    fn n_wires(&self) -> usize {
        self.0.n_wires()
    }

    /// For each vector of inputs the first constraint that its witness breaks, or None.
    fn first_broken(
        &self,
        py: Python<'_>,
        inputs: Buffer<'_>,
        count: usize,
        constraints: &Bound<'_, Constraints>,
    ) -> PyResult<Vec<Option<usize>>> {
        let (program, inputs, constraints) = (&self.0, inputs.as_slice(), &constraints.get().0);
        Ok(py.detach(|| {
            threads::install(|| program.first_broken(&program.decode_inputs(inputs, count)?, count, constraints))
        })?)
    }

    /// The witnesses are written where Python will read them; where there is no room, that is a MemoryError.
    fn run_many<'py>(&self, py: Python<'py>, inputs: Buffer<'py>, count: usize) -> PyResult<Bound<'py, PyBytes>> {
        let (program, inputs) = (&self.0, inputs.as_slice());
        let inputs = py.detach(|| threads::install(|| program.decode_inputs(inputs, count)))?;
        let size = count.saturating_mul(program.n_wires()).saturating_mul(scalar_size::<Fr>());
        if isize::try_from(size).is_err() {
            return Err(PyMemoryError::new_err(format!("no room for {count} witnesses")));
        }
        PyBytes::new_with(py, size, |out| {
            py.detach(|| threads::install(|| program.run_many(&inputs, out)));
            Ok(())
        })
    }
}

/// The rows of a * b = c, decoded and checked once.
#[pyclass(frozen, module = "zkmargin.algebra._native")]
struct Constraints(sparse::Constraints<Fr>);

/// Each side as (width, row_ptr, columns, places, scalars).
type Side<'py> = (usize, Buffer<'py>, Buffer<'py>, Buffer<'py>, Buffer<'py>);

#[pyfunction]
fn load_constraints(py: Python<'_>, a: Side<'_>, b: Side<'_>, c: Side<'_>) -> PyResult<Constraints> {
    let [a, b, c] = [&a, &b, &c].map(|side| (side.0, parts(&side.1, &side.2, &side.3, &side.4)));
    let decode = |(width, parts)| Matrix::decode(width, parts);
    Ok(Constraints(py.detach(|| threads::install(|| sparse::Constraints::new(decode(a)?, decode(b)?, decode(c)?)))?))
}

#[pyfunction]
fn load_program(py: Python<'_>, code: Buffer<'_>) -> PyResult<Program> {
    let code = code.as_slice();
    Ok(Program(py.detach(|| threads::install(|| program::Program::decode(code)))?))
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
    use super::prover::{open_native_key, verify_native_key, write_native_key, Prover};
    #[pymodule_export]
    use super::{
        cpu_features, fq_from_montgomery, fq_to_montgomery, fr_add, fr_from_montgomery, fr_inverse, fr_mul, fr_powers,
        fr_sub, fr_to_montgomery, g1_add, g1_bases, g1_bases_unchecked, g1_compress, g1_decompress, g1_matrix_apply,
        g1_msm, g1_multiples, g1_neg, g1_ntt, g1_scale, g2_add, g2_bases, g2_bases_unchecked, g2_compress,
        g2_decompress, g2_matrix_apply, g2_msm, g2_multiples, g2_neg, g2_ntt, g2_scale, keccak256, keccak256_many,
        kernels, load_constraints, load_program, matrix_apply, merkle_levels, ntt_scalars, pairing_check, poseidon,
        poseidon_lists, secp256k1_recover, thread_count, version, Constraints, G1Bases, G2Bases, Groth16Key,
        MerkleTree, Program,
    };
}
