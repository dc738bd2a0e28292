"""Twisted Edwards curves: the whole group of a small one, Baby Jubjub and its published numbers, packed points."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BABY_JUBJUB, BN254, EdwardsCurve, EncodingError, PointError, pack_point, unpack_point
from zkmargin.algebra.edwards import NEUTRAL
from zkmargin.algebra.square_root import square_root

P, ORDER = BABY_JUBJUB.p, BABY_JUBJUB.order
SMALL = EdwardsCurve(name="small", p=71, a=25, d=21, order=11, cofactor=8, base=(4, 15))
GENERATOR = (
    995203441582195749578291179787384436505546430278305826713579947235728471134,
    5472060717959818805561601436314318772137091100104008585924551046643952123905,
)
"""Of the whole group, from ERC-2494."""


def small_points() -> list[tuple[int, int]]:
    return [(x, y) for x in range(SMALL.p) for y in range(SMALL.p) if SMALL.contains((x, y))]


def test_a_small_curve_is_a_group() -> None:
    points = small_points()
    assert len(points) == SMALL.order * SMALL.cofactor
    for one in points:
        assert SMALL.add(one, NEUTRAL) == one
        assert SMALL.add(one, SMALL.negate(one)) == NEUTRAL
        for other in points:
            total = SMALL.add(one, other)
            assert SMALL.contains(total)
            assert total == SMALL.add(other, one)
            assert SMALL.add(total, SMALL.base) == SMALL.add(one, SMALL.add(other, SMALL.base))


@pytest.mark.parametrize(("a", "d"), [(7, 21), (25, 20), (7, 20), (25, 0), (0, 21)])
def test_curves_without_complete_addition_are_refused(a: int, d: int) -> None:
    with pytest.raises(ValueError, match="no complete addition"):
        replace(SMALL, a=a, d=d)


def test_multiples_are_repeated_sums() -> None:
    for point in small_points():
        total = NEUTRAL
        for scalar in range(2 * SMALL.order * SMALL.cofactor):
            assert SMALL.multiply(scalar, point) == total
            assert SMALL.multiply(-scalar, point) == SMALL.negate(total)
            total = SMALL.add(total, point)


def test_the_subgroup_of_a_small_curve() -> None:
    points = small_points()
    assert {p for p in points if SMALL.in_subgroup(p)} == {SMALL.multiply(k, SMALL.base) for k in range(SMALL.order)}
    small = [p for p in points if SMALL.has_small_order(p)]
    assert len(small) == SMALL.cofactor
    assert [p for p in small if SMALL.in_subgroup(p)] == [NEUTRAL]


@pytest.mark.parametrize("curve", [SMALL, BABY_JUBJUB], ids=lambda curve: curve.name)
def test_the_point_of_order_four(curve: EdwardsCurve) -> None:
    assert curve.contains(curve.point_of_order_four)
    assert curve.multiply(2, curve.point_of_order_four) == (0, curve.p - 1)
    assert curve.multiply(4, curve.point_of_order_four) == NEUTRAL


def test_baby_jubjub_is_the_published_curve() -> None:
    assert BABY_JUBJUB.p == BN254.r
    assert pow(BABY_JUBJUB.a, (P - 1) // 2, P) == 1
    assert pow(BABY_JUBJUB.d, (P - 1) // 2, P) == P - 1
    assert BABY_JUBJUB.contains(GENERATOR)
    assert BABY_JUBJUB.multiply(8, GENERATOR) == BABY_JUBJUB.base
    assert BABY_JUBJUB.multiply(ORDER, GENERATOR) != NEUTRAL
    assert BABY_JUBJUB.multiply(4 * ORDER, GENERATOR) != NEUTRAL
    assert BABY_JUBJUB.multiply(8 * ORDER, GENERATOR) == NEUTRAL
    assert not BABY_JUBJUB.in_subgroup(GENERATOR)
    assert BABY_JUBJUB.in_subgroup(BABY_JUBJUB.base)
    assert all(pow(witness, ORDER - 1, ORDER) == 1 for witness in (2, 3, 5, 7))  # a prime, for all that Fermat can say


def test_a_published_sum() -> None:
    """The addition vectors of ERC-2494."""
    one = (
        17777552123799933955779906779655732241715742912184938656739573121738514868268,
        2626589144620713026669568689430873010625803728049924121243784502389097019475,
    )
    other = (
        16540640123574156134436876038791482806971768689494387082833631921987005038935,
        20819045374670962167435360035096875258406992893633759881276124905556507972311,
    )
    assert BABY_JUBJUB.add(one, other) == (
        7916061937171219682591368294088513039687205273691143098332585753343424131937,
        14035240266687799601661095864649209771790948434046947201833777492504781204499,
    )
    assert BABY_JUBJUB.add(one, one) == (
        6890855772600357754907169075114257697580319025794532037257385534741338397365,
        4338620300185947561074059802482547481416142213883829469920100239455078257889,
    )


@pytest.mark.parametrize("point", [(0, 0), (1, 1), (P, 1), (0, P + 1), (0, -1), (GENERATOR[0], GENERATOR[1] + 1)])
def test_what_is_no_point_is_refused(point: tuple[int, int]) -> None:
    assert not BABY_JUBJUB.contains(point)
    assert not BABY_JUBJUB.in_subgroup(point)
    with pytest.raises(PointError, match="R is not a point of Baby Jubjub"):
        BABY_JUBJUB.require(point, "R")
    with pytest.raises(PointError):
        pack_point(point)


@given(st.integers(0, 8 * ORDER))
@settings(max_examples=30, deadline=None)
def test_points_survive_packing(scalar: int) -> None:
    for point in (p := BABY_JUBJUB.multiply(scalar, GENERATOR), BABY_JUBJUB.negate(p)):
        packed = pack_point(point)
        assert len(packed) == 32
        assert unpack_point(packed) == point
        assert packed[:31] + bytes([packed[31] & 0x7F]) == point[1].to_bytes(32, "little")
        assert (packed[31] >> 7 == 1) == (point[0] > P // 2)


@pytest.mark.parametrize("point", [(0, 1), (0, P - 1), (square_root(pow(168700, -1, P), P), 0)])
def test_points_of_small_order_survive_packing(point: tuple[int, int]) -> None:
    assert unpack_point(pack_point(point)) == point


def test_each_point_has_one_encoding() -> None:
    neutral = pack_point(NEUTRAL)
    beside = next(y for y in range(2, 99) if square_root((1 - y * y) * pow(168700 - 168696 * y * y, -1, P), P) is None)
    for data, problem in (
        (neutral[:31], "32 bytes, not 31"),
        (neutral + b"\0", "32 bytes, not 33"),
        ((P + 1).to_bytes(32, "little"), "not below the modulus"),
        ((P + 1 + (1 << 255)).to_bytes(32, "little"), "not below the modulus"),
        ((1 + (1 << 254)).to_bytes(32, "little"), "not below the modulus"),
        ((1 + (1 << 255)).to_bytes(32, "little"), "a sign where x is zero"),
        (beside.to_bytes(32, "little"), "no point of Baby Jubjub has this y"),
    ):
        with pytest.raises(PointError, match=problem):
            unpack_point(data)
    assert issubclass(PointError, EncodingError)


@pytest.mark.parametrize("p", [3, 5, 7, 13, 17, 41, 71, 97, 193])
def test_square_roots_of_small_fields(p: int) -> None:
    squares = {x * x % p for x in range(p)}
    for value in range(p):
        root = square_root(value, p)
        assert (root is not None) == (value in squares)
        assert root is None or (0 <= root < p and root * root % p == value)
