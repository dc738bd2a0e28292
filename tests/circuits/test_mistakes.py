"""A user's mistake: the error stands at the user's line, says what to do, and shows no internals."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest

from zkmargin.circuits import (
    AMOUNT,
    VALUE,
    Bit,
    BuildError,
    Circuit,
    CircuitWarning,
    Expr,
    Field,
    UnsatisfiedConstraint,
    assert_at_most,
    assert_equal,
    build,
    debug,
    divide,
    gadget,
    is_at_most,
    is_zero,
    merkle_root,
    positive_part,
    select,
    to_bits,
)


def files_in(problem: BaseException) -> list[str]:
    """The files of a traceback below the call of `build`."""
    frames = traceback.extract_tb(problem.__traceback__)
    return [frame.filename.rsplit("/", 1)[-1] for frame in frames]


def _wide(c: Circuit) -> None:
    assert_at_most(c.private("a"), c.private("b", bits=8))


def test_a_traceback_shows_the_user_s_lines_and_no_internals() -> None:
    with pytest.raises(BuildError) as caught:
        build(_wide, name="wide")
    assert files_in(caught.value) == ["test_mistakes.py", "build.py", "test_mistakes.py"]
    assert caught.value.__suppress_context__
    assert caught.value.text == 'assert_at_most(c.private("a"), c.private("b", bits=8))'
    assert str(caught.value).endswith(f"[in `{caught.value.text}`]")


def test_a_mistake_inside_a_user_s_gadget_shows_the_call_and_the_line() -> None:
    @gadget
    def inner(a: Expr) -> Expr:
        return is_at_most(a, a.circuit.constant(3))

    with pytest.raises(BuildError, match=r"is_at_most\(\)") as caught:
        build(lambda c: inner(c.private("a")), name="nested")
    assert files_in(caught.value) == ["test_mistakes.py", "build.py", "test_mistakes.py", "test_mistakes.py"]
    assert caught.value.text == "is_at_most(a, a.circuit.constant(3))"


def test_unused_results_have_no_internals_either() -> None:
    with pytest.raises(BuildError, match="built and never used") as caught:
        build(lambda c: is_zero(c.private("x")), name="unused", strict=True)
    assert files_in(caught.value) == ["test_mistakes.py", "build.py"]


@pytest.mark.parametrize(
    ("mistake", "name"),
    [
        (lambda c: is_zero(c.private("x")), "is_zero"),
        (lambda c: is_at_most(c.private("x", bits=8), c.private("y", bits=8)), "is_at_most"),
        (lambda c: divide(c.private("x", bits=8), 3), "divide"),
        (lambda c: positive_part(c.private("x", signed_bits=8)), "positive_part"),
        (lambda c: select(c.private("b", bits=1), c.private("x"), c.private("y")), "select"),
        (
            lambda c: merkle_root(c.private("l"), c.private_array("i", 2, bits=1), c.private_array("s", 2)),
            "merkle_root",
        ),
    ],
)
def test_a_result_that_nobody_uses_is_named_once(mistake: Callable[[Circuit], object], name: str) -> None:
    with pytest.warns(CircuitWarning) as told:
        build(mistake, name="unused")
    named = [str(w.message) for w in told if "the result of" in str(w.message)]
    assert len(named) == 1
    assert f"the result of {name}() is built and never used" in named[0]


def test_one_of_several_results_is_enough() -> None:
    def circuit(c: Circuit) -> None:
        quotient, _ = divide(c.private("x", bits=8), 3)
        assert_equal(c.public("q"), quotient)
        to_bits(c.public("y"), 8)  # called for the range it proves

    build(circuit, name="used", strict=True)


def test_a_gadget_of_the_user_is_named_and_not_what_it_is_made_of() -> None:
    @gadget
    def larger(a: Expr, b: Expr) -> Expr:
        return select(is_at_most(a, b), b, a)

    line = 1 + test_a_gadget_of_the_user_is_named_and_not_what_it_is_made_of.__code__.co_firstlineno
    with pytest.raises(BuildError, match=r"the result of larger\(\)") as caught:
        build(lambda c: larger(c.private("a", bits=8), c.private("b", bits=8)), name="unused", strict=True)
    assert caught.value.line > line + 3


def test_recursion_without_end_is_the_user_s_line() -> None:
    @gadget
    def forever(x: Expr) -> Expr:
        return forever(x * x)

    with pytest.raises(BuildError, match="recurses without end") as caught:
        build(lambda c: forever(c.private("x")), name="forever")
    assert caught.value.file == "test_mistakes.py"
    assert "forever" in caught.value.text or "x * x" in caught.value.text


@pytest.mark.parametrize(
    "grow",
    [
        lambda c, x: x * x,
        lambda c, x: assert_equal(x, c.constant(5)),
        lambda c, x: is_zero(x),
        lambda c, x: c.hint_linear(x),
    ],
)
def test_a_circuit_that_grows_without_end_is_stopped(grow: Callable[[Circuit, Expr], object]) -> None:
    def circuit(c: Circuit) -> None:
        x = c.private("x")
        while True:
            grow(c, x)

    with pytest.raises(BuildError, match="grows beyond 500 wires or constraints") as caught:
        build(circuit, name="endless", limit=500)
    assert caught.value.file == "test_mistakes.py"


@pytest.mark.parametrize("count", [10**7, 10**30, 2.5, True, "3"])
def test_absurd_arrays_are_refused_at_once(count: int) -> None:
    with pytest.raises(BuildError, match=r"grows beyond|elements"):
        build(lambda c: c.private_array("x", count), name="absurd")


@pytest.mark.parametrize(
    ("mistake", "reason"),
    [
        (lambda c: to_bits(c.private("x")), r"to_bits\(\): missing a required argument: 'n'"),
        (lambda c: select(c.private("b", bits=1)), r"select\(\): missing a required argument: 'when_one'"),
        (lambda c: is_zero(c.private("x"), 3), r"is_zero\(\): too many positional arguments"),
        (lambda c: is_zero(c.private("x"), y=3), r"is_zero\(\): got an unexpected keyword argument 'y'"),
        (lambda c: to_bits(c.private("x"), 2.5), "2.5 bits are not between"),
        (lambda c: to_bits(c.private("x"), -1), "-1 bits are not between"),
        (lambda c: c.private("x", bits=-3), "-3 bits are not between"),
        (lambda c: c.private("x", bits=2.0), "2.0 bits are not between"),
        (lambda c: c.private("x", bits=True), "True bits are not between"),
        (lambda c: c.private(7), "7 is no name for an input"),
        (lambda c: debug("nothing"), r"debug\(\) takes the values to show by name"),
        (lambda c: debug(x=3), "debug.. shows expressions; x is a int"),
        (lambda c: debug(x=c.private("x"), y=Circuit("other").private("y")), "two different circuits"),
    ],
)
def test_what_cannot_be_meant_is_refused(mistake: Callable[[Circuit], object], reason: str) -> None:
    with pytest.raises(BuildError, match=reason) as caught:
        build(mistake, name="mistake")
    assert caught.value.file == "test_mistakes.py"
    assert caught.value.line == mistake.__code__.co_firstlineno


def test_a_gadget_says_which_kind_it_takes() -> None:
    @gadget
    def flip(bit: Bit) -> Expr:
        return 1 - bit

    @gadget
    def hashes(values: list[Field]) -> Expr:
        return values[0]

    def one(c: Circuit) -> None:
        flip(c.private("x", bits=8))

    def two(c: Circuit) -> None:
        hashes([c.private("a"), c.private("b", bits=8)])

    with pytest.raises(BuildError, match=r"flip\(\) takes a Bit as `bit`, and x is a Integer"):
        build(one, name="one")
    with pytest.raises(BuildError, match=r"hashes\(\) takes a Field as `values`, and b is a Integer"):
        build(two, name="two")


def _covered(c: Circuit) -> None:
    balance = c.private("balance", bits=64, unit=AMOUNT(8))
    debit = c.private("debit", signed_bits=64, unit=AMOUNT(8))
    debug("before", left=balance - debit, key=c.constant(7).raw())
    assert_at_most(debit, balance)


def test_debug_prints_values_in_their_units_at_a_check(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.warns(CircuitWarning, match=r"debug\(\) shows values"):
        circuit = build(_covered, name="covered")
    line = _covered.__code__.co_firstlineno + 3
    told: list[str] = []
    circuit.check(circuit.witness({"balance": 250_000_000, "debit": -50_000_000}), tell=told.append)
    assert told == [f"test_mistakes.py:{line}: before: left = 3 amount, key = 7"]
    assert capsys.readouterr().err == ""
    with pytest.raises(UnsatisfiedConstraint):
        circuit.check(circuit.witness({"balance": 0, "debit": 1}))
    assert capsys.readouterr().err == f"test_mistakes.py:{line}: before: left = -0.00000001 amount, key = 7\n"
    with pytest.raises(BuildError, match="remove it"):
        build(_covered, name="covered", strict=True)


def _limited(c: Circuit) -> None:
    paid, limit = c.private("paid", signed_bits=64, unit=VALUE(8)), c.public("limit", bits=64, unit=VALUE(8))
    assert_at_most(paid * 2, limit)


def test_a_failed_assertion_shows_the_expression_what_it_requires_and_its_values() -> None:
    circuit = build(_limited, name="limited", strict=True)
    with pytest.raises(UnsatisfiedConstraint) as caught:
        circuit.check(circuit.witness({"paid": 150_000_000, "limit": 200_000_000}))
    problem = caught.value
    assert (problem.text, problem.requires) == ("assert_at_most(paid * 2, limit)", "a <= b")
    assert str(problem).endswith("[`assert_at_most(paid * 2, limit)` requires a <= b]")
    assert problem.operands == {"a": "3 value", "b": "2 value"}
    assert problem.line == _limited.__code__.co_firstlineno + 2
    shown = problem.revealing()
    assert "; a = 3 value, b = 2 value; " in shown
    assert "paid = 1.5 value" in shown
    assert "limit = 2 value" in shown
    for secret in ("150000000", "1.5", "3 value"):
        assert secret not in str(problem)


def test_negative_values_are_shown_as_such() -> None:
    circuit = build(_limited, name="limited")
    forged = bytearray(circuit.witness({"paid": -5, "limit": 0}))
    forged[32 * circuit.r1cs.n_wires - 32] ^= 1
    with pytest.raises(UnsatisfiedConstraint) as caught:
        circuit.check(bytes(forged))
    assert caught.value.operands == {"a": "-0.0000001 value", "b": "0 value"}
