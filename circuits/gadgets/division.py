"""Division with remainder, and rounded: by a constant, or by a value known to be positive."""

from __future__ import annotations

from ..expression import Expr, keeping
from ..interval import Interval
from ..ranges import prove_bits
from ..scope import gadget
from ..units import Unit, UnitError


@gadget
def divide(a: Expr, b: Expr | int) -> tuple[Expr, Expr]:
    """Euclid: (q, rest) with a = q * b + rest and 0 <= rest < b, so q = floor(a / b). `a` must be ranged, b positive.

    b is an integer, or an expression whose interval starts at 1 or above; others may be 0 and are refused. Costs one
    constraint, and for q and rest one per bit and one more each; twice for the rest where b is no power of two. Free
    where the intervals leave one quotient only. The rest has the unit of a, and q the unit of a over that of b.

    Proof: let m be the least integer >= 0 with a + m b >= 0, known from the interval of a, and q' = q + m. q' is
    proven to lie in [0, 2^n), the rest in [0, b), and q' b + rest = a + m b holds mod r. Both sides are integers in
    [0, r): the left one below 2^n b, which is refused unless it is at most r. So they are equal integers, and
    division by b is unique. The rest and b - 1 - rest both have bit_length(b - 1) bits; as 4 b <= r, neither can be a
    negative number mod r.

    For an expression b of the interval [least, most] put `most` for b in the two bounds: 2^n * most at most r, and the
    rest and b - 1 - rest with as many bits as most - 1.
    """
    low, high = _dividend(a)
    if isinstance(b, Expr):
        return _divide_by_value(a, b)
    _require_positive(a, b)
    unit, c, a = a.unit, a.circuit, a.integer()
    if low // b == high // b:
        return keeping(unit, c.constant(low // b)), keeping(unit, a - low // b * b)
    if b == 1:
        return keeping(unit, a), keeping(unit, c.constant(0))
    m = max(0, -(low // b))
    top = high // b + m
    reach = max((1 << top.bit_length()) * b, 4 * b)
    if reach > c.curve.r:
        c.refuse(f"overflow: dividing {a} by {b} needs {reach.bit_length()} bits")
    shifted = a + m * b
    quotient_hint, rest_hint = c.hint_divmod(shifted, c.constant(b))
    q = _ranged(quotient_hint, top)
    rest = _ranged(rest_hint, b - 1)
    if b & (b - 1):
        prove_bits(c.constant(b - 1) - rest, (b - 1).bit_length())
    c.constrain_equal(c.field_sum(((q, b), (rest, 1))), shifted)
    quotient = c.range_proven(q, (low // b + m, top)) - m
    return keeping(unit, quotient), keeping(unit, c.range_proven(rest, (0, b - 1)))


@gadget
def divide_up(a: Expr, b: Expr | int) -> Expr:
    """ceil(a / b): the cost of `divide`, of a + b - 1."""
    _dividend(a)
    if isinstance(b, Expr):
        _divisor(b)
        unit = _quotient_unit(a, b)
        return keeping(unit, divide(a.integer() + b.integer() - 1, b.integer())[0])
    _require_positive(a, b)
    return keeping(a.unit, divide(a.integer() + (b - 1), b)[0])


@gadget
def divide_nearest(a: Expr, b: Expr | int) -> Expr:
    """floor(a / b + 1 / 2): the nearest integer, of two that are as near the greater one.

    The cost of `divide`; by an expression, of 2 a + b by 2 b.
    """
    _dividend(a)
    if isinstance(b, Expr):
        _divisor(b)
        unit, a, b = _quotient_unit(a, b), a.integer(), b.integer()
        return keeping(unit, divide(2 * a + b, 2 * b)[0])
    _require_positive(a, b)
    return keeping(a.unit, divide(a.integer() + b // 2, b)[0])


def _divide_by_value(a: Expr, b: Expr) -> tuple[Expr, Expr]:
    """As the proof in `divide` has it: q' = q + m, and q' b + rest = a + m b in one constraint."""
    (low, high), (least, most) = _dividend(a), _divisor(b)
    units = (_quotient_unit(a, b), a.unit)
    c, a, b = a.circuit, a.integer(), b.integer()
    if least == most:
        quotient, rest = divide(a, least)
        return keeping(units[0], quotient), keeping(units[1], rest)
    bottom, top = min(low // least, low // most), max(high // least, high // most)
    if bottom == top:
        return keeping(units[0], c.constant(top)), keeping(units[1], c.range_proven(a - top * b, (0, most - 1)))
    m = max(0, -(low // least))
    width = (top + m).bit_length()
    reach = max((1 << width) * most, 4 * most)
    if reach > c.curve.r:
        c.refuse(f"overflow: dividing {a} by {b} needs {reach.bit_length()} bits")
    shifted = a + m * b
    quotient_hint, rest_hint = c.hint_divmod(shifted, b)
    quotient, rest = _ranged(quotient_hint, top + m), _ranged(rest_hint, most - 1)
    prove_bits(b.raw() - 1 - rest.raw(), (most - 1).bit_length())
    c.constrain_product(quotient, b, c.field_sum(((shifted, 1), (rest, -1))))
    found = c.range_proven(quotient, (bottom + m, top + m)) - m
    return keeping(units[0], found), keeping(units[1], c.range_proven(rest, (0, most - 1)))


def _dividend(a: Expr) -> Interval:
    if a.interval is None:
        a.circuit.refuse(f"cannot divide {a}: a raw field element is no number; range-check it first")
    return a.interval


def _divisor(b: Expr) -> Interval:
    if b.interval is None or b.interval[0] < 1:
        known = "is raw" if b.interval is None else f"may be as low as {b.interval[0]}"
        b.circuit.refuse(f"cannot divide by {b}, which {known}: its interval has to start at 1 or above")
    return b.interval


def _require_positive(a: Expr, b: int) -> None:
    if type(b) is not int or b < 1:
        a.circuit.refuse(f"the divisor must be a positive integer, not {b!r}")


def _quotient_unit(a: Expr, b: Expr) -> Unit | None:
    if b.unit is None:
        return a.unit
    if a.unit is None:
        a.circuit.refuse(f"cannot divide {a}, which has no unit, by {b} in {b.unit}: drop it with .integer()")
    try:
        return a.unit / b.unit
    except UnitError:
        a.circuit.refuse(
            f"dividing {a} in {a.unit} by {b} in {b.unit} leaves no scale: bring the dividend to a finer one with "
            f".at_scale({b.unit.scale}) or more"
        )


def _ranged(wire: Expr, top: int) -> Expr:
    """The wire with the interval that as many bits as `top` has prove."""
    c, n = wire.circuit, top.bit_length()
    prove_bits(wire, n)
    return c.range_proven(wire, (0, (1 << n) - 1))
