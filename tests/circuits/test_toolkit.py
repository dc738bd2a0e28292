"""The toolkit for circuit authors: it must find what is wrong, name it, and let through what is right."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import product

import pytest

from zkmargin.algebra import BN254, scalars_from_bytes
from zkmargin.algebra.poseidon import poseidon_hash
from zkmargin.circuits import (
    CheckFailed,
    Circuit,
    CompiledCircuit,
    Expr,
    LieAccepted,
    assert_at_most,
    assert_equal,
    assert_zero,
    bind,
    build,
    divide,
    is_zero,
    poseidon,
    select,
    to_bits,
)
from zkmargin.circuits.scratch import scratch_sorted
from zkmargin.circuits.testing import (
    PlainEngine,
    Refused,
    broken,
    cases,
    check_circuit,
    check_exact,
    check_liars,
    engines_for,
    solutions,
    tiny_field,
)
from zkmargin.circuits.testing.steps import take_apart

R = BN254.r


def _payment(c: Circuit) -> None:
    balance, amount = c.private("balance", bits=16), c.public("amount", bits=16)
    assert_at_most(amount, balance)  # PAYMENT_LINE
    assert_equal(c.public("whole"), divide(amount, 10)[0])


PAYMENT = build(_payment, name="payment")
LINE = _payment.__code__.co_firstlineno + 2
GOOD = {"balance": 70, "amount": 25, "whole": 2}


# Cases


def test_good_and_bad_cases_are_told_apart() -> None:
    check_circuit(
        PAYMENT,
        valid=[GOOD, GOOD | {"balance": 25}],
        invalid=[
            GOOD | {"balance": 24},
            Refused(GOOD | {"balance": 24}, gadget="assert_at_most", line=LINE, message=r"is not satisfied"),
            Refused(GOOD | {"balance": 65536}, input="balance", message="outside"),
            Refused(GOOD | {"whole": 3}, gadget="assert_equal"),
        ],
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"valid": [GOOD | {"balance": 3}]}, r"valid\[0\]: was refused: constraint .* in assert_at_most"),
        ({"valid": [{"amount": 3}]}, r"valid\[0\]: was refused: whole is missing"),
        ({"invalid": [GOOD]}, r"invalid\[0\]: was accepted and must be refused\n    with the inputs .*'balance': 70"),
        ({"invalid": [Refused(GOOD | {"whole": 3}, gadget="divide")]}, "was refused, but not by divide: constraint"),
        ({"invalid": [Refused(GOOD | {"whole": 3}, line=LINE)]}, f"was refused, but not at line {LINE}"),
        ({"invalid": [Refused(GOOD | {"whole": 3}, message="to_bits")]}, "but not with a message that has 'to_bits'"),
        ({"invalid": [Refused(GOOD | {"whole": 3}, input="whole")]}, "but not for its input 'whole'"),
        ({"invalid": [Refused(GOOD | {"whole": -1}, input="amount")]}, "but not for its input 'amount'"),
        ({"invalid": [Refused(GOOD | {"whole": -1}, gadget="divide")]}, "but not by divide: whole is outside"),
        ({}, "no cases are given"),
    ],
)
def test_a_case_that_goes_wrong_is_named(arguments: dict[str, object], told: str) -> None:
    with pytest.raises(CheckFailed, match=told):
        check_circuit(PAYMENT, **arguments)


def test_every_wrong_case_is_named_with_its_values() -> None:
    with pytest.raises(CheckFailed) as failed:
        check_circuit(PAYMENT, valid=[GOOD, GOOD | {"whole": 1}], invalid=[GOOD])
    heading, first, _, second, inputs = str(failed.value).splitlines()
    assert heading == "circuit 'payment': 2 of 3 cases are not as they should be"
    assert first.startswith("  valid[1]: was refused: ")
    assert "whole = 1" in first
    assert second == "  invalid[0]: was accepted and must be refused"
    assert inputs == f"    with the inputs {GOOD}"
    assert isinstance(failed.value, AssertionError)


def test_engines_that_disagree_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    first = PAYMENT.symbols.wire("range_check.bit[0]_1")
    engines = {"honest": PlainEngine(), "liar": PlainEngine(lies={first: 7})}
    monkeypatch.setattr(cases, "_engine", lambda name, curve: engines[name])
    told = r"valid\[0\]: the engines disagree: range_check.bit\[0\]_1 is 0 on honest and 7 on liar"
    with pytest.raises(CheckFailed, match=told):
        check_circuit(PAYMENT, valid=[GOOD], engines=["honest", "liar"])


def test_engines_that_judge_otherwise_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Content(PlainEngine):
        def fr_mul(self, a: bytes, b: bytes) -> bytes:
            return self.matrix_apply(PAYMENT.r1cs.c, PAYMENT.witness(GOOD | {"balance": 3}))

    monkeypatch.setattr(cases, "_engine", lambda name, curve: Content() if name == "content" else PlainEngine())
    with pytest.raises(CheckFailed, match="the engines disagree: content says None, plain says constraint"):
        check_circuit(PAYMENT, invalid=[GOOD | {"balance": 3}], engines=["content", "plain"])


def test_proofs_are_asked_for_the_valid_cases_only() -> None:
    given: list[bytes] = []
    check_circuit(PAYMENT, [GOOD], [GOOD | {"whole": 0}], prove=lambda circuit, witnesses: given.extend(witnesses))
    assert given == [PAYMENT.witness(GOOD)]


def test_a_tiny_field_is_for_the_plain_engine() -> None:
    small = build(lambda c: assert_zero(c.private("x") - 3), name="small", curve=tiny_field(13))
    assert engines_for(small.r1cs.curve) == ["plain"]
    assert "reference" in engines_for(BN254)
    check_circuit(small, valid=[{"x": 3}], invalid=[{"x": 4}, {"x": 13}])


# Liars


def hinted(constrain: Callable[[Circuit, Expr], None], x: int = 23) -> tuple[CompiledCircuit, dict[str, int]]:
    def circuit(c: Circuit) -> None:
        value = c.private("x")
        bind(value)
        constrain(c, value)

    return build(circuit, name="hinted"), {"x": x}


def _division_without_ranges(c: Circuit, x: Expr) -> None:
    quotient, rest = c.hint_divmod(x, c.constant(7))
    assert_equal(quotient * 7 + rest, x)


def _division_without_range_of_quotient(c: Circuit, x: Expr) -> None:
    quotient, rest = c.hint_divmod(x, c.constant(8))
    to_bits(rest, 3)
    assert_equal(quotient * 8 + rest, x)


def _root_by_its_square(c: Circuit, x: Expr) -> None:
    root = c.hint_isqrt(x)
    assert_equal(root * root, x)  # the negative is a root as well


def _one_hot_by_its_sum(c: Circuit, x: Expr) -> None:
    assert_equal(c.field_sum((wire, 1) for wire in c.hint_one_hot(x, 4)), c.constant(1).raw())


def _bits_of_any_kind(c: Circuit, x: Expr) -> None:
    bits = c.new_bits(x, 6)
    assert_at_most(bits[0] + bits[1], c.constant(2))  # nothing ties them to x


def _division_by_a_sum(c: Circuit, x: Expr) -> None:
    quotient, rest = c.hint_divmod(x, c.constant(7))
    assert_equal(quotient + rest, c.constant(5).raw())


def _too_many_bits(c: Circuit, x: Expr) -> None:
    bits = c.new_bits(x, 254)
    assert_equal(c.field_sum((bit, 1 << place) for place, bit in enumerate(bits)), x)


def _sorted_by_sum(c: Circuit, x: Expr) -> None:
    first, second = c.hint_sorted([x, c.constant(5).raw()])
    assert_equal(first + second, x + 5)


def _sorted_as_a_set(c: Circuit, x: Expr) -> None:
    first, second = c.hint_sorted([x, c.constant(5).raw()])
    assert_zero(x * 5 - first * second)
    assert_equal(first + second, x + 5)  # the order is for nobody to see


def _inverse_of_what_may_be_zero(c: Circuit, x: Expr) -> None:
    inverse = c.hint_inverse_or_zero(x)
    assert_zero(inverse * (x * inverse - 1))


def _value_that_is_free(c: Circuit, x: Expr) -> None:
    assert_zero((c.hint_linear(x) - x) * (c.hint_linear(x) - x - 1))


@pytest.mark.parametrize(
    ("constrain", "x", "names", "lies"),
    [
        (_division_without_ranges, 23, ("quotient_2", "remainder_3"), (4, R - 5)),
        (_division_without_range_of_quotient, 23, ("quotient_2", "remainder_3"), None),
        (_division_by_a_sum, 23, ("quotient_2", "remainder_3"), None),
        (_root_by_its_square, 25, ("root_2",), (R - 5,)),
        (_one_hot_by_its_sum, 2, None, None),
        (_bits_of_any_kind, 23, ("bit[0]_2",), (0,)),
        (_too_many_bits, 23, None, None),
        (_sorted_by_sum, 23, ("sorted[0]_2", "sorted[1]_3"), (23, 5)),
        (_sorted_as_a_set, 23, ("sorted[0]_2", "sorted[1]_3"), (23, 5)),
        (_inverse_of_what_may_be_zero, 4, ("inverse_2",), (0,)),
        (_value_that_is_free, 4, ("value_3",), None),
    ],
)
@pytest.mark.filterwarnings("ignore::zkmargin.circuits.CircuitWarning")
def test_a_hint_that_is_not_tied_down_is_found(
    constrain: Callable[[Circuit, Expr], None],
    x: int,
    names: tuple[str, ...] | None,
    lies: tuple[int, ...] | None,
) -> None:
    circuit, inputs = hinted(constrain, x)
    with pytest.raises(LieAccepted) as accepted:
        check_liars(circuit, inputs)
    survivor = accepted.value.survivors[0]
    assert names is None or survivor.names == names
    assert lies is None or survivor.lies == lies
    assert survivor.file == "test_toolkit.py"
    assert survivor.line is not None
    assert constrain.__code__.co_firstlineno < survivor.line < constrain.__code__.co_firstlineno + 4
    wires = {circuit.symbols.wire(name): lie for name, lie in zip(survivor.names, survivor.lies, strict=True)}
    honest = scalars_from_bytes(circuit.witness(inputs))
    assert tuple(honest[wire] for wire in wires) == survivor.honest
    assert broken(circuit, inputs, wires) is None, "the survivor is a witness indeed"


def test_a_survivor_is_told_with_gadget_line_and_values() -> None:
    circuit, inputs = hinted(_root_by_its_square, 25)
    with pytest.raises(CheckFailed) as failed:
        check_liars(circuit, inputs)
    line = _root_by_its_square.__code__.co_firstlineno + 1
    assert str(failed.value).splitlines() == [
        "circuit 'hinted' accepts lies: add the constraint that tells them from the honest values",
        f"  root_2 = {R - 5} instead of 5 at test_toolkit.py:{line}",
    ]


def test_no_more_survivors_are_shown_than_anybody_reads() -> None:
    def many(c: Circuit, x: Expr) -> None:
        for _ in range(12):
            bind(c.hint_linear(x))

    circuit, inputs = hinted(many)
    with pytest.raises(LieAccepted, match=r"and 2 more$") as accepted:
        check_liars(circuit, inputs)
    assert len(accepted.value.survivors) == 12


def test_a_wire_the_prover_chooses_can_be_declared_free() -> None:
    def chosen(c: Circuit, x: Expr) -> None:
        bind(c.hint_linear(x))
        bind(c.hint_linear(x + 1))

    circuit, inputs = hinted(chosen)
    with pytest.raises(LieAccepted) as accepted:
        check_liars(circuit, inputs, free=["value_2"])
    assert [survivor.names for survivor in accepted.value.survivors] == [("value_4",)]
    check_liars(circuit, inputs, free=["value_*"])


def test_lies_in_scratch_are_about_what_is_copied_out() -> None:
    """What stays in scratch is nobody's business; what a hint copies out of it is, unless it is free."""

    def statement(c: Circuit) -> None:
        x = c.private("x")
        least, *_ = scratch_sorted([x, c.constant(5)])
        bind(x + c.hint_linear(least))

    circuit = build(statement, name="scratch")
    with pytest.raises(LieAccepted) as accepted:
        check_liars(circuit, {"x": 9})
    assert [survivor.names for survivor in accepted.value.survivors] == [("scratch",), ("value_1",)]
    told = check_liars(circuit, {"x": 9}, free=["value_1"])
    assert told > 9
    assert any(step.target >= circuit.r1cs.n_wires for step in take_apart(circuit.program.to_bytes()).steps)


def test_what_is_tied_down_passes_and_lies_were_told() -> None:
    def circuit(c: Circuit) -> None:
        x = c.private("x", bits=12)
        quotient, rest = divide(x, 10)
        assert_equal(c.public("out"), select(is_zero(rest), quotient, x))
        assert_equal(c.public("hash"), poseidon([quotient, rest]))

    compiled = build(circuit, name="sound", strict=True)
    inputs = {"x": 137, "out": 137, "hash": poseidon_hash([13, 7])}
    hints = check_liars(compiled, inputs)
    assert 50 < hints < check_liars(compiled, inputs, every_wire=True)


def test_a_circuit_without_hints_has_nothing_to_lie_about() -> None:
    circuit = build(lambda c: assert_equal(c.public("y"), c.private("x") * c.private("z")), name="product")
    assert check_liars(circuit, {"x": 2, "y": 6, "z": 3}) == 0
    assert check_liars(circuit, {"x": 2, "y": 6, "z": 3}, every_wire=True) > 0


def test_lies_about_a_false_statement_say_nothing() -> None:
    with pytest.raises(CheckFailed, match="the truth is refused: constraint"):
        check_liars(PAYMENT, GOOD | {"balance": 0})
    with pytest.raises(CheckFailed, match="the truth is refused: balance is outside"):
        check_liars(PAYMENT, GOOD | {"balance": -1})


# Tiny fields


def test_check_exact_tells_one_witness_from_none_and_several() -> None:
    check_exact(lambda _, x: is_zero(x), None, lambda x: int(x == 0), prime=13)
    with pytest.raises(CheckFailed, match=r"over F_13, x = 0: the witnesses give \[1\], where .* gives 0"):
        check_exact(lambda _, x: is_zero(x), None, lambda x: 0, prime=13)
    with pytest.raises(CheckFailed, match=r"x = 1: the witnesses give \[1, 12\]"):
        check_exact(lambda c, x: _square_root(c, x), (1, 1), lambda x: x, prime=13)
    with pytest.raises(CheckFailed, match="x = 2: the witnesses give nothing"):
        check_exact(lambda c, x: _square_root(c, x), (2, 2), lambda x: x, prime=13)


def _square_root(c: Circuit, x: Expr) -> Expr:
    root = c.hint_isqrt(x)
    assert_equal(root * root, x.raw())
    return root


def test_solutions_are_all_there_are() -> None:
    def circuit(c: Circuit) -> None:
        a, b = c.private("a"), c.private("b")
        assert_equal(a * b, c.hint_linear(a) * c.public("y"))

    small = build(circuit, name="small", curve=tiny_field(5))
    a, b, y = 2, 3, 4
    found = {tuple(witness) for witness in solutions(small, {"a": a, "b": b, "y": y})}
    expected = {(1, y, a, b, *inner) for inner in product(range(5), repeat=3) if _holds(small, [1, y, a, b, *inner])}
    assert found == expected
    assert len(found) == 1


def _holds(circuit: CompiledCircuit, w: list[int]) -> bool:
    r1cs = circuit.r1cs
    sides = [[sum(k * w[wire] for wire, k in row) for row in m.to_rows(r1cs.curve)] for m in (r1cs.a, r1cs.b, r1cs.c)]
    return all((a * b - c) % r1cs.curve.r == 0 for a, b, c in zip(*sides, strict=True))


def test_the_toolkit_does_without_pytest() -> None:
    code = "import sys, zkmargin.circuits.testing; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
