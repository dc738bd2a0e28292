"""A curve of 88 points over F_71, small enough that every scalar, every point and every lie can be tried."""

from __future__ import annotations

from collections.abc import Callable

from zkmargin.algebra import BN254, Curve, EdwardsCurve, EdwardsPoint
from zkmargin.circuits import Circuit, CompiledCircuit, assert_same_point, build
from zkmargin.circuits.gadgets import Point

from .plain_engine import solutions, tiny_field

SMALL = EdwardsCurve(name="small", p=71, a=25, d=21, order=11, cofactor=8, base=(4, 15))
POINTS = [(x, y) for x in range(SMALL.p) for y in range(SMALL.p) if SMALL.contains((x, y))]
SUBGROUP = [SMALL.multiply(k, SMALL.base) for k in range(SMALL.order)]

Made = Callable[[Circuit], Point]
"""A function that makes a point out of inputs it declares."""


def field_of(curve: EdwardsCurve) -> Curve:
    return BN254 if curve.p == BN254.r else tiny_field(curve.p)


def making(made: Made, curve: EdwardsCurve = SMALL) -> CompiledCircuit:
    """The circuit that makes the point and says nothing about it."""

    def whole(c: Circuit) -> None:
        made(c)

    return build(whole, name="making", curve=field_of(curve))


def claiming(made: Made, curve: EdwardsCurve = SMALL) -> CompiledCircuit:
    """The circuit in which the point has the public coordinates x and y."""

    def whole(c: Circuit) -> None:
        assert_same_point(made(c), Point(c.public("x"), c.public("y"), curve))

    return build(whole, name="claiming", curve=field_of(curve))


def witnesses(circuit: CompiledCircuit, inputs: dict[str, int | list[int]]) -> int:
    """How many ways there are to fill the inner wires."""
    return sum(1 for _ in solutions(circuit, inputs))


def at(point: EdwardsPoint, x: str = "x", y: str = "y") -> dict[str, int]:
    return {x: point[0], y: point[1]}


def bits_of(k: int, count: int) -> list[int]:
    return [k >> place & 1 for place in range(count)]
