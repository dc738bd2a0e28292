"""Canonical bytes: one encoding for each value, and a typed refusal for everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkmargin.algebra import (
    BN254,
    EncodingError,
    PointError,
    g1_from_bytes,
    g1_to_bytes,
    g2_from_bytes,
    g2_to_bytes,
    scalars_from_bytes,
    scalars_to_bytes,
)

R, Q = BN254.r, BN254.q
G1_SIZE, G2_SIZE = 64, 128


def little(*values: int) -> bytes:
    return b"".join(value.to_bytes(32, "little") for value in values)


scalar = st.integers(0, R - 1)
coordinate = st.integers(0, Q - 1)
pair = st.tuples(coordinate, coordinate)
g1 = st.none() | pair.filter(any)
g2 = st.none() | st.tuples(pair, pair).filter(lambda p: any(p[0]) or any(p[1]))


@given(st.lists(scalar, max_size=20))
def test_scalars_round_trip(values: list[int]) -> None:
    data = scalars_to_bytes(values)
    assert data == little(*values)
    assert scalars_from_bytes(data) == values


@given(st.lists(g1, max_size=8), st.lists(g2, max_size=8))
def test_points_round_trip(first: list[Any], second: list[Any]) -> None:
    assert g1_from_bytes(g1_to_bytes(first)) == first
    assert g2_from_bytes(g2_to_bytes(second)) == second


def test_the_layout_is_the_documented_one() -> None:
    assert scalars_to_bytes([258]) == bytes([2, 1]) + bytes(30)
    assert g1_to_bytes([(1, 2), None]) == little(1, 2, 0, 0)
    assert g2_to_bytes([((1, 2), (3, 4)), None]) == little(1, 2, 3, 4) + bytes(128)


@pytest.mark.parametrize("bad", [R, R + 1, 2 * R, 2**256, -1, -R, True, False, 1.0, "1", None, b"\1"], ids=repr)
def test_what_is_no_scalar_is_refused_with_its_index(bad: Any) -> None:
    with pytest.raises(EncodingError) as caught:
        scalars_to_bytes([5, bad])
    assert (caught.value.what, caught.value.index) == ("scalar", 1)
    assert not isinstance(caught.value, PointError)


@pytest.mark.parametrize("value", [R, R + 1, Q, 2**256 - 1])
def test_bytes_of_a_value_not_below_r_are_refused(value: int) -> None:
    with pytest.raises(EncodingError) as caught:
        scalars_from_bytes(little(R - 1, value))
    assert caught.value.index == 1


@pytest.mark.parametrize("bad", [Q, 2**256, -1, True, 1.0, None], ids=repr)
@pytest.mark.parametrize("place", range(4))
def test_what_is_no_coordinate_is_refused(bad: Any, place: int) -> None:
    parts: list[Any] = [1, 2, 3, 4]
    parts[place] = bad
    with pytest.raises(PointError) as caught:
        g2_to_bytes([None, ((parts[0], parts[1]), (parts[2], parts[3]))])
    assert caught.value.index == 1
    if place < 2:
        with pytest.raises(PointError):
            g1_to_bytes([(parts[0], parts[1])])


@pytest.mark.parametrize(("read", "count"), [(g1_from_bytes, 2), (g2_from_bytes, 4)])
@pytest.mark.parametrize("value", [Q, 2**256 - 1])
def test_bytes_of_a_coordinate_not_below_q_are_refused(read: Callable[[bytes], Any], count: int, value: int) -> None:
    for place in range(count):
        parts = [1] * count
        parts[place] = value
        with pytest.raises(PointError) as caught:
            read(bytes(32 * count) + little(*parts))
        assert caught.value.index == 1


@pytest.mark.parametrize(
    ("read", "size"), [(scalars_from_bytes, 32), (g1_from_bytes, G1_SIZE), (g2_from_bytes, G2_SIZE)]
)
def test_partial_elements_are_refused(read: Callable[[bytes], list[Any]], size: int) -> None:
    assert read(b"") == []
    assert len(read(bytes(2 * size))) == 2
    for length in (1, size - 1, size + 1, 2 * size - 1):
        with pytest.raises(EncodingError, match="whole number"):
            read(bytes(length))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_every_buffer_is_read(kind: Any) -> None:
    assert scalars_from_bytes(kind(little(1, 2))) == [1, 2]
    assert g1_from_bytes(kind(little(1, 2))) == [(1, 2)]


def test_infinity_is_all_zeros_and_nothing_else() -> None:
    assert g1_from_bytes(little(0, 1)) == [(0, 1)]
    assert g2_from_bytes(little(0, 0, 0, 1)) == [((0, 0), (0, 1))]


def test_a_root_of_unity_has_its_order() -> None:
    for log_size in (0, 1, 2, 10, BN254.two_adicity):
        root = BN254.root_of_unity(log_size)
        assert pow(root, 1 << log_size, R) == 1
        assert log_size == 0 or pow(root, 1 << (log_size - 1), R) == R - 1
    for log_size in (-1, BN254.two_adicity + 1):
        with pytest.raises(ValueError, match="no root"):
            BN254.root_of_unity(log_size)
