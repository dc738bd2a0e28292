//! Points in half the bytes: x, and in its two spare top bits which of the two y it has. The form is arkworks' own.
//!
//! Bit 7 of the last byte says that y is the larger of y and -y, bit 6 that the point is at infinity. Elements of F_q^2
//! compare by c1 first. Points at infinity are refused both ways, and so each point has one form.

use ark_ec::short_weierstrass::Affine;
use ark_ec::AffineRepr;
use rayon::prelude::*;

use crate::encode::{check_subgroup, decode_points, point_size, read_coordinate, whole_elements, write_coordinate};
use crate::error::Error;
use crate::group::Group;

const LARGER: u8 = 1 << 7;
const INFINITY: u8 = 1 << 6;

/// Points on the curve and in the subgroup, from their affine bytes to the compressed ones.
pub fn compress<P: Group>(data: &[u8]) -> Result<Vec<u8>, Error> {
    let points = decode_points::<P>(data)?;
    let size = compressed_size::<P>();
    let mut out = vec![0; points.len() * size];
    for (index, (point, chunk)) in points.iter().zip(out.chunks_exact_mut(size)).enumerate() {
        let (x, y) = point.xy().ok_or(Error::Infinity { index })?;
        write_coordinate(&x, chunk);
        if let (Some(last), true) = (chunk.last_mut(), y > -y) {
            *last |= LARGER;
        }
    }
    Ok(out)
}

/// The inverse of `compress`; what it gives is on the curve and in the subgroup.
pub fn decompress<P: Group>(data: &[u8]) -> Result<Vec<Affine<P>>, Error> {
    let size = compressed_size::<P>();
    whole_elements(data, size, "compressed point")?;
    let read = |(index, bytes)| read_compressed(index, bytes);
    let points: Vec<Result<Affine<P>, Error>> =
        data.par_chunks_exact(size).enumerate().with_min_len(4).map(read).collect();
    points.into_iter().collect()
}

fn read_compressed<P: Group>(index: usize, bytes: &[u8]) -> Result<Affine<P>, Error> {
    let mut x = bytes.to_vec();
    let flags = x.last_mut().map_or(0, |last| {
        let flags = *last & (LARGER | INFINITY);
        *last ^= flags;
        flags
    });
    if flags & INFINITY != 0 {
        return Err(Error::Infinity { index });
    }
    let x = read_coordinate::<P::BaseField>(&x).ok_or(Error::Coordinate { index })?;
    let point = Affine::<P>::get_point_from_x_unchecked(x, flags & LARGER != 0).ok_or(Error::NotOnCurve { index })?;
    check_subgroup(index, point)
}

/// Bytes of one compressed point. The flags need two bits that no coordinate uses; the tests say that there are.
fn compressed_size<P: Group>() -> usize {
    point_size::<P>() / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::encode_points;
    use crate::instance::{Fq, G1, G2};
    use ark_ec::short_weierstrass::Projective;
    use ark_ec::CurveGroup;
    use ark_ff::{PrimeField, UniformRand};
    use ark_serialize::CanonicalSerialize;

    fn is_arkworks_form<P: Group>() -> Result<(), Error> {
        let rng = &mut ark_std::test_rng();
        for _ in 0..40 {
            let point = Projective::<P>::rand(rng).into_affine();
            let mut expected = Vec::new();
            assert!(point.serialize_compressed(&mut expected).is_ok());
            assert_eq!(compress::<P>(&encode_points(&[point]))?, expected);
            assert_eq!(decompress::<P>(&expected)?, vec![point]);
        }
        Ok(())
    }

    #[test]
    fn both_groups_have_arkworks_form() -> Result<(), Error> {
        const { assert!(Fq::MODULUS_BIT_SIZE <= 8 * 32 - 2, "two bits of a coordinate are spare") };
        is_arkworks_form::<G1>()?;
        is_arkworks_form::<G2>()
    }
}
