"""The groups G1 and G2: points as bytes, their checks, and the group law of py_ecc.

Source: Barreto and Naehrig, "Pairing-friendly elliptic curves of prime order" (SAC 2005), section 3 for the sextic
twist on which G2 lives. A point is in G2 only if r times it is the point at infinity: the twist itself is larger.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..curves import Curve
from ..encoding import Buffer, g1_from_bytes, g1_to_bytes, g2_from_bytes, g2_to_bytes
from ..errors import EncodingError, PointError
from .library import library

Point = tuple[Any, Any, Any]
"""Homogeneous projective coordinates in py_ecc's types."""


@dataclass(frozen=True)
class PointBases:
    """Decoded points of one group of the reference engine."""

    group: Group
    points: tuple[Point, ...]

    def __len__(self) -> int:
        return len(self.points)


class Group:
    """What G1 and G2 have in common; `first_group` and `second_group` make the two."""

    def __init__(
        self,
        name: str,
        curve: Curve,
        read: Callable[[Buffer, Curve], Iterable[Any]],
        write: Callable[[Iterable[Any], Curve], bytes],
        field: Callable[[Any], Any],
        integers: Callable[[Any], Any],
        b: Any,
        cofactor_one: bool,
    ) -> None:
        self.name = name
        self.curve = curve
        self._read, self._write = read, write
        self._field, self._integers = field, integers
        self._b = b
        self._cofactor_one = cofactor_one
        self._law = library(curve)
        self.infinity: Point = (b.one(), b.one(), b.zero())

    # Points and bytes.

    def decode(self, data: Buffer) -> list[Point]:
        """Points of the group; `PointError` names the first that is none."""
        try:
            points = self.decode_unchecked(data)
        except PointError as problem:
            if problem.index:  # its coordinates are not canonical; one before it may be none for another reason
                self.decode(bytes(data)[: problem.index * len(self._write([None], self.curve))])
            raise
        for index, point in enumerate(points):
            if not self._law.is_on_curve(point, self._b):
                raise PointError(f"point {index} is not on the curve", what="point", index=index)
            if not self._cofactor_one and not self.is_infinity(self._times_unreduced(point, self.curve.r)):
                raise PointError(f"point {index} is outside the subgroup of order r", what="point", index=index)
        return points

    def decode_unchecked(self, data: Buffer) -> list[Point]:
        """Points with canonical coordinates, which may lie anywhere."""
        one = self._b.one()
        return [
            self.infinity if affine is None else (self._field(affine[0]), self._field(affine[1]), one)
            for affine in self._read(data, self.curve)
        ]

    def encode(self, points: Sequence[Point]) -> bytes:
        """Affine bytes; all z are inverted at the price of one (Montgomery's trick)."""
        finite = [point for point in points if not self.is_infinity(point)]
        inverses = iter(self._inverses([point[2] for point in finite]))
        return self._write((self._affine(point, inverses) for point in points), self.curve)

    def bases(self, points: Sequence[Point]) -> PointBases:
        return PointBases(self, tuple(points))

    def points_of(self, bases: object) -> tuple[Point, ...]:
        """The points behind bases, which must be of this group and this engine."""
        if not isinstance(bases, PointBases) or bases.group is not self:
            raise EncodingError(f"these are not {self.name} bases of the reference engine", what="bases")
        return bases.points

    # The group law.

    def is_infinity(self, point: Point) -> bool:
        return bool(self._law.is_inf(point))

    def add(self, a: Point, b: Point) -> Point:
        """Complete: equal, opposite and infinite points included."""
        return self._law.add(a, b)  # type: ignore[no-any-return]

    def double(self, point: Point) -> Point:
        return self._law.double(point)  # type: ignore[no-any-return]

    def neg(self, point: Point) -> Point:
        return self._law.neg(point)  # type: ignore[no-any-return]

    def times(self, scalar: int, point: Point) -> Point:
        """scalar * point for a canonical scalar and a point of the group."""
        if scalar > self.curve.r // 2:
            return self._times_unreduced(self.neg(point), self.curve.r - scalar)
        return self._times_unreduced(point, scalar)

    def _times_unreduced(self, point: Point, factor: int) -> Point:
        """Double and add from the top bit; the factor is not reduced, so that r itself may be one."""
        result = self.infinity
        for bit in format(factor, "b"):
            result = self.double(result)
            if bit == "1":
                result = self.add(result, point)
        return result

    def _affine(self, point: Point, inverses: Iterable[Any]) -> Any:
        if self.is_infinity(point):
            return None
        inverse = next(iter(inverses))
        return self._integers(point[0] * inverse), self._integers(point[1] * inverse)

    def _inverses(self, values: Sequence[Any]) -> list[Any]:
        before, product = [], self._b.one()
        for value in values:
            before.append(product)
            product = product * value
        suffix = self._b.one() / product
        result = []
        for value, prefix in zip(reversed(values), reversed(before), strict=True):
            result.append(suffix * prefix)
            suffix = suffix * value
        return result[::-1]


def first_group(curve: Curve) -> Group:
    """G1 over F_q."""
    law = library(curve)
    # By Hasse's bound the curve has at most q + 1 + 2 sqrt(q) points; a subgroup of more than half that is all of it.
    cofactor_one = 2 * curve.r > curve.q + 1 + 2 * (math.isqrt(curve.q) + 1)
    return Group("G1", curve, g1_from_bytes, g1_to_bytes, law.FQ, _integer, law.b, cofactor_one)


def second_group(curve: Curve) -> Group:
    """G2 over F_q^2."""
    law = library(curve)
    return Group("G2", curve, g2_from_bytes, g2_to_bytes, law.FQ2, _integer_pair, law.b2, False)


def _integer(element: Any) -> int:
    return int(element.n)


def _integer_pair(element: Any) -> tuple[int, int]:
    return int(element.coeffs[0]), int(element.coeffs[1])
