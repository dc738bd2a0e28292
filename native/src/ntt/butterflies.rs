//! The order of a transform's butterflies: two stages at a time, large blocks first, so that each level of the cache is
//! filled once on the way down to small blocks and once on the way up.
//!
//! Twiddles of all stages lie in one table: those of the stage whose butterflies span `h` units are `table[h..2 * h]`.

use rayon::join;

/// Fewer units than this are not worth a second thread.
const PARALLEL: usize = 1 << 9;

/// How the butterflies of one kind of unit are computed: a unit is a field element, or several side by side.
pub trait Butterflies: Copy + Sync {
    type Unit: Copy + Send + Sync;
    type Twiddle: Copy + Send + Sync;

    /// Blocks of at most this many units are done by `split_block`, `merge_block` and `extend_block`.
    const BLOCK: usize;

    /// The stages that span two quarters, then one, of the block whose quarters these are, by decimation in frequency:
    /// sums stay, differences are multiplied. `twiddles` are those of the outer stage's halves and of the inner stage.
    fn split_four(self, quarters: Quarters<Self::Unit>, twiddles: [&[Self::Twiddle]; 3]);

    /// The same stages by decimation in time: the inner one first, products before sums and differences.
    fn merge_four(self, quarters: Quarters<Self::Unit>, twiddles: [&[Self::Twiddle]; 3]);

    /// All stages of a small block.
    fn split_block(self, values: &mut [Self::Unit], table: &[Self::Twiddle]);
    fn merge_block(self, values: &mut [Self::Unit], table: &[Self::Twiddle]);
    fn extend_block(self, values: &mut [Self::Unit], down: &[Self::Twiddle], up: &[Self::Twiddle]);
}

pub type Quarters<'a, U> = [&'a mut [U]; 4];

/// Natural order to bit-reversed order.
pub fn split<B: Butterflies>(how: B, values: &mut [B::Unit], table: &[B::Twiddle]) {
    if values.len() <= B::BLOCK {
        return how.split_block(values, table);
    }
    pass(how, values, table, B::split_four);
    each_quarter(values, &|quarter: &mut [B::Unit]| split(how, quarter, table));
}

/// Bit-reversed order to natural order.
pub fn merge<B: Butterflies>(how: B, values: &mut [B::Unit], table: &[B::Twiddle]) {
    if values.len() <= B::BLOCK {
        return how.merge_block(values, table);
    }
    each_quarter(values, &|quarter: &mut [B::Unit]| merge(how, quarter, table));
    pass(how, values, table, B::merge_four);
}

/// `split` with one table, then `merge` with another, each block while it is in the cache.
pub fn extend<B: Butterflies>(how: B, values: &mut [B::Unit], down: &[B::Twiddle], up: &[B::Twiddle]) {
    if values.len() <= B::BLOCK {
        return how.extend_block(values, down, up);
    }
    pass(how, values, down, B::split_four);
    each_quarter(values, &|quarter: &mut [B::Unit]| extend(how, quarter, down, up));
    pass(how, values, up, B::merge_four);
}

type Four<B> = fn(B, Quarters<<B as Butterflies>::Unit>, [&[<B as Butterflies>::Twiddle]; 3]);

fn pass<B: Butterflies>(how: B, values: &mut [B::Unit], table: &[B::Twiddle], four: Four<B>) {
    let twiddles = twiddles_of(values.len(), table);
    side_by_side(how, quarters_of(values), twiddles, four);
}

pub fn quarters_of<U>(values: &mut [U]) -> Quarters<'_, U> {
    let (low, high) = values.split_at_mut(values.len() / 2);
    let ((a, b), (c, d)) = (low.split_at_mut(low.len() / 2), high.split_at_mut(high.len() / 2));
    [a, b, c, d]
}

/// The twiddles of the first two stages of a block: outer stage, first and second half, and inner stage.
pub fn twiddles_of<T>(length: usize, table: &[T]) -> [&[T]; 3] {
    let quarter = length / 4;
    [&table[2 * quarter..3 * quarter], &table[3 * quarter..4 * quarter], &table[quarter..2 * quarter]]
}

fn each_quarter<U: Send>(values: &mut [U], work: &(impl Fn(&mut [U]) + Sync)) {
    let [a, b, c, d] = quarters_of(values);
    if a.len() < PARALLEL {
        [a, b, c, d].into_iter().for_each(work);
    } else {
        join(|| join(|| work(a), || work(b)), || join(|| work(c), || work(d)));
    }
}

fn side_by_side<B: Butterflies>(how: B, quarters: Quarters<B::Unit>, twiddles: [&[B::Twiddle]; 3], four: Four<B>) {
    let length = quarters[0].len();
    if length < PARALLEL {
        return four(how, quarters, twiddles);
    }
    let halves = quarters.map(|quarter| quarter.split_at_mut(length / 2));
    let [(a, e), (b, f), (c, g), (d, h)] = halves;
    join(
        || side_by_side(how, [a, b, c, d], twiddles.map(|part| &part[..length / 2]), four),
        || side_by_side(how, [e, f, g, h], twiddles.map(|part| &part[length / 2..]), four),
    );
}
