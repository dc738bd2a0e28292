"""Sparse matrices over F_r in row-compressed form: how R1CS sides and QAP columns cross the engine door."""

from __future__ import annotations

import itertools
import operator
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .curves import BN254, Curve
from .encoding import scalars_from_bytes, scalars_to_bytes
from .errors import EncodingError

# numpy is imported where it is used: a verifier has no matrices, and starts faster without it.
if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    _Words = npt.NDArray[np.uint32]

_CHUNK = 1 << 16


@dataclass(frozen=True, eq=False)
class SparseMatrix:
    """Row i holds the entries row_ptr[i] .. row_ptr[i + 1] - 1; entry k stands in column columns[k] and is the scalar
    number places[k] of `scalars`.

    A circuit has millions of entries and few different coefficients, so these are kept once, in a table. `row_ptr`
    (rows + 1 entries), `columns` and `places` are unsigned 32-bit little-endian; `scalars` are canonical and may
    repeat. Entries of one row may repeat a column; they add up.
    """

    width: int
    row_ptr: bytes
    columns: bytes
    scalars: bytes
    places: bytes

    def __post_init__(self) -> None:
        if len(self.row_ptr) < 4 or any(len(part) % 4 for part in (self.row_ptr, self.columns, self.places)):
            raise EncodingError("row pointers, columns and places are 4-byte integers", what="sparse matrix")
        if len(self.scalars) % 32:
            raise EncodingError("the scalars of a matrix are 32 bytes each", what="sparse matrix")
        if len(self.columns) != len(self.places):
            raise EncodingError("one coefficient per column entry is needed", what="sparse matrix")
        pointers = _words(self.row_ptr)
        if pointers[0] != 0 or int(pointers[-1]) != self.entries:
            raise EncodingError("row pointers do not cover the entries", what="sparse matrix")
        if self.places and int(_words(self.places).max()) >= len(self.scalars) // 32:
            raise EncodingError("an entry names a scalar that does not exist", what="sparse matrix")

    def __eq__(self, other: object) -> bool:
        """The same entries in the same order, whatever the tables are."""
        if not isinstance(other, SparseMatrix):
            return NotImplemented
        mine, others = ((m.width, m.row_ptr, m.columns) for m in (self, other))
        return mine == others and all(map(operator.eq, self.coefficient_chunks(), other.coefficient_chunks()))

    def __hash__(self) -> int:
        return hash((self.width, self.row_ptr, self.columns))

    @property
    def rows(self) -> int:
        return len(self.row_ptr) // 4 - 1

    @property
    def entries(self) -> int:
        return len(self.columns) // 4

    @property
    def coefficients(self) -> bytes:
        """The scalar of each entry, end to end: 32 bytes an entry, which the table saves."""
        return b"".join(self.coefficient_chunks())

    def coefficient_chunks(self) -> Iterator[bytes]:
        """`coefficients` in pieces of a few megabytes."""
        import numpy as np

        table, places = np.frombuffer(self.scalars, dtype="V32"), _words(self.places)
        for start in range(0, len(places), _CHUNK):
            yield table[places[start : start + _CHUNK]].tobytes()

    @classmethod
    def from_flat(cls, width: int, row_ptr: bytes, columns: bytes, coefficients: bytes) -> SparseMatrix:
        """With one coefficient for each entry, as files have them; the table then saves nothing."""
        import numpy as np

        return cls(width, row_ptr, columns, coefficients, np.arange(len(coefficients) // 32, dtype="<u4").tobytes())

    @classmethod
    def from_rows(cls, rows: Iterable[Iterable[tuple[int, int]]], width: int, curve: Curve = BN254) -> SparseMatrix:
        """Build from rows of (column, coefficient) pairs; coefficients are canonical integers."""
        row_ptr, columns, places = array("I", [0]), array("I"), array("I")
        table: dict[int, int] = {}
        for row in rows:
            for column, coefficient in row:
                if not 0 <= column < width:
                    raise EncodingError("a column lies outside the matrix", what="sparse matrix")
                columns.append(column)
                places.append(table.setdefault(coefficient, len(table)))
            row_ptr.append(len(columns))
        scalars = scalars_to_bytes(list(table), curve)
        return cls(width, u32_to_bytes(row_ptr), u32_to_bytes(columns), scalars, u32_to_bytes(places))

    def to_rows(self, curve: Curve = BN254) -> list[list[tuple[int, int]]]:
        """The rows as (column, coefficient) pairs."""
        pointers, columns = (part.tolist() for part in self._checked_structure())
        scalars = scalars_from_bytes(self.scalars, curve)
        coefficients = [scalars[place] for place in u32_from_bytes(self.places)]
        return [list(zip(columns[a:b], coefficients[a:b], strict=True)) for a, b in itertools.pairwise(pointers)]

    def transposed(self) -> SparseMatrix:
        """Rows become columns; entries of a new row keep the order of the old rows."""
        import numpy as np

        pointers, columns = self._checked_structure()
        order = np.argsort(columns, kind="stable")
        lengths = pointers[1:].astype(np.int64) - pointers[:-1]
        rows_of = np.repeat(np.arange(self.rows, dtype="<u4"), lengths)
        counts = np.zeros(self.width + 1, dtype="<u4")
        np.cumsum(np.bincount(columns, minlength=self.width), out=counts[1:])
        return SparseMatrix(
            self.rows,
            counts.tobytes(),
            rows_of[order].tobytes(),
            self.scalars,
            _words(self.places)[order].tobytes(),
        )

    def _checked_structure(self) -> tuple[_Words, _Words]:
        """Row pointers and columns, once seen to lie within the matrix."""
        pointers, columns = _words(self.row_ptr), _words(self.columns)
        if (pointers[1:] < pointers[:-1]).any():
            raise EncodingError("row pointers do not rise", what="sparse matrix")
        if len(columns) and int(columns.max()) >= self.width:
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


def _words(data: bytes) -> _Words:
    import numpy as np

    return np.frombuffer(data, dtype="<u4")
