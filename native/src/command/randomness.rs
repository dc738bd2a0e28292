//! Secret scalars: straight from the operating system each time, so that no state can repeat.
#![allow(unsafe_code)] // the system is asked through C

use std::io;

use ark_ff::{BigInteger, One, PrimeField};

use super::refusal::Refusal;
use super::SCALAR;
use crate::instance::Fr;

/// Uniform in 1 .. r - 1.
pub fn secret_scalar() -> Result<Fr, Refusal> {
    drawn(system).map_err(|problem| Refusal::NoRandomness { problem })
}

/// As many bits as r has, again until they are below r - 1; and 1 more than that.
fn drawn(mut source: impl FnMut(&mut [u8; SCALAR]) -> io::Result<()>) -> io::Result<Fr> {
    let surplus = 8 * SCALAR as u32 - Fr::MODULUS_BIT_SIZE;
    let mut bytes = [0; SCALAR];
    loop {
        source(&mut bytes)?;
        bytes[SCALAR - 1] &= 0xff >> surplus;
        if let Some(value) = below_largest(&bytes) {
            return Ok(value + Fr::one());
        }
    }
}

/// The number, if it is below r - 1.
fn below_largest(bytes: &[u8; SCALAR]) -> Option<Fr> {
    let mut value = <Fr as PrimeField>::BigInt::default();
    for (limb, word) in value.as_mut().iter_mut().zip(bytes.as_chunks::<8>().0) {
        *limb = u64::from_le_bytes(*word);
    }
    let mut largest = Fr::MODULUS;
    largest.sub_with_borrow(&1u64.into());
    Fr::from_bigint(value).filter(|_| value < largest)
}

fn system(bytes: &mut [u8; SCALAR]) -> io::Result<()> {
    // SAFETY: it writes to all the bytes that it is given, and says so, or to none.
    let done = unsafe { libc::getentropy(bytes.as_mut_ptr().cast(), bytes.len()) };
    match done {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// What is drawn from these numbers less than r, each with the bits above set that r does not have.
    fn from(numbers: &[Fr]) -> io::Result<Fr> {
        let mut rest = numbers.iter();
        drawn(|bytes| {
            let number = rest.next().ok_or(io::ErrorKind::UnexpectedEof)?;
            bytes.copy_from_slice(&number.into_bigint().to_bytes_le());
            bytes[SCALAR - 1] |= 0xc0;
            Ok(())
        })
    }

    #[test]
    fn every_number_but_zero_comes_of_one_draw() -> io::Result<()> {
        let (one, largest) = (Fr::one(), -Fr::one());
        assert_eq!(from(&[Fr::from(0u64)])?, one);
        assert_eq!(from(&[largest - one])?, largest);
        assert_eq!(from(&[largest, Fr::from(6u64)])?, Fr::from(7u64), "r - 1 would become 0, so it is drawn again");
        assert_eq!(from(&[largest]).map_err(|problem| problem.kind()).err(), Some(io::ErrorKind::UnexpectedEof));
        Ok(())
    }

    #[test]
    fn what_is_not_below_r_is_drawn_again() -> io::Result<()> {
        let mut draws = 0;
        let found = drawn(|bytes| {
            draws += 1;
            *bytes = [if draws < 3 { 0xff } else { 0 }; SCALAR];
            Ok(())
        })?;
        assert_eq!((found, draws), (Fr::one(), 3));
        Ok(())
    }

    #[test]
    fn the_system_never_repeats_itself() {
        let drawn: HashSet<_> = (0..64).filter_map(|_| secret_scalar().ok()).map(|value| value.into_bigint()).collect();
        assert_eq!(drawn.len(), 64);
    }
}
