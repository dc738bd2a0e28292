"""Points of a twisted Edwards curve over the circuit's own field: Baby Jubjub, unless a point says otherwise.

`zkmargin.algebra.edwards` is the plain twin. The addition law is complete: for points of the curve its denominators
1 + t and 1 - t, t = d x1 x2 y1 y2, never vanish, as a is a square and d is none: t^2 = 1 would make d a square
(Bernstein and others, "Twisted Edwards Curves", section 6). So each quotient below is determined by its one
constraint, and no case of equal, opposite or neutral points stands apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from zkmargin.algebra import BABY_JUBJUB, EdwardsCurve, EdwardsPoint

from ..builder import Circuit
from ..expression import Expr
from ..scope import gadget
from .arithmetic import require_bit


@dataclass(frozen=True, eq=False)
class Point:
    """Two raw expressions, coordinates of a point of the curve: which `assert_on_curve`, or who made it, ensures."""

    x: Expr
    y: Expr
    curve: EdwardsCurve = BABY_JUBJUB

    def __post_init__(self) -> None:
        if self.circuit.curve.r != self.curve.p:
            self.circuit.refuse(f"points of {self.curve.name} have coordinates mod {self.curve.p}, not in this field")
        object.__setattr__(self, "x", self.x.raw())
        object.__setattr__(self, "y", self.y.raw())

    @property
    def circuit(self) -> Circuit:
        return self.x.circuit


@dataclass(frozen=True, eq=False)
class SubgroupPoint(Point):
    """A point of the subgroup of prime order, the neutral element included.

    `clear_cofactor`, `fixed_base_multiple` and `variable_base_multiple` make them. **Hazard:** to make one by hand is
    to say that something outside this circuit keeps the point in the subgroup; no constraint does.
    """


@gadget
def constant_point(c: Circuit, point: EdwardsPoint, curve: EdwardsCurve = BABY_JUBJUB) -> Point:
    """A point known while building, as a `SubgroupPoint` where it is one. Free; refused if it is not on the curve."""
    if not curve.contains(point):
        c.refuse(f"({point[0]}, {point[1]}) is not a point of {curve.name}")
    kind = SubgroupPoint if curve.in_subgroup(point) else Point
    return kind(c.constant(point[0]), c.constant(point[1]), curve)


@gadget(requires="a x^2 + y^2 = 1 + d x^2 y^2")
def assert_on_curve(point: Point) -> None:
    """a x^2 + y^2 = 1 + d x^2 y^2, in any subgroup; 3 constraints."""
    c, curve = point.circuit, point.curve
    xx, yy = field_product(point.x, point.x), field_product(point.y, point.y)
    c.constrain_product(c.field_sum(((xx, curve.d),)), yy, c.field_sum(((xx, curve.a), (yy, 1), (c.constant(1), -1))))


@gadget(requires="one = other")
def assert_same_point(one: Point, other: Point) -> None:
    """Both coordinates are equal; 2 constraints, both linear."""
    c = one.circuit
    c.constrain_equal(one.x, other.x)
    c.constrain_equal(one.y, other.y)


@gadget
def point_add(one: Point, other: Point) -> Point:
    """The sum; 6 constraints, 3 where one of the points is a constant. Trusts that both are on the curve.

    With p = x1 y2 and q = y1 x2, t = d p q, and y1 y2 - a x1 x2 = (y1 - a x1) (x2 + y2) + a p - q.
    """
    c, curve = one.circuit, _common_curve(one, other)
    p, q = field_product(one.x, other.y), field_product(one.y, other.x)
    skew = field_product(c.field_sum(((one.y, 1), (one.x, -curve.a))), c.field_sum(((other.x, 1), (other.y, 1))))
    t = c.field_sum(((field_product(p, q), curve.d),))
    x = field_quotient(c.field_sum(((p, 1), (q, 1))), c.field_sum(((c.constant(1), 1), (t, 1))))
    y = field_quotient(c.field_sum(((skew, 1), (p, curve.a), (q, -1))), c.field_sum(((c.constant(1), 1), (t, -1))))
    return _kind(one, other)(x, y, curve)


@gadget
def point_double(point: Point) -> Point:
    """The point added to itself; 5 constraints. Trusts that it is on the curve: so 1 + t is a x^2 + y^2."""
    c, curve = point.circuit, point.curve
    xx, yy = field_product(point.x, point.x), field_product(point.y, point.y)
    xy = field_product(point.x, point.y)
    x = field_quotient(c.field_sum(((xy, 2),)), c.field_sum(((xx, curve.a), (yy, 1))))
    y = field_quotient(
        c.field_sum(((yy, 1), (xx, -curve.a))), c.field_sum(((c.constant(2), 1), (xx, -curve.a), (yy, -1)))
    )
    return _kind(point)(x, y, curve)


@gadget
def point_negate(point: Point) -> Point:
    """(-x, y). Free."""
    return _kind(point)(point.circuit.field_sum(((point.x, -1),)), point.y, point.curve)


@gadget
def point_select(bit: Expr, when_one: Point, when_zero: Point) -> Point:
    """when_one if the bit is 1, when_zero if it is 0; 2 constraints. Refuses what is not known to be a bit."""
    require_bit(bit)
    c, curve = bit.circuit, _common_curve(when_one, when_zero)
    x, y = (
        c.field_sum(((low, 1), (field_product(bit.raw(), c.field_sum(((high, 1), (low, -1)))), 1)))
        for high, low in ((when_one.x, when_zero.x), (when_one.y, when_zero.y))
    )
    return _kind(when_one, when_zero)(x, y, curve)


@gadget
def clear_cofactor(point: Point) -> SubgroupPoint:
    """The point times the cofactor, 8 on Baby Jubjub, and so in the subgroup; 18 constraints there.

    Proves that the point is on the curve, unless it is known to be in the subgroup: off the curve the denominators of a
    doubling can vanish, and then a prover chooses the result.
    """
    if not isinstance(point, SubgroupPoint):
        assert_on_curve(point)
    for _ in range(point.curve.cofactor.bit_length() - 1):
        point = point_double(point)
    return SubgroupPoint(point.x, point.y, point.curve)


@gadget(requires="point != (0, 1)")
def assert_not_neutral(point: SubgroupPoint) -> None:
    """The point is not (0, 1); 1 constraint, x * inverse = 1.

    The points with x = 0 are (0, 1) and (0, -1), and the second has order 2: it is not in the subgroup.
    """
    c = point.circuit
    one = c.constant(1)
    if point.x.is_constant:
        if not point.x.terms:
            c.refuse("this can never hold: the neutral element is not the neutral element")
        return
    c.constrain_product(point.x, c.hint_quotient(one, point.x), one)


@gadget(requires="cofactor * point != (0, 1)")
def assert_not_small_order(point: Point) -> None:
    """The cofactor does not take the point to the neutral element; 19 constraints on Baby Jubjub.

    Proves that it is on the curve. A public key of small order verifies signatures that anybody can make.
    """
    assert_not_neutral(clear_cofactor(point))


def field_product(a: Expr, b: Expr) -> Expr:
    """a * b in the field: one constraint, none where a factor is a constant."""
    c = a.circuit
    for factor, other in ((a, b), (b, a)):
        if factor.is_constant:
            return c.field_sum(((other, factor.constant_value),))
    return c.product_unused(a.raw(), b.raw())


def field_quotient(a: Expr, b: Expr) -> Expr:
    """A wire q with q * b = a: a / b, **if b is not 0**, which the caller has to show; one constraint, or none."""
    c = a.circuit
    if b.is_constant:
        return c.field_sum(((a, pow(b.constant_value, -1, c.curve.r)),))
    q = c.hint_quotient(a, b)
    c.constrain_product(q, b, a)
    return q


def _common_curve(one: Point, other: Point) -> EdwardsCurve:
    if one.curve is not other.curve:
        one.circuit.refuse(f"points of two curves, {one.curve.name} and {other.curve.name}")
    return one.curve


def _kind(*points: Point) -> type[Point]:
    """The subgroup is closed under all that is done here."""
    return SubgroupPoint if all(isinstance(point, SubgroupPoint) for point in points) else Point
