"""Expressions: exact intervals, overflow found while building, and misuse that fails at the user's own line."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkmargin.algebra import BN254
from zkmargin.circuits import BuildError, Circuit, Expr, build, gadget, poseidon

HALF = (BN254.r - 1) // 2


def line_of(function: Callable[..., object], text: str) -> int:
    lines, first = inspect.getsourcelines(function)
    return first + next(i for i, line in enumerate(lines) if text in line)


@pytest.fixture
def c() -> Circuit:
    return Circuit("test")


@given(st.integers(-100, 100), st.integers(0, 50), st.integers(-100, 100), st.integers(0, 50), st.integers(-9, 9))
def test_intervals_are_the_exact_hulls_of_what_can_happen(low: int, span: int, low2: int, span2: int, k: int) -> None:
    c = Circuit("intervals")
    a = c.private_trusted("a", (low, low + span), "test")
    b = c.private_trusted("b", (low2, low2 + span2), "test")
    xs, ys = (low, low + span), (low2, low2 + span2)
    corners = [(x, y) for x in xs for y in ys]

    def hull(values: list[int]) -> tuple[int, int]:
        return min(values), max(values)

    assert (a + b).interval == hull([x + y for x, y in corners])
    assert (a - b).interval == hull([x - y for x, y in corners])
    assert (a * b).interval == hull([x * y for x, y in corners])
    assert (a * k + 3).interval == hull([x * k + 3 for x in xs])
    assert (k - a).interval == hull([k - x for x in xs])
    assert (-a).interval == hull([-x for x in xs])
    assert (a * a).interval == hull([x * x for x in range(low, low + span + 1)])


def test_cancelled_wires_leave_no_trace_in_the_interval(c: Circuit) -> None:
    x, y = c.private("x", bits=64), c.private("y", bits=8)
    assert (x + y - x).interval == (0, 255)
    assert (x - x).interval == (0, 0)
    raw = c.private("raw")
    assert (raw + y.raw() - raw).interval is None  # what is raw stays raw
    assert (raw + y.raw()).interval is None


def test_a_weighted_sum_whose_wires_cancel_is_as_tight_as_the_sum(c: Circuit) -> None:
    x, y, raw = c.private("x", bits=8), c.private("y", bits=8), c.private("raw")
    assert c.weighted_sum([(x, 1), (x, -1)]).interval == (0, 0)
    assert c.weighted_sum([(x, 3), (y, 1), (x, -3)]).interval == (0, 255)
    assert c.weighted_sum([(raw, 1), (y.raw(), 1), (raw, -1)]).interval is None
    assert c.weighted_sum([(x, 1), (y, -2)]).interval == (-510, 255)


def test_a_constant_factor_counts_with_its_value_and_not_its_interval(c: Circuit) -> None:
    y = c.private("y", bits=8)
    nothing = Expr(c, {}, (-255, 255))
    assert ((nothing * y).terms, (nothing * y).interval) == ({}, (0, 0))
    three = Expr(c, {0: 3}, (-5, 5))
    assert (y * three).terms == (y * 3).terms
    assert (y * three).interval == (0, 765)
    minus = Expr(c, {0: BN254.r - 3}, (-5, 5))
    assert (y * minus).interval == (-765, 0)


def test_a_bit_times_a_value_has_the_values_of_both_cases(c: Circuit) -> None:
    bit, x = c.private("bit", bits=1), c.private("x", signed_bits=8)
    assert (bit * x).interval == (-128, 127)
    assert (bit * bit).interval == (0, 1)


def test_constants_fold_and_cost_nothing(c: Circuit) -> None:
    x = c.private("x", bits=8)
    assert ((c.constant(3) * x) * c.constant(-2)).interval == (-6 * 255, 0)
    assert (c.constant(BN254.r - 5) * x).interval is None
    assert c.constant(HALF).interval == (HALF, HALF)
    assert (x * 0).is_constant
    assert len(c.constraints) == 9  # the range check of x and nothing else


def test_a_sum_may_reach_the_edge_and_no_further(c: Circuit) -> None:
    x = c.private_trusted("x", (0, HALF - 1), "test")
    assert (x + 1).interval == (1, HALF)
    with pytest.raises(BuildError, match="overflow"):
        x + 2
    y = c.private_trusted("y", (1 - HALF, 0), "test")
    assert (y - 1).interval == (-HALF, -1)
    with pytest.raises(BuildError, match="overflow"):
        y - 2


def test_an_overflow_names_line_expression_and_width() -> None:
    def circuit(c: Circuit) -> None:
        price = c.private("price", bits=200)
        amount = c.private("amount", bits=64)
        price * amount  # the line at fault

    with pytest.raises(BuildError) as caught:
        build(circuit, name="overflow")
    assert caught.value.line == line_of(circuit, "the line at fault")
    assert caught.value.file == "test_expressions.py"
    assert str(caught.value).startswith(f"test_expressions.py:{caught.value.line}: ")
    assert "price * amount needs 264 bits" in caught.value.reason


def test_an_overflow_inside_a_gadget_of_the_language_names_the_caller() -> None:
    from zkmargin.circuits import assert_at_most

    def circuit(c: Circuit) -> None:
        low = c.private_trusted("low", (-HALF, 0), "test")
        high = c.private_trusted("high", (0, HALF), "test")
        assert_at_most(low, high)  # the line at fault

    with pytest.raises(BuildError) as caught:
        build(circuit, name="overflow")
    assert caught.value.line == line_of(circuit, "the line at fault")
    assert "assert_at_most()" in caught.value.reason


def test_a_gadget_of_the_user_is_user_code() -> None:
    @gadget
    def cube(x: Expr) -> Expr:
        return x * x * x  # the line at fault

    def circuit(c: Circuit) -> None:
        cube(c.private("x", bits=100))

    with pytest.raises(BuildError) as caught:
        build(circuit, name="overflow")
    assert caught.value.line == line_of(test_a_gadget_of_the_user_is_user_code, "the line at fault")
    assert caught.value.reason.startswith("cube(): overflow")


@pytest.mark.parametrize(
    ("misuse", "advice"),
    [
        (lambda x: bool(x), "select"),
        (lambda x: x == x, "assert_equal"),
        (lambda x: x != 0, "is_equal"),
        (lambda x: x < 1, "assert_less"),
        (lambda x: x <= 1, "assert_at_most"),
        (lambda x: x > 1, "assert_less"),
        (lambda x: x >= 1, "assert_at_most"),
        (lambda x: x / 2, "divide"),
        (lambda x: x // 2, "divide"),
        (lambda x: x % 2, "divide"),
        (lambda x: x**2, "repeated"),
        (lambda x: int(x), "witness"),
        (lambda x: [1, 2][x], "select"),
        (lambda x: x in [object()], "assert_equal"),
        (lambda x: x + 1.5, "not float"),
        (lambda x: x * True, "not bool"),
        (lambda x: "2" + x, "not str"),
    ],
)
def test_misuse_fails_loudly_and_says_what_to_use(c: Circuit, misuse: Callable[[Expr], object], advice: str) -> None:
    with pytest.raises(BuildError, match=advice) as caught:
        misuse(c.private("x", bits=8))
    assert caught.value.file == "test_expressions.py"


def test_expressions_are_no_dictionary_keys(c: Circuit) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        {c.private("x"): 1}


def test_two_circuits_do_not_mix() -> None:
    x, y = Circuit("one").private("x"), Circuit("another").private("x")
    for mix in (lambda: x + y, lambda: x - y, lambda: x * y, lambda: poseidon([x, y])):
        with pytest.raises(BuildError, match="two different circuits"):
            mix()


def test_a_gadget_takes_expressions_only(c: Circuit) -> None:
    with pytest.raises(BuildError, match=r"as `inputs`, not int.*c.constant"):
        poseidon([c.private("x"), 3])  # type: ignore[list-item] # the mistake under test
    with pytest.raises(BuildError, match="at least one expression"):
        poseidon([])


@pytest.mark.parametrize("value", [BN254.r, -HALF - 1, True, 1.0])
def test_constants_outside_the_field_are_refused(c: Circuit, value: int) -> None:
    with pytest.raises(BuildError):
        c.constant(value)


def test_an_interval_said_to_be_proven_must_fit_the_field(c: Circuit) -> None:
    x = c.hint_linear(c.private("x"))
    assert c.range_proven(x, (0, HALF)).interval == (0, HALF)
    with pytest.raises(BuildError, match="would need 253 bits"):
        c.range_proven(x, (0, HALF + 1))


def test_what_is_proven_of_a_wire_is_remembered(c: Circuit) -> None:
    x, y = c.hint_linear(c.private("x")), c.private("y", bits=4)
    known = c.range_proven(x, (0, 9))
    c.range_proven(x, (3, 20))
    assert (known + y - y).interval == (3, 9)
    assert (x + y.raw() - y.raw()).interval is None


def test_expressions_read_as_written(c: Circuit) -> None:
    a, b = c.private("leaf[0].balance", bits=8), c.private("b", bits=64)
    assert str(a - 2 * b + 5) == "leaf[0].balance - 2*b + 5"
    assert str(-a) == "-leaf[0].balance"
    assert str(a * 2**64 - 2**20 * b - 3) == "2^64*leaf[0].balance - 2^20*b - 3"
    assert str(a - a) == "0"
    assert repr(a) == "<Integer leaf[0].balance in [0, 255]>"
    many = sum((c.private(f"x[{i}]") for i in range(1, 9)), c.private("x[0]"))
    assert str(many).endswith("x[5] + (3 more terms)")
