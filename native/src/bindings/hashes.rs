//! Hashes, trees of them and signatures as Python sees them.

use std::sync::{PoisonError, RwLock};

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rayon::prelude::*;

use super::{bulk, scalar, scalars, Buffer, Scalars};
use crate::encode::{encode_scalars, scalar_size};
use crate::error::Error;
use crate::instance::{self, Fr};
use crate::poseidon::ListHash;
use crate::{keccak, merkle, secp256k1, threads};

/// A hash of a short message takes less than letting go of the interpreter would gain.
#[pyfunction]
pub fn keccak256<'py>(py: Python<'py>, data: Buffer<'py>) -> Bound<'py, PyBytes> {
    let data = data.as_slice();
    let digest = if data.len() < 1 << 14 { keccak::keccak256(data) } else { py.detach(|| keccak::keccak256(data)) };
    PyBytes::new(py, &digest)
}

/// The digests of many messages, end to end.
#[pyfunction]
pub fn keccak256_many<'py>(py: Python<'py>, messages: Vec<Buffer<'py>>) -> Bound<'py, PyBytes> {
    let messages: Vec<&[u8]> = messages.iter().map(Buffer::as_slice).collect();
    let digests: Vec<[u8; 32]> = py.detach(|| messages.iter().map(|message| keccak::keccak256(message)).collect());
    PyBytes::new(py, digests.as_flattened())
}

/// x | y of the public key, big-endian, or None where no key made this signature.
#[pyfunction]
pub fn secp256k1_recover<'py>(
    py: Python<'py>,
    digest: [u8; 32],
    r: [u8; 32],
    s: [u8; 32],
    odd: bool,
) -> Option<Bound<'py, PyBytes>> {
    py.detach(|| secp256k1::recover(&digest, &r, &s, odd)).map(|key| PyBytes::new(py, &key))
}

#[pyfunction]
pub fn poseidon<'py>(py: Python<'py>, inputs: Buffer<'py>, arity: usize) -> PyResult<Bound<'py, PyBytes>> {
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
pub fn poseidon_lists<'py>(
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
pub fn merkle_levels<'py>(
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
pub struct MerkleTree(RwLock<merkle::Tree<Fr>>);

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
