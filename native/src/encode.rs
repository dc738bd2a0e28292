//! Canonical bytes: field elements little-endian and below the modulus, points as their affine coordinates.
//!
//! All zeros is the point at infinity; neither curve here has a finite point with both coordinates zero.

use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, Field, PrimeField, Zero};
use rayon::prelude::*;

use crate::error::Error;
use crate::group::Group;

/// Elements one task codes at least; smaller vectors are not worth a thread, and are done by the one that asks.
const GRAIN: usize = 1024;

const FEW_POINTS: usize = 5;
/// So many points are seen to be in the subgroup together.
const BULK_POINTS: usize = 64;

/// Bytes of one element of a prime field.
pub fn scalar_size<F: PrimeField>() -> usize {
    F::BigInt::NUM_LIMBS * 8
}

/// Bytes of one point: x and y, each the prime-field elements of its coordinate.
pub fn point_size<P: SWCurveConfig>() -> usize {
    2 * coordinate_size::<P::BaseField>()
}

fn coordinate_size<F: Field>() -> usize {
    F::extension_degree() as usize * scalar_size::<F::BasePrimeField>()
}

/// One canonical element, or None where it is not below the modulus.
pub fn read_scalar<F: PrimeField>(bytes: &[u8]) -> Option<F> {
    let mut value = F::BigInt::default();
    for (limb, chunk) in value.as_mut().iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = u64::from_le_bytes(chunk.try_into().ok()?);
    }
    F::from_bigint(value)
}

pub fn write_scalar<F: PrimeField>(value: &F, out: &mut [u8]) {
    for (limb, chunk) in value.into_bigint().as_ref().iter().zip(out.chunks_exact_mut(8)) {
        chunk.copy_from_slice(&limb.to_le_bytes());
    }
}

/// A vector of canonical elements; `what` names them in errors.
pub fn decode_scalars<F: PrimeField>(data: &[u8], what: &'static str) -> Result<Vec<F>, Error> {
    let size = scalar_size::<F>();
    whole_elements(data, size, what)?;
    decode_each(data, size, GRAIN, |index, bytes| read_scalar(bytes).ok_or(Error::NotCanonical { what, index }))
}

pub fn encode_scalars<F: PrimeField>(values: &[F]) -> Vec<u8> {
    let size = scalar_size::<F>();
    let mut out = vec![0; values.len() * size];
    if values.len() < GRAIN {
        for (chunk, value) in out.chunks_exact_mut(size).zip(values) {
            write_scalar(value, chunk);
        }
        return out;
    }
    out.par_chunks_exact_mut(size)
        .zip(values)
        .with_min_len(GRAIN)
        .for_each(|(chunk, value)| write_scalar(value, chunk));
    out
}

/// Points on the curve and in its subgroup of order r.
pub fn decode_points<P: Group>(data: &[u8]) -> Result<Vec<Affine<P>>, Error> {
    let size = point_size::<P>();
    whole_elements(data, size, "point")?;
    if data.len() < BULK_POINTS * size {
        return decode_each(data, size, FEW_POINTS, read_checked_point);
    }
    let decoded = decode_each(data, size, FEW_POINTS, read_curve_point);
    // A point outside the subgroup may stand before the first that is at fault otherwise.
    let before = match &decoded {
        Err(Error::Coordinate { index } | Error::NotOnCurve { index }) => {
            &decode_points_unchecked::<P>(&data[..index * size])?
        }
        Err(_) => return decoded,
        Ok(points) => points,
    };
    match P::first_outside(before) {
        Some(index) => Err(Error::NotInSubgroup { index }),
        None => decoded,
    }
}

/// Points with canonical coordinates and nothing else checked.
pub fn decode_points_unchecked<P: SWCurveConfig>(data: &[u8]) -> Result<Vec<Affine<P>>, Error> {
    let size = point_size::<P>();
    whole_elements(data, size, "point")?;
    decode_each(data, size, FEW_POINTS, read_point)
}

/// One point of the subgroup; `index` names it in errors.
pub fn read_checked_point<P: Group>(index: usize, bytes: &[u8]) -> Result<Affine<P>, Error> {
    check_subgroup(index, read_curve_point(index, bytes)?)
}

/// One point of the curve, in its subgroup or not.
fn read_curve_point<P: SWCurveConfig>(index: usize, bytes: &[u8]) -> Result<Affine<P>, Error> {
    let point: Affine<P> = read_point(index, bytes)?;
    if !point.is_on_curve() {
        return Err(Error::NotOnCurve { index });
    }
    Ok(point)
}

/// A point of the curve, once it is seen to be in the subgroup.
pub fn check_subgroup<P: Group>(index: usize, point: Affine<P>) -> Result<Affine<P>, Error> {
    if !P::in_subgroup(&point) {
        return Err(Error::NotInSubgroup { index });
    }
    Ok(point)
}

pub fn encode_points<P: SWCurveConfig>(points: &[Affine<P>]) -> Vec<u8> {
    let size = point_size::<P>();
    let mut out = vec![0; points.len() * size];
    if points.len() < GRAIN {
        out.chunks_exact_mut(size).zip(points).for_each(|(chunk, point)| write_point(point, chunk));
    } else {
        let chunks = out.par_chunks_exact_mut(size).zip(points).with_min_len(GRAIN);
        chunks.for_each(|(chunk, point)| write_point(point, chunk));
    }
    out
}

/// Over zeros, which the point at infinity leaves.
fn write_point<P: SWCurveConfig>(point: &Affine<P>, out: &mut [u8]) {
    if let Some((x, y)) = point.xy() {
        let (left, right) = out.split_at_mut(out.len() / 2);
        write_coordinate(&x, left);
        write_coordinate(&y, right);
    }
}

/// Canonical coordinates and nothing else checked.
pub fn read_point<P: SWCurveConfig>(index: usize, bytes: &[u8]) -> Result<Affine<P>, Error> {
    let (left, right) = bytes.split_at(bytes.len() / 2);
    let coordinate = |bytes| read_coordinate::<P::BaseField>(bytes).ok_or(Error::Coordinate { index });
    let (x, y) = (coordinate(left)?, coordinate(right)?);
    if x.is_zero() && y.is_zero() {
        return Ok(Affine::identity());
    }
    Ok(Affine::new_unchecked(x, y))
}

pub fn read_coordinate<F: Field>(bytes: &[u8]) -> Option<F> {
    let parts: Option<Vec<F::BasePrimeField>> =
        bytes.chunks_exact(scalar_size::<F::BasePrimeField>()).map(read_scalar).collect();
    F::from_base_prime_field_elems(parts?)
}

pub fn write_coordinate<F: Field>(value: &F, out: &mut [u8]) {
    let size = scalar_size::<F::BasePrimeField>();
    for (part, chunk) in value.to_base_prime_field_elements().zip(out.chunks_exact_mut(size)) {
        write_scalar(&part, chunk);
    }
}

pub fn whole_elements(data: &[u8], size: usize, what: &'static str) -> Result<(), Error> {
    if !data.len().is_multiple_of(size) {
        return Err(Error::PartialElement { what, size, found: data.len() });
    }
    Ok(())
}

/// Decode in parallel; of several faults the first is reported, so that an error does not depend on timing.
fn decode_each<T: Send>(
    data: &[u8],
    size: usize,
    few: usize,
    decode: impl Fn(usize, &[u8]) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    if data.len() < few * size {
        return data.chunks_exact(size).enumerate().map(|(i, bytes)| decode(i, bytes)).collect();
    }
    let decoded: Vec<Result<T, Error>> =
        data.par_chunks_exact(size).enumerate().with_min_len(16).map(|(i, bytes)| decode(i, bytes)).collect();
    decoded.into_iter().collect()
}
