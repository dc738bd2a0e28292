"""Twisted Edwards curves a x^2 + y^2 = 1 + d x^2 y^2 over F_p, in affine integers, with the complete addition law.

Source: Bernstein, Birkner, Joye, Lange, Peters, "Twisted Edwards Curves", sections 2 (the curves), 3 (their Montgomery
form) and 6 (the addition law). With a a square and d none, the law has no exceptions: its denominators 1 + t and 1 - t
with t = d x1 x2 y1 y2 never vanish for points of the curve, so it also doubles and adds the neutral element.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from .errors import PointError
from .square_root import square_root

EdwardsPoint = tuple[int, int]
"""Affine coordinates; the neutral element is (0, 1)."""

NEUTRAL: EdwardsPoint = (0, 1)


@dataclass(frozen=True)
class EdwardsCurve:
    """A curve with complete addition, whose cofactor * order points hold one subgroup of prime order."""

    name: str
    p: int
    a: int
    d: int
    order: int
    """The prime order of the subgroup."""
    cofactor: int
    base: EdwardsPoint
    """A generator of the subgroup."""

    def __post_init__(self) -> None:
        """The complete addition law, and every gadget built on it, stand on these two."""
        half = (self.p - 1) // 2
        if pow(self.a, half, self.p) != 1 or pow(self.d, half, self.p) != self.p - 1:
            raise ValueError(f"{self.name} has no complete addition: a must be a square mod p, and d none")

    @cached_property
    def point_of_order_four(self) -> EdwardsPoint:
        """(1 / root of a, 0), one of the two; the double of each is (0, -1), of order 2."""
        return square_root(pow(self.a, -1, self.p), self.p) or 0, 0

    def contains(self, point: EdwardsPoint) -> bool:
        """Are both coordinates canonical, and is the curve equation satisfied?"""
        x, y = point
        if not (0 <= x < self.p and 0 <= y < self.p):
            return False
        xx, yy = x * x % self.p, y * y % self.p
        return (self.a * xx + yy - 1 - self.d * xx * yy) % self.p == 0

    def in_subgroup(self, point: EdwardsPoint) -> bool:
        """Is it a point of the curve, in the subgroup of prime order? The neutral element is."""
        return self.contains(point) and self.multiply(self.order, point) == NEUTRAL

    def has_small_order(self, point: EdwardsPoint) -> bool:
        """Does the cofactor take it to the neutral element? As a public key such a point binds nobody."""
        return self.multiply(self.cofactor, point) == NEUTRAL

    def require(self, point: EdwardsPoint, what: str = "point") -> None:
        """Raise a `PointError` for what is no point of the curve; `what` names it."""
        if not self.contains(point):
            raise PointError(f"{what} is not a point of {self.name}", what=what)

    def add(self, one: EdwardsPoint, other: EdwardsPoint) -> EdwardsPoint:
        """The sum of two points of the curve; trusts that they are."""
        (x1, y1), (x2, y2), p = one, other, self.p
        crossed, straight = x1 * y2 + y1 * x2, y1 * y2 - self.a * x1 * x2
        t = self.d * x1 * x2 % p * y1 * y2 % p
        inverse = pow((1 + t) * (1 - t), -1, p)
        return crossed * inverse * (1 - t) % p, straight * inverse * (1 + t) % p

    def negate(self, point: EdwardsPoint) -> EdwardsPoint:
        return -point[0] % self.p, point[1]

    def multiply(self, scalar: int, point: EdwardsPoint) -> EdwardsPoint:
        """scalar * point, for any integer. Not in constant time: see `eddsa.py`."""
        if scalar < 0:
            scalar, point = -scalar, self.negate(point)
        total = NEUTRAL
        while scalar:
            if scalar & 1:
                total = self.add(total, point)
            point, scalar = self.add(point, point), scalar >> 1
        return total
