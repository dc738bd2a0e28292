"""Bits as truth values: negation, and, or, and constraints that hold only where a bit is 1."""

from __future__ import annotations

from collections.abc import Sequence

from ..expression import Expr, common_unit
from ..scope import gadget
from .arithmetic import require_bit
from .bits import to_bits
from .comparison import assert_at_most, require_order
from .equality import assert_equal, is_equal


@gadget
def negate(bit: Expr) -> Expr:
    """1 - bit. Free."""
    require_bit(bit)
    return 1 - bit


@gadget
def both(a: Expr, b: Expr) -> Expr:
    """a and b: their product; 1 constraint."""
    require_bit(a)
    require_bit(b)
    return a * b


@gadget
def either(a: Expr, b: Expr) -> Expr:
    """a or b: a + b - a b; 1 constraint."""
    return negate(both(negate(a), negate(b)))


@gadget
def all_of(bits: Sequence[Expr]) -> Expr:
    """1 if every bit is 1; a constraint for each bit after the first, never more than 3.

    Of more than four bits the sum is compared with their number: it is below r, so that it cannot wrap.
    """
    c = bits[0].circuit
    for bit in bits:
        require_bit(bit)
    if len(bits) > 4:
        return is_equal(c.weighted_sum((bit, 1) for bit in bits), c.constant(len(bits)))
    found = bits[0]
    for bit in bits[1:]:
        found = found * bit
    return found


@gadget
def any_of(bits: Sequence[Expr]) -> Expr:
    """1 if some bit is 1; costs as `all_of`."""
    return negate(all_of([negate(bit) for bit in bits]))


@gadget(requires="a = b where bit is 1")
def assert_equal_if(bit: Expr, a: Expr, b: Expr) -> None:
    """a = b where the bit is 1, nothing where it is 0: bit * (a - b) = 0, 1 constraint. Raw values will do."""
    require_bit(bit)
    common_unit(a, b, "=")
    c = bit.circuit
    if bit.is_constant and bit.terms:
        assert_equal(a, b)
    elif not bit.is_constant:
        c.constrain_product(bit, c.field_sum(((a, 1), (b, -1))), c.constant(0))


@gadget(requires="a <= b where bit is 1")
def assert_at_most_if(bit: Expr, a: Expr, b: Expr) -> None:
    """a <= b where the bit is 1, nothing where it is 0. n + 1 constraints, n the bits of the largest b - a, or n + 2.

    b - a lies in [lo, hi]. Either y = b - a + (1 - bit) * -lo is proven to be at least 0, which says nothing where the
    bit is 0; or, where -lo would make that two bits wider, y = bit * (b - a) is. Both are `assert_at_most(0, y)`.
    """
    require_bit(bit)
    for value in (a, b):
        require_order(value)
    common_unit(a, b, "<=")
    c = bit.circuit
    if bit.is_constant:
        if bit.terms:
            assert_at_most(a, b)
        return
    slack = b.integer() - a.integer()
    low, high = require_order(slack)
    if low >= 0:
        return
    if high < 0:
        c.constrain_zero(bit)
    elif (high - low).bit_length() <= high.bit_length() + 1:
        to_bits(slack + (1 - bit) * -low, (high - low).bit_length())
    else:
        assert_at_most(c.constant(0), bit * slack)
