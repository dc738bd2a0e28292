"""Square roots, rounded down or up, and their bounds for a root that is given."""

from __future__ import annotations

from math import isqrt

from ..expression import Expr, common_unit, keeping
from ..interval import Interval
from ..scope import gadget
from ..units import Quantity, Unit
from .bits import to_bits
from .comparison import require_order
from .equality import is_zero


@gadget
def sqrt_floor(x: Expr) -> Expr:
    """The integer s with s^2 <= x < (s + 1)^2. x must be known to be at least 0.

    With n the bits of the largest root: 3 n + 6 constraints. Free where the interval leaves one root only. The unit of
    x must be a square, as AMOUNT * AMOUNT at an even scale is.

    Proof: n bits prove s in [0, 2^n), and `assert_sqrt_floor` the rest.
    """
    known, unit = _radicand(x), _root_unit(x)
    c, x = x.circuit, x.integer()
    roots = (isqrt(known[0]), isqrt(known[1]))
    if roots[0] == roots[1]:
        return keeping(unit, c.constant(roots[0]))
    s = _ranged_root(x, roots[1])
    _prove_floor(s, x, roots[1])
    return keeping(unit, c.range_proven(s, roots))


@gadget
def sqrt_ceil(x: Expr) -> Expr:
    """The least integer s with x <= s^2. The cost of `sqrt_floor`, and 3 more where x may be 0.

    Proof: for x >= 1 it is 1 + sqrt_floor(x - 1). Where x may be 0 it is f = sqrt_floor(x) if x = f^2, else f + 1.
    """
    (low, high), unit = _radicand(x), _root_unit(x)
    c, x = x.circuit, x.integer()
    roots = (_ceil(low), _ceil(high))
    if roots[0] == roots[1]:
        return keeping(unit, c.constant(roots[0]))
    if low >= 1:
        return keeping(unit, sqrt_floor(x - 1) + 1)
    most = isqrt(high)
    s = _ranged_root(x, most)
    over = _prove_floor(s, x, most)
    return keeping(unit, c.range_proven(s + 1 - is_zero(over), roots))


@gadget(requires="s = floor(sqrt(x))")
def assert_sqrt_floor(s: Expr, x: Expr) -> None:
    """s^2 <= x < (s + 1)^2, for a root s that is known to be at least 0; 2 n + 5 constraints, n the bits of s.

    Proof: s and x are integers of known intervals, and so is d = x - s^2, unless it could leave the field, which is
    refused. n + 1 bits each prove d and 2 s - d not to be negative: s^2 <= x <= s^2 + 2 s. No more than 2 s being true
    of either, n + 1 bits hold it.
    """
    _radicand(x)
    common_unit(_square_unit(s), x, "=")
    _prove_floor(s.integer(), x.integer(), _given_root(s)[1])


@gadget(requires="s = ceil(sqrt(x))")
def assert_sqrt_ceil(s: Expr, x: Expr) -> None:
    """(s - 1)^2 < x <= s^2, or s = x = 0, for a root s that is known to be at least 0.

    2 n + 5 constraints, n the bits of s, and 3 more where s may be 0.

    Proof: as for `assert_sqrt_floor`, with d = s^2 - x and 2 s - 2 - d: x <= s^2 and x >= s^2 - 2 s + 2, which is (s -
    1)^2 + 1. Where s is 0, the second becomes -d, so that d = 0.
    """
    _radicand(x)
    common_unit(_square_unit(s), x, "=")
    least, most = _given_root(s)
    s, x = s.integer(), x.integer()
    d = s * s - x
    room = 2 * s - 2 - d
    if least < 1:
        room = room + 2 * is_zero(s)
    _prove_not_negative(d, 2 * most)
    _prove_not_negative(room, 2 * most)


def _prove_floor(s: Expr, x: Expr, most: int) -> Expr:
    """s^2 <= x < (s + 1)^2 as `assert_sqrt_floor` proves it; returns x - s^2."""
    d = x - s * s
    _prove_not_negative(d, 2 * most)
    _prove_not_negative(2 * s - d, 2 * most)
    return d


def _prove_not_negative(x: Expr, most: int) -> None:
    """0 <= x, for an x that is at most `most` wherever that is true."""
    low, high = require_order(x)
    if low < 0:
        to_bits(x, max(1, min(most, high).bit_length()))


def _ranged_root(x: Expr, most: int) -> Expr:
    """A root named by the prover, proven to have as many bits as the largest."""
    c, n = x.circuit, most.bit_length()
    wire = c.hint_isqrt(x)
    to_bits(wire, n)
    return c.range_proven(wire, (0, (1 << n) - 1))


def _radicand(x: Expr) -> Interval:
    if x.interval is None or x.interval[0] < 0:
        known = "is raw" if x.interval is None else f"may be as low as {x.interval[0]}"
        x.circuit.refuse(f"{x} {known}: a square root is of what is known to be at least 0")
    return x.interval


def _given_root(s: Expr) -> Interval:
    if s.interval is None or s.interval[0] < 0:
        known = "is raw" if s.interval is None else f"may be as low as {s.interval[0]}"
        s.circuit.refuse(f"{s} {known}: a square root is at least 0, and its range has to say so")
    return s.interval


def _square_unit(s: Expr) -> Expr:
    """A constant that counts what s * s counts."""
    one = s.circuit.constant(1)
    return one if s.unit is None else one.counting(s.unit * s.unit)


def _root_unit(x: Expr) -> Unit | None:
    if x.unit is None:
        return None
    powers = x.unit.quantity.powers
    if x.unit.scale % 2 or any(power % 2 for _, power in powers):
        x.circuit.refuse(f"{x} is {x.unit}, which is no square: bring it to an even scale, or write .integer()")
    return Unit(Quantity(tuple((symbol, power // 2) for symbol, power in powers)), x.unit.scale // 2)


def _ceil(value: int) -> int:
    return isqrt(value - 1) + 1 if value else 0
