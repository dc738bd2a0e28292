//! Sums of lists of points, all lists side by side: in each round every list is added in pairs and halves in length.

use crate::affine::{prefetch, Adder, BulkCurve, Room, Stored, Term};

/// No point.
const NOWHERE: u32 = u32::MAX;

/// What is left to add of one list: points next to each other among the sums, and perhaps one elsewhere.
#[derive(Clone, Copy)]
struct Run {
    first: u32,
    count: u32,
    odd: u32,
}

/// Pairs of a run that are written at a time, though fewer may count.
const STEP: usize = 8;

/// Room for the sums of all rounds. The first round takes from outside, later ones from here.
pub struct Tree<P> {
    sums: Vec<P>,
    used: usize,
    runs: Vec<Run>,
    /// Each round's pairs, over those of the rounds before.
    pairs: Vec<[Term; 2]>,
    odd: Vec<(usize, Term)>,
}

impl<P> Default for Tree<P> {
    fn default() -> Self {
        Self { sums: Vec::new(), used: 0, runs: Vec::new(), pairs: Vec::new(), odd: Vec::new() }
    }
}

impl<P: Stored> Tree<P> {
    /// Work with this thread's tree, which is empty.
    pub fn with<R>(work: impl FnOnce(&mut Self, &mut Room) -> R) -> R {
        Room::of_thread(|room| {
            let mut tree: Self = std::mem::take(room.of());
            tree.used = 0;
            tree.runs.clear();
            let result = work(&mut tree, room);
            *room.of() = tree;
            result
        })
    }

    /// Add up each of the lists of terms of one source. Their sums are found by `sum`, in the order of all calls.
    pub fn add<'a, C: BulkCurve<Point = P>>(
        &mut self,
        adder: &dyn Adder<C>,
        source: &[P],
        lists: impl Iterator<Item = &'a [Term]>,
        room: &mut Room,
    ) {
        let (begin, base) = (self.runs.len(), self.used);
        self.odd.clear();
        let mut made = 0;
        for list in lists {
            let (pairs, rest) = list.as_chunks();
            let first = (base + made) as u32;
            if let &[term] = rest {
                prefetch(source, term.index());
                self.odd.push((self.runs.len(), term));
            }
            self.runs.push(Run { first, count: pairs.len() as u32, odd: NOWHERE });
            let end = made + pairs.len();
            if self.pairs.len() < end {
                self.pairs.resize(2 * end, [Term::NONE; 2]);
            }
            self.pairs[made..end].copy_from_slice(pairs);
            made = end;
        }
        self.reserve(made + self.odd.len());
        adder.add_pairs(source, &self.pairs[..made], &mut self.sums[base..base + made], room);
        for (&(run, term), place) in self.odd.iter().zip(base + made..) {
            self.runs[run].odd = place as u32;
            let point = &source[term.index()];
            self.sums[place] = if term.is_minus() { C::negated(point) } else { *point };
        }
        while self.halve(begin, adder, room) {}
    }

    /// One round over the runs from `begin` on; false when there is nothing left to add.
    ///
    /// Half of the runs have an odd point, and most are short: so there is no branch on either, which would be guessed
    /// wrongly often.
    fn halve<C: BulkCurve<Point = P>>(&mut self, begin: usize, adder: &dyn Adder<C>, room: &mut Room) -> bool {
        let (base, runs) = (self.used, &mut self.runs[begin..]);
        let most = runs.iter().map(|run| run.count as usize).sum::<usize>() + STEP;
        if self.pairs.len() < most {
            self.pairs.resize(most, [Term::NONE; 2]);
        }
        let mut made = 0;
        for run in runs {
            let Run { first, count, odd } = *run;
            let free = &mut self.pairs[made..];
            let whole = (count / 2) as usize;
            for (step, pairs) in free[..whole.next_multiple_of(STEP)].as_chunks_mut::<STEP>().0.iter_mut().enumerate() {
                let start = first + (2 * STEP * step) as u32;
                for (pair, place) in pairs.iter_mut().zip(0..) {
                    *pair = [Term(start + 2 * place), Term(start + 2 * place + 1)];
                }
            }
            // The last point of an odd number goes with the one kept elsewhere, or is kept itself.
            let (last, left) = (first.wrapping_add(count).wrapping_sub(1), count % 2 == 1);
            free[whole] = [Term(last), Term(odd)];
            let both = left && odd != NOWHERE;
            let odd = if both { NOWHERE } else { odd };
            let odd = if left && !both { last } else { odd };
            let count = whole + usize::from(both);
            *run = Run { first: (base + made) as u32, count: count as u32, odd };
            made += count;
        }
        self.reserve(made);
        let (source, sums) = self.sums.split_at_mut(base);
        adder.add_pairs(source, &self.pairs[..made], &mut sums[..made], room);
        made > 0
    }

    /// Add list number `other + i` to list number i, for each of `count` lists.
    pub fn merge<C: BulkCurve<Point = P>>(
        &mut self,
        adder: &dyn Adder<C>,
        other: usize,
        count: usize,
        room: &mut Room,
    ) {
        for list in 0..count {
            let second = self.place(other + list);
            let run = &mut self.runs[list];
            match (run.count, run.odd) {
                _ if second == NOWHERE => {}
                (0, NOWHERE) => run.odd = second,
                (0, odd) => *run = Run { first: odd, count: 1, odd: second },
                _ => run.odd = second,
            }
        }
        self.runs.truncate(other);
        self.halve(0, adder, room);
    }

    fn place(&self, list: usize) -> u32 {
        let run = self.runs[list];
        if run.count > 0 {
            run.first
        } else {
            run.odd
        }
    }

    /// The sum of a list.
    pub fn sum(&self, list: usize) -> P {
        match self.place(list) {
            NOWHERE => P::INFINITY,
            place => self.sums[place as usize],
        }
    }

    fn reserve(&mut self, count: usize) {
        self.used += count;
        if self.sums.len() < self.used {
            self.sums.resize(self.used, P::INFINITY);
        }
    }
}

#[cfg(test)]
mod tests {
    use ark_ec::short_weierstrass::Affine;
    use ark_ec::{AffineRepr, CurveGroup};

    use super::*;
    use crate::affine::Point;
    use crate::instance::{Fr, G1};
    use crate::kernel::Kernel;

    /// Lists of each length, from whose pairs come runs on both sides of a step and odd points in every round.
    #[test]
    fn lists_of_any_length_are_summed_side_by_side() {
        let multiple = |k: u64| (Affine::<G1>::generator() * Fr::from(k)).into_affine();
        let source: Vec<Point<8>> = (0..90).map(|k| G1::store(&multiple(3 * k + 1))).collect();
        let lists: Vec<Vec<Term>> = (0..90)
            .map(|count| (0..count).map(|k| if k % 5 == 2 { Term::minus(k) } else { Term::plus(k) }).collect())
            .collect();
        let expected = |list: &Vec<Term>| {
            let sum = list.iter().map(|term| {
                let value = Fr::from(3 * term.index() as u64 + 1);
                if term.is_minus() {
                    -value
                } else {
                    value
                }
            });
            (Affine::<G1>::generator() * sum.sum::<Fr>()).into_affine()
        };
        for adder in Kernel::available().map(G1::adder) {
            Tree::with(|tree, room| {
                tree.add(adder, &source, lists.iter().map(Vec::as_slice), room);
                tree.add(adder, &source, lists.iter().rev().map(Vec::as_slice), room);
                for (place, list) in lists.iter().chain(lists.iter().rev()).enumerate() {
                    assert_eq!(G1::load(&tree.sum(place)), expected(list), "{}", list.len());
                }
            });
        }
    }

    #[test]
    fn a_tree_is_used_from_its_beginning_again() {
        Tree::<Point<8>>::with(|tree, _| tree.reserve(5));
        Tree::<Point<8>>::with(|tree, _| {
            assert!((tree.used, tree.sums.len()) == (0, 5) && tree.runs.is_empty());
        });
    }
}
