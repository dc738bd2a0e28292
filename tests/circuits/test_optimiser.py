"""The optimiser: solutions stay what they are, and the check of its account notices when they would not."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.circuits import (
    BuildError,
    Circuit,
    CircuitWarning,
    CompiledCircuit,
    Expr,
    assert_bits,
    assert_equal,
    assert_equal_if,
    assert_zero,
    bind,
    build,
    is_equal,
    is_zero,
    poseidon,
    to_bits,
)
from zkmargin.circuits.equivalence import require_equivalent
from zkmargin.circuits.errors import LieAccepted, NotEquivalent
from zkmargin.circuits.lowering import lower_constraints, wire_order
from zkmargin.circuits.margin import SHAPES
from zkmargin.circuits.margin.constraints import margin_statement
from zkmargin.circuits.optimiser import inputs_lost, optimised
from zkmargin.circuits.reduction import Reduction, Rule, Step
from zkmargin.circuits.system import System
from zkmargin.circuits.testing import check_liars

from .plain_engine import PlainEngine, solutions, tiny_field
from .test_counts import GADGETS

PRIME = 5
combination = st.lists(st.integers(0, PRIME - 1), min_size=8, max_size=8)
instruction = st.tuples(st.sampled_from(["product", "hint", "equal", "check"]), combination, combination, combination)


def traced(instructions: list[tuple[str, list[int], list[int], list[int]]], *, optimise: bool) -> CompiledCircuit:
    """Two inputs and at most four inner wires, with any products, hints and constraints over them."""

    def circuit(c: Circuit) -> None:
        wires: list[Expr] = [c.constant(1).raw(), c.private("x"), c.public("y")]

        def combined(weights: list[int]) -> Expr:
            return c.field_sum((wire, weight) for wire, weight in zip(wires, weights, strict=False))

        for kind, *sides in instructions:
            a, b, d = (combined(side) for side in sides)
            try:
                if kind == "product" and len(wires) < 7 and not a.is_constant and not b.is_constant:
                    wires.append(c.product_unused(a, b))
                elif kind == "hint" and len(wires) < 7:
                    wires.append(c.hint_linear(a))
                elif kind == "equal":
                    c.constrain_equal(a, b)
                elif kind == "check":
                    c.constrain_product(a, b, d)
            except BuildError:
                continue  # a constant that is not zero: it can never hold

    return build(circuit, name="random", curve=tiny_field(PRIME), optimise=optimise)


@pytest.mark.filterwarnings("ignore::zkmargin.circuits.CircuitWarning")
@given(st.lists(instruction, max_size=9))
@settings(max_examples=60, deadline=None)
def test_every_solution_of_any_small_system_stays(
    instructions: list[tuple[str, list[int], list[int], list[int]]],
) -> None:
    recorded, optimised = (traced(instructions, optimise=optimise) for optimise in (False, True))
    optimised.require_equivalent()
    left = optimised.reduction.wires
    free = int((~left).sum()) - len(optimised.reduction.steps)  # dropped wires that no constraint has
    for x, y in itertools.product(range(PRIME), repeat=2):
        before = list(solutions(recorded, {"x": x, "y": y}))
        after = list(solutions(optimised, {"x": x, "y": y}))
        projected = {tuple(value for value, stays in zip(witness, left, strict=True) if stays) for witness in before}
        assert projected == set(map(tuple, after))
        assert len(before) == len(after) * PRIME**free


@pytest.mark.filterwarnings("ignore::zkmargin.circuits.CircuitWarning")
@pytest.mark.parametrize("name", GADGETS)
def test_every_gadget_keeps_its_solutions(name: str) -> None:
    build(lambda c: void(GADGETS[name](c)), name="gadget", optimise=True).require_equivalent()


def test_the_statement_keeps_its_solutions() -> None:
    circuit = build(margin_statement, SHAPES["small"], name="small", optimise=True)
    assert len(circuit.reduction.steps) > 20
    circuit.require_equivalent()


def void(_: object) -> None:
    """The function of a circuit returns nothing."""


def ranged(c: Circuit) -> None:
    """One bit of x is substituted, one product is unread, the hash's output is the public one."""
    x = c.private("x", bits=4)
    c.product_unused(x.raw(), x.raw() + 1)
    assert_equal(c.public("out"), poseidon([x]))


def systems(circuit: CompiledCircuit) -> tuple[System, System]:
    return circuit._recorded.system, System.of(circuit.r1cs, circuit.origins)


def without(rows: System, row: int) -> System:
    """The system less one row."""
    stay = np.arange(rows.n_rows) != row
    sides = []
    for side in rows.sides:
        kept = np.repeat(stay, side.lengths)
        pointers = np.concatenate([[0], np.cumsum(side.lengths[stay])])
        sides.append(replace(side, pointers=pointers, wires=side.wires[kept], places=side.places[kept]))
    origins = [origin for number, origin in enumerate(rows.origins) if number != row]
    return replace(rows, sides=tuple(sides), origins=origins, loose=rows.loose[stay])


def doubled(rows: System, row: int) -> System:
    """The system with the first coefficient of A in that row exchanged for another."""
    a, b, c = rows.sides
    places = a.places.copy()
    places[a.pointers[row]] = (places[a.pointers[row]] + 1) % len(rows.table)
    return replace(rows, sides=(replace(a, places=places), b, c))


WRONG: dict[str, Callable[[System, Reduction], tuple[System, Reduction]]] = {
    "a lost row": lambda after, r: (without(after, 0), replace(r, rows=r.rows[1:])),
    "a lost row that is still named": lambda after, r: (without(after, 0), r),
    "another coefficient": lambda after, r: (doubled(after, 0), r),
    "a step less": lambda after, r: (after, replace(r, steps=r.steps[1:])),
    "a step twice": lambda after, r: (after, replace(r, steps=(*r.steps, r.steps[0]))),
    "another row": lambda after, r: (after, replace(r, steps=(r.steps[0]._replace(row=0), *r.steps[1:]))),
    "another wire": lambda after, r: (after, replace(r, steps=(r.steps[0]._replace(wire=4), *r.steps[1:]))),
    "an input": lambda after, r: (after, replace(r, steps=(r.steps[0]._replace(wire=1), *r.steps[1:]))),
    "another rule": lambda after, r: (after, replace(r, steps=tuple(s._replace(rule=Rule.UNREAD) for s in r.steps))),
    "a product that is read": lambda after, r: (after, replace(r, steps=(*r.steps, Step(Rule.UNREAD, 8, 10)))),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_account_is_refused(mistake: str) -> None:
    circuit = build(ranged, name="ranged", optimise=True)
    before, after = systems(circuit)
    assert {step.rule for step in circuit.reduction.steps} == set(Rule)
    require_equivalent(before, after, circuit.reduction, 3, circuit.r1cs.curve.r)
    wrong, account = WRONG[mistake](after, circuit.reduction)
    with pytest.raises(NotEquivalent):
        require_equivalent(before, wrong, account, 3, circuit.r1cs.curve.r)


def test_a_range_costs_its_bits_and_nothing_more() -> None:
    circuit = build(lambda c: assert_bits(c.private("x"), 64), name="range", optimise=True)
    assert circuit.r1cs.n_constraints == 64
    assert circuit.r1cs.n_wires == 2 + 63
    for value in (0, 1, 2**64 - 1):
        circuit.check(circuit.witness({"x": value}))
    with pytest.raises(Exception, match="assert_bits/to_bits"):
        circuit.check(circuit.witness({"x": 2**64}))


def test_no_input_loses_its_last_constraint() -> None:
    def circuit(c: Circuit) -> None:
        x = c.public("x")
        assert_equal(c.hint_linear(x), x)
        c.product_unused(c.public("y"), c.public("z"))

    compiled = build(circuit, name="inputs", optimise=True)
    standing = {
        wire
        for side in (compiled.r1cs.a, compiled.r1cs.b, compiled.r1cs.c)
        for row in side.to_rows()
        for wire, _ in row
    }
    assert {1, 2, 3} <= standing


def test_hints_that_come_together_stay_together() -> None:
    def circuit(c: Circuit) -> None:
        quotient, rest = c.hint_divmod(c.private("x"), c.constant(7))
        assert_equal(quotient * 7 + rest, c.public("y"))

    with pytest.warns(CircuitWarning):
        compiled = build(circuit, name="together", optimise=True)
    assert compiled.reduction.steps == ()
    assert compiled.r1cs.n_wires == 5


def test_bits_torn_apart_are_still_those_bits() -> None:
    """Another bit than the first goes where it stands in fewer places: the program then writes two runs of bits."""

    def circuit(c: Circuit) -> None:
        low, *_, high = to_bits(c.private("x"), 6)
        for place in range(4):
            assert_equal(c.public(f"y[{place}]"), low * (high + place + 1))

    compiled = build(circuit, name="torn", optimise=True)
    (gone,) = [step.wire for step in compiled.reduction.steps if step.row == 6]
    recorded = build(circuit, name="torn", optimise=False)
    inputs = {"x": 0b101101, **{f"y[{place}]": place + 2 for place in range(4)}}
    everything = recorded.witness(inputs, PlainEngine())
    left = compiled.reduction.wires
    assert gone > 7 or gone == 6
    expected = b"".join(everything[32 * w : 32 * w + 32] for w in range(len(left)) if left[w])
    assert compiled.witness(inputs, PlainEngine()) == compiled.witness(inputs) == expected
    compiled.check(expected)


def test_what_is_equal_is_made_once() -> None:
    def circuit(c: Circuit) -> None:
        x, y = c.private("x", bits=8), c.private("y", bits=8)
        before = len(c.constraints)
        assert (x * y).terms == (y * x).terms
        assert len(c.constraints) == before + 1
        first = [is_zero(x), poseidon([x, y]), *to_bits(x + y, 9)]
        before = len(c.constraints)
        again = [is_zero(x.raw()), poseidon([x.raw(), y]), *to_bits(y + x, 9)]
        assert len(c.constraints) == before
        assert [value.terms for value in first] == [value.terms for value in again]
        assert poseidon([y, x]).terms != first[1].terms
        assert len(to_bits(x + y, 10)) == 10
        assert len(c.constraints) > before
        bind(x * y + first[0])

    with pytest.warns(CircuitWarning):
        build(circuit, name="once", optimise=True).require_equivalent()


def test_a_shared_result_that_nobody_uses_again_is_still_missed() -> None:
    def circuit(c: Circuit) -> None:
        x, y = c.private("x"), c.private("y")
        bind(x * y + poseidon([x, y]))
        y * x
        poseidon([x, y])

    with pytest.warns(CircuitWarning) as told:
        build(circuit, name="missed", optimise=True)
    line = circuit.__code__.co_firstlineno
    assert sorted(w.lineno - line for w in told) == [3, 4]


def test_optimising_twice_gives_the_same_bytes() -> None:
    one, other = (build(ranged, name="ranged", optimise=True) for _ in range(2))
    assert one.digest == other.digest
    assert one.program.to_bytes() == other.program.to_bytes()
    assert one.reduction.steps == other.reduction.steps


def _times_a_false_flag(c: Circuit) -> None:
    p, x = c.public("p"), c.private("x", bits=8)
    flag = is_equal(x, c.constant(3))
    assert_zero(flag)
    assert_equal_if(flag, p, x.raw())


def _times_equal_bits(c: Circuit) -> None:
    p, a, b = c.public("p"), c.private("a", bits=8), c.private("b", bits=8)
    one, other = to_bits(a, 8)[0], to_bits(b, 8)[0]
    assert_equal(one, other)
    c.constrain_product((one - other).raw(), p, c.constant(0))
    assert_equal(a, b)


def _times_zero(c: Circuit) -> None:
    p, x = c.public("p"), c.private("x", bits=8)
    assert_equal(c.product(c.constant(0), p), x.raw())


@pytest.mark.parametrize("circuit", [_times_a_false_flag, _times_equal_bits, _times_zero])
def test_an_input_in_constraints_that_say_nothing_is_reported_and_kept(circuit: Callable[[Circuit], None]) -> None:
    """What it is multiplied with is 0: anybody could change it in a finished proof."""
    with pytest.raises(BuildError, match="input 'p' stands in no constraint that says anything") as caught:
        build(circuit, name="lost", strict=True, optimise=True)
    assert caught.value.line == circuit.__code__.co_firstlineno + 1
    with pytest.warns(CircuitWarning, match="input 'p' stands in no constraint that says anything"):
        compiled = build(circuit, name="lost", optimise=True)
    compiled.require_equivalent()
    assert any(wire == 1 for side in (compiled.r1cs.a, compiled.r1cs.b) for row in side.to_rows() for wire, _ in row)


def test_the_certificate_refuses_a_lost_input() -> None:
    circuit = Circuit("lost")
    circuit.sharing = True
    _times_a_false_flag(circuit)
    circuit.seal()
    order = wire_order(circuit)
    before = lower_constraints(circuit, order)
    after, reduction = optimised(before, circuit, order)
    assert inputs_lost(before, after, order.inner) == [1]
    with pytest.raises(NotEquivalent, match="input 1 has lost its last constraint"):
        require_equivalent(before, after, reduction, 1 + order.inner, circuit.curve.r)


def _alias(c: Circuit) -> None:
    """254 bits that nobody holds below the modulus; one is used elsewhere, so that the optimiser takes another."""
    x, y = c.private("x"), c.private("y")
    bits = c.new_bits(x, 254)
    c.constrain_equal(c.field_sum((bit, 1 << place) for place, bit in enumerate(bits)), x)
    c.constrain_product(bits[0], bits[253], c.constant(0))
    c.constrain_product(y, y, y)


@pytest.mark.parametrize("optimise", [False, True])
def test_liars_are_tried_on_what_was_written(optimise: bool) -> None:
    compiled = build(_alias, name="alias", optimise=optimise)
    with pytest.raises(LieAccepted):
        check_liars(compiled, {"x": 5, "y": 1})


def test_the_circuit_as_written_is_the_one_without_the_optimiser() -> None:
    plain = build(_alias, name="alias")
    smaller = build(_alias, name="alias", optimise=True)
    assert smaller.r1cs.n_constraints < plain.r1cs.n_constraints
    assert smaller.as_written().r1cs == plain.r1cs
    assert smaller.as_written().digest == plain.digest
    assert plain.as_written() is plain
