"""Equality, selection, products and division: accepted, refused, exhaustive over a small field, and lied to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import BN254
from zkmargin.circuits import (
    BuildError,
    Circuit,
    CompiledCircuit,
    assert_equal,
    assert_product,
    assert_zero,
    bind,
    build,
    divide,
    is_equal,
    is_zero,
    select,
)

from .conftest import broken, require_every_wire_determined, require_exact_over_small_field

R = BN254.r


def _equality(c: Circuit) -> None:
    a, b = c.private("a"), c.private("b")
    assert_equal(c.public("zero"), is_zero(a))
    assert_equal(c.public("equal"), is_equal(a, b))


EQUALITY = build(_equality, name="equality")
elements = st.one_of(st.integers(0, 2), st.integers(R - 2, R - 1), st.integers(0, R - 1))


@given(elements, elements)
def test_zero_and_equality_of_field_elements(a: int, b: int) -> None:
    right = {"a": a, "b": b, "zero": int(a == 0), "equal": int(a == b)}
    assert broken(EQUALITY, right) is None
    assert broken(EQUALITY, right | {"zero": 1 - right["zero"]}) is not None
    assert broken(EQUALITY, right | {"equal": 1 - right["equal"]}) is not None


@pytest.mark.parametrize(("a", "b"), [(0, 0), (5, 5), (0, R - 1), (3, 4)])
def test_every_wire_of_an_equality_is_determined(a: int, b: int) -> None:
    """The inverse too, where the value is zero."""
    require_every_wire_determined(EQUALITY, {"a": a, "b": b, "zero": int(a == 0), "equal": int(a == b)})


def test_a_dishonest_inverse_breaks_is_zero() -> None:
    inverse = EQUALITY.symbols.wire("is_zero.inverse_1")
    problem = broken(EQUALITY, {"a": 5, "b": 5, "zero": 0, "equal": 1}, {inverse: 0})
    assert problem is not None
    assert problem.gadget == ("is_zero",)


def test_zero_over_a_small_field() -> None:
    require_exact_over_small_field(lambda _, x: is_zero(x), None, lambda x: int(x == 0), prime=13)


def test_equality_that_the_ranges_decide() -> None:
    def circuit(c: Circuit) -> None:
        x = c.private("x", bits=4)
        assert is_equal(x, c.constant(16)).interval == (0, 0)
        assert is_zero(x + 1).interval == (0, 0)
        assert is_zero(c.constant(0)).interval == (1, 1)
        assert is_zero(c.constant(R - 1)).interval == (0, 0)

    with pytest.warns(match="'x'"):
        build(circuit, name="decided")
    for never in (lambda c, x: assert_equal(x, c.constant(16)), lambda c, x: assert_zero(x + 1)):
        with pytest.raises(BuildError, match="can never hold"):
            build(lambda c, f=never: f(c, c.private("x", bits=4)), name="never")
    with pytest.raises(BuildError, match="can never hold"):
        build(lambda c: assert_zero(c.constant(R - 1)), name="never")


def test_asserted_equality_names_its_line() -> None:
    def circuit(c: Circuit) -> None:
        assert_equal(c.public("a"), c.private("b") * 2 + 1)

    compiled = build(circuit, name="equal")
    assert broken(compiled, {"a": 7, "b": 3}) is None
    problem = broken(compiled, {"a": 8, "b": 3})
    assert problem is not None
    assert (problem.index, problem.gadget, problem.file) == (0, ("assert_equal",), "test_gadgets_arithmetic.py")
    assert problem.line == circuit.__code__.co_firstlineno + 1
    assert problem.expression == "a - 2*b - 1 = 0"


def _choice(c: Circuit) -> None:
    chosen = select(c.private("bit", bits=1), c.private("one", signed_bits=8), c.private("zero", bits=8))
    assert chosen.interval == (-128, 255)
    assert_equal(c.public("out"), chosen)


CHOICE = build(_choice, name="choice")


@given(st.integers(0, 1), st.integers(-128, 127), st.integers(0, 255))
def test_selection(bit: int, one: int, zero: int) -> None:
    right = one if bit else zero
    inputs = {"bit": bit, "one": one, "zero": zero, "out": right % R}
    assert broken(CHOICE, inputs) is None
    assert broken(CHOICE, inputs | {"out": (right + 1) % R}) is not None


def test_every_wire_of_a_selection_is_determined() -> None:
    require_every_wire_determined(CHOICE, {"bit": 1, "one": -5, "zero": 9, "out": R - 5})


def test_selection_by_what_is_no_bit_is_refused() -> None:
    for made in (lambda c: c.private("bit"), lambda c: c.private("bit", bits=2), lambda c: c.private("b", bits=1) - 1):
        with pytest.raises(BuildError, match="not known to be a bit"):
            build(lambda c, f=made: select(f(c), c.constant(1), c.constant(2)), name="no bit")


def test_selection_that_needs_no_constraint() -> None:
    def circuit(c: Circuit) -> None:
        x, bit = c.private("x"), c.public("bit", bits=1)
        before = len(c.constraints)
        assert str(select(c.constant(1), x, c.constant(2))) == "x"
        assert str(select(c.constant(0), x, c.constant(2))) == "2"
        assert str(select(bit, x, x)) == "x"
        assert select(bit, c.constant(7), c.constant(3)).interval == (3, 7)
        assert len(c.constraints) == before
        assert_equal(x, bit)

    build(circuit, name="free")


def test_selection_over_a_small_field() -> None:
    require_exact_over_small_field(
        lambda c, x: select(x, c.constant(5), c.constant(9)), (0, 1), lambda x: 5 if x else 9, prime=13
    )


def test_asserted_products() -> None:
    compiled = build(lambda c: assert_product(c.private("a"), c.private("b"), c.public("c")), name="product")
    assert compiled.r1cs.n_constraints == 1
    assert broken(compiled, {"a": 3, "b": 5, "c": 15}) is None
    assert broken(compiled, {"a": 3, "b": 5, "c": 16}) is not None
    linear = build(lambda c: assert_product(c.private("a"), c.constant(4), c.public("c")), name="product")
    assert broken(linear, {"a": 3, "c": 12}) is None
    assert broken(linear, {"a": 3, "c": 13}) is not None
    with pytest.raises(BuildError, match=r"overflow: a \* b needs 300 bits"):
        build(
            lambda c: assert_product(c.private("a", bits=200), c.private("b", bits=100), c.public("c", bits=9)),
            name="wide",
        )


def test_a_bound_input_stands_in_a_constraint_and_says_nothing() -> None:
    compiled = build(lambda c: bind(c.public("context")), name="bind", strict=True)
    assert compiled.r1cs.n_constraints == 1
    for value in (0, 1, R - 1):
        assert broken(compiled, {"context": value}) is None


def division(divisor: int, interval: tuple[int, int]) -> CompiledCircuit:
    def circuit(c: Circuit) -> None:
        quotient, rest = divide(c.private_trusted("a", interval, "test"), divisor)
        low, high = interval
        assert quotient.interval == (low // divisor, high // divisor)
        assert quotient.is_constant or rest.interval == (0, divisor - 1)
        assert_equal(c.public("q"), quotient)
        assert_equal(c.public("rest"), rest)

    return build(circuit, name="division")


@given(st.integers(1, 40), st.integers(-300, 300), st.integers(0, 300), st.data())
@settings(max_examples=60, deadline=None)
def test_division_is_euclid_s(divisor: int, low: int, span: int, data: st.DataObject) -> None:
    a = data.draw(st.integers(low, low + span))
    compiled = division(divisor, (low, low + span))
    q, rest = divmod(a, divisor)
    assert broken(compiled, {"a": a, "q": q % R, "rest": rest}) is None
    assert broken(compiled, {"a": a, "q": (q - 1) % R, "rest": rest + divisor}) is not None
    assert broken(compiled, {"a": a, "q": (q + 1) % R, "rest": (rest - divisor) % R}) is not None


@pytest.mark.parametrize("divisor", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("interval", [(0, 11), (-6, 6), (5, 9)])
def test_division_over_a_small_field(divisor: int, interval: tuple[int, int]) -> None:
    """Every quotient and remainder a prover could name, over F_61."""
    for part in (0, 1):
        require_exact_over_small_field(
            lambda _, x, part=part: divide(x, divisor)[part], interval, lambda x, part=part: divmod(x, divisor)[part]
        )


@pytest.mark.parametrize("divisor", [8, 10])
def test_a_consistent_lie_about_quotient_and_rest_is_refused(divisor: int) -> None:
    """q - 1 and rest + b satisfy the equation; only the range of the rest can notice. So do q + 1 and rest - b."""
    compiled = division(divisor, (0, 255))
    q, rest = (compiled.symbols.wire(f"divide.{name}") for name in ("quotient_1", "remainder_2"))
    for step in (-1, 1):
        lies = {q: 10 + step, rest: (3 - step * divisor) % R}
        bits = divisor.bit_length() - (divisor & (divisor - 1) == 0)
        assert bits >= 3
        problem = broken(compiled, {"a": 10 * divisor + 3, "q": 10 + step, "rest": (3 - step * divisor) % R}, lies)
        assert problem is not None
        assert problem.gadget == ("divide",)


def test_every_wire_of_a_division_is_determined() -> None:
    require_every_wire_determined(division(10, (0, 255)), {"a": 103, "q": 10, "rest": 3})


@pytest.mark.parametrize("divisor", [0, -3, 1.5, True])
def test_divisors_that_make_no_sense_are_refused(divisor: int) -> None:
    with pytest.raises(BuildError, match="positive integer"):
        build(lambda c: divide(c.private("a", bits=8), divisor), name="division")


def test_division_of_what_has_no_size_is_refused() -> None:
    with pytest.raises(BuildError, match="a raw field element is no number"):
        build(lambda c: divide(c.private("a"), 3), name="division")


def test_division_that_could_wrap_is_refused() -> None:
    """With a quotient of n bits, 2^n * b must not pass r, or another quotient would fit the equation mod r."""
    build(lambda c: divide(c.private_trusted("a", (0, 2**252), "test"), 2), name="wide")
    with pytest.raises(BuildError, match="overflow: dividing a by 7"):
        build(lambda c: divide(c.private_trusted("a", (0, 2**252 + 5), "test"), 2**252), name="wide")
