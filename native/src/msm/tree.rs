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

/// Room for the sums of all rounds. The first round takes from outside, later ones from here.
pub struct Tree<P> {
    sums: Vec<P>,
    used: usize,
    runs: Vec<Run>,
    pairs: Vec<[Term; 2]>,
}

impl<P> Default for Tree<P> {
    fn default() -> Self {
        Self { sums: Vec::new(), used: 0, runs: Vec::new(), pairs: Vec::new() }
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
        let begin = self.runs.len();
        self.pairs.clear();
        let mut odd = Vec::new();
        for list in lists {
            let (pairs, rest) = list.as_chunks();
            let first = (self.used + self.pairs.len()) as u32;
            if let &[term] = rest {
                prefetch(source, term.index());
                odd.push((self.runs.len(), term));
            }
            self.runs.push(Run { first, count: pairs.len() as u32, odd: NOWHERE });
            self.pairs.extend_from_slice(pairs);
        }
        let base = self.used;
        self.reserve(self.pairs.len() + odd.len());
        adder.add_pairs(source, &self.pairs, &mut self.sums[base..base + self.pairs.len()], room);
        for ((run, term), place) in odd.into_iter().zip(base + self.pairs.len()..) {
            self.runs[run].odd = place as u32;
            let point = &source[term.index()];
            self.sums[place] = if term.is_minus() { C::negated(point) } else { *point };
        }
        while self.halve(begin, adder, room) {}
    }

    /// One round over the runs from `begin` on; false when there is nothing left to add.
    fn halve<C: BulkCurve<Point = P>>(&mut self, begin: usize, adder: &dyn Adder<C>, room: &mut Room) -> bool {
        self.pairs.clear();
        let base = self.used;
        for run in &mut self.runs[begin..] {
            if run.count == 0 || (run.count == 1 && run.odd == NOWHERE) {
                continue;
            }
            let first = (base + self.pairs.len()) as u32;
            let (start, mut count) = (run.first, run.count / 2);
            self.pairs.extend((0..count).map(|pair| [Term(start + 2 * pair), Term(start + 2 * pair + 1)]));
            if run.count % 2 == 1 {
                let last = start + run.count - 1;
                if run.odd == NOWHERE {
                    run.odd = last;
                } else {
                    self.pairs.push([Term(last), Term(run.odd)]);
                    run.odd = NOWHERE;
                    count += 1;
                }
            }
            (run.first, run.count) = (first, count);
        }
        self.reserve(self.pairs.len());
        let (source, sums) = self.sums.split_at_mut(base);
        adder.add_pairs(source, &self.pairs, &mut sums[..self.pairs.len()], room);
        !self.pairs.is_empty()
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
    use super::*;
    use crate::affine::Point;

    #[test]
    fn a_tree_is_used_from_its_beginning_again() {
        Tree::<Point<8>>::with(|tree, _| tree.reserve(5));
        Tree::<Point<8>>::with(|tree, _| {
            assert!((tree.used, tree.sums.len()) == (0, 5) && tree.runs.is_empty());
        });
    }
}
