"""Sparse matrices over F_r in row-compressed form: how R1CS sides and QAP columns cross the engine door."""

from __future__ import annotations

import itertools
import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .curves import BN254, Curve
from .encoding import scalars_from_bytes, scalars_to_bytes
from .errors import EncodingError


@dataclass(frozen=True)
class SparseMatrix:
    """Row i holds the entries row_ptr[i] .. row_ptr[i + 1] - 1 of `columns` and `coefficients`.

    `row_ptr` (rows + 1 entries) and `columns` are unsigned 32-bit little-endian; `coefficients` are canonical scalars.
    Entries of one row may repeat a column; they add up.
    """

    width: int
    row_ptr: bytes
    columns: bytes
    coefficients: bytes

    def __post_init__(self) -> None:
        if len(self.row_ptr) < 4 or len(self.row_ptr) % 4 or len(self.columns) % 4:
            raise EncodingError("row pointers and columns are 4-byte integers", what="sparse matrix")
        if len(self.columns) // 4 * 32 != len(self.coefficients):
            raise EncodingError("one coefficient per column entry is needed", what="sparse matrix")
        pointers = u32_from_bytes(self.row_ptr)
        if pointers[0] != 0 or pointers[-1] != len(self.columns) // 4:
            raise EncodingError("row pointers do not cover the entries", what="sparse matrix")

    @property
    def rows(self) -> int:
        return len(self.row_ptr) // 4 - 1

    @property
    def entries(self) -> int:
        return len(self.columns) // 4

    @classmethod
    def from_rows(cls, rows: Iterable[Iterable[tuple[int, int]]], width: int, curve: Curve = BN254) -> SparseMatrix:
        """Build from rows of (column, coefficient) pairs; coefficients are canonical integers."""
        row_ptr, columns, coefficients = array("I", [0]), array("I"), []
        for row in rows:
            for column, coefficient in row:
                if not 0 <= column < width:
                    raise EncodingError("a column lies outside the matrix", what="sparse matrix")
                columns.append(column)
                coefficients.append(coefficient)
            row_ptr.append(len(columns))
        return cls(width, u32_to_bytes(row_ptr), u32_to_bytes(columns), scalars_to_bytes(coefficients, curve))

    def to_rows(self, curve: Curve = BN254) -> list[list[tuple[int, int]]]:
        """The rows as (column, coefficient) pairs."""
        pointers, columns = self._checked_structure()
        coefficients = scalars_from_bytes(self.coefficients, curve)
        return [list(zip(columns[a:b], coefficients[a:b], strict=True)) for a, b in itertools.pairwise(pointers)]

    def transposed(self) -> SparseMatrix:
        """Rows become columns; entries of a new row keep the order of the old rows."""
        pointers, columns = self._checked_structure()
        counts = array("I", bytes(4 * (self.width + 1)))
        for column in columns:
            counts[column + 1] += 1
        for i in range(self.width):
            counts[i + 1] += counts[i]
        cursor, rows_of = array("I", counts), array("I", bytes(4 * len(columns)))
        coefficients = bytearray(len(self.coefficients))
        for row in range(self.rows):
            for entry in range(pointers[row], pointers[row + 1]):
                place = cursor[columns[entry]]
                cursor[columns[entry]] += 1
                rows_of[place] = row
                coefficients[32 * place : 32 * place + 32] = self.coefficients[32 * entry : 32 * entry + 32]
        return SparseMatrix(self.rows, u32_to_bytes(counts), u32_to_bytes(rows_of), bytes(coefficients))

    def _checked_structure(self) -> tuple[array[int], array[int]]:
        """Row pointers and columns, once seen to lie within the matrix."""
        pointers, columns = u32_from_bytes(self.row_ptr), u32_from_bytes(self.columns)
        if any(start > end for start, end in itertools.pairwise(pointers)):
            raise EncodingError("row pointers do not rise", what="sparse matrix")
        if columns and max(columns) >= self.width:
            raise EncodingError("a column lies outside the matrix", what="sparse matrix")
        return pointers, columns


def u32_to_bytes(values: Sequence[int]) -> bytes:
    """Unsigned 32-bit integers, little-endian, end to end."""
    words = array("I", values)
    if sys.byteorder == "big":
        words.byteswap()
    return words.tobytes()


def u32_from_bytes(data: bytes) -> array[int]:
    """The inverse of `u32_to_bytes`."""
    words = array("I")
    words.frombytes(data)
    if sys.byteorder == "big":
        words.byteswap()
    return words
