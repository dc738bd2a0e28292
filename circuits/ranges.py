"""The one way in which a value is proven to have so many bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .expression import Expr


def prove_bits(x: Expr, n: int) -> None:
    """x in [0, 2^n), whatever is known of x: its n bits are those of its canonical value, as 2^n < r.

    n + 1 constraints. For n = 0 it says x = 0.
    """
    c = x.circuit
    bits = c.new_bits(x, n) if n else []
    c.constrain_equal(c.field_sum((bit, 1 << place) for place, bit in enumerate(bits)), x)
