"""Multiples of points that only the witness knows."""

from __future__ import annotations

from collections.abc import Sequence

from ..expression import Expr
from ..scope import gadget
from .arithmetic import require_bit
from .baby_jubjub import Point, SubgroupPoint, field_product, point_add, point_negate, point_select
from .equality import is_zero
from .montgomery import double_and_add, to_edwards, to_montgomery


@gadget
def variable_base_multiple(bits: Sequence[Expr], point: SubgroupPoint) -> SubgroupPoint:
    """k * point for the number k with these bits, the lowest first; 6 constraints a bit and about 14 more.

    k may be any number, 0 and multiples of the order included, and the point any of the prime-order subgroup, the
    neutral element included. Trusts that it lies there: outside, a dishonest prover may choose the result. So any other
    `Point` is refused: `clear_cofactor` makes one that will do. Trusts that the bits are bits, and refuses what is not
    known to be.
    """
    c, curve = point.circuit, point.curve
    if not isinstance(point, SubgroupPoint):
        c.refuse("the point is not known to lie in the prime-order subgroup: multiply clear_cofactor(point)")
    # Where the point is (0, 1), the base point is multiplied in its place, and the result dropped.
    neutral = is_zero(point.x).raw()
    one = c.constant(1)
    stand_in = SubgroupPoint(
        c.field_sum(((point.x, 1), (neutral, curve.base[0]))),
        c.field_sum(((point.y, 1), (neutral, curve.base[1] - 1))),
        curve,
    )
    found = proper_multiple(bits, stand_in)
    kept = c.field_sum(((one, 1), (neutral, -1)))
    x = field_product(kept, found.x)
    y = c.field_sum(((field_product(kept, c.field_sum(((found.y, 1), (one, -1)))), 1), (one, 1)))
    return SubgroupPoint(x, y, curve)


def proper_multiple(bits: Sequence[Expr], point: SubgroupPoint) -> SubgroupPoint:
    """The same for a point that is known not to be the neutral element, 5 constraints cheaper.

    With P the point, b the lowest bit, k' the others, and signs s_i = +-1 for the n bits of k': 2 k' + 1 is the sum of
    s_i 2^i, s_n = 1 included. So from P, n times "double, and add or subtract P" leads to (2 k' + 1) P, whatever the
    bits. Then k P = (2 k' + 1) P - (1 - b) P, by complete addition.

    Proof that no step is exceptional: small multiples of P would be, so the steps are moved out of the subgroup. F is
    a point of order 4, and a step adds s P or s (P + F), in turns. The running sum is in the class of F or -F before a
    step of the first kind and in that of 2 F after it; a step of the second kind leads from 2 F to 2 * 2 F +- F = +-F.
    (1) The classes +-F and 0, or 2 F and +-F, of the running sum and what it meets differ up to sign too: neither is
    the other or its negative. (2) What is added is not neutral, as P is not, and P + F is not in the subgroup.
    (3) The result, of class 2 F or +-F, is not neutral. That is what `double_and_add` asks for. The start is chosen
    such that the last step is of the first kind: it ends in (2 k' + 1) P + 2 F, and 2 F = (0, -1) is taken off again
    for free. Nor is P, P + F or P + 2 F neutral or (0, -1), which `to_montgomery` asks for: P is of odd order and not
    neutral.
    """
    c, curve = point.circuit, point.curve
    if not bits:
        c.refuse("a multiple needs at least one bit")
    for bit in bits:
        require_bit(bit)
    one = c.constant(1)
    steps = len(bits) - 1
    neutral = SubgroupPoint(c.constant(0), one, curve)
    if not steps:
        return _subgroup(point_select(bits[0], point, neutral))
    plain, moved = to_montgomery(point), to_montgomery(_plus_order_four(point))
    total = moved if steps % 2 else to_montgomery(_plus_order_two(point))
    for place in range(steps, 0, -1):
        sign = c.field_sum(((bits[place], 2), (one, -1)))
        total = double_and_add(total, (plain if place % 2 else moved).signed(sign))
    odd_multiple = _plus_order_two(to_edwards(total))
    return _subgroup(point_add(odd_multiple, point_select(bits[0], neutral, point_negate(point))))


def _plus_order_two(point: Point) -> Point:
    """(x, y) + (0, -1), which is also (x, y) - (0, -1)."""
    c = point.circuit
    return Point(c.field_sum(((point.x, -1),)), c.field_sum(((point.y, -1),)), point.curve)


def _plus_order_four(point: Point) -> Point:
    """(x, y) + (w, 0) with a w^2 = 1: by the addition law (w y, -a w x)."""
    c, curve = point.circuit, point.curve
    w, _ = curve.point_of_order_four
    return Point(c.field_sum(((point.y, w),)), c.field_sum(((point.x, -curve.a * w),)), curve)


def _subgroup(point: Point) -> SubgroupPoint:
    """A multiple of a point of the subgroup."""
    return SubgroupPoint(point.x, point.y, point.curve)
