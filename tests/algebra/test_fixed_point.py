"""Decimal amounts are exact or refused, and each division rounds as its name says."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkmargin.algebra import (
    EncodingError,
    ceil_div,
    floor_div,
    format_decimal,
    isqrt_ceil,
    parse_decimal,
    round_half_even_div,
)
from zkmargin.algebra.fixed_point import MAX_DECIMAL_CHARACTERS

integers = st.integers(-(2**130), 2**130)
positive = st.integers(1, 2**70)


@pytest.mark.parametrize(
    ("text", "scale", "value"),
    [
        ("1.25", 8, 125_000_000),
        ("0", 8, 0),
        ("0.00000001", 8, 1),
        ("0.0", 1, 0),
        ("7", 0, 7),
        ("1.10", 2, 110),
        ("123456789012345678901234567890.1", 1, 1234567890123456789012345678901),
    ],
)
def test_amounts_are_read_exactly(text: str, scale: int, value: int) -> None:
    assert parse_decimal(text, scale) == value
    if value:
        assert parse_decimal("-" + text, scale, signed=True) == -value


REFUSED = [
    "", " ", ".", "-", "+1", "1 ", " 1", "1\n", "\t1", "1e3", "1E3", "1.", ".5", "1..2", "1.2.3", "1,5", "1_000", "0x1",
    "--1", "1-", "1.-5", "NaN", "inf", "١", "１", "1²", "½", "1\u200b", "1\0", "01", "00", "-01", "-0", "-0.00",
    "0.000000000", "1.123456789", "9" * (MAX_DECIMAL_CHARACTERS + 1),
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(EncodingError) as caught:
        parse_decimal(text, 8, signed=True)
    assert len(str(caught.value)) < 250


def test_a_sign_needs_permission() -> None:
    assert parse_decimal("-1.5", 1, signed=True) == -15
    with pytest.raises(EncodingError, match="negative"):
        parse_decimal("-1.5", 1)


@pytest.mark.parametrize("wrong", [1, 1.25, Decimal("1.25"), b"1.25", None, True], ids=repr)
def test_only_text_is_read(wrong: Any) -> None:
    with pytest.raises(EncodingError):
        parse_decimal(wrong, 8)


@given(integers, st.integers(0, 20))
def test_what_is_written_is_read_back(value: int, scale: int) -> None:
    text = format_decimal(value, scale)
    assert parse_decimal(text, scale, signed=True) == value
    assert re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", text)
    assert Fraction(text) == Fraction(value, 10**scale)


@given(st.text(alphabet="0123456789.-+e_ ", max_size=12), st.integers(0, 9))
def test_any_text_is_read_exactly_or_refused(text: str, scale: int) -> None:
    try:
        value = parse_decimal(text, scale, signed=True)
    except EncodingError:
        return
    assert Fraction(text) == Fraction(value, 10**scale)


@given(integers, positive)
def test_divisions_round_as_named(a: int, b: int) -> None:
    exact = Fraction(a, b)
    assert floor_div(a, b) == floor(exact)
    assert ceil_div(a, b) == ceil(exact)
    assert round_half_even_div(a, b) == round(exact)


def test_ties_go_to_the_even_neighbour() -> None:
    with localcontext() as context:
        context.prec = 50
        for n in range(-9, 10):
            expected = int((Decimal(n) / 2).quantize(Decimal(1), ROUND_HALF_EVEN))
            assert round_half_even_div(n, 2) == expected


@given(st.integers(0, 2**200))
def test_the_root_is_the_smallest_that_covers(value: int) -> None:
    root = isqrt_ceil(value)
    assert root >= 0
    assert root**2 >= value
    assert root == 0 or (root - 1) ** 2 < value


@given(st.integers(0, 2**100))
def test_squares_have_exact_roots(root: int) -> None:
    assert isqrt_ceil(root * root) == root
    assert isqrt_ceil(root * root + 1) == root + 1


@pytest.mark.parametrize("divisor", [0, -1])
def test_divisors_are_positive(divisor: int) -> None:
    for divide in (floor_div, ceil_div, round_half_even_div):
        with pytest.raises(ValueError, match="positive"):
            divide(1, divisor)


def test_negative_numbers_have_no_root() -> None:
    with pytest.raises(ValueError, match="nonnegative"):
        isqrt_ceil(-1)
