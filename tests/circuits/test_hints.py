"""Hints: what an honest prover fills their wires with, and that they constrain nothing."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from typing import Any

import pytest

from zkmargin.algebra import BN254, Engine, scalars_from_bytes, scalars_to_bytes
from zkmargin.circuits import BuildError, Circuit, CompiledCircuit, Expr, Opcode, WitnessProgram, build

from .plain_engine import PlainEngine

R = BN254.r
PAIRS = [(0, 0), (1, 0), (0, 1), (23, 7), (7, 23), (255, 256), (600, 1), (R - 1, R - 2), (2**128, 2**64)]


def hinted(hints: Callable[[Circuit, Expr, Expr], Any]) -> CompiledCircuit:
    def statement(c: Circuit) -> None:
        x, y = c.public("x"), c.private("y")
        c.constrain_product(x, y, c.product_unused(x, y))
        hints(c, x, y)

    return build(statement, name="hinted")


def filled(circuit: CompiledCircuit, x: int, y: int, engine: Engine) -> list[int]:
    """The wires of the hints."""
    witness = circuit.witness({"x": x, "y": y}, engine=engine)
    circuit.check(witness)
    assert witness == circuit.witness({"x": x, "y": y}, engine=PlainEngine())
    return scalars_from_bytes(witness)[4:]


HINTS: dict[str, tuple[Callable[[Circuit, Expr, Expr], Any], Callable[[int, int], list[int]]]] = {
    "inverse or zero": (
        lambda c, x, y: c.hint_inverse_or_zero(x - y),
        lambda x, y: [pow(x - y, -1, R) if x != y else 0],
    ),
    "quotient": (lambda c, x, y: c.hint_quotient(x + 1, y), lambda x, y: [(x + 1) * pow(y, -1, R) % R if y else 0]),
    "divmod": (lambda c, x, y: c.hint_divmod(x, y), lambda x, y: list(divmod(x, y) if y else (0, 0))),
    "square root": (lambda c, x, y: c.hint_isqrt(x), lambda x, y: [isqrt(x)]),
    "one hot": (lambda c, x, y: c.hint_one_hot(x, 8), lambda x, y: [int(x == k) for k in range(8)]),
    "many, one hot": (lambda c, x, y: c.hint_one_hot(x, 700), lambda x, y: [int(x == k) for k in range(700)]),
    "sorted": (
        lambda c, x, y: c.hint_sorted([x, y, x, x + y, c.constant(5)]),
        lambda x, y: sorted([x, y, x, (x + y) % R, 5]),
    ),
    "sorted after the same was read": (
        lambda c, x, y: (c.hint_linear(y), c.hint_linear(x), c.hint_sorted([x, y])),
        lambda x, y: [y, x, *sorted([x, y])],
    ),
    "linear": (lambda c, x, y: c.hint_linear(x - 2 * y), lambda x, y: [(x - 2 * y) % R]),
    "low bits": (lambda c, x, y: c.new_bits(x, 5), lambda x, y: [x >> k & 1 for k in range(5)]),
    "bits further up": (
        lambda c, x, y: c.new_bits(x, 9, first=120),
        lambda x, y: [x >> k & 1 for k in range(120, 129)],
    ),
}


@pytest.mark.parametrize("name", HINTS)
def test_a_hint_is_what_it_says(name: str, engine: Engine) -> None:
    hints, expected = HINTS[name]
    circuit = hinted(hints)
    assert WitnessProgram.from_bytes(circuit.program.to_bytes()) == circuit.program
    for x, y in PAIRS:
        assert filled(circuit, x, y, engine) == expected(x, y)


@pytest.mark.parametrize("name", sorted(HINTS.keys() - {"low bits", "bits further up"}))
def test_a_hint_constrains_nothing(name: str) -> None:
    """Any other value in its wires satisfies the circuit just as well."""
    circuit = hinted(HINTS[name][0])
    witness = circuit.witness({"x": 23, "y": 7})
    for wire in range(4, circuit.r1cs.n_wires):
        lie = scalars_to_bytes([(int.from_bytes(witness[32 * wire : 32 * wire + 32], "little") + 1) % R])
        circuit.check(witness[: 32 * wire] + lie + witness[32 * wire + 32 :])


def test_an_inverse_is_the_quotient_of_one() -> None:
    circuit = hinted(lambda c, x, y: (c.hint_inverse_or_zero(x), c.hint_inverse_or_zero(y)))
    words = memoryview(circuit.program.operations).cast("I")
    codes = [(words[at], words[at + 1]) for at in range(0, len(words), 5)]
    one = codes[-1][1]
    assert codes[-2:] == [(Opcode.QUOTIENT, one)] * 2


@pytest.mark.parametrize(
    "hint", [lambda c, x, y: c.hint_one_hot(x, 0), lambda c, x, y: c.hint_sorted([])], ids=["one hot", "sorted"]
)
def test_hints_of_no_wires_are_refused(hint: Callable[[Circuit, Expr, Expr], Any]) -> None:
    with pytest.raises(BuildError, match="at least one"):
        hinted(hint)
