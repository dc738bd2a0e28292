"""Bits and words: decomposition, which is also the range check, and packing."""

from __future__ import annotations

from collections.abc import Sequence

from ..expression import Expr, keeping
from ..scope import gadget
from ..sharing import shared
from ..units import Unit


@gadget(requires="0 <= x < 2^n")
def to_bits(x: Expr, n: int) -> list[Expr]:
    """The n bits of x, the lowest first, and so a proof that 0 <= x < 2^n. n + 1 constraints; 1 for
    n = 1.

    x may be raw or ranged. Sound because the n bits have a sum s in [0, 2^n) with s = x mod r. For a raw x, 2^n < r
    makes s the canonical value of x, and the bits are unique. For an x with the interval [lo, hi], |x| <= (r - 1) / 2
    leaves s = x or s = x + r; the latter needs x + r < 2^n, which lo >= 2^n - r excludes. Intervals that reach
    further down are refused.
    """
    c = x.circuit
    _require_width(x, n)
    if x.interval is not None:
        low, high = x.interval
        if high < 0 or low >= 1 << n:
            c.refuse(f"{x} never fits into {n} bits: it lies in [{low}, {high}]")
        if low < (1 << n) - c.curve.r:
            c.refuse(f"{x} may be as low as {low}, which {n} bits cannot tell from a large value; bound it first")
    if x.is_constant:
        if x.constant_value >> n:
            c.refuse(f"this can never hold: {x} has more than {n} bits")
        return [c.constant(x.constant_value >> place & 1) for place in range(n)]
    if n == 1:
        c.constrain_product(x, c.field_sum(((x, 1), (c.constant(1), -1))), c.constant(0))
        return [c.range_proven(x.raw(), (0, 1))]
    return list(shared("to_bits", [x], lambda: _decomposed(x, n), size=n, required=True))


def _decomposed(x: Expr, n: int) -> list[Expr]:
    c = x.circuit
    bits = c.new_bits(x, n)
    c.constrain_equal(c.field_sum((bit, 1 << place) for place, bit in enumerate(bits)), x)
    return bits


@gadget(requires="0 <= x < 2^n")
def assert_bits(x: Expr, n: int) -> None:
    """0 <= x < 2^n, at the cost of `to_bits`; proven even where the interval of x, maybe a trusted one, says so."""
    to_bits(x, n)


@gadget(requires="0 <= x < 2^n")
def ranged(x: Expr, n: int, unit: Unit | None = None) -> Expr:
    """The raw x as an integer, proven to lie in [0, 2^n); the cost of `to_bits`. With a unit it counts something."""
    to_bits(x, n)
    return keeping(unit, x.circuit.range_proven(x.integer(), (0, (1 << n) - 1)))


@gadget
def from_bits(bits: Sequence[Expr]) -> Expr:
    """The number with these bits, the lowest first. Free; refuses what is not known to be a bit."""
    return pack(bits, 1)


@gadget
def pack(values: Sequence[Expr], bits: int) -> Expr:
    """sum of values[i] * 2^(bits * i). Free, and one to one: each value must be known to lie in [0, 2^bits)."""
    c = values[0].circuit
    _require_width(values[0], bits)
    for place, value in enumerate(values):
        if value.interval is None or not 0 <= value.interval[0] <= value.interval[1] < 1 << bits:
            c.refuse(f"element {place}, {value}, is not known to fit into {bits} bits: range-check it first")
    return c.weighted_sum((value.integer(), 1 << (bits * place)) for place, value in enumerate(values))


@gadget
def unpack(x: Expr, bits: int, count: int) -> list[Expr]:
    """`count` words of `bits` bits each, the lowest first, whose `pack` is x: the only ones, and a proof that they fit.

    The cost of `to_bits` with bits * count bits, 1 more than there are; x may be raw, as it is a word of that width.
    """
    if type(bits) is not int or type(count) is not int or bits < 1 or count < 1:
        x.circuit.refuse(f"words have at least one bit, and there is at least one, not {count!r} of {bits!r}")
    found = to_bits(x.integer(), bits * count)
    return [from_bits(found[start : start + bits]) for start in range(0, len(found), bits)]


def _require_width(x: Expr, n: int) -> None:
    c = x.circuit
    if type(n) is not int or not 1 <= n <= c.max_bits:
        c.refuse(f"{n!r} bits are not between 1 and {c.max_bits}; with 2^n > r a value would have two decompositions")
