//! Witness programs and constraints as Python sees them.

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::{parts, Buffer};
use crate::encode::scalar_size;
use crate::instance::{Fr, FrConfig};
use crate::sparse::{self, Matrix};
use crate::{program, threads};

/// A witness program decoded and checked once.
#[pyclass(frozen, module = "zkmargin.algebra._native")]
pub struct Program(pub program::Program<FrConfig>);

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
pub struct Constraints(sparse::Constraints<Fr>);

/// Each side as (width, row_ptr, columns, places, scalars).
type Side<'py> = (usize, Buffer<'py>, Buffer<'py>, Buffer<'py>, Buffer<'py>);

#[pyfunction]
pub fn load_constraints(py: Python<'_>, a: Side<'_>, b: Side<'_>, c: Side<'_>) -> PyResult<Constraints> {
    let [a, b, c] = [&a, &b, &c].map(|side| (side.0, parts(&side.1, &side.2, &side.3, &side.4)));
    let decode = |(width, parts)| Matrix::decode(width, parts);
    Ok(Constraints(py.detach(|| threads::install(|| sparse::Constraints::new(decode(a)?, decode(b)?, decode(c)?)))?))
}

#[pyfunction]
pub fn load_program(py: Python<'_>, code: Buffer<'_>) -> PyResult<Program> {
    let code = code.as_slice();
    Ok(Program(py.detach(|| threads::install(|| program::Program::decode(code)))?))
}
