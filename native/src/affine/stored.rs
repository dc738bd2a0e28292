//! Points as words in memory: fixed size, cache lines whole, ready to be mapped from a file.
#![allow(unsafe_code)] // to see the same memory as points and as bytes

use ark_ff::{BigInt, Field, Fp, MontBackend, MontConfig, QuadExtConfig, QuadExtField};

/// A coordinate's field, as words: prime elements in Montgomery form, the limbs little-endian.
pub trait Coordinate: Field {
    const WORDS: usize;

    fn read(words: &[u64]) -> Self;
    fn write(&self, words: &mut [u64]);
}

impl<P: MontConfig<N>, const N: usize> Coordinate for Fp<MontBackend<P, N>, N> {
    const WORDS: usize = N;

    #[inline(always)]
    fn read(words: &[u64]) -> Self {
        let mut limbs = [0; N];
        limbs.copy_from_slice(&words[..N]);
        Self::new_unchecked(BigInt(limbs))
    }

    #[inline(always)]
    fn write(&self, words: &mut [u64]) {
        words[..N].copy_from_slice(&self.0 .0);
    }
}

impl<P: QuadExtConfig<BaseField: Coordinate>> Coordinate for QuadExtField<P> {
    const WORDS: usize = 2 * <P::BaseField as Coordinate>::WORDS;

    #[inline(always)]
    fn read(words: &[u64]) -> Self {
        let (first, second) = words.split_at(Self::WORDS / 2);
        Self::new(P::BaseField::read(first), P::BaseField::read(second))
    }

    #[inline(always)]
    fn write(&self, words: &mut [u64]) {
        let (first, second) = words.split_at_mut(Self::WORDS / 2);
        self.c0.write(first);
        self.c1.write(second);
    }
}

/// A point's memory: plain words, of which every pattern is a value.
pub trait Stored: Copy + Send + Sync + PartialEq + 'static {
    const INFINITY: Self;

    fn words(&self) -> &[u64];
    fn words_mut(&mut self) -> &mut [u64];

    /// The points as the bytes of a file (little-endian machines only, as all here are).
    fn bytes(points: &[Self]) -> &[u8];

    /// The bytes of a file as points, unchecked: None where they do not start at a cache line or end with a whole point.
    fn from_bytes_unchecked(bytes: &[u8]) -> Option<&[Self]>;

    /// The same to be written to.
    fn from_bytes_unchecked_mut(bytes: &mut [u8]) -> Option<&mut [Self]>;

    #[inline(always)]
    fn is_infinity(&self) -> bool {
        self.words().iter().fold(0, |any, word| any | word) == 0
    }

    #[inline(always)]
    fn coordinates<F: Coordinate>(&self) -> (F, F) {
        let (x, y) = self.words()[..2 * F::WORDS].split_at(F::WORDS);
        (F::read(x), F::read(y))
    }

    #[inline(always)]
    fn from_coordinates<F: Coordinate>(x: &F, y: &F) -> Self {
        let mut point = Self::INFINITY;
        let (left, right) = point.words_mut()[..2 * F::WORDS].split_at_mut(F::WORDS);
        x.write(left);
        y.write(right);
        point
    }
}

/// Ask for the memory of a point that will be read soon. Any index will do; none is followed.
#[inline(always)]
pub fn prefetch<P: Stored>(points: &[P], index: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in 0..size_of::<P>() / 64 {
        use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
        let address = points.as_ptr().wrapping_add(index).cast::<i8>().wrapping_add(64 * line);
        // SAFETY: a hint to the processor, which reads nothing and cannot fault, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (points, index);
}

/// W words in whole cache lines: x, then y, then zeros.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C, align(64))]
pub struct Point<const W: usize>([u64; W]);

impl<const W: usize> Point<W> {
    const BYTES: usize = {
        assert!(cfg!(target_endian = "little"), "files of points are little-endian");
        assert!(W.is_multiple_of(8) && size_of::<Self>() == 8 * W, "no padding, whose bytes nobody may read");
        8 * W
    };
}

impl<const W: usize> Stored for Point<W> {
    const INFINITY: Self = Self([0; W]);

    #[inline(always)]
    fn words(&self) -> &[u64] {
        &self.0
    }

    #[inline(always)]
    fn words_mut(&mut self) -> &mut [u64] {
        &mut self.0
    }

    fn bytes(points: &[Self]) -> &[u8] {
        // SAFETY: the memory of `points` is read for as long as they are borrowed; it has no padding, by BYTES.
        unsafe { std::slice::from_raw_parts(points.as_ptr().cast(), points.len() * Self::BYTES) }
    }

    fn from_bytes_unchecked(bytes: &[u8]) -> Option<&[Self]> {
        let start: *const Self = bytes.as_ptr().cast();
        if !start.is_aligned() || !bytes.len().is_multiple_of(Self::BYTES) {
            return None;
        }
        // SAFETY: aligned, of the same length in whole points, borrowed alike; any words are a point.
        Some(unsafe { std::slice::from_raw_parts(start, bytes.len() / Self::BYTES) })
    }

    fn from_bytes_unchecked_mut(bytes: &mut [u8]) -> Option<&mut [Self]> {
        let start: *mut Self = bytes.as_mut_ptr().cast();
        if !start.is_aligned() || !bytes.len().is_multiple_of(Self::BYTES) {
            return None;
        }
        // SAFETY: as above, and as exclusively; any points are bytes.
        Some(unsafe { std::slice::from_raw_parts_mut(start, bytes.len() / Self::BYTES) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_points_are_the_same_memory() {
        let mut points = [Point::<8>::INFINITY; 3];
        points[1].words_mut()[2] = 0x0102;
        let bytes = Stored::bytes(&points);
        assert_eq!((bytes.len(), bytes[64 + 16], bytes[64 + 17]), (192, 2, 1));
        assert_eq!(Point::<8>::from_bytes_unchecked(bytes), Some(&points[..]));
        assert_eq!(Point::<8>::from_bytes_unchecked(&bytes[..191]), None);
        assert_eq!(Point::<8>::from_bytes_unchecked(&bytes[8..72]), None);
        assert!(points[0].is_infinity() && !points[1].is_infinity());
    }

    /// Points are read and written in whole cache lines: nothing else may pass for them.
    #[test]
    fn bytes_out_of_line_are_no_points() {
        let mut points = [Point::<8>::INFINITY; 3];
        let bytes: &mut [u8] = bytes_of(&mut points);
        for start in (0..128).filter(|start| start % 64 != 0) {
            assert_eq!(Point::<8>::from_bytes_unchecked(&bytes[start..start + 64]), None, "{start}");
            assert_eq!(Point::<8>::from_bytes_unchecked_mut(&mut bytes[start..start + 64]), None, "{start}");
        }
        for end in (0..192).filter(|end| end % 64 != 0) {
            assert_eq!(Point::<8>::from_bytes_unchecked(&bytes[..end]), None, "{end}");
            assert_eq!(Point::<8>::from_bytes_unchecked_mut(&mut bytes[..end]), None, "{end}");
        }
        let second = Point::<8>::from_bytes_unchecked_mut(&mut bytes[64..128]);
        second.into_iter().flatten().for_each(|point| point.words_mut()[0] = 7);
        assert_eq!(points.map(|point| point.words()[0]), [0, 7, 0]);
    }

    fn bytes_of<const W: usize>(points: &mut [Point<W>]) -> &mut [u8] {
        // SAFETY: the same memory, borrowed as exclusively; any bytes are points, which have no padding.
        unsafe { std::slice::from_raw_parts_mut(points.as_mut_ptr().cast(), size_of_val(points)) }
    }
}
