//! The costs of single operations as Python sees them.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::costs;
use crate::instance::{Fr, G1, G2};
use crate::threads;

/// Seconds for one operation, on one thread with the kernel in use.
#[pyfunction]
pub fn unit_costs(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let [product, butterfly, g1, g2] = py.detach(|| {
        threads::alone(|| {
            Ok::<_, crate::error::Error>([
                costs::product::<Fr>(),
                costs::butterfly::<Fr>()?,
                costs::addition::<G1>(),
                costs::addition::<G2>(),
            ])
        })
    })?;
    let found = PyDict::new(py);
    found.set_item("product", product)?;
    found.set_item("butterfly", butterfly)?;
    found.set_item("g1_addition", g1)?;
    found.set_item("g2_addition", g2)?;
    Ok(found)
}
