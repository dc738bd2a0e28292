"""The witness machine: checks the bytes of a program and runs it on vectors of inputs.

`docs/formats.md` documents the format. The counts in the header are held against the length of the buffer before
anything is allocated by them; checks and run take linear time.
"""

from __future__ import annotations

import hashlib
import itertools
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import NamedTuple

from ..curves import Curve
from ..encoding import Buffer, elements_from_bytes, scalars_to_bytes
from ..errors import DomainError, EncodingError
from ..sparse import SparseMatrix, u32_from_bytes

MAGIC, VERSION = b"zkwp", 2
LINEAR, PRODUCT, QUOTIENT, BITS, DIVMOD, ISQRT, ONE_HOT, SORT = range(8)
WIDEST_ONE_HOT = 256
_CHECKSUM_BYTES = 32
Row = Sequence[tuple[int, int]]
_READS_B = (PRODUCT, QUOTIENT, DIVMOD)
_COUNTED = (BITS, ONE_HOT, SORT)


class Operation(NamedTuple):
    """w[dst], w[dst + 1], .. from the linear combinations a and b; for BITS b is the first bit; n is how many wires."""

    opcode: int
    a: int
    b: int
    dst: int
    n: int

    @property
    def writes(self) -> range:
        count = 2 if self.opcode == DIVMOD else self.n if self.opcode in _COUNTED else 1
        return range(self.dst, self.dst + count)

    @property
    def reads(self) -> Sequence[int]:
        if self.opcode == SORT:
            return range(self.a, self.a + self.n)
        return (self.a, self.b) if self.opcode in _READS_B else (self.a,)


@dataclass(frozen=True)
class Program:
    """The tables of a program, decoded; `decode` has checked every rule of the format."""

    curve: Curve
    n_inputs: int
    n_wires: int
    n_scratch: int
    constants: list[int]
    lc_ptr: array[int]
    terms: list[tuple[int, int]]
    operations: list[Operation]

    def run(self, inputs: Buffer) -> bytes:
        """All wires of the witness, as canonical bytes."""
        return self.run_many(inputs, 1)

    def run_many(self, inputs: Buffer, count: int) -> bytes:
        """The witnesses of `count` vectors of inputs, end to end."""
        return b"".join(scalars_to_bytes(execute(self, vector), self.curve) for vector in self._vectors(inputs, count))

    def first_broken(self, inputs: Buffer, count: int, constraints: object) -> list[int | None]:
        """For each vector of inputs the first constraint that its witness breaks, if any."""
        if not isinstance(constraints, Constraints):
            raise EncodingError("these are not constraints of the reference engine", what="constraints")
        if constraints.width != self.n_wires:
            raise EncodingError(f"constraints over {constraints.width} wires, not {self.n_wires}", what="wire")
        return [constraints.first_broken(execute(self, vector)) for vector in self._vectors(inputs, count)]

    def _vectors(self, inputs: Buffer, count: int) -> list[list[int]]:
        if count < 0:
            raise DomainError(f"there is no such number of witnesses: {count}", size=count)
        values = elements_from_bytes(inputs, self.curve.scalar_bytes, self.curve.r, "program input")
        if len(values) != count * self.n_inputs:
            needed = count * self.n_inputs
            raise EncodingError(f"{len(values)} program inputs where {needed} are needed", what="program input")
        return [values[k * self.n_inputs : (k + 1) * self.n_inputs] for k in range(count)]


@dataclass(frozen=True)
class Constraints:
    """The rows of a * b = c."""

    curve: Curve
    width: int
    rows: Sequence[Sequence[Row]]

    def first_broken(self, values: Sequence[int]) -> int | None:
        r = self.curve.r
        sides = ([sum(values[wire] * coefficient for wire, coefficient in side) for side in row] for row in self.rows)
        return next((index for index, (a, b, c) in enumerate(sides) if (a * b - c) % r), None)


def load_constraints(curve: Curve, a: SparseMatrix, b: SparseMatrix, c: SparseMatrix) -> Constraints:
    """Three sides of as many rows and columns each."""
    sides = [matrix.to_rows(curve) for matrix in (a, b, c)]
    if len({(len(side), matrix.width) for side, matrix in zip(sides, (a, b, c), strict=True)}) != 1:
        raise EncodingError("the three sides have different numbers of rows or columns", what="sparse matrix")
    return Constraints(curve, a.width, list(zip(*sides, strict=True)))


def execute(program: Program, inputs: Sequence[int]) -> list[int]:
    """Run a checked program: the wires of the witness."""
    r = program.curve.r
    wires = [1, *inputs] + [0] * (program.n_wires + program.n_scratch - 1 - len(inputs))
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
    return wires[: program.n_wires]


def _values(operation: Operation, combination: Callable[[int], int], r: int) -> Sequence[int]:
    """What the operation writes."""
    if operation.opcode == SORT:
        return sorted(combination(index) for index in operation.reads)
    a = combination(operation.a)
    if operation.opcode == LINEAR:
        return (a,)
    if operation.opcode == BITS:
        return [a >> operation.b + i & 1 for i in range(operation.n)]
    if operation.opcode == ISQRT:
        return (isqrt(a),)
    if operation.opcode == ONE_HOT:
        return [int(a == i) for i in range(operation.n)]
    b = combination(operation.b)
    if operation.opcode == PRODUCT:
        return (a * b % r,)
    if operation.opcode == QUOTIENT:
        return (a * pow(b, -1, r) % r if b else 0,)
    return divmod(a, b) if b else (0, 0)


def decode(curve: Curve, data: Buffer) -> Program:
    """Read and check a program."""
    reader = _Reader(_checked_body(data))
    if reader.take(len(MAGIC)) != MAGIC:
        raise _fault("not a witness program")
    if reader.words(1)[0] != VERSION:
        raise _fault("a version this engine does not know")
    if reader.take(curve.scalar_bytes) != curve.r.to_bytes(curve.scalar_bytes, "little"):
        raise _fault("made for another field")
    reader.take(32)  # the circuit's digest; whoever holds the circuit compares it
    n_wires, n_scratch, n_public, n_private, n_consts, n_lcs, n_terms, n_ops = reader.words(8)
    constant_bytes = reader.take(n_consts * curve.scalar_bytes)
    lc_ptr = reader.words(n_lcs + 1)
    terms = list(zip(reader.words(n_terms), reader.words(n_terms), strict=True))
    operations = list(itertools.starmap(Operation, zip(*[iter(reader.words(5 * n_ops))] * 5, strict=True)))
    if reader.rest:
        raise _fault("bytes left over after the operations")
    constants = elements_from_bytes(constant_bytes, curve.scalar_bytes, curve.r, "program constant")
    for index, operation in enumerate(operations):
        if operation.opcode > SORT:
            raise _fault("an unknown opcode", index)
    program = Program(curve, n_public + n_private, n_wires, n_scratch, constants, lc_ptr, terms, operations)
    _check_operations(program)
    _check_combinations(program)
    _check_order(program)
    return program


def _check_operations(program: Program) -> None:
    """Each operation is well formed; together they write as many wires as there are, which bounds that number."""
    if program.n_inputs >= program.n_wires:
        raise _fault("more inputs than wires")
    n_lcs, n_wires = len(program.lc_ptr) - 1, program.n_wires + program.n_scratch
    if n_wires + n_lcs >= 1 << 32:
        raise _fault("more wires and linear combinations than 32 bits count")
    written, sorted_values = 1 + program.n_inputs, 0
    for index, operation in enumerate(program.operations):
        opcode, _, b, _, n = operation
        widest = {BITS: program.curve.r.bit_length() - b, ONE_HOT: WIDEST_ONE_HOT, SORT: n_lcs}.get(opcode, 0)
        b_is_used = opcode in _READS_B or opcode == BITS
        if not int(opcode in _COUNTED) <= n <= widest or (b != 0 and not b_is_used):
            raise _fault("a field out of range, or not zero where unused", index)
        sorted_values += n if opcode == SORT else 0
        if sorted_values > n_lcs:
            # Else a short program could ask for work without end, by sorting the same values again and again.
            raise _fault("sorts more values than there are linear combinations", index)
        if max(operation.reads) >= n_lcs:
            raise _fault("reads a linear combination that does not exist", index)
        if operation.writes.stop > n_wires:
            raise _fault("writes a wire that does not exist", index)
        written += len(operation.writes)
    if written != n_wires:
        raise _fault("the operations do not write each wire once")


def _check_combinations(program: Program) -> None:
    if program.lc_ptr[0] != 0 or program.lc_ptr[-1] != len(program.terms):
        raise _fault("linear combinations do not cover the terms")
    if any(start > end for start, end in itertools.pairwise(program.lc_ptr)):
        raise _fault("pointers of linear combinations do not rise")
    n_wires, n_consts = program.n_wires + program.n_scratch, len(program.constants)
    if any(wire >= n_wires or constant >= n_consts for wire, constant in program.terms):
        raise _fault("a term names a wire or constant that does not exist")


def _check_order(program: Program) -> None:
    """Each wire is written once, and read only afterwards."""
    first = 1 + program.n_inputs
    # A byte for each wire that operations write: inputs may be many without taking any bytes of the program.
    written = bytearray(program.n_wires + program.n_scratch - first)
    ready = bytearray(len(program.lc_ptr) - 1)
    for index, operation in enumerate(program.operations):
        for combination in operation.reads:
            if not ready[combination]:
                terms = program.terms[program.lc_ptr[combination] : program.lc_ptr[combination + 1]]
                if any(wire >= first and not written[wire - first] for wire, _ in terms):
                    raise _fault("reads a wire before it is written", index)
                ready[combination] = 1
        start, stop = operation.writes.start - first, operation.writes.stop - first
        if start < 0 or any(written[start:stop]):
            raise _fault("writes a wire twice", index)
        written[start:stop] = b"\1" * (stop - start)


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
