"""The bits of a raw field element: its 254 bits could also be those of x + r, so they are compared with r."""

from __future__ import annotations

from ..expression import Expr
from ..scope import gadget


@gadget
def to_canonical_bits(x: Expr) -> list[Expr]:
    """The 254 bits of the canonical value of x, the lowest first; the cost of `to_bits_at_most(x, r - 1)`, 354."""
    return to_bits_at_most(x, x.circuit.curve.r - 1)


@gadget(requires="0 <= x <= limit")
def to_bits_at_most(x: Expr, limit: int) -> list[Expr]:
    """The n bits of x, the lowest first, and so a proof that 0 <= x <= limit < r; n is the length of the limit.

    Costs n + 1 constraints, and one for each 1 among the bits of the limit but the first and those below its last 0.

    Proof: going down from the highest bit, `tight` is 1 as long as the bits of x are those of the limit, 0 from the
    first place on where x has a 0 below a 1. Where the limit has a 1, b is a bit by b (b - 1) = 0 and tight becomes
    tight * b. Where it has a 0, b (b - 1 + tight) = 0: a bit if tight is 0, and 0 if tight is 1. So x never has a 1
    above a 0 of the limit while it is tight, which is s <= limit for the sum s of the bits. As s = x mod r, s is the
    canonical value of x, and the bits are unique. The lowest 1s of the limit need no `tight`: nothing follows them.
    """
    c = x.circuit
    if not 1 <= limit < c.curve.r:
        c.refuse(f"the limit must lie in [1, r), not {limit}")
    if x.interval is not None and x.interval[0] < 0:
        c.refuse(f"{x} may be negative, and a negative value has no bits: add its least value first")
    n = limit.bit_length()
    if x.is_constant:
        if x.constant_value > limit:
            c.refuse(f"this can never hold: {x} <= {limit}")
        return [c.constant(x.constant_value >> place & 1) for place in range(n)]
    bits = c.hint_bits(x, n)
    one, zero = c.constant(1), c.constant(0)
    last_zero = next((place for place in range(n) if not limit >> place & 1), n)
    tight = one.raw()
    for place in reversed(range(n)):
        b = bits[place]
        if limit >> place & 1:
            c.constrain_product(b, c.field_sum(((b, 1), (one, -1))), zero)
            if place > last_zero:
                tight = b if tight.is_constant else c.product_unused(tight, b)
        else:
            c.constrain_product(b, c.field_sum(((b, 1), (one, -1), (tight, 1))), zero)
    proven = [c.range_proven(b, (0, 1)) for b in bits]
    c.constrain_equal(c.field_sum((bit, 1 << place) for place, bit in enumerate(proven)), x)
    return proven
