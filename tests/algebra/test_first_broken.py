"""`first_broken`: which constraint the witness of each vector of inputs breaks, the same on both engines."""

from __future__ import annotations

import pytest

from zkmargin.algebra import BN254, EncodingError, SparseMatrix, get_engine, scalars_to_bytes
from zkmargin.circuits import Circuit, UnsatisfiedConstraint, assert_at_most, assert_equal, build


def ordered_product(c: Circuit) -> None:
    """low <= x <= high, and y = x * x."""
    x = c.private("x", bits=8)
    assert_at_most(c.constant(10), x)
    assert_equal(c.private("y"), x.raw() * x.raw())


CIRCUIT = build(ordered_product, name="ordered")
VECTORS = [(10, 100), (9, 81), (255, 65025), (256, 65536), (12, 145), (BN254.r - 1, 1)]


def loaded(engine):
    r1cs = CIRCUIT.r1cs
    return engine.load_program(CIRCUIT.program.to_bytes()), engine.load_constraints(r1cs.a, r1cs.b, r1cs.c)


def broken_row(vector, engine) -> int | None:
    try:
        CIRCUIT.check(CIRCUIT.program.run(scalars_to_bytes(vector), engine), engine)
    except UnsatisfiedConstraint as problem:
        return problem.index
    return None


def test_it_names_the_first_constraint_that_check_names(engine) -> None:
    program, constraints = loaded(engine)
    inputs = b"".join(scalars_to_bytes(vector) for vector in VECTORS)
    found = program.first_broken(inputs, len(VECTORS), constraints)
    assert [row is None for row in found] == [True, False, True, False, False, False]
    for vector, row in zip(VECTORS, found, strict=True):
        assert row == broken_row(vector, engine)
    assert found == (lambda p, c: p.first_broken(inputs, len(VECTORS), c))(*loaded(get_engine("reference")))


def test_none_of_no_vectors(engine) -> None:
    program, constraints = loaded(engine)
    assert program.first_broken(b"", 0, constraints) == []


def test_inputs_of_another_number_are_refused(engine) -> None:
    program, constraints = loaded(engine)
    with pytest.raises(EncodingError):
        program.first_broken(scalars_to_bytes([1, 2, 3]), 1, constraints)


def test_constraints_of_another_circuit_are_refused(engine) -> None:
    program, _ = loaded(engine)
    row = SparseMatrix.from_rows([[(0, 1)]], 2)
    with pytest.raises(EncodingError):
        program.first_broken(scalars_to_bytes([1, 2]), 1, engine.load_constraints(row, row, row))
    with pytest.raises(EncodingError):
        program.first_broken(scalars_to_bytes([1, 2]), 1, object())


def test_sides_of_different_sizes_are_refused(engine) -> None:
    one, two = SparseMatrix.from_rows([[(0, 1)]], 2), SparseMatrix.from_rows([[(0, 1)], []], 2)
    wide = SparseMatrix.from_rows([[(0, 1)]], 3)
    for sides in ((one, two, one), (one, one, two), (one, wide, one), (one, one, wide)):
        with pytest.raises(EncodingError):
            engine.load_constraints(*sides)
