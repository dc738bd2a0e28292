"""A third opinion on witnesses: programs and matrices evaluated with plain integers, over any prime.

Lets tests tell lies (a wire overridden while the program runs) and check gadgets over fields so small that everything
can be tried.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import isqrt

from zkmargin.algebra import BN254, Curve, SparseMatrix
from zkmargin.circuits import CompiledCircuit, Opcode
from zkmargin.circuits.inputs import arrange_inputs

Row = list[tuple[int, int]]


def tiny_field(prime: int) -> Curve:
    """A curve in name only: the compiler uses nothing of it but r."""
    return replace(BN254, name=f"F_{prime}", r=prime)


class PlainEngine:
    """What circuits need of an engine."""

    name = "plain"

    def __init__(self, curve: Curve = BN254, lies: Mapping[int, int] | None = None) -> None:
        self.curve = curve
        self._lies = lies or {}

    def matrix_apply(self, matrix: SparseMatrix, vector: bytes) -> bytes:
        values = _values(vector)
        sums = (sum(k * values[w] for w, k in row) for row in matrix.to_rows(self.curve))
        return _bytes(total % self.curve.r for total in sums)

    def fr_mul(self, a: bytes, b: bytes) -> bytes:
        return _bytes(x * y % self.curve.r for x, y in zip(_values(a), _values(b), strict=True))

    def load_program(self, program: bytes) -> PlainProgram:
        return PlainProgram(self.curve.r, bytes(program), self._lies)

    def run_program(self, program: bytes, inputs: bytes) -> bytes:
        return self.load_program(program).run(inputs)


@dataclass(frozen=True)
class PlainProgram:
    """As docs/formats.md describes it, read afresh; a lie replaces what the program would have written."""

    r: int
    program: bytes
    lies: Mapping[int, int]

    @property
    def n_wires(self) -> int:
        return int(struct.unpack_from("<I", self.program, 72)[0])

    @property
    def n_inputs(self) -> int:
        return sum(struct.unpack_from("<2I", self.program, 80))

    def run_many(self, inputs: bytes, count: int) -> bytes:
        size = 32 * self.n_inputs
        return b"".join(self.run(inputs[size * k : size * (k + 1)]) for k in range(count))

    def run(self, inputs: bytes) -> bytes:
        r, program = self.r, self.program
        n_wires, n_scratch, n_public, n_private, n_consts, n_lcs, n_terms, n_ops = struct.unpack_from(
            "<8I", program, 72
        )
        place = 104
        constants = _values(program[place : place + 32 * n_consts])
        place += 32 * n_consts
        pointers = struct.unpack_from(f"<{n_lcs + 1}I", program, place)
        place += 4 * (n_lcs + 1)
        wires = struct.unpack_from(f"<{n_terms}I", program, place)
        coefficients = struct.unpack_from(f"<{n_terms}I", program, place + 4 * n_terms)
        place += 8 * n_terms
        w = [1, *_values(inputs)] + [0] * (n_wires + n_scratch - 1 - n_public - n_private)

        def combination(index: int) -> int:
            terms = range(pointers[index], pointers[index + 1])
            return sum(w[wires[k]] * constants[coefficients[k]] for k in terms) % r

        def write(wire: int, *values: int) -> None:
            for offset, value in enumerate(values):
                w[wire + offset] = self.lies.get(wire + offset, value)

        for index in range(n_ops):
            opcode, a, b, target, count = struct.unpack_from("<5I", program, place + 20 * index)
            value = combination(a)
            match Opcode(opcode):
                case Opcode.LINEAR:
                    write(target, value)
                case Opcode.PRODUCT:
                    write(target, value * combination(b) % r)
                case Opcode.QUOTIENT:
                    divisor = combination(b)
                    write(target, value * pow(divisor, r - 2, r) % r if divisor else 0)
                case Opcode.BITS:
                    write(target, *(value >> bit & 1 for bit in range(b, b + count)))
                case Opcode.DIVMOD:
                    divisor = combination(b)
                    write(target, *(divmod(value, divisor) if divisor else (0, 0)))
                case Opcode.ISQRT:
                    write(target, isqrt(value))
                case Opcode.ONE_HOT:
                    write(target, *(int(value == case) for case in range(count)))
                case Opcode.SORT:
                    write(target, *sorted(map(combination, range(a, a + count))))
        return _bytes(w[:n_wires])


def solutions(circuit: CompiledCircuit, inputs: Mapping[str, int | list[int]], free: str = "") -> Iterator[list[int]]:
    """Every witness with these inputs, by trying all values of a small field for every other wire.

    `free` is an input without a given value: it is tried last.
    """
    curve = circuit.r1cs.curve
    given = arrange_inputs(circuit.inputs, {**inputs, **({free: 0} if free else {})}, curve)
    last = [circuit.symbols.wire(free)] if free else []
    known = [wire for wire in range(1 + len(given)) if wire not in last]
    order = [*known, *range(1 + len(given), circuit.r1cs.n_wires), *last]
    turn = {wire: place for place, wire in enumerate(order)}
    sides = [matrix.to_rows(curve) for matrix in (circuit.r1cs.a, circuit.r1cs.b, circuit.r1cs.c)]
    checks: dict[int, list[tuple[Row, Row, Row]]] = {}
    for row in zip(*sides, strict=True):
        decided = max((turn[wire] for side in row for wire, _ in side), default=0)
        checks.setdefault(max(decided, len(known) - 1), []).append(row)
    witness = [1, *given] + [0] * (circuit.r1cs.n_wires - 1 - len(given))
    yield from _assign(witness, order, len(known), checks, curve.r)


def _assign(
    w: list[int], order: list[int], place: int, checks: Mapping[int, list[tuple[Row, Row, Row]]], r: int
) -> Iterator[list[int]]:
    for row in checks.get(place - 1, ()):
        a, b, c = (sum(k * w[wire] for wire, k in side) for side in row)
        if (a * b - c) % r:
            return
    if place == len(order):
        yield list(w)
        return
    for value in range(r):
        w[order[place]] = value
        yield from _assign(w, order, place + 1, checks, r)


def _values(data: bytes) -> list[int]:
    return [int.from_bytes(data[i : i + 32], "little") for i in range(0, len(data), 32)]


def _bytes(values: Iterator[int] | list[int]) -> bytes:
    return b"".join(value.to_bytes(32, "little") for value in values)
