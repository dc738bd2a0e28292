"""The witness program: how every inner wire follows from the inputs, as bytes that both engines execute.

`docs/formats.md` describes the layout. The program never decides whether a statement holds: it fills wires, and the
constraints judge them.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from zkmargin.algebra import BN254, Buffer, Curve, Engine, LoadedProgram, get_engine

from .errors import ForeignProgram, FormatError, InputError
from .r1cs import R1CS

MAGIC = b"zkwp"
VERSION = 2
WIDEST_ONE_HOT = 256
"""Wires of one ONE_HOT operation at most, which bounds the wires by the bytes of a program."""

_WHAT = "witness program"
_CHECKSUM_BYTES = 32
_HEADER_BYTES = 4 + 4 + 32 + 32 + 8 * 4
_PROGRAM_BITS = 254
_BYTES_TOGETHER = 1 << 28
"""Of witnesses that an engine computes in one call; what it holds besides is for one or for each core."""
_SMALLEST = _HEADER_BYTES + 4 + _CHECKSUM_BYTES
_Words = npt.NDArray[np.uint32]


class Opcode(IntEnum):
    """What an operation does with its linear combinations a and b."""

    LINEAR = 0
    PRODUCT = 1
    QUOTIENT = 2
    BITS = 3
    DIVMOD = 4
    ISQRT = 5
    ONE_HOT = 6
    SORT = 7


_READS_B = (Opcode.PRODUCT, Opcode.QUOTIENT, Opcode.DIVMOD)
_COUNTED = (Opcode.BITS, Opcode.ONE_HOT, Opcode.SORT)


@dataclass(frozen=True)
class WitnessProgram:
    """Tables as little-endian bytes; `from_bytes` is the only way in for bytes that this process has not made."""

    circuit_digest: bytes
    n_wires: int
    """Those of the witness."""
    n_scratch: int
    """Wires after them, which operations read and the witness leaves out."""
    n_public: int
    n_private: int
    constants: bytes
    lc_ptr: bytes
    term_wire: bytes
    term_const: bytes
    operations: bytes
    """Five words each: opcode, a, b, first wire written, count."""
    curve: Curve = BN254

    def to_bytes(self) -> bytes:
        """The program with its checksum."""
        return self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        counts = (
            self.n_wires,
            self.n_scratch,
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
        counts = np.frombuffer(raw, dtype="<u4", count=8, offset=72).tolist()
        n_wires, n_scratch, n_public, n_private, n_consts, n_lcs, n_terms, n_ops = counts
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
            n_scratch=n_scratch,
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

    def require_circuit(self, r1cs: R1CS) -> None:
        """Raise `ForeignProgram` unless it says that it fills witnesses of these constraints, and has their wires."""
        own = (self.n_wires, self.n_public, self.n_private, self.circuit_digest)
        counts = (r1cs.n_wires, r1cs.n_public, r1cs.n_private_inputs)
        if own != (*counts, r1cs.digest()):
            raise ForeignProgram(expected=r1cs.digest(), found=self.circuit_digest)

    def run(self, inputs: Buffer, engine: Engine | None = None) -> bytes:
        """The witness, from the canonical values of the public and then the private inputs."""
        self._require_size(inputs)
        return self.loaded(engine).run(inputs)

    def run_many(self, inputs: Sequence[Buffer], engine: Engine | None = None) -> list[bytes]:
        """The witness of each of many vectors of inputs, side by side on all cores where the engine can."""
        for vector in inputs:
            self._require_size(vector)
        loaded, size = self.loaded(engine), 32 * self.n_wires
        together = max(1, _BYTES_TOGETHER // size)
        witnesses = []
        for start in range(0, len(inputs), together):
            part = inputs[start : start + together]
            joined = loaded.run_many(b"".join(part), len(part))
            witnesses += [joined[at : at + size] for at in range(0, len(joined), size)]
        return witnesses

    def __getstate__(self) -> dict[str, Any]:
        """What an engine has loaded stays in its process."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def loaded(self, engine: Engine | None) -> LoadedProgram:
        """Decoded and checked once for each engine."""
        engine = engine or get_engine(curve=self.curve)
        loaded = self._handles.get(engine)
        if loaded is None:
            loaded = self._handles[engine] = engine.load_program(self.to_bytes())
        return loaded

    @cached_property
    def _handles(self) -> WeakKeyDictionary[Engine, LoadedProgram]:
        return WeakKeyDictionary()

    def _require_size(self, inputs: Buffer) -> None:
        expected, found = 32 * (self.n_public + self.n_private), memoryview(inputs).nbytes
        if found != expected:
            raise InputError("inputs", f"are {found} bytes; this program takes {expected}")

    def _require_sound(self) -> None:
        """Indices in range, every wire after the inputs written once, nothing read before it is written."""
        if self._first_inner > self.n_wires:
            raise _malformed("it has more inputs than wires")
        if self._all_wires + len(self.lc_ptr) // 4 - 1 >= 1 << 32:
            raise _malformed("it has more wires and linear combinations than 32 bits count")
        self._require_constants()
        pointers, wires = _words(self.lc_ptr), _words(self.term_wire)
        steps = np.diff(pointers.astype(np.int64))
        if pointers[0] != 0 or pointers[-1] != len(wires) or bool((steps < 0).any()):
            raise _malformed("its linear combinations do not cover its terms")
        if bool((wires >= self._all_wires).any()):
            raise _malformed("a term names a wire that does not exist")
        if bool((_words(self.term_const) >= len(self.constants) // 32).any()):
            raise _malformed("a term names a constant that does not exist")
        times = self._write_times(wires)
        ready = np.full(len(steps), -1, dtype=np.int64)
        filled = steps > 0
        if bool(filled.any()):
            ready[filled] = np.maximum.reduceat(times, pointers[:-1][filled].astype(np.int64))
        for used, readers in self._reads():
            if bool((used >= len(steps)).any()):
                raise _malformed("an operation reads a linear combination that does not exist")
            if bool((ready[used] >= readers).any()):
                raise _malformed("an operation reads a wire before it is written")

    def _reads(self) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """Linear combinations, each with the operation that reads it."""
        ops = self._operation_table().astype(np.int64)
        for column, codes in ((1, tuple(Opcode)), (2, _READS_B)):
            readers = np.flatnonzero(np.isin(ops[:, 0], codes))
            yield ops[readers, column], readers
        sorts = np.flatnonzero(ops[:, 0] == Opcode.SORT)
        counts = ops[sorts, 4]
        if int(counts.sum()) > len(self.lc_ptr) // 4 - 1:
            # Else a short file could ask for work without end, by sorting the same values again and again.
            raise _malformed("it sorts more values than it has linear combinations")
        places = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        yield np.repeat(ops[sorts, 1], counts) + places, np.repeat(sorts, counts)

    def _require_constants(self) -> None:
        limit = self.curve.r.to_bytes(32, "big")
        for index in range(len(self.constants) // 32):
            if self.constants[32 * index : 32 * index + 32][::-1] >= limit:
                raise FormatError(f"{_WHAT}: constant {index} is not below r", what=_WHAT, index=index)

    @property
    def _first_inner(self) -> int:
        return 1 + self.n_public + self.n_private

    @property
    def _all_wires(self) -> int:
        return self.n_wires + self.n_scratch

    def _operation_table(self) -> _Words:
        return _words(self.operations).reshape(-1, 5)

    def _write_times(self, wires: _Words) -> npt.NDArray[np.int64]:
        """For each of the wires the operation that writes it, -1 where it is an input.

        Operations are kept as intervals of wires, since one of twenty bytes may write 256 of them: the memory taken
        is linear in the file's bytes.
        """
        first = self._first_inner
        ops = self._operation_table()
        codes, b, counts = ops[:, 0], ops[:, 2].astype(np.int64), ops[:, 4].astype(np.int64)
        if bool((codes > max(Opcode)).any()):
            raise _malformed("an operation has an unknown code")
        counted = np.isin(codes, _COUNTED)
        uses_b = np.isin(codes, (*_READS_B, Opcode.BITS))
        if bool((b[~uses_b] != 0).any() or (counts[~counted] != 0).any()):
            raise _malformed("an operation has a field set that it does not use")
        if bool((counts[counted] < 1).any()):
            raise _malformed("an operation writes no wires")
        if bool(((b + counts)[codes == Opcode.BITS] > _PROGRAM_BITS).any()):
            raise _malformed(f"a decomposition goes past bit {_PROGRAM_BITS}")
        if bool((counts[codes == Opcode.ONE_HOT] > WIDEST_ONE_HOT).any()):
            raise _malformed(f"a one-hot encoding is wider than {WIDEST_ONE_HOT} wires")
        widths = np.where(counted, counts, np.where(codes == Opcode.DIVMOD, 2, 1))
        targets = ops[:, 3].astype(np.int64)
        order = np.argsort(targets, kind="stable")
        starts = targets[order]
        ends = starts + widths[order]
        # From the first wire after the inputs to the last, each interval starts where the one before it ends: no gap,
        # no wire written twice, none that is not an operation's to write.
        if not np.array_equal(np.append(starts, self._all_wires), np.append(first, ends)):
            raise _malformed("its operations do not write each wire once")
        if self._all_wires - first <= len(wires):
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
