"""Plain integers in the place of an engine: over any prime, and with lies.

A lie is a wire whose value a dishonest prover chooses; whatever the program computes after it follows from the lie.
Over a field of a few dozen elements everything can be tried, which `exhaustive.py` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

from zkmargin.algebra import BN254, Buffer, Curve, Engine, SparseMatrix

from ..build import CompiledCircuit
from ..errors import UnsatisfiedConstraint
from ..inputs import InputValues
from .steps import Steps, take_apart


def tiny_field(prime: int) -> Curve:
    """A curve in name only, for `build(..., curve=...)`: the compiler uses nothing of it but r."""
    return replace(BN254, name=f"F_{prime}", r=prime)


class PlainEngine:
    """What circuits need of an engine, and no more. Not fast: for circuits of some thousand constraints."""

    name = "plain"

    def __init__(self, curve: Curve = BN254, lies: Mapping[int, int] | None = None) -> None:
        self.curve = curve
        self._lies = lies or {}

    def matrix_apply(self, matrix: SparseMatrix, vector: Buffer) -> bytes:
        values = integers(vector)
        sums = (sum(k * values[w] for w, k in row) for row in matrix.to_rows(self.curve))
        return _bytes(total % self.curve.r for total in sums)

    def fr_mul(self, a: Buffer, b: Buffer) -> bytes:
        return _bytes(x * y % self.curve.r for x, y in zip(integers(a), integers(b), strict=True))

    def load_program(self, program: Buffer) -> PlainProgram:
        return PlainProgram(self.curve.r, bytes(program), self._lies)

    def run_program(self, program: Buffer, inputs: Buffer) -> bytes:
        return self.load_program(program).run(inputs)


@dataclass(frozen=True)
class PlainProgram:
    """A program to be run; a lie replaces what it would have written."""

    r: int
    program: bytes
    lies: Mapping[int, int]

    @cached_property
    def steps(self) -> Steps:
        return take_apart(self.program)

    @property
    def n_wires(self) -> int:
        return self.steps.n_wires

    @property
    def n_inputs(self) -> int:
        return self.steps.n_inputs

    def run_many(self, inputs: Buffer, count: int) -> bytes:
        size, given = 32 * self.n_inputs, bytes(inputs)
        return b"".join(self.run(given[size * k : size * (k + 1)]) for k in range(count))

    def run(self, inputs: Buffer) -> bytes:
        return _bytes(self.run_all(integers(inputs))[: self.n_wires])

    def run_all(self, inputs: Iterable[int]) -> list[int]:
        """Every wire, scratch among them."""
        whole = self.steps
        w = [1, *inputs]
        w += [0] * (whole.n_wires + whole.n_scratch - len(w))
        for step in whole.steps:
            for wire, value in zip(step.wires, step.effect(w, self.r), strict=True):
                w[wire] = self.lies.get(wire, value)
        return w


def plain_engine(curve: Curve, lies: Mapping[int, int] | None = None) -> Engine:
    """A `PlainEngine` for the functions that take an `Engine` and use of it what circuits need."""
    return cast(Engine, PlainEngine(curve, lies))


def broken(
    circuit: CompiledCircuit, inputs: InputValues, lies: Mapping[int, int] | None = None
) -> UnsatisfiedConstraint | None:
    """The first constraint that fails, if any; `lies` are wires whose values a dishonest prover chooses."""
    curve = circuit.r1cs.curve
    witness = circuit.witness(inputs, plain_engine(curve, lies))
    try:
        circuit.check(witness, plain_engine(curve))
    except UnsatisfiedConstraint as problem:
        return problem
    return None


def integers(data: Buffer) -> list[int]:
    """Canonical little-endian scalars of any prime below 2^256."""
    raw = bytes(data)
    return [int.from_bytes(raw[i : i + 32], "little") for i in range(0, len(raw), 32)]


def _bytes(values: Iterable[int]) -> bytes:
    return b"".join(value.to_bytes(32, "little") for value in values)
