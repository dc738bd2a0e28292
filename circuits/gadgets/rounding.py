"""Sums, and rounding to a coarser decimal scale: the name says which way."""

from __future__ import annotations

from collections.abc import Sequence

from ..expression import Expr
from ..scope import gadget
from .division import divide


@gadget
def total(values: Sequence[Expr]) -> Expr:
    """The sum of values of one unit. Free."""
    return values[0].circuit.weighted_sum((value, 1) for value in values)


@gadget
def round_down(x: Expr, scale: int) -> Expr:
    """x at a coarser decimal scale, towards minus infinity. The cost of `divide`."""
    return _rounded(x, scale, 0)


@gadget
def round_up(x: Expr, scale: int) -> Expr:
    """x at a coarser decimal scale, towards plus infinity. The cost of `divide`."""
    return _rounded(x, scale, 1)


def _rounded(x: Expr, scale: int, up: int) -> Expr:
    """floor((x + up * (b - 1)) / b) with b = 10^(digits dropped)."""
    c = x.circuit
    if x.unit is None:
        c.refuse(f"{x} has no scale to round to: declare it with a unit, or use divide")
    if type(scale) is not int or not 0 <= scale <= x.unit.scale:
        c.refuse(f"{x} is {x.unit}: rounding goes to a scale from 0 to {x.unit.scale}, not {scale!r}")
    dropped = x.unit.scale - scale
    quotient, _ = divide(x.integer() + up * (10**dropped - 1), 10**dropped)
    return quotient.counting(x.unit.quantity(scale))
