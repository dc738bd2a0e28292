//! Eight 64-bit words in one register: the only file here that names the processor's instructions.
//!
//! SAFETY of every block below: a `Word` is made from an [`Ifma`] only, or from other words, and an `Ifma` only where the
//! processor has been asked for all the features of [`Ifma::run`]; memory is read and written through references to
//! arrays of the size that the instruction moves.
#![allow(unsafe_code)]

use std::arch::is_x86_feature_detected;

use crate::affine::Term;
use std::arch::x86_64::*;

/// One bit for each lane, the first lane lowest.
pub type Mask = u8;

/// Proof that this processor has the instructions.
#[derive(Clone, Copy, Debug)]
pub struct Ifma(());

/// Work for [`Ifma::run`]; `run` and what it calls must be `#[inline(always)]` to become vector code.
pub trait Task {
    type Output;
    fn run(self, ifma: Ifma) -> Self::Output;
}

impl Ifma {
    pub fn find() -> Option<Self> {
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512ifma")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("adx");
        found.then_some(Self(()))
    }

    /// Run the task as code for this processor.
    pub fn run<T: Task>(self, task: T) -> T::Output {
        #[target_feature(enable = "avx512f,avx512ifma,avx512vl,avx512bw,avx512dq,avx512vbmi,avx512vbmi2,bmi2,adx")]
        fn inside<T: Task>(ifma: Ifma, task: T) -> T::Output {
            task.run(ifma)
        }
        unsafe { inside(self, task) }
    }

    #[inline(always)]
    pub fn zero(self) -> Word {
        Word(unsafe { _mm512_setzero_si512() })
    }

    /// The same word in every lane.
    #[inline(always)]
    pub fn splat(self, word: u64) -> Word {
        Word(unsafe { _mm512_set1_epi64(word as i64) })
    }

    #[inline(always)]
    pub fn load(self, words: &[u64; 8]) -> Word {
        Word(unsafe { _mm512_loadu_si512(words.as_ptr().cast()) })
    }

    /// `low` in the first four lanes, `high` in the others.
    #[inline(always)]
    pub fn load_halves(self, low: &[u64; 4], high: &[u64; 4]) -> Word {
        unsafe {
            let low = _mm512_castsi256_si512(_mm256_loadu_si256(low.as_ptr().cast()));
            Word(_mm512_inserti64x4::<1>(low, _mm256_loadu_si256(high.as_ptr().cast())))
        }
    }

    /// Eight pairs of terms, a word each: the first ones in the lower halves.
    #[inline(always)]
    pub fn load_pairs(self, terms: &[Term; 16]) -> Word {
        Word(unsafe { _mm512_loadu_si512(terms.as_ptr().cast()) })
    }

    /// Eight terms, in the lower halves of the words.
    #[inline(always)]
    pub fn load_terms(self, terms: &[Term; 8]) -> Word {
        Word(unsafe { _mm512_cvtepu32_epi64(_mm256_loadu_si256(terms.as_ptr().cast())) })
    }

    /// Ask for all of the element at `index`, to be near when it is read; no harm is done where there is none.
    #[inline(always)]
    pub fn prefetch<T>(self, elements: &[T], index: usize) {
        let start: *const i8 = elements.as_ptr().wrapping_add(index).cast();
        for line in 0..size_of::<T>().div_ceil(64) {
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(64 * line)) }
        }
    }
}

#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Word(__m512i);

macro_rules! lanewise {
    ($($(#[$doc:meta])* fn $name:ident($($operand:ident),*) = $instruction:ident;)*) => { impl Word { $(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(self $(, $operand: Word)*) -> Word {
            Word(unsafe { $instruction(self.0 $(, $operand.0)*) })
        }
    )* } };
}

lanewise! {
    fn plus(other) = _mm512_add_epi64;
    fn minus(other) = _mm512_sub_epi64;
    fn and(other) = _mm512_and_si512;
    fn or(other) = _mm512_or_si512;
    fn xor(other) = _mm512_xor_si512;
    /// self + the low 52 bits of a b, of which 52 bits count of each factor.
    fn plus_low(a, b) = _mm512_madd52lo_epu64;
    /// self + (a b >> 52), of which 52 bits count of each factor.
    fn plus_high(a, b) = _mm512_madd52hi_epu64;
    /// Lanes 0, 2, 4, 6 of both, taken alternately.
    fn even_lanes(other) = _mm512_unpacklo_epi64;
    /// Lanes 1, 3, 5, 7 of both, taken alternately.
    fn odd_lanes(other) = _mm512_unpackhi_epi64;
}

impl Word {
    #[inline(always)]
    pub fn ifma(self) -> Ifma {
        Ifma(())
    }

    #[inline(always)]
    pub fn shift_left<const BITS: u32>(self) -> Word {
        Word(unsafe { _mm512_slli_epi64::<BITS>(self.0) })
    }

    #[inline(always)]
    pub fn shift_right<const BITS: u32>(self) -> Word {
        Word(unsafe { _mm512_srli_epi64::<BITS>(self.0) })
    }

    /// The shift that keeps the sign.
    #[inline(always)]
    pub fn shift_right_signed<const BITS: u32>(self) -> Word {
        Word(unsafe { _mm512_srai_epi64::<BITS>(self.0) })
    }

    /// For bits < 64 that are known when this is compiled.
    #[inline(always)]
    pub fn shifted_up(self, bits: u32) -> Word {
        Word(unsafe { _mm512_sllv_epi64(self.0, _mm512_set1_epi64(i64::from(bits))) })
    }

    /// For bits < 64 that are known when this is compiled.
    #[inline(always)]
    pub fn shifted_down(self, bits: u32) -> Word {
        Word(unsafe { _mm512_srlv_epi64(self.0, _mm512_set1_epi64(i64::from(bits))) })
    }

    /// The low word of (above:self) >> bits, for bits < 64.
    #[inline(always)]
    pub fn funnel(self, above: Word, bits: u32) -> Word {
        Word(unsafe { _mm512_shrdv_epi64(self.0, above.0, _mm512_set1_epi64(i64::from(bits))) })
    }

    /// `other` in the lanes of the mask, self elsewhere.
    #[inline(always)]
    pub fn replaced(self, mask: Mask, other: Word) -> Word {
        Word(unsafe { _mm512_mask_blend_epi64(mask, self.0, other.0) })
    }

    /// from - self in the lanes of the mask, self elsewhere.
    #[inline(always)]
    pub fn reversed_minus(self, mask: Mask, from: Word) -> Word {
        Word(unsafe { _mm512_mask_sub_epi64(self.0, mask, from.0, self.0) })
    }

    /// Without its sign.
    #[inline(always)]
    pub fn absolute(self) -> Word {
        Word(unsafe { _mm512_abs_epi64(self.0) })
    }

    /// The lanes of the mask, next to each other from the first place on, then zeros.
    #[inline(always)]
    pub fn compressed(self, mask: Mask) -> Word {
        Word(unsafe { _mm512_maskz_compress_epi64(mask, self.0) })
    }

    /// The lanes where all bits are zero.
    #[inline(always)]
    pub fn zeros(self) -> Mask {
        unsafe { _mm512_testn_epi64_mask(self.0, self.0) }
    }

    /// The lanes with the highest bit set.
    #[inline(always)]
    pub fn negatives(self) -> Mask {
        unsafe { _mm512_movepi64_mask(self.0) }
    }

    /// The lanes where self, without a sign, is below `other`.
    #[inline(always)]
    pub fn below(self, other: Word) -> Mask {
        unsafe { _mm512_cmplt_epu64_mask(self.0, other.0) }
    }

    /// The lanes where self, with its sign, is at least `other`.
    #[inline(always)]
    pub fn at_least(self, other: Word) -> Mask {
        unsafe { _mm512_cmpge_epi64_mask(self.0, other.0) }
    }

    /// self - other in the lanes of the mask, self elsewhere.
    #[inline(always)]
    pub fn minus_where(self, mask: Mask, other: Word) -> Word {
        Word(unsafe { _mm512_mask_sub_epi64(self.0, mask, self.0, other.0) })
    }

    #[inline(always)]
    pub fn equals(self, other: Word) -> Mask {
        unsafe { _mm512_cmpeq_epi64_mask(self.0, other.0) }
    }

    /// Lane i of the result is lane places[i] of self, or of `other` where places[i] is 8 or more.
    #[inline(always)]
    pub fn permuted(self, other: Word, places: &[u64; 8]) -> Word {
        Word(unsafe { _mm512_permutex2var_epi64(self.0, _mm512_loadu_si512(places.as_ptr().cast()), other.0) })
    }

    /// The first half of self, then the first half of `other`.
    #[inline(always)]
    pub fn first_halves(self, other: Word) -> Word {
        Word(unsafe { _mm512_shuffle_i64x2::<0x44>(self.0, other.0) })
    }

    /// The second half of self, then the second half of `other`.
    #[inline(always)]
    pub fn second_halves(self, other: Word) -> Word {
        Word(unsafe { _mm512_shuffle_i64x2::<0xee>(self.0, other.0) })
    }

    #[inline(always)]
    pub fn store(self, words: &mut [u64; 8]) {
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), self.0) }
    }

    #[inline(always)]
    pub fn store_halves(self, low: &mut [u64; 4], high: &mut [u64; 4]) {
        unsafe {
            _mm256_storeu_si256(low.as_mut_ptr().cast(), _mm512_castsi512_si256(self.0));
            _mm256_storeu_si256(high.as_mut_ptr().cast(), _mm512_extracti64x4_epi64::<1>(self.0));
        }
    }

    #[inline(always)]
    pub fn to_array(self) -> [u64; 8] {
        let mut words = [0; 8];
        self.store(&mut words);
        words
    }
}
