"""Constraints in bulk: the three sides of a system as flat arrays over one table of coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zkmargin.algebra import SparseMatrix, scalars_from_bytes

from .r1cs import R1CS
from .recording import Origin
from .terms import Terms

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """One side. Row i holds the entries pointers[i] .. pointers[i + 1] - 1, by rising wire, each wire once."""

    pointers: Ints
    wires: Words
    places: Words
    """Which coefficient of the system's table."""

    @property
    def lengths(self) -> Ints:
        return np.diff(self.pointers)

    def rows_of(self, entries: Ints) -> Ints:
        """The row of each entry."""
        return np.searchsorted(self.pointers, entries, side="right") - 1


@dataclass(frozen=True)
class System:
    """Rows a * b = c. Wire 0 is the constant one, the inputs follow, then the inner wires."""

    n_wires: int
    sides: tuple[Rows, Rows, Rows]
    table: dict[int, int]
    """Each coefficient's place, in order of the places."""
    origins: list[Origin]
    loose: Flags
    """Rows whose factors may still be exchanged."""

    @classmethod
    def of(cls, r1cs: R1CS, origins: Sequence[Origin]) -> System:
        """Read back from its matrices, none of whose rows may repeat a wire."""
        scalars = scalars_from_bytes(r1cs.a.scalars + r1cs.b.scalars + r1cs.c.scalars, r1cs.curve)
        table = {value: place for place, value in enumerate(dict.fromkeys(scalars))}
        sides, offset = [], 0
        for matrix in (r1cs.a, r1cs.b, r1cs.c):
            own = np.array([table[value] for value in scalars[offset : offset + len(matrix.scalars) // 32]])
            offset += len(own)
            pointers, wires, places = (
                np.frombuffer(part, dtype="<u4") for part in (matrix.row_ptr, matrix.columns, matrix.places)
            )
            sides.append(Rows(pointers.astype(np.int64), wires, own.astype(np.uint32)[places]))
        a, b, c = sides
        return cls(r1cs.n_wires, (a, b, c), table, list(origins), np.zeros(r1cs.n_constraints, dtype=np.bool_))

    @property
    def n_rows(self) -> int:
        return len(self.origins)

    def matrices(self) -> tuple[SparseMatrix, SparseMatrix, SparseMatrix]:
        scalars = b"".join(value.to_bytes(32, "little") for value in self.table)
        a, b, c = (
            SparseMatrix(
                self.n_wires,
                side.pointers.astype("<u4").tobytes(),
                side.wires.astype("<u4", copy=False).tobytes(),
                scalars,
                side.places.astype("<u4", copy=False).tobytes(),
            )
            for side in self.sides
        )
        return a, b, c


class Reader:
    """Single rows of a system as dictionaries."""

    def __init__(self, system: System) -> None:
        self._sides = system.sides
        self._values = list(system.table)

    def side(self, side: int, row: int) -> Terms:
        rows = self._sides[side]
        start, end = int(rows.pointers[row]), int(rows.pointers[row + 1])
        values = self._values
        return {
            wire: values[place]
            for wire, place in zip(rows.wires[start:end].tolist(), rows.places[start:end].tolist(), strict=True)
        }

    def row(self, row: int) -> tuple[Terms, Terms, Terms]:
        return self.side(0, row), self.side(1, row), self.side(2, row)
