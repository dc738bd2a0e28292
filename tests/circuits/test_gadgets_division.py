"""Division by a value, and rounded: against plain integers, over a tiny field, and lied to."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BN254
from zkmargin.circuits import (
    AMOUNT,
    PRICE,
    RATIO,
    VALUE,
    BuildError,
    Circuit,
    CompiledCircuit,
    Expr,
    assert_equal,
    bind,
    build,
    divide,
    divide_nearest,
    divide_up,
)
from zkmargin.circuits.testing import broken, check_circuit, check_exact, check_liars, solutions, tiny_field

R = BN254.r
Interval = tuple[int, int]


def division(a: Interval, b: Interval, curve=BN254) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        dividend, divisor = (c.private_trusted(name, known, "test") for name, known in (("a", a), ("b", b)))
        bind(dividend + divisor)
        quotient, rest = divide(dividend, divisor)
        quotients = [end // by for end in a for by in b]
        assert quotient.interval == (min(quotients), max(quotients))
        assert rest.interval is not None
        assert 0 <= rest.interval[0] <= rest.interval[1] <= b[1] - 1
        assert_equal(c.public("q").raw(), quotient.raw())
        assert_equal(c.public("rest").raw(), rest.raw())

    return build(circuit, name="division", curve=curve)


def ceil(a: int, b: int) -> int:
    return -(-a // b)


def nearest(a: int, b: int) -> int:
    return (2 * a + b) // (2 * b)


@given(st.integers(1, 40), st.integers(0, 40), st.integers(-300, 300), st.integers(0, 300), st.data())
@settings(max_examples=60, deadline=None)
def test_division_by_a_value_is_euclid_s(least: int, more: int, low: int, span: int, data: st.DataObject) -> None:
    a, b = data.draw(st.integers(low, low + span)), data.draw(st.integers(least, least + more))
    compiled = division((low, low + span), (least, least + more))
    q, rest = divmod(a, b)
    inputs = {"a": a, "b": b}
    assert broken(compiled, inputs | {"q": q % R, "rest": rest}) is None
    assert broken(compiled, inputs | {"q": (q - 1) % R, "rest": rest + b}) is not None
    assert broken(compiled, inputs | {"q": (q + 1) % R, "rest": (rest - b) % R}) is not None


@pytest.mark.parametrize(
    ("a", "b"), [((0, 9), (1, 3)), ((0, 7), (2, 3)), ((-6, 6), (1, 3)), ((0, 3), (4, 6)), ((7, 8), (5, 6))]
)
def test_division_by_a_value_over_a_tiny_field(a: Interval, b: Interval) -> None:
    """Whatever quotient and rest a prover names: the right ones, or no witness."""
    circuit = division(a, b, curve=tiny_field(113))
    wires = [circuit.symbols.wire(name) for name in ("q", "rest")]
    for x, y in product(range(a[0], a[1] + 1), range(b[0], b[1] + 1)):
        found = set()
        for rest in range(-1, b[1] + 1):
            inputs = {"a": x, "b": y, "rest": rest % 113}
            found |= {tuple(w[wire] for wire in wires) for w in solutions(circuit, inputs, free="q")}
        assert found == {(x // y % 113, x % y)}, (x, y)


@pytest.mark.parametrize(("a", "b"), [(103, 10), (-103, 10), (0, 7), (255, 1), (-256, 16), (30, 16)])
def test_every_wire_of_a_division_by_a_value_is_determined(a: int, b: int) -> None:
    circuit = division((-256, 255), (1, 16))
    check_liars(circuit, {"a": a, "b": b, "q": a // b % R, "rest": a % b}, every_wire=True)


@pytest.mark.parametrize("step", [-1, 1])
def test_a_consistent_lie_about_quotient_and_rest_is_refused(step: int) -> None:
    circuit = division((0, 255), (1, 16))
    q, rest = (circuit.symbols.wire(f"divide.{name}") for name in ("quotient_2", "remainder_3"))
    lies = {q: 10 + step, rest: (3 - step * 10) % R}
    problem = broken(circuit, {"a": 103, "b": 10, "q": 10 + step, "rest": (3 - step * 10) % R}, lies)
    assert problem is not None
    assert problem.gadget == ("divide",)


def test_both_engines_divide_words_and_the_cost_is_as_said() -> None:
    def circuit(c: Circuit) -> None:
        quotient, rest = divide(c.private("a", bits=64), 1 + c.private("b", bits=32))
        assert_equal(c.public("q"), quotient)
        assert_equal(c.public("rest"), rest)

    compiled = build(circuit, name="words", strict=True)
    assert compiled.r1cs.n_constraints == 65 + 33 + (64 + 1) + 2 * (32 + 1) + 1 + 2
    cases = [(2**64 - 1, 0), (2**64 - 1, 2**32 - 1), (0, 5), (10**18, 999), (4, 4)]
    right = [{"a": a, "b": b, "q": a // (b + 1), "rest": a % (b + 1)} for a, b in cases]
    check_circuit(compiled, valid=right, invalid=[case | {"q": case["q"] + 1} for case in right])


@pytest.mark.parametrize(("function", "twin"), [(divide_up, ceil), (divide_nearest, nearest)])
@pytest.mark.parametrize("divisor", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("interval", [(0, 11), (-6, 6), (5, 9)])
def test_rounded_division_over_a_small_field(
    function: Callable[[Expr, int], Expr], twin: Callable[[int, int], int], divisor: int, interval: Interval
) -> None:
    check_exact(lambda _, x: function(x, divisor), interval, lambda x: twin(x, divisor))


@given(st.integers(-500, 500), st.integers(1, 31))
@settings(max_examples=60, deadline=None)
def test_rounded_division_by_a_value(a: int, b: int) -> None:
    inputs = {"a": a, "b": b, "up": ceil(a, b) % R, "near": nearest(a, b) % R}
    assert broken(ROUNDED, inputs) is None
    for name in ("up", "near"):
        for step in (1, -1):
            assert broken(ROUNDED, inputs | {name: (inputs[name] + step) % R}) is not None


def _rounded(c: Circuit) -> None:
    a, b = c.private_trusted("a", (-500, 500), "test"), c.private_trusted("b", (1, 31), "test")
    assert_equal(c.public("up"), divide_up(a, b))
    assert_equal(c.public("near"), divide_nearest(a, b))


ROUNDED = build(_rounded, name="rounded")


def test_halves_round_up() -> None:
    assert [nearest(a, 2) for a in (-3, -1, 1, 3)] == [-1, 0, 1, 2]
    for a, expected in ((-3, -1), (-1, 0), (1, 1), (3, 2)):
        up = ceil(a, 2)
        assert broken(ROUNDED, {"a": a, "b": 2, "up": up % R, "near": expected % R}) is None


@pytest.mark.parametrize("function", [divide, divide_up, divide_nearest])
def test_a_divisor_that_may_be_zero_is_refused(function: Callable[[Expr, Expr], object]) -> None:
    for made, told in (
        (lambda c: c.private("b", bits=4), "may be as low as 0"),
        (lambda c: c.private("b", signed_bits=4), "may be as low as -8"),
        (lambda c: c.private("b"), "is raw"),
        (lambda c: c.constant(0), "may be as low as 0"),
    ):
        with pytest.raises(BuildError, match=f"cannot divide by .*, which {told}"):
            build(lambda c, f=made: function(c.private("a", bits=8), f(c)), name="zero")
    with pytest.raises(BuildError, match="is no number"):
        build(lambda c: function(c.private("a"), 1 + c.private("b", bits=4)), name="raw")
    for divisor in (0, -2, True, 1.5):
        with pytest.raises(BuildError, match="positive integer"):
            build(lambda c, b=divisor: function(c.private("a", bits=8), b), name="divisor")


def test_division_by_a_value_that_could_wrap_is_refused() -> None:
    """2^n of the quotient times the greatest divisor must not pass r."""

    def wide(top: int, bits: int) -> None:
        def circuit(c: Circuit) -> None:
            quotient, rest = divide(c.private_trusted("a", (0, top), "test"), 1 + c.private("b", bits=bits))
            bind(quotient.raw() + rest.raw())

        build(circuit, name="wide")

    wide(2**200 - 1, 53)
    with pytest.raises(BuildError, match="overflow: dividing a by b \\+ 1 needs 255 bits"):
        wide(2**200 - 1, 54)


def test_a_constant_expression_divides_as_its_integer_does() -> None:
    def counted(divisor: Callable[[Circuit], Expr | int]) -> int:
        def circuit(c: Circuit) -> None:
            quotient, rest = divide(c.private("a", bits=16), divisor(c))
            bind(quotient + rest)

        return build(circuit, name="constant").r1cs.n_constraints

    assert counted(lambda c: c.constant(1000)) == counted(lambda c: 1000)


def test_units_divide() -> None:
    def circuit(c: Circuit) -> None:
        value = c.private("value", bits=32, unit=VALUE(6))
        amount = c.private_trusted("amount", (1, 255), "test", unit=AMOUNT(2))
        quotient, rest = divide(value, amount)
        assert (quotient.unit, rest.unit) == (PRICE(4), VALUE(6))
        assert divide_up(value, amount).unit == divide_nearest(value, amount).unit == PRICE(4)
        assert divide(amount, amount)[0].unit == RATIO(0)
        assert divide(value, amount.integer())[0].unit == VALUE(6)
        assert divide(value, c.fixed("2.50", AMOUNT(2)))[0].unit == PRICE(4)
        assert divide_up(value, 7).unit == divide_nearest(value, 7).unit == VALUE(6)
        assert divide(quotient.integer().counting(PRICE(4)), amount.integer())[0].unit == PRICE(4)
        assert_equal(c.public("q", bits=32, unit=PRICE(4)), quotient)
        with pytest.raises(BuildError, match=r"leaves no scale: .*\.at_scale\(6\)"):
            divide(amount, c.private_trusted("value2", (1, 9), "test", unit=VALUE(6)))
        with pytest.raises(BuildError, match="which has no unit, by amount in amount e2"):
            divide(value.integer(), amount)

    with pytest.warns(match="never used"):
        compiled = build(circuit, name="units")
    inputs = {"value": 10_000_000, "amount": 250, "value2": 1}
    assert broken(compiled, inputs | {"q": 40_000}) is None  # 10 / 2.5 = 4
