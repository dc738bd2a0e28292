//! Where the points of eight additions come from, and where the sums go.

use super::word::{Ifma, Mask, Word};
use super::LANES;
use crate::affine::{Stored, Term};

/// A source of no more bytes is in a core's caches already, or soon.
const NEAR: usize = 1 << 18;

/// Eight additions at a time: where their points come from and go to.
pub(super) trait Sums<P: Stored> {
    fn blocks(&self) -> usize;
    fn first(&self, ifma: Ifma, block: usize) -> Taken<'_, P>;
    fn second(&self, ifma: Ifma, block: usize) -> Taken<'_, P>;
    /// Where the block's sums go: at most eight places.
    fn places(&mut self, block: usize) -> &mut [P];
    fn prefetch(&self, ifma: Ifma, block: usize);
    /// Is the source so large that its points must be asked for ahead?
    fn is_far(&self) -> bool;
}

/// Eight points.
pub(super) struct Taken<'a, P> {
    pub(super) rows: [&'a P; LANES],
    /// The lanes whose point is taken negative.
    pub(super) minus: Mask,
    /// The lanes without a point: what their row says counts for nothing.
    pub(super) none: Mask,
}

/// The points of the terms in the words' lower halves. One outside the source panics.
#[inline(always)]
pub(super) fn taken<P>(source: &[P], terms: Word) -> Taken<'_, P> {
    let ifma = terms.ifma();
    let nothing = ifma.splat(Term::NONE.index() as u64);
    let indices = terms.and(nothing);
    let none = indices.equals(nothing);
    let indices = indices.replaced(none, ifma.zero()).to_array();
    let mut rows = [&source[0]; LANES];
    for lane in 0..LANES {
        rows[lane] = &source[indices[lane] as usize];
    }
    Taken { rows, minus: terms.shift_left::<32>().negatives(), none }
}

#[inline(always)]
pub(super) fn prefetch<P>(source: &[P], terms: Word) {
    let ifma = terms.ifma();
    for index in terms.and(ifma.splat(Term::NONE.index() as u64)).to_array() {
        ifma.prefetch(source, (index as usize).min(source.len()));
    }
}

pub(super) struct Pairs<'a, P> {
    pub(super) source: &'a [P],
    pub(super) pairs: &'a [[Term; 2]],
    pub(super) sums: &'a mut [P],
}

impl<P> Pairs<'_, P> {
    /// The first terms in the words' lower halves, the second ones in the upper.
    #[inline(always)]
    fn terms(&self, ifma: Ifma, block: usize) -> Word {
        let terms = self.pairs[(block * LANES).min(self.pairs.len())..].as_flattened();
        match terms.first_chunk() {
            Some(whole) => ifma.load_pairs(whole),
            None => {
                let mut whole = [Term::NONE; 2 * LANES];
                whole[..terms.len()].copy_from_slice(terms);
                ifma.load_pairs(&whole)
            }
        }
    }
}

impl<P: Stored> Sums<P> for Pairs<'_, P> {
    fn blocks(&self) -> usize {
        self.pairs.len().div_ceil(LANES)
    }

    #[inline(always)]
    fn first(&self, ifma: Ifma, block: usize) -> Taken<'_, P> {
        taken(self.source, self.terms(ifma, block))
    }

    #[inline(always)]
    fn second(&self, ifma: Ifma, block: usize) -> Taken<'_, P> {
        taken(self.source, self.terms(ifma, block).shift_right::<32>())
    }

    #[inline(always)]
    fn places(&mut self, block: usize) -> &mut [P] {
        block_of(self.sums, block)
    }

    fn is_far(&self) -> bool {
        size_of_val(self.source) > NEAR
    }

    #[inline(always)]
    fn prefetch(&self, ifma: Ifma, block: usize) {
        let terms = self.terms(ifma, block);
        prefetch(self.source, terms);
        prefetch(self.source, terms.shift_right::<32>());
    }
}

pub(super) struct Accumulation<'a, P> {
    pub(super) accumulators: &'a mut [P],
    pub(super) source: &'a [P],
    pub(super) terms: &'a [Term],
    /// The accumulators of the last block, where it is not whole, and infinity.
    pub(super) last: [P; LANES],
}

impl<P: Stored> Accumulation<'_, P> {
    #[inline(always)]
    fn terms(&self, ifma: Ifma, block: usize) -> Word {
        let terms = &self.terms[(block * LANES).min(self.terms.len())..];
        match terms.first_chunk() {
            Some(whole) => ifma.load_terms(whole),
            None => {
                let mut whole = [Term::NONE; LANES];
                whole[..terms.len()].copy_from_slice(terms);
                ifma.load_terms(&whole)
            }
        }
    }
}

impl<P: Stored> Sums<P> for Accumulation<'_, P> {
    fn blocks(&self) -> usize {
        self.terms.len().div_ceil(LANES)
    }

    #[inline(always)]
    fn first(&self, _: Ifma, block: usize) -> Taken<'_, P> {
        Taken { rows: block_rows(self.accumulators, &self.last, block), minus: 0, none: 0 }
    }

    #[inline(always)]
    fn second(&self, ifma: Ifma, block: usize) -> Taken<'_, P> {
        taken(self.source, self.terms(ifma, block))
    }

    #[inline(always)]
    fn places(&mut self, block: usize) -> &mut [P] {
        block_of(self.accumulators, block)
    }

    fn is_far(&self) -> bool {
        size_of_val(self.source) > NEAR
    }

    #[inline(always)]
    fn prefetch(&self, ifma: Ifma, block: usize) {
        prefetch(self.source, self.terms(ifma, block));
    }
}

/// The block's places, of which the last block has fewer than eight, and one beyond it none.
#[inline(always)]
pub(super) fn block_of<T>(all: &mut [T], block: usize) -> &mut [T] {
    let start = (block * LANES).min(all.len());
    let end = all.len().min(start + LANES);
    &mut all[start..end]
}

/// The points of the last block, where it is not whole, and infinity.
pub(super) fn last_of<P: Stored>(points: &[P]) -> [P; LANES] {
    let mut last = [P::INFINITY; LANES];
    let rest = points.chunks_exact(LANES).remainder();
    last[..rest.len()].copy_from_slice(rest);
    last
}

#[inline(always)]
pub(super) fn block_rows<'a, P>(points: &'a [P], last: &'a [P; LANES], block: usize) -> [&'a P; LANES] {
    points[(block * LANES).min(points.len())..].first_chunk().unwrap_or(last).each_ref()
}
