"""The median of those values that are present, as an oracle needs it of the sources that have answered."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise

from ..expression import Expr, common_unit, keeping
from ..interval import Interval, hull
from ..scope import gadget
from ..scratch import scratch_bit, scratch_product, scratch_sorted
from .arithmetic import require_bit
from .bits import to_bits
from .comparison import assert_at_most, is_nonnegative, require_order
from .equality import is_zero


@gadget
def median(values: Sequence[Expr], present: Sequence[Expr], quorum: int) -> Expr:
    """The median of the values whose bit in `present` is 1, the lower one of two; proves that `quorum` are present.

    The values are ranged and of one unit; `zkmargin.algebra.median.lower_median` is the plain twin. With n values in a
    range of W bits: n (W + 6) constraints and those of three counts, n less where all must be present. What an absent
    one is makes no difference. Equal values are no special case.

    Proof. Let k values be present, L of them less than m and G greater. m is the lower median exactly if 2 L + 1 <= k
    and 2 G <= k: in sorted order L stand before the first m and G after the last, so that m is at the place floor((k -
    1) / 2) just then. The prover names m, of which nothing is known yet. For each value v of the range [low, high]:

        above = [v >= m]            the bits of v - m + 2^W: v - m is, mod r, an integer in [-2^W, 2^W), with that sign
        equal = [v - m + (1 - present) * (high - low + 1) = 0]    in the field

    Let A be the number of those present and above, E of those equal. Required are k + 1 <= 2 A and 2 (A - E) <= k, both
    of small integers, so that A > 0 and E > 0. If an absent one were equal, m would be v + high - low + 1 > high, and
    every value present less than m: A = 0. So one that is present is equal, and m is it: an integer of the range. Now
    `above` is what it says, no absent value is equal, L = k - A and G = A - E.
    """
    known = _range_of(values, present, quorum)
    c, n = values[0].circuit, len(values)
    unit = next((value.unit for value in values if value.unit is not None), None)
    count = c.weighted_sum((bit, 1) for bit in present)
    assert_at_most(c.constant(quorum), count)
    if known[0] == known[1] or n == 1:
        return values[0]
    if quorum == n:
        present, count = [c.constant(1)] * n, c.constant(n)
    m = c.hint_linear(_median_in_scratch(values, present, known))
    above, equal = c.constant(0), c.constant(0)
    span = known[1] - known[0]
    for value, bit in zip(values, present, strict=True):
        distance = c.field_sum(((value, 1), (m, -1)))
        above = above + bit * is_nonnegative(c.range_proven(distance, (-span, span)))
        equal = equal + is_zero(c.field_sum(((distance, 1), (1 - bit, span + 1))))
    # Of what is true neither is more than is known of k: fewer bits than the intervals would take.
    to_bits(2 * above - count - 1, (n - 1).bit_length())
    to_bits(count - 2 * (above - equal), n.bit_length())
    return keeping(unit, c.range_proven(m, known))


def _range_of(values: Sequence[Expr], present: Sequence[Expr], quorum: int) -> Interval:
    """The range that all values share; refuses what has no median, or none that can be proven."""
    c, n = values[0].circuit, len(values)
    if len(present) != n:
        c.refuse(f"{n} values and {len(present)} bits that say which are present; there is one for each")
    if type(quorum) is not int or not 1 <= quorum <= n:
        c.refuse(f"a quorum is 1 to {n} of {n} values, not {quorum!r}")
    for bit in present:
        require_bit(bit)
    for one, another in pairwise(values):
        common_unit(one, another, "median")
    known = reduce(hull, [require_order(value) for value in values])
    if (known[1] - known[0]).bit_length() > c.max_bits - 2:
        c.refuse(f"values from {known[0]} to {known[1]} are too far apart for their differences to be told by bits")
    return known


def _median_in_scratch(values: Sequence[Expr], present: Sequence[Expr], known: Interval) -> Expr:
    """What an honest prover names: all values sorted, those absent turned to the least and the greatest in turns.

    So the median of those present is the median of all, whose place is known. Where n is odd, the first absent one
    counts as least.
    """
    c, n, span = values[0].circuit, len(values), known[1] - known[0]
    keys: list[Expr] = []
    absent = c.constant(0)
    for value, bit in zip(values, present, strict=True):
        height = c.field_sum(((value, 1), (c.constant(known[0]), -1)))
        if not bit.is_constant or not bit.terms:
            absent = absent + (1 - bit)
            odd = scratch_bit(absent, 0)
            filling = c.field_sum(((c.constant(span), n % 2), (odd, span if n % 2 == 0 else -span)))
            rise = scratch_product(bit, c.field_sum(((height, 1), (filling, -1))))
            height = c.field_sum(((filling, 1), (rise, 1)))
        keys.append(height)
    found = scratch_sorted(keys)[(n - 1) // 2]
    return c.field_sum(((found, 1), (c.constant(known[0]), 1)))
