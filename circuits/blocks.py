"""Blocks as arrays: what is the same in every stamp of one is encoded once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .recording import Block, Parameter
from .system import Flags, Ints, Words
from .terms import ONE, Terms

_REMEMBERED = 512


@dataclass(frozen=True)
class LocalRows:
    """Linear combinations over local wires, each by rising wire; coefficients by their number in `values`."""

    lengths: Ints
    wires: Words
    moves: Words
    """1 for each wire that lies where the stamp does; 0 for the constant, and for scratch wires, counted from 0."""
    numbers: Words
    values: tuple[int, ...]

    def write(self, wires: Words, distance: int) -> None:
        """The wires of a stamp that lies `distance` further on."""
        np.multiply(self.moves, distance, out=wires)
        wires += self.wires


@lru_cache(maxsize=_REMEMBERED)
def local_constraints(block: Block) -> tuple[LocalRows, LocalRows, LocalRows]:
    """The sides of the constraints that read no parameter."""
    a, b, c = (local_rows([constraint[side] for constraint in block.constraints]) for side in range(3))
    return a, b, c


def local_rows(rows: Sequence[Terms]) -> LocalRows:
    wires = [wire for terms in rows for wire in sorted(terms)]
    coefficients = [terms[wire] for terms in rows for wire in sorted(terms)]
    values = {value: number for number, value in enumerate(dict.fromkeys(coefficients))}
    return LocalRows(
        np.array([len(terms) for terms in rows], dtype=np.int64),
        np.array([wire if wire >= 0 else -1 - wire for wire in wires], dtype=np.uint32),
        np.array([wire > ONE for wire in wires], dtype=np.uint32),
        np.array([values[value] for value in coefficients], dtype=np.uint32),
        tuple(values),
    )


@dataclass(frozen=True)
class LocalProgram:
    """A block's operations over its own linear combinations, numbered from 0."""

    combinations: LocalRows
    scratch: Words
    """1 for each wire of the combinations that is a scratch wire."""
    operations: Ints
    """Rows of opcode, a, b, wire, 0, as in a witness program."""
    first: Ints
    """1 for each combination among those."""
    writes_scratch: Flags
    parameters: tuple[tuple[int, int, int], ...]
    """(operation, 1 for a or 2 for b, parameter): where a parameter's own combination belongs."""


@lru_cache(maxsize=_REMEMBERED)
def local_program(block: Block) -> LocalProgram:
    combinations: list[Terms] = []
    numbers: dict[int, int] = {}
    operations = np.zeros((len(block.operations), 5), dtype=np.int64)
    first = np.zeros_like(operations)
    parameters = []
    for row, operation in enumerate(block.operations):
        operations[row, 0], operations[row, 3] = operation.opcode, operation.wire
        for column, factor in ((1, operation.a), (2, operation.b)):
            if isinstance(factor, Parameter):
                parameters.append((row, column, factor.number))
            elif factor is not None:
                if id(factor) not in numbers:
                    numbers[id(factor)] = len(combinations)
                    combinations.append(factor)
                operations[row, column], first[row, column] = numbers[id(factor)], 1
    writes_scratch = operations[:, 3] < 0
    operations[writes_scratch, 3] = -1 - operations[writes_scratch, 3]
    rows = local_rows(combinations)
    scratch = np.array([wire < 0 for terms in combinations for wire in sorted(terms)], dtype=np.uint32)
    return LocalProgram(rows, scratch, operations, first, writes_scratch, tuple(parameters))
