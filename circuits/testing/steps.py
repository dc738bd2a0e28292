"""A witness program taken apart: what each operation reads, writes and means, in plain integers over any prime.

Read afresh from docs/formats.md, and so a third opinion beside the two engines. Nothing is checked here: the bytes are
those that this process compiled, or `WitnessProgram.from_bytes` has let through.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt

from ..program import Opcode

Row = tuple[tuple[int, int], ...]
"""A linear combination: wires and their coefficients."""


@dataclass(frozen=True)
class Step:
    """One operation. `width` wires from `target` on follow from the combinations that it reads."""

    opcode: Opcode
    reads: tuple[Row, ...]
    target: int
    width: int
    first_bit: int

    @property
    def wires(self) -> range:
        return range(self.target, self.target + self.width)

    @property
    def is_hint(self) -> bool:
        """Does it give what no constraint comes with? All do but products, which are recorded with theirs."""
        return self.opcode is not Opcode.PRODUCT

    def effect(self, values: Sequence[int], r: int) -> list[int]:
        """What an honest prover writes, given the values of all wires before."""
        read = [evaluate(row, values, r) for row in self.reads]
        a = read[0]
        match self.opcode:
            case Opcode.LINEAR:
                return [a]
            case Opcode.PRODUCT:
                return [a * read[1] % r]
            case Opcode.QUOTIENT:
                return [a * pow(read[1], r - 2, r) % r]
            case Opcode.BITS:
                return [a >> place & 1 for place in range(self.first_bit, self.first_bit + self.width)]
            case Opcode.DIVMOD:
                return list(divmod(a, read[1])) if read[1] else [0, 0]
            case Opcode.ISQRT:
                return [isqrt(a)]
            case Opcode.ONE_HOT:
                return [int(a == case) for case in range(self.width)]
            case Opcode.SORT:
                return sorted(read)


@dataclass(frozen=True)
class Steps:
    """A whole program."""

    n_inputs: int
    n_wires: int
    """Those of the witness."""
    n_scratch: int
    steps: tuple[Step, ...]


def evaluate(row: Row, values: Sequence[int], r: int) -> int:
    return sum(coefficient * values[wire] for wire, coefficient in row) % r


def take_apart(program: bytes) -> Steps:
    """The operations of a witness program's bytes, version 2."""
    n_wires, n_scratch, n_public, n_private, n_constants, n_rows, n_terms, n_steps = struct.unpack_from(
        "<8I", program, 72
    )
    place = 104
    constants = [int.from_bytes(program[i : i + 32], "little") for i in range(place, place + 32 * n_constants, 32)]
    place += 32 * n_constants
    pointers = struct.unpack_from(f"<{n_rows + 1}I", program, place)
    place += 4 * (n_rows + 1)
    wires = struct.unpack_from(f"<{n_terms}I", program, place)
    coefficients = struct.unpack_from(f"<{n_terms}I", program, place + 4 * n_terms)
    place += 8 * n_terms
    rows = [
        tuple((wires[k], constants[coefficients[k]]) for k in range(start, end)) for start, end in pairwise(pointers)
    ]
    words = (struct.unpack_from("<5I", program, place + 20 * index) for index in range(n_steps))
    return Steps(n_public + n_private, n_wires, n_scratch, tuple(_step(rows, *word) for word in words))


def _step(rows: Sequence[Row], code: int, a: int, b: int, target: int, count: int) -> Step:
    opcode = Opcode(code)
    match opcode:
        case Opcode.PRODUCT | Opcode.QUOTIENT:
            return Step(opcode, (rows[a], rows[b]), target, 1, 0)
        case Opcode.DIVMOD:
            return Step(opcode, (rows[a], rows[b]), target, 2, 0)
        case Opcode.BITS:
            return Step(opcode, (rows[a],), target, count, b)
        case Opcode.ONE_HOT:
            return Step(opcode, (rows[a],), target, count, 0)
        case Opcode.SORT:
            return Step(opcode, tuple(rows[a : a + count]), target, count, 0)
        case _:
            return Step(opcode, (rows[a],), target, 1, 0)
