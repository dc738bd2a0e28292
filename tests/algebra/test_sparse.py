"""Sparse matrices: what is built comes back, transposing twice changes nothing, and bad structure is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkmargin.algebra import BN254, EncodingError, SparseMatrix, scalars_to_bytes

R = BN254.r
WIDTH = 6
Rows = list[list[tuple[int, int]]]
entry = st.tuples(st.integers(0, WIDTH - 1), st.integers(0, R - 1) | st.sampled_from([0, 1, R - 1]))
row_lists = st.lists(st.lists(entry, max_size=5), max_size=6)


def words(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "little") for value in values)


def ones(count: int) -> bytes:
    return scalars_to_bytes([1] * count)


@given(row_lists)
def test_rows_come_back(rows: Rows) -> None:
    matrix = SparseMatrix.from_rows(rows, WIDTH)
    assert (matrix.width, matrix.rows, matrix.entries) == (WIDTH, len(rows), sum(map(len, rows)))
    assert matrix.to_rows() == rows


@given(row_lists)
def test_transposing_keeps_every_entry_in_order(rows: Rows) -> None:
    matrix = SparseMatrix.from_rows(rows, WIDTH)
    transposed = matrix.transposed()
    assert (transposed.width, transposed.rows) == (len(rows), WIDTH)
    assert transposed.to_rows() == [
        [(i, k) for i, row in enumerate(rows) for c, k in row if c == j] for j in range(WIDTH)
    ]
    sorted_rows = [sorted(row, key=lambda pair: pair[0]) for row in rows]
    assert transposed.transposed().to_rows() == sorted_rows


def test_the_layout_is_the_documented_one() -> None:
    matrix = SparseMatrix.from_rows([[(1, 7)], [], [(0, 1), (1, 2)]], 2)
    assert matrix.row_ptr == words(0, 1, 1, 3)
    assert matrix.columns == words(1, 0, 1)
    assert matrix.coefficients == scalars_to_bytes([7, 1, 2])


def test_equal_coefficients_are_kept_once() -> None:
    matrix = SparseMatrix.from_rows([[(1, 7), (0, 5)], [(0, 7)]], 2)
    assert (matrix.scalars, matrix.places) == (scalars_to_bytes([7, 5]), words(0, 1, 0))
    assert matrix.coefficients == scalars_to_bytes([7, 5, 7])
    flat = SparseMatrix.from_flat(2, matrix.row_ptr, matrix.columns, matrix.coefficients)
    assert flat.scalars != matrix.scalars
    assert (flat, hash(flat)) == (matrix, hash(matrix))
    assert flat != SparseMatrix.from_rows([[(1, 7), (0, 5)], [(0, 5)]], 2)
    assert flat != SparseMatrix.from_rows([[(1, 7)], [(0, 5), (0, 7)]], 2)
    assert flat != SparseMatrix.from_rows([[(1, 7), (1, 5)], [(0, 7)]], 2)


def test_many_coefficients_come_in_pieces() -> None:
    matrix = SparseMatrix.from_rows([[(0, k % 3) for k in range(200_000)]], 1)
    pieces = list(matrix.coefficient_chunks())
    assert len(pieces) > 1
    assert b"".join(pieces) == matrix.coefficients == scalars_to_bytes([k % 3 for k in range(200_000)])


@pytest.mark.parametrize(
    ("scalars", "places"),
    [(ones(1), words(1)), (b"", words(0)), (ones(1), words(0)[:3]), (ones(1), b""), (ones(1)[:31], words(0))],
)
def test_a_place_in_the_table_must_exist(scalars: bytes, places: bytes) -> None:
    with pytest.raises(EncodingError):
        SparseMatrix(2, words(0, 1), words(0), scalars, places)


@pytest.mark.parametrize("column", [2, 2**32, -1])
def test_a_column_outside_is_refused_when_building(column: int) -> None:
    with pytest.raises(EncodingError, match="outside"):
        SparseMatrix.from_rows([[(0, 1)], [(column, 1)]], 2)


@pytest.mark.parametrize("coefficient", [R, -1, True, 1.0])
def test_a_coefficient_that_is_no_scalar_is_refused_when_building(coefficient: Any) -> None:
    with pytest.raises(EncodingError):
        SparseMatrix.from_rows([[(0, coefficient)]], 2)


MALFORMED = {
    "no pointers": (b"", b"", b""),
    "partial pointer": (words(0) + b"\0", b"", b""),
    "partial column": (words(0, 1), words(0) + b"\0", ones(1)),
    "too few coefficients": (words(0, 2), words(0, 1), ones(1)),
    "partial coefficient": (words(0, 1), words(0), ones(1)[:31]),
    "pointers do not begin at zero": (words(1, 1), words(0), ones(1)),
    "pointers end early": (words(0, 1), words(0, 1), ones(2)),
    "pointers end late": (words(0, 2), words(0), ones(1)),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_parts_are_refused(case: str) -> None:
    with pytest.raises(EncodingError) as caught:
        SparseMatrix.from_flat(2, *MALFORMED[case])
    assert caught.value.what == "sparse matrix"


HIDDEN = {
    "pointers fall": SparseMatrix.from_flat(2, words(0, 2, 1, 2), words(0, 1), ones(2)),
    "pointers pass the end": SparseMatrix.from_flat(2, words(0, 2**32 - 1, 2), words(0, 1), ones(2)),
    "column outside": SparseMatrix.from_flat(2, words(0, 2), words(0, 2), ones(2)),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_structure_that_points_elsewhere_is_refused_when_used(case: str) -> None:
    for use in (SparseMatrix.to_rows, SparseMatrix.transposed):
        with pytest.raises(EncodingError):
            use(HIDDEN[case])
