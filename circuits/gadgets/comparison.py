"""Order. Only expressions whose interval is known have one; raw field elements are refused."""

from __future__ import annotations

from ..expression import Expr, common_unit
from ..interval import Interval
from ..scope import gadget
from .bits import to_bits


@gadget(requires="a <= b")
def assert_at_most(a: Expr, b: Expr) -> None:
    """a <= b. With n the bits of the largest possible b - a: n + 1 constraints; none where the intervals prove it.

    Proof: d = b - a lies in [lo, hi], hi < 2^n. The constraints give s in [0, 2^n) with s = d mod r. As |d| <= (r -
    1) / 2, either s = d, so d >= 0, or s = d + r. The second needs d + r < 2^n, so d < 2^n - r <= lo: impossible.
    `to_bits` refuses a lo below 2^n - r.
    """
    low, high = require_order(_difference(a, b))
    if high < 0:
        a.circuit.refuse(f"this can never hold: {a} <= {b}")
    if low >= 0:
        return
    if high == 0:
        a.circuit.constrain_equal(a, b)  # at most, and never less
        return
    to_bits(_difference(a, b), high.bit_length())


@gadget(requires="a < b")
def assert_less(a: Expr, b: Expr) -> None:
    """a < b, as a + 1 <= b."""
    assert_at_most(_difference(b, a) + 1, a.circuit.constant(0))


@gadget
def is_at_most(a: Expr, b: Expr) -> Expr:
    """The bit [a <= b]; the cost of `is_nonnegative` on b - a."""
    return is_nonnegative(_difference(a, b))


@gadget
def is_nonnegative(x: Expr) -> Expr:
    """The bit [x >= 0]; k + 2 constraints, where x lies in [-2^k, 2^k). None where the interval decides.

    Proof: the k + 1 bits of y = x + 2^k have a sum s in [0, 2^(k + 1)) with s = y mod r, and 2^(k + 1) < r. So x is
    congruent to s - 2^k, which lies in [-2^k, 2^k): that is x itself, as both are within +-(r - 1) / 2. The top bit
    of s says whether s >= 2^k. The decomposition proves x in [-2^k, 2^k) whatever was known of x before.
    """
    c = x.circuit
    low, high = require_order(x)
    if low >= 0 or high < 0:
        return c.constant(int(low >= 0))
    k = max((-low - 1).bit_length(), high.bit_length())
    return to_bits(x.integer() + (1 << k), k + 1)[k]


def _difference(a: Expr, b: Expr) -> Expr:
    """b - a, for two values that have an order and count the same thing."""
    for x in (a, b):
        require_order(x)
    common_unit(a, b, "<=")
    return b.integer() - a.integer()


def require_order(x: Expr) -> Interval:
    """The interval of a ranged value; a raw one has no order and is refused."""
    if x.interval is None:
        x.circuit.refuse(
            f"cannot compare {x}: a raw field element has no order; declare its parts with bits=..., "
            "or ranged(x, n) makes an integer of it"
        )
    return x.interval
