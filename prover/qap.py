"""The circuit as matrices over the domain, with the rows that bind the public inputs, as every iden3 key has them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from zkmargin.algebra import SparseMatrix
from zkmargin.circuits.r1cs import R1CS


def domain_power(r1cs: R1CS) -> int:
    """log2 of the smallest domain with a place for each constraint, each public input and the constant."""
    return max(1, (r1cs.n_constraints + r1cs.n_public).bit_length())


def domain_matrices(r1cs: R1CS) -> tuple[SparseMatrix, SparseMatrix, SparseMatrix]:
    """A, B, C with one row per element of the domain.

    After the constraints, A has the row (wire s) for each s in 0 .. n_public, with B and C empty: those products are
    zero whatever the wires hold, and the public wires' columns become linearly independent of each other.
    """
    rows, bound = 1 << domain_power(r1cs), r1cs.n_public + 1
    a = replace(
        r1cs.a,
        row_ptr=_extend(r1cs.a.row_ptr, bound, rows),
        columns=r1cs.a.columns + np.arange(bound, dtype="<u4").tobytes(),
        scalars=r1cs.a.scalars + (1).to_bytes(32, "little"),
        places=r1cs.a.places + np.full(bound, len(r1cs.a.scalars) // 32, dtype="<u4").tobytes(),
    )
    b, c = (replace(side, row_ptr=_extend(side.row_ptr, 0, rows)) for side in (r1cs.b, r1cs.c))
    return a, b, c


def stacked(*matrices: SparseMatrix) -> SparseMatrix:
    """One matrix on top of the other."""
    pointers, places, entries, scalars = [np.zeros(1, dtype=np.int64)], [], 0, 0
    for matrix in matrices:
        pointers.append(np.frombuffer(matrix.row_ptr, dtype="<u4")[1:].astype(np.int64) + entries)
        places.append(np.frombuffer(matrix.places, dtype="<u4") + np.uint32(scalars))
        entries += matrix.entries
        scalars += len(matrix.scalars) // 32
    return SparseMatrix(
        matrices[0].width,
        np.concatenate(pointers).astype("<u4").tobytes(),
        b"".join(m.columns for m in matrices),
        b"".join(m.scalars for m in matrices),
        np.concatenate(places).astype("<u4").tobytes(),
    )


def _extend(row_ptr: bytes, single_entry_rows: int, rows: int) -> bytes:
    pointers = np.frombuffer(row_ptr, dtype="<u4")
    steps = np.arange(1, rows + 2 - len(pointers), dtype=np.int64)
    return np.concatenate([pointers, pointers[-1] + np.minimum(steps, single_entry_rows)]).astype("<u4").tobytes()
