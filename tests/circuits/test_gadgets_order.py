"""Comparisons, absolute values and their kin: against plain integers, at the edges, over a small field, and lied to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BN254
from zkmargin.circuits import (
    BuildError,
    Circuit,
    CompiledCircuit,
    Expr,
    absolute,
    assert_at_most,
    assert_equal,
    assert_less,
    bind,
    build,
    is_at_most,
    is_nonnegative,
    positive_part,
)

from .conftest import broken, require_every_wire_determined, require_exact_over_small_field
from .plain_engine import solutions, tiny_field

R = BN254.r
HALF = (R - 1) // 2
Binary = Callable[[Expr, Expr], None]


def pair(relation: Binary, bits: int = 8, low: int = 0) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        relation(*(c.private(name, bits=bits) if not low else c.private(name, signed_bits=bits) for name in "ab"))

    return build(circuit, name="pair")


AT_MOST, LESS = pair(assert_at_most), pair(assert_less)
SIGNED = pair(assert_at_most, low=-1)


@given(st.integers(0, 255), st.integers(0, 255))
def test_order_is_that_of_integers(a: int, b: int) -> None:
    assert (broken(AT_MOST, {"a": a, "b": b}) is None) == (a <= b)
    assert (broken(LESS, {"a": a, "b": b}) is None) == (a < b)


@given(st.integers(-128, 127), st.integers(-128, 127))
def test_order_of_signed_values(a: int, b: int) -> None:
    assert (broken(SIGNED, {"a": a, "b": b}) is None) == (a <= b)


@pytest.mark.parametrize(("a", "b"), [(0, 0), (255, 255), (0, 255), (254, 255)])
def test_order_at_the_edges(a: int, b: int) -> None:
    assert broken(AT_MOST, {"a": a, "b": b}) is None
    assert (broken(LESS, {"a": a, "b": b}) is None) == (a != b)
    problem = broken(AT_MOST, {"a": b + 1, "b": b}) if b < 255 else None
    if problem is not None:
        assert problem.gadget == ("assert_at_most", "to_bits")


@pytest.mark.parametrize("a", [0, 7, 255])
def test_every_wire_of_a_comparison_is_determined(a: int) -> None:
    require_every_wire_determined(AT_MOST, {"a": a, "b": 255})


def test_c2_raw_values_have_no_order() -> None:
    for compare in (assert_at_most, assert_less, is_at_most):
        with pytest.raises(BuildError, match="a raw field element has no order"):
            build(lambda c, f=compare: f(c.private("a"), c.private("b", bits=8)), name="raw")
    for gadget in (is_nonnegative, absolute, positive_part):
        with pytest.raises(BuildError, match="a raw field element has no order"):
            build(lambda c, f=gadget: f(c.private("a")), name="raw")


def test_c2_differences_too_wide_for_the_field_are_refused() -> None:
    """b - a must stay within the symmetric range, and its lowest value apart from its highest."""

    def compare(low: int, high: int) -> None:
        def circuit(c: Circuit) -> None:
            assert_at_most(c.private_trusted("a", (0, -low), "test"), c.private_trusted("b", (0, high), "test"))

        build(circuit, name="wide")

    compare(-(R - 2**253), 2**252 + 1)
    with pytest.raises(BuildError, match="bound it first"):
        compare(-(R - 2**253) - 1, 2**252 + 1)
    compare(-HALF, 2**252 - 1)
    with pytest.raises(BuildError, match="overflow"):
        compare(-HALF - 1, 5)


@pytest.mark.parametrize(
    ("low", "high", "constraints"), [(-5, 0, 1), (-5, 1, 1), (-5, 2, 3), (-5, 255, 9), (0, 9, 0), (3, 9, 0)]
)
def test_a_comparison_costs_what_its_interval_needs(low: int, high: int, constraints: int) -> None:
    def circuit(c: Circuit) -> None:
        x = c.private_trusted("x", (low, high), "test")
        bind(x)
        assert_at_most(c.constant(0), x)

    compiled = build(circuit, name="cost")
    assert compiled.r1cs.n_constraints == constraints + 1
    for value in range(low, high + 1):
        assert (broken(compiled, {"x": value}) is None) == (value >= 0)


def test_what_can_never_hold_is_refused() -> None:
    with pytest.raises(BuildError, match="can never hold"):
        build(lambda c: assert_at_most(c.private("x", bits=4) + 16, c.constant(15)), name="never")


def test_comparison_over_a_small_field() -> None:
    """Soundness outright: over F_61 no assignment of bits proves a false order."""

    def circuit(c: Circuit) -> None:
        assert_at_most(c.private_trusted("a", (0, 12), "test"), c.private_trusted("b", (0, 12), "test"))

    small = build(circuit, name="small", curve=tiny_field(61))
    for a in range(13):
        for b in range(13):
            assert sum(1 for _ in solutions(small, {"a": a, "b": b})) == (a <= b)


@pytest.mark.parametrize("interval", [(-8, 7), (-3, 5), (-8, 0), (-1, 1), (-1, 7)])
def test_signs_over_a_small_field(interval: tuple[int, int]) -> None:
    require_exact_over_small_field(lambda _, x: is_nonnegative(x), interval, lambda x: int(x >= 0))
    require_exact_over_small_field(lambda _, x: absolute(x), interval, abs)
    require_exact_over_small_field(lambda _, x: positive_part(x), interval, lambda x: max(0, x))


@pytest.mark.parametrize("interval", [(0, 9), (3, 9), (-9, -1), (-9, 0)])
def test_signs_that_the_interval_decides_cost_nothing(interval: tuple[int, int]) -> None:
    low, high = interval

    def circuit(c: Circuit) -> None:
        x = c.private_trusted("x", interval, "test")
        if low >= 0 or high < 0:
            assert is_nonnegative(x).is_constant
        assert absolute(x).interval == (min(abs(low), abs(high)), max(abs(low), abs(high)))
        assert positive_part(x).interval == (max(0, low), max(0, high))
        assert not c.constraints
        bind(x)

    build(circuit, name="decided")


@given(st.integers(-(2**63), 2**63 - 1))
@settings(max_examples=30, deadline=None)
def test_signs_of_words(value: int) -> None:
    expected = {"sign": int(value >= 0), "size": abs(value), "part": max(0, value)}
    assert broken(SIGNS, {"x": value, **expected}) is None
    for name in expected:
        problem = broken(SIGNS, {"x": value, **expected, name: expected[name] + 1})
        assert problem is not None
        assert problem.gadget == ("assert_equal",)


def _signs(c: Circuit) -> None:
    x = c.private("x", signed_bits=64)
    assert_equal(c.public("sign"), is_nonnegative(x))
    assert_equal(c.public("size"), absolute(x))
    assert_equal(c.public("part"), positive_part(x))


SIGNS = build(_signs, name="signs")


@pytest.mark.parametrize("value", [-(2**63), -1, 0, 1, 2**63 - 1])
def test_signs_at_the_edges(value: int) -> None:
    assert broken(SIGNS, {"x": value, "sign": int(value >= 0), "size": abs(value), "part": max(0, value)}) is None


@pytest.mark.parametrize("value", [-3, 0, 2])
def test_every_wire_of_the_sign_gadgets_is_determined(value: int) -> None:
    def circuit(c: Circuit) -> None:
        x = c.private("x", signed_bits=3)
        assert_equal(c.public("size"), absolute(x) + positive_part(x) + is_at_most(x, c.constant(1)))

    size = abs(value) + max(0, value) + (value <= 1)
    require_every_wire_determined(build(circuit, name="signs"), {"x": value, "size": size})


def test_is_nonnegative_proves_the_range_it_was_told() -> None:
    """The margin statement relies on this for positions: a lie outside [-8, 8) has no witness."""

    def circuit(c: Circuit) -> None:
        is_nonnegative(c.private_trusted("x", (-8, 7), "is_nonnegative proves it"))

    small = build(circuit, name="small", curve=tiny_field(61))
    assert {witness[1] for witness in solutions(small, {}, free="x")} == {x % 61 for x in range(-8, 8)}
