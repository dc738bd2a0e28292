"""What follows from order: the least and the greatest of several values, and lying between two bounds."""

from __future__ import annotations

from collections.abc import Sequence

from ..expression import Expr, common_unit
from ..scope import gadget
from .arithmetic import select
from .bits import to_bits
from .comparison import is_at_most, require_order


@gadget
def minimum(values: Sequence[Expr]) -> Expr:
    """The least of one or more ranged values of one unit.

    Each value after the first costs an `is_at_most` and a `select`, nothing where the intervals decide.
    """
    least, *others = values
    for value in others:
        a, b = require_order(least), require_order(value)
        chosen = select(is_at_most(least, value), least, value)
        # The lesser of the two is at least the lesser low end and at most the lesser high end.
        least = chosen.circuit.range_proven(chosen, (min(a[0], b[0]), min(a[1], b[1])))
    return least


@gadget
def maximum(values: Sequence[Expr]) -> Expr:
    """The greatest of one or more ranged values of one unit; costs as `minimum`."""
    greatest, *others = values
    for value in others:
        a, b = require_order(greatest), require_order(value)
        chosen = select(is_at_most(greatest, value), value, greatest)
        greatest = chosen.circuit.range_proven(chosen, (max(a[0], b[0]), max(a[1], b[1])))
    return greatest


@gadget(requires="low <= x <= high")
def assert_between(x: Expr, low: Expr, high: Expr) -> None:
    """low <= x <= high. With n the bits of the largest possible high - low: 2 (n + 1) constraints.

    n + 1 for constant bounds that are 2^n - 1 apart; a side that the intervals prove is free. However wide x is, both
    x - low and high - x are at most high - low, so n bits hold what is true; that n bits of a difference prove it not
    negative is the argument of `assert_at_most`.
    """
    for value in (x, low, high):
        require_order(value)
    for bound in (low, high):
        common_unit(x, bound, "<=")
    c, x, low, high = x.circuit, x.integer(), low.integer(), high.integer()
    room = require_order(high - low)[1]
    n = room.bit_length()
    sides = [side for side in (x - low, high - x) if require_order(side)[0] < 0]
    if room < 0 or any(require_order(side)[1] < 0 for side in sides):
        c.refuse(f"this can never hold: {low} <= {x} <= {high}")
    if len(sides) == 2 and (high - low).is_constant and room == (1 << n) - 1:
        sides.pop()  # n bits of x - low say both
    for side in sides:
        width = min(n, require_order(side)[1].bit_length())
        if width:
            to_bits(side, width)
        else:
            c.constrain_zero(side)


@gadget
def is_between(x: Expr, low: Expr, high: Expr) -> Expr:
    """The bit [low <= x <= high]: two `is_at_most` and a product; nothing of what the intervals decide."""
    return is_at_most(low, x) * is_at_most(x, high)
