"""Hints come with the constraints of their type, are missed when nothing more is said, and never lie past it."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from zkmargin.circuits import (
    AMOUNT,
    BOOLEAN,
    FIELD,
    BuildError,
    Circuit,
    CircuitWarning,
    CompiledCircuit,
    Expr,
    InputError,
    Type,
    assert_equal,
    below,
    bind,
    build,
    hint_divmod,
    hint_isqrt,
    hint_one_hot,
    hint_quotient,
    hint_sorted,
    hint_value,
    signed,
    total,
    unsigned,
)

from .conftest import broken
from .plain_engine import solutions, tiny_field


@pytest.mark.parametrize(
    "kind",
    [BOOLEAN, unsigned(3), signed(3), signed(1), below(5), below(8), below(2), Type((-3, 2)), Type((2, 2))],
    ids=lambda kind: str(kind.interval),
)
def test_a_type_is_exactly_its_range(kind: Type) -> None:
    """Over a small field every value a lying prover could bring is tried."""

    def circuit(c: Circuit) -> None:
        x = c.private("x")
        bind(x)
        value = hint_value(x, kind)
        assert value.interval == kind.interval
        assert_equal(c.public("out"), value)

    small = build(circuit, name="small", curve=tiny_field(61))
    out = small.symbols.wire("out")
    found = {witness[out] for witness in solutions(small, {"x": 0}, free="out")}
    low, high = kind.interval or (0, 60)
    assert found == {value % 61 for value in range(low, high + 1)}


def _every_hint(c: Circuit) -> None:
    """Nothing but types is said here, so that each is what stops a lie."""
    x, y = c.private("x", bits=16), c.private("y", bits=8)
    quotient, rest = hint_divmod(x, y, unsigned(16), below(10))
    assert_equal(quotient * 256 + rest, c.public("divided", bits=25))
    assert_equal(hint_isqrt(x, unsigned(8)), c.public("root", bits=9))
    assert_equal(total(hint_one_hot(y, 4)), c.public("hot", bits=3))
    assert_equal(total(hint_sorted([x, y], unsigned(16))), c.public("sum", bits=18))
    assert_equal(hint_quotient(x.raw(), y.raw(), FIELD) * y.raw(), x.raw())


HINTS = build(_every_hint, name="hints", strict=True)
HONEST = {"x": 77, "y": 7, "divided": 11 * 256, "root": math.isqrt(77), "hot": 0, "sum": 84}


def wire_of(circuit: CompiledCircuit, label: str) -> int:
    (found,) = [wire for wire, name in enumerate(circuit.symbols) if f".{label}_" in name]
    return found


def test_honest_hints_pass() -> None:
    assert broken(HINTS, HONEST) is None
    assert broken(HINTS, HONEST | {"y": 2, "divided": 38 * 256 + 1, "hot": 1, "sum": 79}) is None


@pytest.mark.parametrize(
    ("label", "lie", "forged", "gadget"),
    [
        ("root", 2**8, {"root": 2**8}, "hint_isqrt"),
        ("is[0]", 2, {"hot": 2}, "hint_one_hot"),
        ("sorted[0]", 2**16, {"sum": 2**16 + 77}, "hint_sorted"),
        ("remainder", 10, {"divided": 11 * 256 + 10}, "hint_divmod"),
    ],
)
def test_a_lie_outside_the_type_is_stopped_by_the_type(
    label: str, lie: int, forged: dict[str, int], gadget: str
) -> None:
    problem = broken(HINTS, HONEST | forged, {wire_of(HINTS, label): lie})
    assert problem is not None
    assert problem.gadget[0] == gadget


@pytest.mark.parametrize(
    ("forgotten", "what"),
    [
        (lambda c, x: hint_isqrt(x, unsigned(4)), r"the result of hint_isqrt\(\)"),
        (lambda c, x: hint_value(x, FIELD), r"the result of hint_value\(\)"),
        (lambda c, x: hint_one_hot(x, 3), r"result 1 of hint_one_hot\(\)"),
        (lambda c, x: hint_divmod(x, x, unsigned(8), unsigned(8)), r"result 1 of hint_divmod\(\)"),
        (lambda c, x: c.hint_isqrt(x), "hint 'root_"),
        (lambda c, x: c.hint_linear(x), "hint 'value_"),
        (lambda c, x: c.hint_sorted([x]), r"hint 'sorted\[0\]_"),
    ],
)
def test_a_hint_in_no_constraint_is_missed(forgotten: Callable[[Circuit, Expr], object], what: str) -> None:
    def circuit(c: Circuit) -> None:
        x = c.private("x", bits=8)
        bind(x)
        forgotten(c, x)

    with pytest.warns(CircuitWarning, match=f"{what}.* is built and never used"):
        build(circuit, name="forgotten")
    with pytest.raises(BuildError, match=f"{what}.* is built and never used") as caught:
        build(circuit, name="forgotten", strict=True)
    assert caught.value.line == forgotten.__code__.co_firstlineno


def test_a_hint_may_have_a_unit() -> None:
    def circuit(c: Circuit) -> None:
        amount = c.private("amount", bits=16, unit=AMOUNT(2))
        copy = hint_value(amount, unsigned(16, AMOUNT(2)))
        assert copy.unit == AMOUNT(2)
        assert_equal(copy, amount)

    assert broken(build(circuit, name="unit", strict=True), {"amount": 5}) is None


@pytest.mark.parametrize("kind", [unsigned(252), signed(253), below(1 << 252)])
def test_a_type_too_wide_to_be_proven_is_refused(kind: Type) -> None:
    with pytest.raises(BuildError, match="can be told from negative values"):
        build(lambda c: bind(hint_value(c.private("x"), kind)), name="wide")


def test_inputs_stay_what_they_are() -> None:
    with pytest.raises(InputError):
        HINTS.witness(HONEST | {"y": 256})
