"""The witness machine: checks the bytes of a program and runs it on one vector of inputs.

`circuits/program.py` documents the format. The counts in the header are held against the length of the buffer before
anything is allocated by them; checks and run take linear time.
"""

from __future__ import annotations

import hashlib
import itertools
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..curves import Curve
from ..encoding import Buffer, elements_from_bytes
from ..errors import EncodingError
from ..sparse import u32_from_bytes

MAGIC, VERSION = b"zkwp", 1
LINEAR, PRODUCT, INVERSE_OR_ZERO, BITS, DIVMOD = range(5)
_CHECKSUM_BYTES = 32
_READS_B = (PRODUCT, DIVMOD)


class Operation(NamedTuple):
    """w[dst], w[dst + 1], .. from the linear combinations a and b; n is the number of bits."""

    opcode: int
    a: int
    b: int
    dst: int
    n: int

    @property
    def writes(self) -> range:
        count = {BITS: self.n, DIVMOD: 2}.get(self.opcode, 1)
        return range(self.dst, self.dst + count)


@dataclass(frozen=True)
class Program:
    """The tables of a program, decoded; `decode` has checked every rule of the format."""

    n_wires: int
    n_inputs: int
    constants: list[int]
    lc_ptr: array[int]
    terms: list[tuple[int, int]]
    operations: list[Operation]


def run(curve: Curve, data: Buffer, inputs: Buffer) -> list[int]:
    """All wires of the program for these inputs."""
    values = elements_from_bytes(inputs, curve.scalar_bytes, curve.r, "program input")
    return execute(decode(curve, data, len(values)), values, curve.r)


def execute(program: Program, inputs: Sequence[int], r: int) -> list[int]:
    """Run a checked program."""
    wires = [1, *inputs] + [0] * (program.n_wires - 1 - len(inputs))
    combinations: list[int | None] = [None] * (len(program.lc_ptr) - 1)

    def combination(index: int) -> int:
        # Wires never change once written, so each combination is summed once, however often it is read.
        value = combinations[index]
        if value is None:
            terms = program.terms[program.lc_ptr[index] : program.lc_ptr[index + 1]]
            value = sum(wires[wire] * program.constants[constant] for wire, constant in terms) % r
            combinations[index] = value
        return value

    for operation in program.operations:
        for wire, value in zip(operation.writes, _values(operation, combination, r), strict=True):
            wires[wire] = value
    return wires


def _values(operation: Operation, combination: Callable[[int], int], r: int) -> Sequence[int]:
    """What the operation writes."""
    a = combination(operation.a)
    if operation.opcode == LINEAR:
        return (a,)
    if operation.opcode == PRODUCT:
        return (a * combination(operation.b) % r,)
    if operation.opcode == INVERSE_OR_ZERO:
        return (pow(a, -1, r) if a else 0,)
    if operation.opcode == BITS:
        return [a >> i & 1 for i in range(operation.n)]
    b = combination(operation.b)
    return divmod(a, b) if b else (0, 0)


def decode(curve: Curve, data: Buffer, n_inputs: int) -> Program:
    """Read and check a program that is to be run on `n_inputs` inputs."""
    reader = _Reader(_checked_body(data))
    if reader.take(len(MAGIC)) != MAGIC:
        raise _fault("not a witness program")
    if reader.words(1)[0] != VERSION:
        raise _fault("a version this engine does not know")
    if reader.take(curve.scalar_bytes) != curve.r.to_bytes(curve.scalar_bytes, "little"):
        raise _fault("made for another field")
    reader.take(32)  # the circuit's digest; whoever holds the circuit compares it
    n_wires, n_public, n_private, n_consts, n_lcs, n_terms, n_ops = reader.words(7)
    if n_public + n_private != n_inputs:
        raise EncodingError(f"{n_inputs} program inputs where {n_public + n_private} are needed", what="program input")
    constant_bytes = reader.take(n_consts * curve.scalar_bytes)
    constants = elements_from_bytes(constant_bytes, curve.scalar_bytes, curve.r, "program constant")
    lc_ptr = reader.words(n_lcs + 1)
    terms = list(zip(reader.words(n_terms), reader.words(n_terms), strict=True))
    operations = list(itertools.starmap(Operation, zip(*[iter(reader.words(5 * n_ops))] * 5, strict=True)))
    if reader.rest:
        raise _fault("bytes left over after the operations")
    program = Program(n_wires, n_inputs, constants, lc_ptr, terms, operations)
    _check_operations(program, curve.r.bit_length())
    _check_combinations(program)
    _check_order(program)
    return program


def _check_operations(program: Program, field_bits: int) -> None:
    """Each operation is well formed; together they write as many wires as there are, which bounds that number."""
    n_lcs = len(program.lc_ptr) - 1
    written = 1 + program.n_inputs
    for index, operation in enumerate(program.operations):
        opcode, a, b, _, n = operation
        if opcode > DIVMOD:
            raise _fault("an unknown opcode", index)
        if (not 1 <= n <= field_bits if opcode == BITS else n != 0) or (b != 0 and opcode not in _READS_B):
            raise _fault("a field out of range, or not zero where unused", index)
        if a >= n_lcs or b >= n_lcs:
            raise _fault("reads a linear combination that does not exist", index)
        if operation.writes.stop > program.n_wires:
            raise _fault("writes a wire that does not exist", index)
        written += len(operation.writes)
    if written != program.n_wires:
        raise _fault("the operations do not write each wire once")


def _check_combinations(program: Program) -> None:
    if program.lc_ptr[0] != 0 or program.lc_ptr[-1] != len(program.terms):
        raise _fault("linear combinations do not cover the terms")
    if any(start > end for start, end in itertools.pairwise(program.lc_ptr)):
        raise _fault("pointers of linear combinations do not rise")
    n_consts = len(program.constants)
    if any(wire >= program.n_wires or constant >= n_consts for wire, constant in program.terms):
        raise _fault("a term names a wire or constant that does not exist")


def _check_order(program: Program) -> None:
    """Each wire is written once, and read only afterwards. A combination is ready with the last of its wires."""
    never = len(program.operations) + 1
    # 0: there from the start; k + 1: written by operation k.
    written_by = [0] * (1 + program.n_inputs) + [never] * (program.n_wires - 1 - program.n_inputs)
    for index, operation in enumerate(program.operations):
        for wire in operation.writes:
            if written_by[wire] != never:
                raise _fault("writes a wire twice", index)
            written_by[wire] = index + 1
    ready = [
        max((written_by[wire] for wire, _ in program.terms[start:end]), default=0)
        for start, end in itertools.pairwise(program.lc_ptr)
    ]
    for index, operation in enumerate(program.operations):
        if ready[operation.a] > index or (operation.opcode in _READS_B and ready[operation.b] > index):
            raise _fault("reads a wire before it is written", index)


def _checked_body(data: Buffer) -> bytes:
    """What the checksum at the end covers."""
    raw = bytes(memoryview(data))
    body, checksum = raw[:-_CHECKSUM_BYTES], raw[-_CHECKSUM_BYTES:]
    if len(checksum) < _CHECKSUM_BYTES:
        raise _fault("cut short")
    if hashlib.blake2b(body, digest_size=_CHECKSUM_BYTES).digest() != checksum:
        raise _fault("the checksum does not match")
    return body


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.rest = memoryview(data)

    def take(self, size: int) -> bytes:
        if size > len(self.rest):
            raise _fault("cut short")
        head, self.rest = self.rest[:size], self.rest[size:]
        return bytes(head)

    def words(self, count: int) -> array[int]:
        return u32_from_bytes(self.take(4 * count))


def _fault(reason: str, index: int | None = None) -> EncodingError:
    where = "" if index is None else f"operation {index}: "
    return EncodingError(f"witness program: {where}{reason}", what="witness program", index=index)
