"""Running the constraints without proving: which one does a witness break, and where was it written?"""

from __future__ import annotations

from collections.abc import Sequence

from zkmargin.algebra import Buffer, Engine, SparseMatrix, get_engine

from .errors import FormatError, UnsatisfiedConstraint
from .r1cs import R1CS
from .recording import Origin
from .symbols import Symbols, numbered
from .terms import ONE, Terms, render_terms

MAX_VALUES = 64
"""An error carries the values of at most this many signals; a long linear combination has more."""


def check_witness(
    r1cs: R1CS,
    witness: Buffer,
    *,
    engine: Engine | None = None,
    symbols: Symbols | None = None,
    origins: Sequence[Origin] | None = None,
) -> None:
    """Return if every constraint holds; otherwise raise `UnsatisfiedConstraint` for the first one that does not.

    A witness of another length, with a value that is not canonical, or without the constant 1 in wire 0 is an
    `EncodingError`.
    """
    raw = require_witness_of(r1cs, witness)
    broken = first_broken(r1cs, raw, engine)
    if broken is not None:
        raise explained(r1cs, raw, broken, symbols=symbols, origin=origins[broken] if origins is not None else None)


def first_broken(r1cs: R1CS, witness: bytes, engine: Engine | None) -> int | None:
    """The first constraint that does not hold, if any."""
    engine = engine or get_engine(curve=r1cs.curve)
    left = engine.fr_mul(engine.matrix_apply(r1cs.a, witness), engine.matrix_apply(r1cs.b, witness))
    right = engine.matrix_apply(r1cs.c, witness)
    return None if left == right else _first_difference(left, right)


def require_witness_of(r1cs: R1CS, witness: Buffer) -> bytes:
    """The witness's bytes, once it has a value for each wire of this circuit and the constant 1 in wire 0."""
    raw = bytes(witness)
    if len(raw) != 32 * r1cs.n_wires:
        raise FormatError(
            f"witness: {len(raw) // 32} values where this circuit has {r1cs.n_wires} wires; it belongs to another one",
            what="witness",
        )
    if raw[:32] != (1).to_bytes(32, "little"):
        raise FormatError("witness: wire 0 does not hold the constant 1", what="witness", index=0)
    return raw


def _first_difference(left: bytes, right: bytes) -> int:
    return next(i for i in range(len(left) // 32) if left[32 * i : 32 * i + 32] != right[32 * i : 32 * i + 32])


def explained(
    r1cs: R1CS,
    witness: bytes,
    row: int,
    *,
    symbols: Symbols | None = None,
    origin: Origin | None = None,
    index: int | None = None,
) -> UnsatisfiedConstraint:
    """The error for a row that does not hold; `index` is what to call it, where that is not its own number."""
    index = row if index is None else index
    names = symbols or numbered(r1cs.n_wires)
    a, b, c = (_row(matrix, row) for matrix in (r1cs.a, r1cs.b, r1cs.c))
    wires = [wire for wire in dict.fromkeys((*a, *b, *c)) if wire != ONE][:MAX_VALUES]
    values = {names.name(wire): int.from_bytes(witness[32 * wire : 32 * wire + 32], "little") for wire in wires}
    text = render_constraint(a, b, c, names, r1cs.curve.r)
    if origin is None:
        return UnsatisfiedConstraint(index, text, values)
    return UnsatisfiedConstraint(
        index,
        text,
        values,
        gadget=origin.gadget,
        file=origin.location.file,
        line=origin.location.line,
        text=origin.location.text,
        requires=origin.call.requires if origin.call else "",
    )


def render_constraint(a: Terms, b: Terms, c: Terms, names: Symbols, modulus: int) -> str:
    """`(x) * (y - 1) = z`; a linear constraint without its factor 1, or, as circom writes it, without its product 0."""
    left, factor, right = (render_terms(terms, names.name, modulus) for terms in (a, b, c))
    if "0" in (left, factor):
        return f"{right} = 0"
    return f"{left} = {right}" if factor == "1" else f"({left}) * ({factor}) = {right}"


def _row(matrix: SparseMatrix, index: int) -> Terms:
    start, end = (int.from_bytes(matrix.row_ptr[4 * k : 4 * k + 4], "little") for k in (index, index + 1))
    terms: Terms = {}
    for entry in range(start, end):
        wire = int.from_bytes(matrix.columns[4 * entry : 4 * entry + 4], "little")
        place = int.from_bytes(matrix.places[4 * entry : 4 * entry + 4], "little")
        coefficient = int.from_bytes(matrix.scalars[32 * place : 32 * place + 32], "little")
        terms[wire] = terms.get(wire, 0) + coefficient
    return terms
