"""The witness program: how every inner wire follows from the inputs, as bytes that both engines execute.

`docs/formats.md` describes the layout. The program never decides whether a statement holds: it fills wires, and the
constraints judge them.
"""

from __future__ import annotations

import hashlib
import struct
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from zkmargin.algebra import BN254, Buffer, Curve, EncodingError, Engine, LoadedProgram, get_engine

from .errors import ForeignProgram, FormatError, InputError

if TYPE_CHECKING:
    from .r1cs import R1CS

MAGIC = b"zkwp"
VERSION = 2
WIDEST_ONE_HOT = 256
"""Wires of one ONE_HOT operation at most, which bounds the wires by the bytes of a program."""

WHAT = "witness program"
_CHECKSUM_BYTES = 32
_HEADER_BYTES = 4 + 4 + 32 + 32 + 8 * 4
_BYTES_TOGETHER = 1 << 28
"""Of witnesses that an engine computes in one call; what it holds besides is for one or for each core."""
_SMALLEST = _HEADER_BYTES + 4 + _CHECKSUM_BYTES


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
    def from_bytes(cls, data: Buffer, curve: Curve = BN254, engine: Engine | None = None) -> WitnessProgram:
        """Decode and check everything in linear time; any violation is a `FormatError`.

        An `engine` that is to run it checks the same rules as it loads it; nothing else is loaded then, not even numpy.
        """
        raw = bytes(data)
        if len(raw) < _SMALLEST or raw[:4] != MAGIC:
            raise malformed("does not start like one")
        if int.from_bytes(raw[4:8], "little") != VERSION:
            raise malformed(f"version {int.from_bytes(raw[4:8], 'little')} is not {VERSION}")
        if raw[-_CHECKSUM_BYTES:] != _checksum(raw[:-_CHECKSUM_BYTES]):
            raise malformed("the checksum does not match: the file is damaged")
        if int.from_bytes(raw[8:40], "little") != curve.r:
            raise malformed(f"is not over the scalar field of {curve.name}")
        counts = struct.unpack_from("<8I", raw, 72)
        n_wires, n_scratch, n_public, n_private, n_consts, n_lcs, n_terms, n_ops = counts
        sizes = (32 * n_consts, 4 * (n_lcs + 1), 4 * n_terms, 4 * n_terms, 20 * n_ops)
        if _HEADER_BYTES + sum(sizes) + _CHECKSUM_BYTES != len(raw):
            raise malformed("its length is not what its counts say")
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
        if engine is None:
            from .program_rules import require_sound  # brings numpy

            require_sound(program)
        else:
            program._load_checked(engine)
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

    def _load_checked(self, engine: Engine) -> None:
        try:
            self.loaded(engine)
        except EncodingError as problem:
            raise FormatError(str(problem), what=WHAT, index=problem.index) from None

    @cached_property
    def _handles(self) -> WeakKeyDictionary[Engine, LoadedProgram]:
        return WeakKeyDictionary()

    def _require_size(self, inputs: Buffer) -> None:
        expected, found = 32 * (self.n_public + self.n_private), memoryview(inputs).nbytes
        if found != expected:
            raise InputError("inputs", f"are {found} bytes; this program takes {expected}")


def words_to_bytes(values: array[int]) -> bytes:
    """Unsigned 32-bit words, little-endian on every machine."""
    if sys.byteorder == "big":
        values = array("I", values)
        values.byteswap()
    return values.tobytes()


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_CHECKSUM_BYTES).digest()


def malformed(reason: str) -> FormatError:
    return FormatError(f"{WHAT}: {reason}", what=WHAT)
