"""From a recording to matrices and program tables: wires get their final numbers here.

The constant is wire 0; then come the public inputs, the private inputs (each in order of declaration) and the inner
wires (in order of creation). Blocks are encoded once; a stamp only moves their wire numbers.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt

from zkmargin.algebra import SparseMatrix

from .builder import Circuit
from .orientation import oriented
from .program import Opcode, WitnessProgram, words_to_bytes
from .recording import Block, Constraint, Operation, Origin, Stamp
from .terms import ONE, Terms

_Words = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class WireOrder:
    """Final numbers: `inputs[k]` is that of the k-th declared value, inner wire i becomes `inner + i`."""

    inputs: tuple[int, ...]
    n_public: int
    n_wires: int

    @property
    def inner(self) -> int:
        return len(self.inputs)

    def final(self, wire: int) -> int:
        return self.inputs[-wire - 1] if wire < 0 else wire + self.inner if wire else ONE


def wire_order(circuit: Circuit) -> WireOrder:
    public = [s for s in circuit.inputs if s.public]
    private = [s for s in circuit.inputs if not s.public]
    numbers = [0] * sum(signal.size for signal in circuit.inputs)
    following = 1
    for signal in (*public, *private):
        for place in range(signal.first, signal.first + signal.size):
            numbers[place] = following
            following += 1
    return WireOrder(tuple(numbers), sum(signal.size for signal in public), 1 + len(numbers) + len(circuit.inner_names))


def lower_constraints(circuit: Circuit, order: WireOrder) -> tuple[list[SparseMatrix], list[Origin]]:
    """The matrices A, B, C, and where each constraint comes from."""
    explicit = iter(oriented([item for item in circuit.constraints if isinstance(item, Constraint)]))
    sides = [_Side(order), _Side(order), _Side(order)]
    origins: list[Origin] = []
    for item in circuit.constraints:
        if isinstance(item, Stamp):
            for side, rows in zip(sides, _encoded_rows(item.block), strict=True):
                side.stamp(rows, item.base)
            origins += [item.origin] * len(item.block.constraints)
        else:
            constraint = next(explicit)
            for side, terms in zip(sides, constraint[:3], strict=True):
                side.append(terms)
            origins.append(constraint.origin)
    return [side.matrix() for side in sides], origins


def lower_program(circuit: Circuit, order: WireOrder, circuit_digest: bytes) -> WitnessProgram:
    tables = _ProgramTables(order)
    for item in circuit.operations:
        if isinstance(item, Stamp):
            tables.stamp(item)
        else:
            tables.append(item)
    return WitnessProgram(
        circuit_digest=circuit_digest,
        n_wires=order.n_wires,
        n_scratch=0,
        n_public=order.n_public,
        n_private=len(order.inputs) - order.n_public,
        constants=b"".join(value.to_bytes(32, "little") for value in tables.constants),
        lc_ptr=words_to_bytes(tables.pointers),
        term_wire=words_to_bytes(tables.wires),
        term_const=words_to_bytes(tables.coefficients),
        operations=words_to_bytes(tables.operations),
        curve=circuit.curve,
    )


@dataclass(frozen=True)
class _Rows:
    """One side of a block's constraints, in local wires, each row by rising wire."""

    lengths: tuple[int, ...]
    wires: _Words
    coefficients: bytes

    def moved(self, distance: int) -> _Words:
        return np.where(self.wires == ONE, 0, self.wires + np.uint32(distance)).astype("<u4")


@cache
def _encoded_rows(block: Block) -> tuple[_Rows, _Rows, _Rows]:
    a, b, c = (_encode([constraint[side] for constraint in block.constraints]) for side in range(3))
    return a, b, c


def _encode(rows: Sequence[Terms]) -> _Rows:
    wires = [wire for terms in rows for wire in sorted(terms)]
    coefficients = b"".join(terms[wire].to_bytes(32, "little") for terms in rows for wire in sorted(terms))
    return _Rows(tuple(len(terms) for terms in rows), np.array(wires, dtype=np.uint32), coefficients)


class _Side:
    """One of the three matrices, row by row."""

    def __init__(self, order: WireOrder) -> None:
        self._order = order
        self._pointers = array("I", [0])
        self._columns: list[bytes] = []
        self._coefficients: list[bytes] = []

    def append(self, terms: Terms) -> None:
        entries = sorted((self._order.final(wire), coefficient) for wire, coefficient in terms.items())
        self._pointers.append(self._pointers[-1] + len(entries))
        for column, coefficient in entries:
            self._columns.append(column.to_bytes(4, "little"))
            self._coefficients.append(coefficient.to_bytes(32, "little"))

    def stamp(self, rows: _Rows, base: int) -> None:
        for length in rows.lengths:
            self._pointers.append(self._pointers[-1] + length)
        self._columns.append(rows.moved(base + self._order.inner).tobytes())
        self._coefficients.append(rows.coefficients)

    def matrix(self) -> SparseMatrix:
        return SparseMatrix(
            self._order.n_wires,
            words_to_bytes(self._pointers),
            b"".join(self._columns),
            b"".join(self._coefficients),
        )


@dataclass(frozen=True)
class _BlockProgram:
    """A block's operations over its own linear combinations; terms as `_Rows`, coefficients into `constants`."""

    lengths: tuple[int, ...]
    wires: _Rows
    constants: tuple[int, ...]
    coefficients: _Words
    operations: tuple[tuple[int, int, int, int, int, bool], ...]
    """Opcode, a, b, wire, width, and whether b is a plain number. No block sorts."""


@cache
def _encoded_program(block: Block) -> _BlockProgram:
    combinations: list[Terms] = []
    places: dict[int, int] = {}

    def place(terms: Terms) -> int:
        if id(terms) not in places:
            places[id(terms)] = len(combinations)
            combinations.append(terms)
        return places[id(terms)]

    operations = tuple(
        (int(op.opcode), place(op.a), op.first_bit if op.b is None else place(op.b), op.wire, op.width, op.b is None)
        for op in block.operations
    )
    rows = _encode(combinations)
    values = [terms[wire] for terms in combinations for wire in sorted(terms)]
    constants = tuple(dict.fromkeys(values))
    numbers = {value: number for number, value in enumerate(constants)}
    coefficients = np.array([numbers[value] for value in values], dtype=np.uint32)
    return _BlockProgram(rows.lengths, rows, constants, coefficients, operations)


@dataclass
class _ProgramTables:
    """The growing tables of a witness program. Constants and linear combinations are shared where they are the same."""

    order: WireOrder
    constants: dict[int, int] = field(default_factory=dict)
    pointers: array[int] = field(default_factory=lambda: array("I", [0]))
    wires: array[int] = field(default_factory=lambda: array("I"))
    coefficients: array[int] = field(default_factory=lambda: array("I"))
    operations: array[int] = field(default_factory=lambda: array("I"))
    _places: dict[int, int] = field(default_factory=dict)

    def append(self, operation: Operation) -> None:
        if operation.opcode is Opcode.SORT:
            a = self._new_place(operation.a)
            for terms in operation.others:
                self._new_place(terms)
        else:
            a = self._place(operation.a)
        b = operation.first_bit if operation.b is None else self._place(operation.b)
        target = self.order.final(operation.wire)
        self.operations.extend((int(operation.opcode), a, b, target, operation.width))

    def stamp(self, stamp: Stamp) -> None:
        encoded = _encoded_program(stamp.block)
        numbers = np.array([self._constant(value) for value in encoded.constants], dtype=np.uint32)
        first, distance = len(self.pointers) - 1, stamp.base + self.order.inner
        for length in encoded.lengths:
            self.pointers.append(self.pointers[-1] + length)
        self.wires.extend(encoded.wires.moved(distance).tolist())
        self.coefficients.extend(numbers[encoded.coefficients].tolist())
        for opcode, a, b, wire, width, plain in encoded.operations:
            self.operations.extend((opcode, first + a, b if plain else first + b, distance + wire, width))

    def _place(self, terms: Terms) -> int:
        """By identity: the recording keeps every dictionary alive, so equal ids are the same combination."""
        place = self._places.get(id(terms))
        if place is None:
            place = self._places[id(terms)] = self._new_place(terms)
        return place

    def _new_place(self, terms: Terms) -> int:
        """At the end of the table, so that what one operation sorts stands together."""
        for wire, coefficient in sorted((self.order.final(w), k) for w, k in terms.items()):
            self.wires.append(wire)
            self.coefficients.append(self._constant(coefficient))
        self.pointers.append(len(self.wires))
        return len(self.pointers) - 2

    def _constant(self, value: int) -> int:
        return self.constants.setdefault(value, len(self.constants))
