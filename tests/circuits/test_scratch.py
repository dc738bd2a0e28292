"""Scratch: the witness program computes there on both engines, the witness leaves it out, no constraint can have it."""

from __future__ import annotations

import pytest

from zkmargin.algebra import Engine, scalars_from_bytes
from zkmargin.circuits import BuildError, Circuit, WitnessProgram, assert_equal, bind, build
from zkmargin.circuits.scratch import scratch_bit, scratch_product, scratch_quotient, scratch_sorted
from zkmargin.circuits.testing import PlainEngine


def _statement(c: Circuit) -> None:
    x, y = c.private("x"), c.private("y")
    for k, value in enumerate(
        [scratch_product(x, y), scratch_quotient(x, y), scratch_bit(x, 3), *scratch_sorted([x, y, c.constant(9)])]
    ):
        assert_equal(c.public(f"out{k}"), c.hint_linear(value + 1) - 1)


COMPILED = build(_statement, name="scratch")


def test_scratch_is_computed_and_left_out(engine: Engine) -> None:
    inputs = {"x": 30, "y": 4} | {f"out{k}": value for k, value in enumerate([120, 7, 1, 4, 9, 30])}
    witness = COMPILED.witness(inputs, engine)
    COMPILED.check(witness, engine)
    assert witness == COMPILED.witness(inputs, PlainEngine())
    assert COMPILED.program.n_scratch == 1 + 2 + 1 + 3
    assert len(scalars_from_bytes(witness)) == COMPILED.r1cs.n_wires == 1 + 8 + 6
    assert WitnessProgram.from_bytes(COMPILED.program.to_bytes()) == COMPILED.program


def test_scratch_in_a_constraint_is_refused() -> None:
    def circuit(c: Circuit) -> None:
        x = c.private("x")
        value = scratch_product(x, x)
        assert str(value) == "scratch_0"
        bind(x)
        assert_equal(c.public("y"), value)

    with pytest.raises(BuildError, match="names a scratch value") as refused:
        build(circuit, name="scratch")
    assert refused.value.line == circuit.__code__.co_firstlineno + 5
