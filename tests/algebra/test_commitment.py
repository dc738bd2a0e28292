"""Pedersen commitments: their second base, that they add up, and the ranges they are opened in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import (
    BABY_JUBJUB,
    EncodingError,
    PointError,
    blinding_base,
    commit,
    keccak256,
    random_blinding,
    unpack_point,
)
from zkmargin.algebra.edwards import NEUTRAL

ORDER = BABY_JUBJUB.order
values = st.one_of(st.integers(0, 2), st.integers(ORDER - 2, ORDER - 1), st.integers(0, ORDER - 1))


def test_the_second_base_is_derived_as_described() -> None:
    """Followed step by step, from the text that names it; and no other base may ever take its place."""
    refused = 0
    while True:
        digest = bytearray(keccak256(b"zkmargin Pedersen commitment: H" + bytes([refused])))
        digest[31] &= 0b1011_1111
        try:
            point = unpack_point(digest)
            break
        except PointError:
            refused += 1
    assert blinding_base() == BABY_JUBJUB.multiply(8, point)
    assert blinding_base() == (
        4407081105553365608159060705265759098887105520957785423451588729505767455823,
        14405527246517189450110277429817512349699009687625369980275160798156529200798,
    )
    assert BABY_JUBJUB.in_subgroup(blinding_base())
    assert blinding_base() not in (NEUTRAL, BABY_JUBJUB.base, BABY_JUBJUB.negate(BABY_JUBJUB.base))


@given(values, values, values, values)
@settings(max_examples=10, deadline=None)
def test_commitments_add_up(v: int, b: int, w: int, c: int) -> None:
    assert BABY_JUBJUB.add(commit(v, b), commit(w, c)) == commit((v + w) % ORDER, (b + c) % ORDER)


def test_both_parts_count() -> None:
    assert commit(0, 0) == NEUTRAL
    assert commit(1, 0) == BABY_JUBJUB.base
    assert commit(0, 1) == blinding_base()
    assert len({commit(v, b) for v in range(4) for b in range(4)}) == 16
    assert commit(3, 5) == commit(3, 5 + ORDER)  # the blinding is not bound, as the contract says


@pytest.mark.parametrize("value", [-1, ORDER, True, 1.0])
def test_values_outside_the_order_are_refused(value: int) -> None:
    with pytest.raises(EncodingError, match="value"):
        commit(value, 1)


@pytest.mark.parametrize("blinding", [-1, 1 << 251, True, "1"])
def test_blindings_that_are_too_wide_are_refused(blinding: int) -> None:
    with pytest.raises(EncodingError, match="blinding"):
        commit(1, blinding)


def test_fresh_blindings_fill_the_order() -> None:
    drawn = [random_blinding() for _ in range(64)]
    assert len(set(drawn)) == 64
    assert all(0 <= b < ORDER for b in drawn)
    assert max(drawn) > ORDER // 2 > min(drawn)
