"""iden3's .r1cs: a constraint system as circom writes it and snarkjs reads it.

Sections: 1 header, 2 constraints, 3 the label of each wire; an own section with the circuit's metadata, which other
tools skip. Sections of circom's custom gates are refused: constraints alone would not say what such a circuit means.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from zkmargin.algebra import BN254, Buffer, Curve, EncodingError, SparseMatrix, load_json

from ..errors import FormatError
from ..r1cs import R1CS, canonical_metadata
from .binfile import read_sections, write_sections
from .scalars import require_canonical

MAGIC = b"r1cs"
VERSION = 1
OWN_SECTION = 0x5A4B4D
MAX_METADATA_BYTES = 1 << 16

_WHAT = ".r1cs file"
_HEADER, _CONSTRAINTS, _LABELS = 1, 2, 3
_CUSTOM_GATES = (4, 5)
_FIELDS = struct.Struct("<IIIIQI")
_TERM_WORDS = 9
_Words = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class _Header:
    n_wires: int
    n_public_outputs: int
    n_public_inputs: int
    n_private_inputs: int
    n_labels: int
    n_constraints: int


def read_r1cs(data: Buffer, curve: Curve = BN254) -> R1CS:
    """Decode and check: counts against sizes, wires against their number, coefficients below r."""
    sections = read_sections(data, MAGIC, what=_WHAT, max_version=VERSION)
    for number in (_HEADER, _CONSTRAINTS, _LABELS):
        if number not in sections:
            raise _malformed(f"section {number} is missing")
    if any(number in sections for number in _CUSTOM_GATES):
        raise _malformed("it uses custom gates, which a Groth16 circuit cannot have")
    header = _read_header(sections[_HEADER], curve)
    labels = _read_labels(sections[_LABELS], header)
    a, b, c = _read_constraints(sections[_CONSTRAINTS], header, curve)
    metadata = _read_metadata(sections[OWN_SECTION]) if OWN_SECTION in sections else None
    return R1CS(
        n_wires=header.n_wires,
        n_public_outputs=header.n_public_outputs,
        n_public_inputs=header.n_public_inputs,
        n_private_inputs=header.n_private_inputs,
        a=a,
        b=b,
        c=c,
        wire_labels=None if labels == tuple(range(header.n_wires)) else labels,
        n_labels=None if header.n_labels == max(labels) + 1 else header.n_labels,
        metadata=metadata,
        curve=curve,
    )


def write_r1cs(r1cs: R1CS) -> bytes:
    """The inverse of `read_r1cs`: reading it back gives an equal circuit with the same digest."""
    header = _FIELDS.pack(
        r1cs.n_wires,
        r1cs.n_public_outputs,
        r1cs.n_public_inputs,
        r1cs.n_private_inputs,
        r1cs.label_count,
        r1cs.n_constraints,
    )
    sections = [
        (_HEADER, (32).to_bytes(4, "little") + r1cs.curve.r.to_bytes(32, "little") + header),
        (_CONSTRAINTS, _constraint_words(r1cs).tobytes()),
        (_LABELS, np.array(r1cs.labels, dtype="<u8").tobytes()),
    ]
    if r1cs.metadata is not None:
        sections.append((OWN_SECTION, canonical_metadata(r1cs.metadata)))
    return write_sections(MAGIC, VERSION, sections)


def _read_header(section: memoryview, curve: Curve) -> _Header:
    if len(section) != 4 + 32 + _FIELDS.size:
        raise _malformed(f"its header has {len(section)} bytes, not {36 + _FIELDS.size}")
    if section[:4] != (32).to_bytes(4, "little") or section[4:36] != curve.r.to_bytes(32, "little"):
        raise _malformed(f"is not over the scalar field of {curve.name}")
    wires, outputs, public, private, labels, constraints = _FIELDS.unpack(section[36:])
    if wires < 1 + outputs + public:
        raise _malformed("announces fewer wires than public inputs and outputs")
    if labels < 1 + outputs + public + private:  # circom labels every input, also one that it leaves without a wire
        raise _malformed("announces fewer labels than inputs and outputs")
    return _Header(wires, outputs, public, private, labels, constraints)


def _read_labels(section: memoryview, header: _Header) -> tuple[int, ...]:
    if len(section) != 8 * header.n_wires:
        raise _malformed(f"announces {header.n_wires} wires and has {len(section) // 8} labels")
    labels = tuple(np.frombuffer(section, dtype="<u8").tolist())
    if max(labels) >= header.n_labels:
        raise _malformed("a wire has a label beyond the number announced")
    return labels


def _read_constraints(section: memoryview, header: _Header, curve: Curve) -> tuple[SparseMatrix, ...]:
    """Everything is a multiple of four bytes: one walk over the counts, then the terms are gathered in bulk."""
    if len(section) % 4 or len(section) < 12 * header.n_constraints:
        raise _malformed("the section of constraints is too short for their number")
    words = np.frombuffer(bytes(section), dtype="<u4")
    starts, lengths = _walk(words, 3 * header.n_constraints)
    matrices = []
    for side in range(3):
        sizes = lengths[side::3]
        firsts = np.repeat(starts[side::3] - _TERM_WORDS * (np.cumsum(sizes) - sizes), sizes)
        places = firsts + _TERM_WORDS * np.arange(int(sizes.sum()), dtype=np.int64)
        columns = words[places]
        if len(columns) and int(columns.max()) >= header.n_wires:
            raise _malformed("a constraint names a wire that does not exist")
        coefficients = words[places[:, None] + np.arange(1, _TERM_WORDS)].astype("<u4").tobytes()
        require_canonical(coefficients, curve, _WHAT)
        row_ptr = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)]).astype("<u4").tobytes()
        matrices.append(SparseMatrix.from_flat(header.n_wires, row_ptr, columns.tobytes(), coefficients))
    return tuple(matrices)


def _walk(words: _Words, count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where the terms of each linear combination start, and how many there are; all words must be used."""
    end, place = len(words), 0
    starts, lengths = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    for index in range(count):
        if place >= end:
            raise _malformed(f"cut short in constraint {index // 3}")
        length = int(words[place])
        starts[index], lengths[index] = place + 1, length
        place += 1 + _TERM_WORDS * length
    if place != end:
        raise _malformed("its constraints are not as long as their section")
    return starts, lengths


def _constraint_words(r1cs: R1CS) -> _Words:
    """Section 2 as words: for each constraint and side the count, then wire and coefficient of each term."""
    count = 3 * r1cs.n_constraints
    lengths = np.empty(count, dtype=np.int64)
    sides = (r1cs.a, r1cs.b, r1cs.c)
    for side, matrix in enumerate(sides):
        lengths[side::3] = np.diff(np.frombuffer(matrix.row_ptr, dtype="<u4").astype(np.int64))
    heads = np.arange(count) + _TERM_WORDS * (np.cumsum(lengths) - lengths)
    words = np.empty(count + _TERM_WORDS * int(lengths.sum()), dtype="<u4")
    words[heads] = lengths
    for side, matrix in enumerate(sides):
        sizes = lengths[side::3]
        firsts = np.repeat(heads[side::3] + 1 - _TERM_WORDS * (np.cumsum(sizes) - sizes), sizes)
        places = firsts + _TERM_WORDS * np.arange(matrix.entries, dtype=np.int64)
        words[places] = np.frombuffer(matrix.columns, dtype="<u4")
        words[places[:, None] + np.arange(1, _TERM_WORDS)] = np.frombuffer(matrix.coefficients, dtype="<u4").reshape(
            -1, 8
        )
    return words


def _read_metadata(section: memoryview) -> dict[str, Any]:
    raw = bytes(section)
    try:
        metadata = load_json(raw, _WHAT, max_bytes=MAX_METADATA_BYTES)
        if not isinstance(metadata, dict) or canonical_metadata(metadata) != raw:
            raise _malformed("its metadata is not a JSON object in canonical form")
    except (EncodingError, json.JSONDecodeError) as problem:
        raise problem if isinstance(problem, FormatError) else _malformed("its metadata is not JSON") from None
    return metadata


def _malformed(reason: str) -> FormatError:
    return FormatError(f"{_WHAT}: {reason}", what=_WHAT)
