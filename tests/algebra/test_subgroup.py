"""Membership in G2, by each way that leads to it, on points of which it is known by how they were made."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import cache, reduce

import pytest

from zkmargin.algebra import BN254, Engine, PointError

from .door_fields import little
from .door_groth16 import GOOD, KEY, X
from .plain_curve import GENERATORS, Point, add, multiple, negative, stray_g2, to_bytes

Q, R = BN254.q, BN254.r
U = 4965661367192848881
"""The curve's parameter: q and r are polynomials in it."""
TRACE = 6 * U**2 + 1
COFACTOR = (10069, 5864401, 1875725156269, 197620364512881247228717050342013327560683201906968909)
ORDERS = (R, *COFACTOR)

Relation = tuple[int, int, int, int]
MILLER_LOOP: Relation = (6 * U + 2, 1, -1, 1)
"""What `native/src/lines.rs` asks of a point P: (6 u + 2) P + psi(P) - psi^2(P) + psi^3(P) = 0."""
SHORT_TEST: Relation = (U + 1, U, U, -2 * U)
"""What `native/src/group.rs` asks of it."""


def norm(relation: Relation) -> int:
    """Of the relation as an element of Z[psi], where psi^2 = t psi - q: the product with its conjugate."""
    power, total = (1, 0), (0, 0)
    for factor in relation:
        total = (total[0] + factor * power[0], total[1] + factor * power[1])
        power = (-Q * power[1], power[0] + TRACE * power[1])
    a, b = total
    return a * a + a * b * TRACE + b * b * Q


@pytest.mark.parametrize("relation", [MILLER_LOOP, SHORT_TEST], ids=["Miller loop", "short test"])
def test_the_relations_hold_in_the_subgroup_and_nowhere_else(relation: Relation) -> None:
    """The norm kills every point of which the relation is true, and so does the group's order, r times the cofactor.
    What both have in common is r, so r kills it too; and psi, on the subgroup, multiplies by q."""
    assert Q + 1 - TRACE == R
    assert math.prod(COFACTOR) == 2 * Q - R
    assert math.gcd(norm(relation), R * (2 * Q - R)) == R
    assert sum(factor * Q**power for power, factor in enumerate(relation)) % R == 0


@cache
def generators() -> dict[int, Point]:
    """A point of each prime order that the twist has."""
    stray, whole = stray_g2(3), math.prod(ORDERS)
    found = {order: multiple(whole // order, stray) for order in COFACTOR} | {R: GENERATORS["g2"]}
    assert all(point and multiple(order, point) is None for order, point in found.items())
    return found


def points(count: int) -> Iterator[tuple[Point, bool]]:
    """Sums of points of some of the orders, and whether they are in the subgroup; small multiples first."""
    chance = random.Random(5)
    parts = dict(generators())
    for number in range(count):
        order = ORDERS[number % len(ORDERS)]
        yield (point := parts[order]), order == R
        yield negative(point), order == R
        parts[order] = add(parts[order], generators()[order]) or generators()[order]
        some = [each for each in ORDERS if chance.random() < 0.5] or [R]
        yield reduce(add, (parts[each] for each in some)), some == [R]


def ways(engine: Engine) -> Iterator[Callable[[bytes], object]]:
    key = engine.groth16_key(*KEY)
    yield engine.g2_bases
    if engine.name == "native":  # the reference engine has one test for all of them
        yield lambda point: key.check(little(X), GOOD[:64] + point + GOOD[192:])
        yield engine.g2_compress


def test_membership_is_what_it_was_made_to_be(engine: Engine) -> None:
    known = list(ways(engine))
    for point, inside in points(120 if engine.name == "native" else 2):
        data = to_bytes("g2", [point])
        for way in known:
            with nullcontext() if inside else pytest.raises(PointError, match="outside the subgroup"):
                way(data)
