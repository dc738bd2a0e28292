"""A prover who lies about inner wires of the margin circuit, with or without working out what follows from the lie."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from zkmargin.algebra import BN254, scalars_from_bytes, scalars_to_bytes
from zkmargin.circuits import CompiledCircuit, Opcode, UnsatisfiedConstraint
from zkmargin.circuits.testing import check_liars

from ..plain_engine import PlainEngine

WIRES = 150
PER_HINT = 20
HINTS = (Opcode.QUOTIENT, Opcode.BITS)


def operations(circuit: CompiledCircuit) -> Iterator[tuple[Opcode, range]]:
    """Each operation of the witness program and the wires of the witness that it writes."""
    for opcode, _, _, target, count in np.frombuffer(circuit.program.operations, dtype="<u4").reshape(-1, 5).tolist():
        width = 2 if opcode == Opcode.DIVMOD else count or 1
        if target < circuit.r1cs.n_wires:
            yield Opcode(opcode), range(target, target + width)


def by_opcode(circuit: CompiledCircuit) -> dict[Opcode, list[range]]:
    found: dict[Opcode, list[range]] = {}
    for opcode, wires in operations(circuit):
        found.setdefault(opcode, []).append(wires)
    return found


def spread(items: list[range], count: int) -> list[range]:
    """At most so many of them, evenly, the first and the last included."""
    if len(items) <= count:
        return items
    return [items[k * (len(items) - 1) // (count - 1)] for k in range(count)]


def accepted(circuit: CompiledCircuit, witness: bytes) -> bool:
    try:
        circuit.check(witness)
    except UnsatisfiedConstraint:
        return False
    return True


@pytest.fixture(scope="module")
def inputs(claim_of) -> dict[str, object]:
    return dict(claim_of().circuit_inputs())


@pytest.fixture(scope="module")
def honest(small, inputs) -> bytes:
    witness = small.witness(inputs)
    small.check(witness)
    return witness


@pytest.mark.parametrize("opcode", list(Opcode), ids=lambda o: o.name)
def test_no_inner_wire_can_be_changed_alone(small, honest, opcode) -> None:
    dice = random.Random(f"margin {opcode.name}")
    groups = by_opcode(small).get(opcode, [])
    assert groups or opcode not in (Opcode.PRODUCT, *HINTS)  # the statement has no use for some operations
    for wires in spread(groups, WIRES // len(Opcode)):
        wire = dice.choice(wires)
        place = slice(32 * wire, 32 * wire + 32)
        value = int.from_bytes(honest[place], "little")
        for lie in ((value + 1) % BN254.r, dice.randrange(BN254.r)):
            assert lie != value
            forged = bytearray(honest)
            forged[place] = scalars_to_bytes([lie])
            assert not accepted(small, bytes(forged)), (small.symbols.name(wire), lie)


@pytest.mark.parametrize("opcode", HINTS, ids=lambda o: o.name)
def test_no_hint_can_be_another_with_all_that_follows(small, inputs, honest, opcode) -> None:
    """The program's later operations run on the lie, so that only what judges the hint itself can refuse it."""
    dice = random.Random(f"hints {opcode.name}")
    values = scalars_from_bytes(honest)
    groups = by_opcode(small)[opcode]
    for wires in spread(groups, PER_HINT):
        wire = dice.choice(wires)
        if opcode is Opcode.BITS and len(wires) > 1:  # two bits of one value exchanged for the double of the lower
            lies = {wire: 1 - values[wire]}
            if wire + 1 in wires:
                lies = {wire: (values[wire] + 2) % BN254.r, wire + 1: (values[wire + 1] - 1) % BN254.r}
        else:
            lies = {wire: (values[wire] + 1) % BN254.r}
        lies = {target: lie % BN254.r for target, lie in lies.items()}
        forged = small.witness(inputs, engine=PlainEngine(lies=lies))
        assert all(scalars_from_bytes(forged[32 * w : 32 * w + 32]) == [lie] for w, lie in lies.items())
        assert not accepted(small, forged), (small.symbols.name(wire), lies)


def test_no_lie_about_any_hint_goes_unnoticed(small, inputs) -> None:
    """All of them, each with several lies."""
    hints = sum(len(wires) for opcode, wires in operations(small) if opcode is not Opcode.PRODUCT)
    assert check_liars(small, inputs) > 5 * hints > 10_000


def test_the_constraints_sampled_hold_and_say_something(small, honest) -> None:
    """None of them is about the constant alone."""
    values, r = scalars_from_bytes(honest), BN254.r
    sides = [matrix.to_rows() for matrix in (small.r1cs.a, small.r1cs.b, small.r1cs.c)]
    rows = list(zip(*sides, strict=True))
    for index in random.Random("constraints").sample(range(len(rows)), WIRES):
        a, b, c = (sum(k * values[wire] for wire, k in side) for side in rows[index])
        assert (a * b - c) % r == 0, index
        assert any(wire != 0 for side in rows[index] for wire, _ in side), index
