"""Equality, asserted or as a bit. Works on ranged and on raw expressions alike."""

from __future__ import annotations

from ..expression import Expr, common_unit
from ..scope import gadget
from ..sharing import shared


@gadget(requires="x = 0")
def assert_zero(x: Expr) -> None:
    """x = 0. One constraint; a constant is judged while building."""
    if x.interval is not None and not x.interval[0] <= 0 <= x.interval[1]:
        x.circuit.refuse(f"this can never hold: {x} = 0, as it lies in [{x.interval[0]}, {x.interval[1]}]")
    x.circuit.constrain_zero(x)


@gadget(requires="a = b")
def assert_equal(a: Expr, b: Expr) -> None:
    """a = b. One constraint; two constants are judged while building.

    For ranged expressions equality in the field is equality of the integers: both lie within +-(r - 1) / 2.
    """
    common_unit(a, b, "=")
    if _apart(a, b):
        a.circuit.refuse(f"this can never hold: {a} = {b}, as their ranges do not meet")
    a.circuit.constrain_equal(a, b)


@gadget
def is_zero(x: Expr) -> Expr:
    """The bit [x = 0]; 3 constraints and 2 wires, none for a constant or for the same x once more.

    With p = x * inv and out = 1 - p, the constraints x * out = 0 and inv * out = 0 leave one witness only:
    x = 0 gives p = 0, out = 1, so inv = 0; x != 0 gives out = 0, p = 1, so inv = 1 / x. (Without the last constraint
    the bit would be as certain, but inv free where x = 0.)
    """
    c = x.circuit
    if x.is_constant:
        return c.constant(0 if x.terms else 1)
    if x.interval is not None and not x.interval[0] <= 0 <= x.interval[1]:
        return c.constant(0)
    return shared("is_zero", [x], lambda: _zero_bit(x))


def _zero_bit(x: Expr) -> Expr:
    c = x.circuit
    inverse = c.hint_inverse_or_zero(x)
    found = c.product_unused(x.raw(), inverse)
    out = c.range_proven(c.field_sum(((c.constant(1), 1), (found, -1))), (0, 1))
    c.constrain_product(x, out, c.constant(0))
    c.constrain_product(inverse, out, c.constant(0))
    return out


@gadget
def is_equal(a: Expr, b: Expr) -> Expr:
    """The bit [a = b]; the cost of `is_zero`, nothing for ranges that do not meet."""
    common_unit(a, b, "=")
    if _apart(a, b):
        return a.circuit.constant(0)
    return is_zero(a.circuit.field_sum(((a, 1), (b, -1))))


def _apart(a: Expr, b: Expr) -> bool:
    if a.interval is None or b.interval is None:
        return False
    return a.interval[1] < b.interval[0] or b.interval[1] < a.interval[0]
