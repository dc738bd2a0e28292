"""The witness program: how every inner wire follows from the inputs, as bytes that both engines execute.

`docs/formats.md` describes the layout. The program never decides whether a statement holds: it fills wires, and the
constraints judge them.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from zkmargin.algebra import BN254, Buffer, Curve, Engine, get_engine

from .errors import FormatError, InputError

MAGIC = b"zkwp"
VERSION = 1

_WHAT = "witness program"
_CHECKSUM_BYTES = 32
_HEADER_BYTES = 4 + 4 + 32 + 32 + 7 * 4
_PROGRAM_BITS = 254
_SMALLEST = _HEADER_BYTES + 4 + _CHECKSUM_BYTES
_Words = npt.NDArray[np.uint32]


class Opcode(IntEnum):
    """What an operation does with its linear combinations a and b."""

    LINEAR = 0
    PRODUCT = 1
    INVERSE_OR_ZERO = 2
    BITS = 3
    DIVMOD = 4


_READS_B = (Opcode.PRODUCT, Opcode.DIVMOD)


@dataclass(frozen=True)
class WitnessProgram:
    """Tables as little-endian bytes; `from_bytes` is the only way in for bytes that this process has not made."""

    circuit_digest: bytes
    n_wires: int
    n_public: int
    n_private: int
    constants: bytes
    lc_ptr: bytes
    term_wire: bytes
    term_const: bytes
    operations: bytes
    """Five words each: opcode, a, b, first wire written, number of bits."""
    curve: Curve = BN254

    def to_bytes(self) -> bytes:
        """The program with its checksum."""
        return self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        counts = (
            self.n_wires,
            self.n_public,
            self.n_private,
            len(self.constants) // 32,
            len(self.lc_ptr) // 4 - 1,
            len(self.term_wire) // 4,
            len(self.operations) // 20,
        )
        body = b"".join(
            (
                MAGIC,
                VERSION.to_bytes(4, "little"),
                self.curve.r.to_bytes(32, "little"),
                self.circuit_digest,
                *(count.to_bytes(4, "little") for count in counts),
                self.constants,
                self.lc_ptr,
                self.term_wire,
                self.term_const,
                self.operations,
            )
        )
        return body + _checksum(body)

    @classmethod
    def from_bytes(cls, data: Buffer, curve: Curve = BN254) -> WitnessProgram:
        """Decode and check everything in linear time; any violation is a `FormatError`."""
        raw = bytes(data)
        if len(raw) < _SMALLEST or raw[:4] != MAGIC:
            raise _malformed("does not start like one")
        if int.from_bytes(raw[4:8], "little") != VERSION:
            raise _malformed(f"version {int.from_bytes(raw[4:8], 'little')} is not {VERSION}")
        if raw[-_CHECKSUM_BYTES:] != _checksum(raw[:-_CHECKSUM_BYTES]):
            raise _malformed("the checksum does not match: the file is damaged")
        if int.from_bytes(raw[8:40], "little") != curve.r:
            raise _malformed(f"is not over the scalar field of {curve.name}")
        counts = np.frombuffer(raw, dtype="<u4", count=7, offset=72).tolist()
        n_wires, n_public, n_private, n_consts, n_lcs, n_terms, n_ops = counts
        sizes = (32 * n_consts, 4 * (n_lcs + 1), 4 * n_terms, 4 * n_terms, 20 * n_ops)
        if _HEADER_BYTES + sum(sizes) + _CHECKSUM_BYTES != len(raw):
            raise _malformed("its length is not what its counts say")
        tables, start = [], _HEADER_BYTES
        for size in sizes:
            tables.append(raw[start : start + size])
            start += size
        constants, lc_ptr, term_wire, term_const, operations = tables
        program = cls(
            circuit_digest=raw[40:72],
            n_wires=n_wires,
            n_public=n_public,
            n_private=n_private,
            constants=constants,
            lc_ptr=lc_ptr,
            term_wire=term_wire,
            term_const=term_const,
            operations=operations,
            curve=curve,
        )
        program._require_sound()
        return program

    def run(self, inputs: Buffer, engine: Engine | None = None) -> bytes:
        """All wires, from the canonical values of the public and then the private inputs."""
        expected, found = 32 * (self.n_public + self.n_private), memoryview(inputs).nbytes
        if found != expected:
            raise InputError("inputs", f"are {found} bytes; this program takes {expected}")
        return (engine or get_engine(curve=self.curve)).run_program(self.to_bytes(), inputs)

    def _require_sound(self) -> None:
        """Indices in range, every wire after the inputs written once, nothing read before it is written."""
        self._require_constants()
        pointers, wires = _words(self.lc_ptr), _words(self.term_wire)
        steps = np.diff(pointers.astype(np.int64))
        if pointers[0] != 0 or pointers[-1] != len(wires) or bool((steps < 0).any()):
            raise _malformed("its linear combinations do not cover its terms")
        if bool((wires >= self.n_wires).any()):
            raise _malformed("a term names a wire that does not exist")
        if bool((_words(self.term_const) >= len(self.constants) // 32).any()):
            raise _malformed("a term names a constant that does not exist")
        times = self._write_times(wires)
        ready = np.full(len(steps), -1, dtype=np.int64)
        filled = steps > 0
        if bool(filled.any()):
            ready[filled] = np.maximum.reduceat(times, pointers[:-1][filled].astype(np.int64))
        ops = self._operation_table()
        for column, readers in ((1, np.ones(len(ops), dtype=bool)), (2, np.isin(ops[:, 0], _READS_B))):
            used = ops[readers, column]
            if bool((used >= len(steps)).any()):
                raise _malformed("an operation names a linear combination that does not exist")
            if bool((ready[used] >= np.flatnonzero(readers)).any()):
                raise _malformed("an operation reads a wire before it is written")

    def _require_constants(self) -> None:
        limit = self.curve.r.to_bytes(32, "big")
        for index in range(len(self.constants) // 32):
            if self.constants[32 * index : 32 * index + 32][::-1] >= limit:
                raise FormatError(f"{_WHAT}: constant {index} is not below r", what=_WHAT, index=index)

    @property
    def _first_inner(self) -> int:
        return 1 + self.n_public + self.n_private

    def _operation_table(self) -> _Words:
        return _words(self.operations).reshape(-1, 5)

    def _write_times(self, wires: _Words) -> npt.NDArray[np.int64]:
        """For each of the wires the operation that writes it, -1 where it is an input.

        Operations are kept as intervals of wires, since one of twenty bytes may write 254 of them: the memory taken
        is linear in the file's bytes.
        """
        first = self._first_inner
        ops = self._operation_table()
        codes, bits = ops[:, 0], ops[:, 4].astype(np.int64)
        if bool((codes > max(Opcode)).any()):
            raise _malformed("an operation has an unknown code")
        if bool((ops[~np.isin(codes, _READS_B), 2] != 0).any() or (bits[codes != Opcode.BITS] != 0).any()):
            raise _malformed("an operation has a field set that it does not use")
        if bool(((bits < 1) | (bits > _PROGRAM_BITS))[codes == Opcode.BITS].any()):
            raise _malformed(f"a decomposition is not between 1 and {_PROGRAM_BITS} bits wide")
        widths = np.where(codes == Opcode.BITS, bits, np.where(codes == Opcode.DIVMOD, 2, 1))
        targets = ops[:, 3].astype(np.int64)
        if bool((targets < first).any() or (targets + widths > self.n_wires).any()):
            raise _malformed("an operation writes a wire that is not its to write")
        order = np.argsort(targets, kind="stable")
        starts = targets[order]
        ends = starts + widths[order]
        # Each interval starts where the one before it ends: no gap, and no wire written twice.
        if not np.array_equal(np.append(starts, self.n_wires), np.append(first, ends)):
            raise _malformed("its operations do not write each wire once")
        if self.n_wires - first <= len(wires):
            # A table of all wires is no larger than that of the terms, and quicker than searching.
            table = np.append(np.repeat(order, widths[order]), -1)
            return table[np.maximum(wires.astype(np.int64) - first, -1)]
        writers = np.searchsorted(starts, wires, side="right") - 1
        return np.append(order, -1)[writers]


def words_to_bytes(values: array[int]) -> bytes:
    """Unsigned 32-bit words, little-endian on every machine."""
    if sys.byteorder == "big":
        values = array("I", values)
        values.byteswap()
    return values.tobytes()


def _words(data: bytes) -> _Words:
    return np.frombuffer(data, dtype="<u4")


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_CHECKSUM_BYTES).digest()


def _malformed(reason: str) -> FormatError:
    return FormatError(f"{_WHAT}: {reason}", what=_WHAT)
