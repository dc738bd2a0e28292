"""Small arithmetic: asserted products, selection, absolute value, positive part, binding an input."""

from __future__ import annotations

from ..expression import Expr, common_unit, keeping, product_unit, require_same_kind
from ..interval import hull
from ..scope import gadget
from .comparison import is_nonnegative


@gadget(requires="a * b = c")
def assert_product(a: Expr, b: Expr, c: Expr) -> None:
    """a * b = c; one constraint. For ranged values it holds in the integers, and a product that could leave the field
    is refused; for raw ones it holds in the field. Kinds and units must be those of a product.
    """
    require_same_kind(a, b, "*")
    require_same_kind(c, b if a.is_constant else a, "=")
    if c.interval is not None and a.interval is not None and b.interval is not None:
        product = Expr(a.circuit, {**a.terms, **b.terms}, (0, 0), product_unit(a, b))
        common_unit(product, c, "=")
    if a.interval is not None and b.interval is not None:
        ends = [x * y for x in a.interval for y in b.interval]
        a.circuit.checked((min(ends), max(ends)), (a, b), " * ")
    a.circuit.constrain_product(a, b, c)


@gadget
def select(bit: Expr, when_one: Expr, when_zero: Expr) -> Expr:
    """when_one if the bit is 1, when_zero if it is 0. One constraint; trusts the bit's interval, which must be [0, 1].

    The result is when_zero + bit * (when_one - when_zero), which for a bit is one of the two: hence its interval.
    """
    c = bit.circuit
    require_bit(bit)
    require_same_kind(when_one, when_zero, "select")
    unit = common_unit(when_one, when_zero, "select")
    if bit.is_constant:
        chosen = when_one if bit.terms else when_zero
        return chosen if chosen.unit is not None else keeping(unit, chosen)
    difference = c.field_sum(((when_one, 1), (when_zero, -1)))
    if difference.is_constant and not difference.terms:
        return when_one
    step = difference * bit.raw() if difference.is_constant else c.product_unused(bit.raw(), difference)
    chosen = c.field_sum(((when_zero, 1), (step, 1)))
    if when_one.interval is None or when_zero.interval is None:
        return chosen
    return c.range_proven(chosen, hull(when_one.interval, when_zero.interval), unit)


@gadget
def positive_part(x: Expr) -> Expr:
    """max(0, x); the cost of `is_nonnegative` and one constraint more. Free where the interval decides."""
    if x.interval is not None and x.interval[0] >= 0:
        return x
    if x.interval is not None and x.interval[1] <= 0:
        return keeping(x.unit, x.circuit.constant(0))
    part = is_nonnegative(x) * x
    top = 0 if x.interval is None else max(0, x.interval[1])
    return x.circuit.range_proven(part, (0, top))  # a bit times x, and 0 where x is negative


@gadget
def absolute(x: Expr) -> Expr:
    """|x|; the cost of `is_nonnegative` and one constraint more. Free where the interval decides."""
    if x.interval is not None and x.interval[0] >= 0:
        return x
    if x.interval is not None and x.interval[1] <= 0:
        return -x
    size = (is_nonnegative(x) * 2 - 1) * x
    top = 0 if x.interval is None else max(-x.interval[0], x.interval[1])
    return x.circuit.range_proven(size, (0, top))  # sign(x) * x


@gadget
def sign_split(x: Expr) -> tuple[Expr, Expr]:
    """The bit [x < 0] and |x|, so that x = (1 - 2 bit) * |x|; 0 is not negative. The cost of `absolute`."""
    c = x.circuit
    if x.interval is not None and x.interval[0] >= 0:
        return c.constant(0), x
    if x.interval is not None and x.interval[1] < 0:
        return c.constant(1), -x
    nonnegative = is_nonnegative(x)
    size = c.product_unused(nonnegative * 2 - 1, x)  # a caller may want the sign alone
    top = 0 if x.interval is None else max(-x.interval[0], x.interval[1])
    return 1 - nonnegative, c.range_proven(size, (0, top))


@gadget
def bind(x: Expr) -> None:
    """Put x into a constraint, x * x = square, without saying anything about it; one constraint.

    For a public input that the statement does not use: unconstrained, anybody could change it in a finished proof.
    """
    c = x.circuit
    c.bound.update(c.product_unused(x.raw(), x.raw()).terms)


def require_bit(bit: Expr) -> None:
    """Refuse an expression that is not known to be 0 or 1."""
    if bit.interval is None or not 0 <= bit.interval[0] <= bit.interval[1] <= 1:
        bit.circuit.refuse(f"{bit} is not known to be a bit: declare it with bits=1, or use to_bits(x, 1)")
