//! Bulk work on points as Python sees it: the same functions for both groups.

use ark_ec::short_weierstrass::Affine;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::{bulk, exactly, parts, scalars, Buffer};
use crate::encode::{decode_points, decode_points_unchecked, encode_points};
use crate::instance::{G1, G2};
use crate::sparse::Matrix;
use crate::{compress, curve, msm, multiples, point_rows, threads};

/// Writes the functions once.
macro_rules! group {
    ($config:ty, $Bases:ident, $class:literal, $bases:ident, $bases_unchecked:ident, $add:ident, $neg:ident,
     $scale:ident, $multiples:ident, $msm:ident, $matrix_apply:ident, $ntt:ident,
     $compress:ident, $decompress:ident) => {
        /// Points decoded and checked once.
        #[pyclass(frozen, name = $class, module = "zkmargin.algebra._native")]
        pub struct $Bases(Vec<Affine<$config>>);

        #[pymethods]
        impl $Bases {
            fn __len__(&self) -> usize {
                self.0.len()
            }
        }

        #[pyfunction]
        pub fn $bases(py: Python<'_>, points: Buffer<'_>) -> PyResult<$Bases> {
            let points = points.as_slice();
            Ok($Bases(py.detach(|| threads::install(|| decode_points(points)))?))
        }

        #[pyfunction]
        pub fn $bases_unchecked(py: Python<'_>, points: Buffer<'_>) -> PyResult<$Bases> {
            let points = points.as_slice();
            Ok($Bases(py.detach(|| threads::install(|| decode_points_unchecked(points)))?))
        }

        #[pyfunction]
        pub fn $add<'py>(py: Python<'py>, a: Buffer<'py>, b: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
            let (a, b) = (a.as_slice(), b.as_slice());
            bulk(py, move || Ok(encode_points(&curve::add::<$config>(&decode_points(a)?, &decode_points(b)?)?)))
        }

        #[pyfunction]
        pub fn $neg<'py>(py: Python<'py>, points: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
            let points = points.as_slice();
            bulk(py, move || Ok(encode_points(&curve::negate::<$config>(&decode_points(points)?))))
        }

        #[pyfunction]
        pub fn $scale<'py>(
            py: Python<'py>,
            points: Buffer<'py>,
            factors: Buffer<'py>,
        ) -> PyResult<Bound<'py, PyBytes>> {
            let (points, factors) = (points.as_slice(), factors.as_slice());
            bulk(py, move || Ok(encode_points(&curve::scale::<$config>(&decode_points(points)?, &scalars(factors)?)?)))
        }

        #[pyfunction]
        pub fn $multiples<'py>(
            py: Python<'py>,
            base: Buffer<'py>,
            factors: Buffer<'py>,
        ) -> PyResult<Bound<'py, PyBytes>> {
            let (base, factors) = (base.as_slice(), factors.as_slice());
            bulk(py, move || {
                let [base] = exactly(decode_points(base)?)?;
                Ok(encode_points(&multiples::multiples::<$config>(&base, &scalars(factors)?)))
            })
        }

        #[pyfunction]
        pub fn $msm<'py>(
            py: Python<'py>,
            bases: &Bound<'py, $Bases>,
            factors: Buffer<'py>,
        ) -> PyResult<Bound<'py, PyBytes>> {
            let (bases, factors) = (&bases.get().0, factors.as_slice());
            bulk(py, move || Ok(encode_points(&curve::affine(&[msm::msm::<$config>(bases, &scalars(factors)?)?]))))
        }

        #[pyfunction]
        pub fn $matrix_apply<'py>(
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
        pub fn $ntt<'py>(py: Python<'py>, points: Buffer<'py>, inverse: bool) -> PyResult<Bound<'py, PyBytes>> {
            let points = points.as_slice();
            bulk(py, move || Ok(encode_points(&curve::transform::<$config>(&decode_points(points)?, inverse)?)))
        }

        #[pyfunction]
        pub fn $compress<'py>(py: Python<'py>, points: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
            let points = points.as_slice();
            bulk(py, move || compress::compress::<$config>(points))
        }

        #[pyfunction]
        pub fn $decompress<'py>(py: Python<'py>, points: Buffer<'py>) -> PyResult<Bound<'py, PyBytes>> {
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
