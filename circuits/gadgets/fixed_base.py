"""Multiples of points that are known while building: three bits at a time, from tables of constants."""

from __future__ import annotations

from collections.abc import Sequence

from zkmargin.algebra import BABY_JUBJUB, EdwardsCurve, EdwardsPoint
from zkmargin.algebra.edwards import NEUTRAL

from ..builder import Circuit
from ..expression import Expr
from ..scope import gadget
from .arithmetic import require_bit
from .baby_jubjub import SubgroupPoint, field_product
from .montgomery import MontgomeryPoint, add_distinct, montgomery_coordinates, to_edwards

WINDOW = 3
Table = Sequence[tuple[int, int]]
"""(u, v) for each value of the window's bits, the lowest bit first."""


@gadget
def fixed_base_multiple(bits: Sequence[Expr], base: EdwardsPoint, curve: EdwardsCurve = BABY_JUBJUB) -> SubgroupPoint:
    """k * base for the number k with these bits, the lowest first; 5 constraints for three bits, and about 4 more.

    k may be any number, 0 and multiples of the order included. Trusts that the bits are bits, and refuses what is not
    known to be. The base is a plain point of the subgroup other than the neutral element; others are refused.
    """
    return multiples_sum([(bits, base)], curve)


def multiples_sum(parts: Sequence[tuple[Sequence[Expr], EdwardsPoint]], curve: EdwardsCurve) -> SubgroupPoint:
    """The sum of several such multiples, in one chain of additions.

    With signs s_i = 2 b_i - 1 in place of bits, 2 k = sum of s_i 2^i + 2^n - 1. So k * base is the sum of
    s_i 2^i * half and (2^n - 1) * half, where half is base / 2, and each window adds an odd, hence never neutral,
    multiple of its base.

    Proof that no addition is exceptional, whatever the bits and the bases: the table of the first window also has the
    constants (2^n - 1) * half and E = (0, -1), of order 2. So the running sum is always in the class of E, every
    further summand in the subgroup itself: they never are each other or each other's negatives, and no sum is neutral.
    At the end E is taken off again, which is free: (x, y) - E = (-x, -y).
    """
    c = parts[0][0][0].circuit
    windows: list[tuple[Sequence[Expr], EdwardsPoint]] = []
    constant = (0, curve.p - 1)
    for bits, base in parts:
        _require(c, bits, base, curve)
        step = curve.multiply((curve.order + 1) // 2, base)
        constant = curve.add(constant, curve.multiply((1 << len(bits)) - 1, step))
        for start in range(0, len(bits), WINDOW):
            windows.append((bits[start : start + WINDOW], step))
            step = curve.multiply(1 << WINDOW, step)
    first_bits, first_step = windows[0]
    total = _looked_up(first_bits, _table(len(first_bits), first_step, constant, curve), curve)
    for bits, step in windows[1:]:
        table = _table(len(bits), step, NEUTRAL, curve)
        total = add_distinct(total, (_looked_up_odd(bits, table, curve) or _looked_up(bits, table, curve)))
    end = to_edwards(total)
    return SubgroupPoint(c.field_sum(((end.x, -1),)), c.field_sum(((end.y, -1),)), curve)


def _require(c: Circuit, bits: Sequence[Expr], base: EdwardsPoint, curve: EdwardsCurve) -> None:
    if not bits:
        c.refuse("a multiple needs at least one bit")
    for bit in bits:
        require_bit(bit)
    if curve.order < 1 << WINDOW:
        c.refuse(f"{curve.name} has too few points: a window's odd multiples must not be neutral")
    if base == NEUTRAL or not curve.in_subgroup(base):
        c.refuse(f"the base ({base[0]}, {base[1]}) does not generate the prime-order subgroup of {curve.name}")


def _table(count: int, step: EdwardsPoint, constant: EdwardsPoint, curve: EdwardsCurve) -> Table:
    """Montgomery coordinates of (sum of s_i 2^i) * step + constant for every value of `count` bits."""
    sums = (2 * value - (1 << count) + 1 for value in range(1 << count))
    return [montgomery_coordinates(curve.add(curve.multiply(odd, step), constant), curve) for odd in sums]


def _looked_up(bits: Sequence[Expr], table: Table, curve: EdwardsCurve) -> MontgomeryPoint:
    """The entry of any table of 2, 4 or 8: 0, 1 or 3 constraints.

    Each coordinate is the polynomial in the bits that is linear in each of them; its part without the third bit and
    its part with it are both linear in the first two bits and their product.
    """
    c, p = bits[0].circuit, curve.p
    low = [c.constant(1).raw(), *(bit.raw() for bit in bits[:2])]
    if len(bits) > 1:
        low.append(field_product(low[1], low[2]))
    coordinates = []
    for values in zip(*table, strict=True):
        weights = _polynomial(values, p)
        coordinate = c.field_sum(zip(low, weights, strict=False))
        if len(bits) == WINDOW:
            upper = c.field_sum(zip(low, weights[4:], strict=True))
            coordinate = c.field_sum(((coordinate, 1), (field_product(bits[2].raw(), upper), 1)))
        coordinates.append(coordinate)
    return MontgomeryPoint(coordinates[0], coordinates[1], curve)


def _polynomial(values: Sequence[int], p: int) -> list[int]:
    """Coefficients of the multilinear polynomial with these values; index i stands for the product of the bits of i."""
    weights = list(values)
    for place in range(len(values).bit_length() - 1):
        for index in range(len(values)):
            if index >> place & 1:
                weights[index] = (weights[index] - weights[index ^ 1 << place]) % p
    return weights


def _looked_up_odd(bits: Sequence[Expr], table: Table, curve: EdwardsCurve) -> MontgomeryPoint | None:
    """The entry of a table of 8 that has entry 7 - i the negative of entry i: 2 constraints.

    In the signs r, s, t of the bits, u is even and v is odd:

        u = e + f r s + g r t + h s t = e - f h / g + (r + h s / g) (f s + g t)
        v = i r + j s + k t + m r s t,  where  r (u - e) = f s + g t + h r s t

    as the square of a sign is 1. So one product gives u and another one v, if g and h are not 0: None if they are.
    """
    if len(bits) != WINDOW:
        return None
    c, p = bits[0].circuit, curve.p
    quarter = pow(4, -1, p)
    (u1, v1), (u3, v3), (u5, v5), (u7, v7) = table[4:]  # the multiples 1, 3, 5, 7 of the window's step
    e, f, g, h = (
        sign * quarter % p for sign in (u7 + u5 + u3 + u1, u7 - u5 - u3 + u1, u7 - u5 + u3 - u1, u7 + u5 - u3 - u1)
    )
    i, j, k, m = (
        sign * quarter % p for sign in (v7 - v5 + v3 - v1, v7 + v5 - v3 - v1, v7 + v5 + v3 + v1, v7 - v5 - v3 + v1)
    )
    if not g or not h:
        return None
    r, s, t = (c.field_sum(((bit, 2), (c.constant(1), -1))) for bit in bits)
    ratio = h * pow(g, -1, p) % p
    product = field_product(c.field_sum(((r, 1), (s, ratio))), c.field_sum(((s, f), (t, g))))
    u = c.field_sum(((product, 1), (c.constant(1), e - f * ratio)))
    share = m * pow(h, -1, p) % p
    turned = field_product(r, c.field_sum(((u, 1), (c.constant(1), -e))))
    v = c.field_sum(((r, i), (s, j - share * f), (t, k - share * g), (turned, share)))
    return MontgomeryPoint(u, v, curve)
