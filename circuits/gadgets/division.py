"""Division with remainder by a constant."""

from __future__ import annotations

from ..expression import Expr, keeping
from ..scope import gadget


@gadget
def divide(a: Expr, b: int) -> tuple[Expr, Expr]:
    """Euclid: (q, rest) with a = q * b + rest and 0 <= rest < b, so q = floor(a / b). `a` must be ranged, b positive.

    Costs one constraint, and for q and rest one per bit and one more each; twice for the rest where b is no power of
    two. Free where the interval of `a` leaves one quotient only.

    Proof: let m be the least integer >= 0 with a + m b >= 0, known from the interval of a, and q' = q + m. q' is
    proven to lie in [0, 2^n), the rest in [0, b), and q' b + rest = a + m b holds mod r. Both sides are integers in
    [0, r): the left one below 2^n b, which is refused unless it is at most r. So they are equal integers, and
    division by b is unique. The rest and b - 1 - rest both have bit_length(b - 1) bits; as 4 b <= r, neither can be a
    negative number mod r.
    """
    c = a.circuit
    if type(b) is not int or b < 1:
        c.refuse(f"the divisor must be a positive integer, not {b!r}")
    if a.interval is None:
        c.refuse(f"cannot divide {a}: a raw field element is no number; range-check it first")
    unit, a = a.unit, a.integer()
    low, high = a.interval or (0, 0)
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
        _prove_bits(c.constant(b - 1) - rest, (b - 1).bit_length())
    c.constrain_equal(c.field_sum(((q, b), (rest, 1))), shifted)
    quotient = c.range_proven(q, (low // b + m, top)) - m
    return keeping(unit, quotient), keeping(unit, c.range_proven(rest, (0, b - 1)))


def _ranged(wire: Expr, top: int) -> Expr:
    """The wire with the interval that as many bits as `top` has prove."""
    c, n = wire.circuit, top.bit_length()
    _prove_bits(wire, n)
    return c.range_proven(wire, (0, (1 << n) - 1))


def _prove_bits(x: Expr, n: int) -> None:
    """x in [0, 2^n), whatever is known of x: its n bits are those of its canonical value, as 2^n < r."""
    c = x.circuit
    bits = c.new_bits(x, n)
    c.constrain_equal(c.field_sum((bit, 1 << place) for place, bit in enumerate(bits)), x)
