"""A user's mistake: the error stands at the user's line, says what to do, and shows no internals."""

from __future__ import annotations

import inspect
import re
import sys
import traceback
import typing
from collections.abc import Callable, Iterator

import pytest

from zkmargin.algebra import BN254
from zkmargin.circuits import (
    AMOUNT,
    VALUE,
    Bit,
    BuildError,
    Circuit,
    CircuitWarning,
    Expr,
    Field,
    InputError,
    Point,
    Type,
    Unit,
    UnsatisfiedConstraint,
    assert_at_most,
    assert_equal,
    below,
    build,
    debug,
    divide,
    gadget,
    hint_one_hot,
    is_at_most,
    is_zero,
    merkle_root,
    pack,
    poseidon,
    positive_part,
    quantity,
    select,
    signed,
    to_bits,
    unsigned,
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

    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)  # as some libraries do: the stack would end first
    try:
        with pytest.raises(BuildError, match="recurses without end: gadgets are nested 200 deep") as caught:
            build(lambda c: forever(c.private("x")), name="forever")
    finally:
        sys.setrecursionlimit(before)
    assert caught.value.file == "test_mistakes.py"
    assert "forever" in caught.value.text or "x * x" in caught.value.text


@pytest.mark.parametrize("depth", range(60, 84))
def test_recursion_is_the_user_s_line_wherever_it_ends(depth: int) -> None:
    """In the language, or in what it calls of Python's library."""

    @gadget
    def forever(x: Expr) -> Expr:
        return forever(x * x)

    before = sys.getrecursionlimit()
    used = len(inspect.stack())
    sys.setrecursionlimit(used + depth)
    try:
        with pytest.raises(BuildError, match="recurses without end") as caught:
            build(lambda c: forever(c.private("x")), name="forever")
    finally:
        sys.setrecursionlimit(before)
    assert caught.value.file == "test_mistakes.py"
    assert set(files_in(caught.value)) == {"test_mistakes.py", "build.py"}


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


@pytest.mark.parametrize(
    ("mistake", "reason"),
    [
        (lambda c: AMOUNT(-1), "a scale is an integer from 0 to 100"),
        (lambda c: quantity("a b"), "no name for a quantity"),
        (
            lambda c: word(c, AMOUNT(60)) * c.private("y", bits=8, unit=AMOUNT(60)),
            "a scale is an integer from 0 to 100",
        ),
        (lambda c: word(c, AMOUNT(2)).at_scale("3"), "a scale is an integer"),
        (lambda c: word(c, AMOUNT(2)).at_scale(10**6), "a scale is an integer"),
        (lambda c: word(c) * 10**5000, "a factor of 16610 bits"),
        (lambda c: c.private("f") * BN254.r, "a factor of 254 bits"),
        (lambda c: c.constant(10**5000), "the constant of 16610 bits"),
        (lambda c: c.fixed(10**5000, VALUE(2)), "a constant of 16610 bits"),
        (lambda c: word(c).counting("amount"), "a unit is a quantity at a scale"),
        (lambda c: pack([word(c)], 2.5), "2.5 bits are not between"),
        (lambda c: poseidon(word(c)), "TypeError"),
        (lambda c: Point(1, 2), "AttributeError"),
        (lambda c: hint_one_hot(word(c), 2.5), "at least one wire"),
        (lambda c: c.hint_bits(word(c), -1), "at least one wire"),
        (lambda c: c.new_bits(word(c), 0), "at least one wire"),
        (lambda c: unsigned(-1), "-1 bits are not between"),
        (lambda c: unsigned(2.5), "2.5 bits are not between"),
        (lambda c: signed(0), "0 bits are not between"),
        (lambda c: below(0), "a value below 0 cannot be"),
        (lambda c: Type((5, 3)), "a range is two integers, the lower first"),
        (lambda c: Type(None, AMOUNT(8)), "what has a unit has a range"),
        (lambda c: c.private_trusted("x", 5, "test"), "the interval of x is two integers"),
        (lambda c: c.private_trusted("x", (0.5, 3.7), "test"), "the interval of x is two integers"),
        (lambda c: c.private_trusted("x", (0, 1), None), "needs a reason"),
        (lambda c: c.weighted_sum([(word(c), 1.5)]), "the weights of a sum are integers"),
        (lambda c: c.constrain_zero(5), "an expression is needed here, not int"),
        (lambda c: debug(5, x=word(c)), "a text before them is a label"),
        (lambda c: c.range_proven(word(c), (3, 2)), "is empty"),
    ],
)
def test_nothing_of_python_s_own_leaves_the_language(mistake: Callable[[Circuit], object], reason: str) -> None:
    with pytest.raises(BuildError, match=reason) as caught:
        build(mistake, name="mistake")
    assert caught.value.file == "test_mistakes.py"
    assert caught.value.line == mistake.__code__.co_firstlineno
    assert set(files_in(caught.value)) == {"test_mistakes.py", "build.py"}


def word(c: Circuit, unit: Unit | None = None) -> Expr:
    return c.private("word", bits=8, unit=unit)


def test_what_the_user_s_own_code_raises_passes_as_it_is() -> None:
    def circuit(c: Circuit) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        build(circuit, name="mine")


def test_a_function_that_does_not_run_proves_nothing() -> None:
    def stray(c: Circuit) -> Iterator[int]:
        assert_equal(c.public("x"), c.constant(1))
        yield 1

    async def later(c: Circuit) -> None:
        assert_equal(c.public("x"), c.constant(1))

    for function in (stray, later):
        with pytest.raises(BuildError, match="has not run: it is a generator or a coroutine"):
            build(function, name="idle")
    with pytest.raises(BuildError, match="constrains nothing"):
        build(lambda c: None, name="empty", strict=True)


def test_expressions_of_another_build_are_refused_everywhere() -> None:
    kept: list[Expr] = []
    build(lambda c: kept.append(c.private("x", bits=8)), name="first")
    (other,) = kept
    for use in (
        lambda c, x: c.constrain_equal(x, other),
        lambda c, x: c.constrain_zero(other),
        lambda c, x: c.constrain_product(x, x, other),
        lambda c, x: c.product_unused(x, other),
        lambda c, x: c.weighted_sum([(x, 1), (other, 1)]),
        lambda c, x: c.field_sum([(x, 1), (other, 1)]),
        lambda c, x: c.hint_linear(other),
        lambda c, x: c.hint_isqrt(other),
        lambda c, x: c.hint_divmod(x, other),
        lambda c, x: c.hint_quotient(other, x),
        lambda c, x: c.hint_inverse_or_zero(other),
        lambda c, x: c.hint_one_hot(other, 2),
        lambda c, x: c.hint_sorted([x, other]),
        lambda c, x: c.hint_bits(other, 2),
        lambda c, x: c.new_bits(other, 2),
        lambda c, x: c.range_proven(other, (0, 1)),
    ):
        with pytest.raises(BuildError, match="x is an expression of another circuit, 'first'"):
            build(lambda c, use=use: use(c, c.private("x", bits=8)), name="second")


def test_annotations_may_be_written_in_any_way() -> None:
    def one(x, y):  # type: ignore[no-untyped-def] # without annotations
        return x * y

    def two(values: list[Expr], more: typing.Sequence[Expr] = ()) -> Expr:
        return values[0] * values[1]

    def three(x: Expr | None, y: Expr | None = None) -> Expr:
        return (y if x is None else x) * y

    three.__annotations__["x"] = Expr | None
    four = lambda x, y: x * y  # noqa: E731 # a lambda is a function too
    for function, arguments in ((one, 0), (two, 1), (three, 0), (four, 0)):

        def circuit(c: Circuit, function=function, arguments=arguments) -> None:
            x, y = c.private("x"), c.private("y")
            assert_equal(c.public("out"), gadget(function)([x, y]) if arguments else gadget(function)(x, y))

        compiled = build(circuit, name="annotated", strict=True)
        compiled.check(compiled.witness({"x": 3, "y": 5, "out": 15}))
    with pytest.raises(BuildError, match="as `x`, not int"):
        build(lambda c: gadget(three)(3, c.private("y")), name="three")


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


def test_inner_values_have_their_sign_and_tracebacks_no_internals() -> None:
    def circuit(c: Circuit) -> None:
        x, y = c.private("x", signed_bits=8), c.private("y", signed_bits=8)
        assert_equal(x * y, c.public("out", signed_bits=16))

    compiled = build(circuit, name="signs", strict=True)
    with pytest.raises(UnsatisfiedConstraint) as caught:
        compiled.check(compiled.witness({"x": -4, "y": 5, "out": -16}))
    assert re.search(r"product_\d+ = -20\b", caught.value.revealing())
    assert files_in(caught.value) == ["test_mistakes.py", "build.py"]
    with pytest.raises(InputError) as refused:
        compiled.witness({"x": 400, "y": 5, "out": -16})
    assert files_in(refused.value) == ["test_mistakes.py", "build.py"]


def test_negative_values_are_shown_as_such() -> None:
    circuit = build(_limited, name="limited")
    forged = bytearray(circuit.witness({"paid": -5, "limit": 0}))
    forged[32 * circuit.r1cs.n_wires - 32] ^= 1
    with pytest.raises(UnsatisfiedConstraint) as caught:
        circuit.check(bytes(forged))
    assert caught.value.operands == {"a": "-0.0000001 value", "b": "0 value"}
