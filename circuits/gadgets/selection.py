"""Choosing by an index that is private: one-hot encodings, tables, rows of several values."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise

from ..builder import Circuit
from ..expression import Expr, common_unit
from ..interval import hull
from ..scope import gadget
from ..scratch import scratch_quotient
from ..units import Unit
from .arithmetic import select
from .bits import to_bits


@gadget
def one_hot(index: Expr, n: int) -> list[Expr]:
    """n bits: bit `index` is 1, the others are 0. Proves that the index is one of 0 .. n - 1, also of a raw one.

    n - 1 constraints and n - 2 wires. The bits e_2 .. are named by the prover, e_1 = index - sum of i e_i and e_0 = 1 -
    sum of e_i, both over all others, and e_i (index - i) = 0 is required for i = 1 .. n - 1.

    Proof: let j be the index. The constraints leave e_i = 0 for every i >= 2 but maybe i = j. If 2 <= j < n, then e_1 =
    j - j e_j and e_1 (j - 1) = 0, so e_j = 1, as neither j nor j - 1 is 0 mod r; then e_1 = 0 and e_0 = 0. Else e_1 =
    j, and e_1 (j - 1) = 0 leaves j = 1, with e_0 = 0, or j = 0, with e_0 = 1. Any other j is impossible.
    """
    c = index.circuit
    if type(n) is not int or not 1 <= n < c.curve.r:
        c.refuse(f"a one-hot encoding has at least one place, not {n!r}")
    low, high = (0, n - 1) if index.interval is None else index.interval
    if high < 0 or low >= n:
        c.refuse(f"{index} is never one of 0 .. {n - 1}: it lies in [{low}, {high}]")
    if index.is_constant:
        return [c.constant(int(place == index.constant_value)) for place in range(n)]
    if n == 1:
        c.constrain_zero(index)
        return [c.constant(1)]
    named = c.hint_one_hot(c.field_sum(((index, 1), (c.constant(-2), 1))), n - 2) if n > 2 else []
    rest = [(wire, -place) for place, wire in enumerate(named, start=2)]
    first = c.field_sum(((index, 1), *rest))
    ones = [first, *named]
    for place, bit in enumerate(ones, start=1):
        c.constrain_product(bit, c.field_sum(((index, 1), (c.constant(place), -1))), c.constant(0))
    zeroth = c.field_sum(((c.constant(1), 1), *((bit, -1) for bit in ones)))
    return [c.range_proven(bit, (0, 1)) for bit in (zeroth, *ones)]


@gadget
def lookup(table: Sequence[Expr], index: Expr) -> Expr:
    """table[index], which proves that the index is one of the table's.

    Of n constants it costs some 3 sqrt(n) constraints: 9 for 16, 44 for 256. Of other expressions n - 1 and the bits of
    the index, twice where n is no power of two. The interval is that of all entries together; they have one unit.
    """
    return _chosen(index, [table])[0]


@gadget
def multiplexer(rows: Sequence[Sequence[Expr]], index: Expr) -> list[Expr]:
    """rows[index], each a list of as many values: `lookup` in every column, the index taken apart once."""
    if not rows or len({len(row) for row in rows}) != 1:
        index.circuit.refuse("the rows of a multiplexer are as long as each other, and at least one")
    return _chosen(index, list(zip(*rows, strict=True)))


def _chosen(index: Expr, columns: Sequence[Sequence[Expr]]) -> list[Expr]:
    c, n = index.circuit, len(columns[0])
    if not n:
        c.refuse("a table has at least one entry")
    if index.unit is not None:
        c.refuse(f"{index} is {index.unit}: an index counts places; write .integer()")
    for column in columns:
        for one, another in pairwise(column):
            common_unit(one, another, "lookup")
    if index.is_constant or n == 1:
        one_hot(index, n)  # refused, or 0
        return [column[index.constant_value] for column in columns]
    if all(entry.is_constant for column in columns for entry in column):
        return _from_constants(c, index, columns)
    bits = _bits_below(index, n)
    return [_by_bits(bits, column) for column in columns]


def _bits_below(index: Expr, n: int) -> list[Expr]:
    """The bits of an index in [0, n): where n is no power of two, those of n - 1 - index prove the upper end."""
    width = (n - 1).bit_length()
    bits = to_bits(index, width)
    if n != 1 << width and (index.interval is None or index.interval[1] >= n):
        to_bits(index.circuit.field_sum(((index.circuit.constant(n - 1), 1), (index, -1))), width)
    return bits


def _by_bits(bits: Sequence[Expr], column: Sequence[Expr]) -> Expr:
    """A tree of choices, the lowest bit first. An entry without a partner stays: its bit is 0, as the index is one."""
    level = list(column)
    for bit in bits:
        pairs = [select(bit, level[k + 1], level[k]) for k in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) - len(level) % 2 :]
    return level[0]


def _from_constants(c: Circuit, index: Expr, columns: Sequence[Sequence[Expr]]) -> list[Expr]:
    """The table as a rectangle of `high` by `low`: both parts of the index are one-hot, and one product a line is left.

    index = row * low + place with row < high and place < low proven, and high * low < r: so both are determined. What
    the rectangle has beyond the table is excluded: the last row's bit and a place beyond its end are never both 1.
    """
    n = len(columns[0])
    low = min(range(1, n + 1), key=lambda width: _cost(n, width, len(columns)))
    high = -(-n // low)
    row = c.hint_linear(scratch_quotient(index, c.constant(low))) if high > 1 else c.constant(0)
    lines = one_hot(row, high)
    places = one_hot(c.field_sum(((index, 1), (row, -low))), low)
    if high * low != n:
        beyond = c.field_sum((place, 1) for place in places[n - (high - 1) * low :])
        c.constrain_product(lines[-1], beyond, c.constant(0))
    return [_in_rectangle(c, lines, places, column) for column in columns]


def _cost(n: int, low: int, columns: int) -> int:
    """Constraints of a rectangle of lines that long."""
    high = -(-n // low)
    return (columns + 1) * (high - 1) + (low - 1) + (high * low != n)


def _in_rectangle(c: Circuit, lines: Sequence[Expr], places: Sequence[Expr], column: Sequence[Expr]) -> Expr:
    starts = range(0, len(column), len(places))
    values = [[entry.constant_value for entry in column[start : start + len(places)]] for start in starts]
    of_line = [c.field_sum(zip(places, line, strict=False)) for line in values]
    parts = [(of_line[0], 1)]
    for line, value in zip(lines[1:], of_line[1:], strict=True):
        step = c.field_sum(((value, 1), (of_line[0], -1)))
        parts.append((step * line.raw() if step.is_constant else c.product_unused(line.raw(), step), 1))
    chosen = c.field_sum(parts)
    known = [entry.interval for entry in column]
    if any(interval is None for interval in known):
        return chosen
    return c.range_proven(chosen, reduce(hull, [interval for interval in known if interval]), _unit_of(column))


def _unit_of(column: Sequence[Expr]) -> Unit | None:
    """The unit of the entries, which is one; a plain 0 among them has any."""
    return next((entry.unit for entry in column if entry.unit is not None), None)
