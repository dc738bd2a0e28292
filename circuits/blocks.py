"""Blocks as arrays: what is the same in every stamp of one is encoded once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .recording import Block, Factor, Parameter
from .system import Ints, Words
from .terms import ONE, Terms

_REMEMBERED = 512


@dataclass(frozen=True)
class LocalRows:
    """Linear combinations over local wires, each by rising wire; coefficients by their number in `values`."""

    lengths: Ints
    wires: Words
    moves: Words
    """0 for the constant, 1 for every other wire: what the distance to the stamp's wires is multiplied with."""
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
        np.array(wires, dtype=np.uint32),
        np.array([wire != ONE for wire in wires], dtype=np.uint32),
        np.array([values[value] for value in coefficients], dtype=np.uint32),
        tuple(values),
    )


@dataclass(frozen=True)
class LocalProgram:
    """A block's operations over its own linear combinations, numbered from 0."""

    combinations: LocalRows
    operations: Ints
    """Rows of opcode, a, b, local wire, width, as in a witness program."""
    moves: Ints
    """What of the first combination's number and of the distance to add to each of those: rows of 0 and 1."""
    parameters: tuple[tuple[int, int, int], ...]
    """(operation, 1 for a or 2 for b, parameter): where a parameter's own combination belongs."""


@lru_cache(maxsize=_REMEMBERED)
def local_program(block: Block) -> LocalProgram:
    combinations: list[Terms] = []
    numbers: dict[int, int] = {}
    operations, parameters = [], []

    def number(factor: Factor | None, operation: int, column: int) -> int:
        if factor is None:
            return 0
        if isinstance(factor, Parameter):
            parameters.append((operation, column, factor.number))
            return 0
        if id(factor) not in numbers:
            numbers[id(factor)] = len(combinations)
            combinations.append(factor)
        return numbers[id(factor)]

    for place, (opcode, a, b, wire, width) in enumerate(block.operations):
        operations.append((int(opcode), number(a, place, 1), number(b, place, 2), wire, width))
    reads_b = np.array([b is not None for _, _, b, _, _ in block.operations], dtype=np.int64)
    moves = np.zeros((len(operations), 5), dtype=np.int64)
    moves[:, 1], moves[:, 2] = 1, reads_b
    for place, column, _ in parameters:
        moves[place, column] = 0
    table = np.array(operations, dtype=np.int64).reshape(-1, 5)
    return LocalProgram(local_rows(combinations), table, moves, tuple(parameters))
