"""Points in Montgomery form, B v^2 = u^3 + A u^2 + u, whose additions cost half as much and have exceptions.

The form is that of a twisted Edwards curve, A = 2 (a + d) / (a - d), B = 4 / (a - d), u = (1 + y) / (1 - y), v = u / x
(Bernstein and others, "Twisted Edwards Curves", section 3). It lacks the neutral element. (0, -1), of order 2, is
(0, 0), the only point with v = 0: as d / a is no square, u^2 + A u + 1 has no root.

Each function says which points leave its constraints without a unique solution, and its callers show that they never
meet such. They do so by classes, the points modulo the subgroup of prime order: those of different classes differ.
"""

from __future__ import annotations

from dataclasses import dataclass

from zkmargin.algebra import EdwardsCurve, EdwardsPoint

from ..builder import Circuit
from ..expression import Expr
from .baby_jubjub import Point, field_product, field_quotient


@dataclass(frozen=True, eq=False)
class MontgomeryPoint:
    """Two raw expressions."""

    u: Expr
    v: Expr
    curve: EdwardsCurve

    @property
    def circuit(self) -> Circuit:
        return self.u.circuit

    def signed(self, sign: Expr) -> MontgomeryPoint:
        """The point times 1 or -1; one constraint."""
        return MontgomeryPoint(self.u, field_product(sign, self.v), self.curve)


def montgomery_constants(curve: EdwardsCurve) -> tuple[int, int]:
    """A and B."""
    inverse = pow(curve.a - curve.d, -1, curve.p)
    return 2 * (curve.a + curve.d) * inverse % curve.p, 4 * inverse % curve.p


def montgomery_coordinates(point: EdwardsPoint, curve: EdwardsCurve) -> tuple[int, int]:
    """(u, v) of a plain point other than the neutral element."""
    x, y = point
    u = (1 + y) * pow(1 - y, -1, curve.p) % curve.p
    return u, u * pow(x, -1, curve.p) % curve.p if x else 0


def to_montgomery(point: Point) -> MontgomeryPoint:
    """2 constraints. Not for the neutral element or (0, -1): the denominators are 1 - y and x."""
    c = point.circuit
    one = c.constant(1)
    u = field_quotient(c.field_sum(((one, 1), (point.y, 1))), c.field_sum(((one, 1), (point.y, -1))))
    return MontgomeryPoint(u, field_quotient(u, point.x), point.curve)


def to_edwards(point: MontgomeryPoint) -> Point:
    """3 constraints, for every point: y = (u - 1) / (u + 1), x = B v / (u^2 + A u + 1): that is u / v, or 0 for (0, 0).

    Neither denominator vanishes: the first has no root, and u = -1 would make B v^2 = A - 2, so v^2 = d, no square.
    """
    c = point.circuit
    a, b = montgomery_constants(point.curve)
    one = c.constant(1)
    uu = field_product(point.u, point.u)
    x = field_quotient(c.field_sum(((point.v, b),)), c.field_sum(((uu, 1), (point.u, a), (one, 1))))
    y = field_quotient(c.field_sum(((point.u, 1), (one, -1))), c.field_sum(((point.u, 1), (one, 1))))
    return Point(x, y, point.curve)


def add_distinct(one: MontgomeryPoint, other: MontgomeryPoint) -> MontgomeryPoint:
    """The sum of two points of which neither is the other or its negative; 3 constraints."""
    c = one.circuit
    slope = field_quotient(_difference(other.v, one.v), _difference(other.u, one.u))
    u = _third_u(slope, one.u, other.u, one.curve)
    v = c.field_sum(((field_product(slope, _difference(one.u, u)), 1), (one.v, -1)))
    return MontgomeryPoint(u, v, one.curve)


def double_and_add(one: MontgomeryPoint, other: MontgomeryPoint) -> MontgomeryPoint:
    """2 one + other, as (one + other) + one without the v of the sum; 5 constraints.

    For points with one != +-other, other not neutral (so that the sum is not `one`), and 2 one + other not neutral (so
    that the sum is not -one). With s the slope of the first line, the v of the sum is s (u - u') - v, where u' is its
    u, and so the slope of the second line is -s - 2 v / (u' - u).
    """
    c = one.circuit
    slope = field_quotient(_difference(other.v, one.v), _difference(other.u, one.u))
    u_sum = _third_u(slope, one.u, other.u, one.curve)
    both = field_quotient(c.field_sum(((one.v, 2),)), _difference(one.u, u_sum))
    second = _difference(both, slope)
    u = _third_u(second, one.u, u_sum, one.curve)
    v = c.field_sum(((field_product(second, _difference(one.u, u)), 1), (one.v, -1)))
    return MontgomeryPoint(u, v, one.curve)


def _third_u(slope: Expr, u1: Expr, u2: Expr, curve: EdwardsCurve) -> Expr:
    c = slope.circuit
    a, b = montgomery_constants(curve)
    return c.field_sum(((field_product(slope, slope), b), (c.constant(1), -a), (u1, -1), (u2, -1)))


def _difference(a: Expr, b: Expr) -> Expr:
    return a.circuit.field_sum(((a, 1), (b, -1)))
