"""The rank-1 constraint system: A w * B w = C w, with the counts of iden3's files and a digest that names the
circuit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from zkmargin.algebra import BN254, Curve, SparseMatrix
from zkmargin.algebra.keccak import keccak256

from .errors import FormatError

DIGEST_TAG = b"zkmargin.circuit/1"
_WHAT = "circuit"


@dataclass(frozen=True)
class R1CS:
    """Wires are ordered as in circom: the constant 1, public outputs, public inputs, private inputs, inner wires."""

    n_wires: int
    n_public_outputs: int
    n_public_inputs: int
    n_private_inputs: int
    """As many as were declared. circom leaves out those that no constraint needs, so fewer of them may have wires."""
    a: SparseMatrix
    b: SparseMatrix
    c: SparseMatrix
    wire_labels: tuple[int, ...] | None = None
    """The label of each wire, as a .sym file names it; None stands for each wire's own number."""
    n_labels: int | None = None
    """How many labels there are where it is more than the wires need: circom counts the signals it removed too."""
    metadata: dict[str, Any] | None = None
    """What the circuit is for (its shape); part of the digest. Foreign files have none."""
    curve: Curve = BN254

    def __post_init__(self) -> None:
        _require_plain(self.metadata)
        if 1 + self.n_public > self.n_wires:
            raise _malformed("it has fewer wires than public inputs and outputs")
        if len({self.a.rows, self.b.rows, self.c.rows}) != 1:
            raise _malformed("its three matrices have different numbers of constraints")
        for matrix in (self.a, self.b, self.c):
            if matrix.width != self.n_wires:
                raise _malformed("a matrix has another width than the circuit has wires")
            if matrix.columns and int(np.frombuffer(matrix.columns, dtype="<u4").max()) >= self.n_wires:
                raise _malformed("a constraint names a wire that does not exist")
        if self.wire_labels is not None and len(self.wire_labels) != self.n_wires:
            raise _malformed("it does not have one label for each wire")
        if self.n_labels is not None and not self._labels_needed < self.n_labels < 1 << 64:
            raise _malformed("its number of labels is not one beyond what its wires need")
        if 1 + self.n_public + self.n_private_inputs > self.label_count:
            raise _malformed("it has fewer labels than inputs and outputs")

    @property
    def labels(self) -> Sequence[int]:
        """The label of each wire."""
        return range(self.n_wires) if self.wire_labels is None else self.wire_labels

    @property
    def label_count(self) -> int:
        """All labels, those of removed signals among them."""
        return self._labels_needed if self.n_labels is None else self.n_labels

    @property
    def _labels_needed(self) -> int:
        return self.n_wires if self.wire_labels is None else max(self.wire_labels) + 1

    @property
    def n_public(self) -> int:
        """Public values, outputs included, without the constant."""
        return self.n_public_outputs + self.n_public_inputs

    @property
    def n_constraints(self) -> int:
        return self.a.rows

    def digest(self) -> bytes:
        """32 bytes that name the circuit: shape, field, counts and constraints. `docs/formats.md` has the layout."""
        return self._digest

    @cached_property
    def _digest(self) -> bytes:
        metadata = b"" if self.metadata is None else canonical_metadata(self.metadata)
        counts = (
            self.n_wires,
            self.n_public_outputs,
            self.n_public_inputs,
            self.n_private_inputs,
            self.n_constraints,
        )
        constraints = hashlib.sha256()
        for matrix in (self.a, self.b, self.c):
            for part in (matrix.row_ptr, matrix.columns):
                constraints.update(part)
            for piece in matrix.coefficient_chunks():
                constraints.update(piece)
        return keccak256(
            b"".join(
                (
                    DIGEST_TAG,
                    len(metadata).to_bytes(4, "little"),
                    metadata,
                    self.curve.r.to_bytes(32, "little"),
                    *(count.to_bytes(4, "little") for count in counts),
                    constraints.digest(),
                )
            )
        )


def canonical_metadata(metadata: dict[str, Any]) -> bytes:
    """The one JSON text of a metadata object: sorted keys, no spaces, ASCII, no floats."""
    _require_plain(metadata)
    return json.dumps(metadata, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def _require_plain(value: object) -> None:
    if isinstance(value, dict):
        for key, member in value.items():
            if type(key) is not str:
                raise _malformed("metadata keys are strings")
            _require_plain(member)
    elif isinstance(value, list | tuple):
        for member in value:
            _require_plain(member)
    elif value is not None and type(value) not in (str, int, bool):
        raise _malformed(f"metadata cannot hold a {type(value).__name__}; write decimals as strings")


def _malformed(reason: str) -> FormatError:
    return FormatError(f"{_WHAT}: {reason}", what=_WHAT)
