"""From a recording to the tables of its witness program. Equal constants are shared, and so are the combinations that
were recorded as one object."""

from __future__ import annotations

from array import array

import numpy as np
import numpy.typing as npt

from .blocks import local_program
from .builder import Circuit
from .layout import NOWHERE, Layout
from .lowering import WireOrder, enter
from .program import Opcode, WitnessProgram, words_to_bytes
from .recording import Operation, Stamp
from .system import Ints
from .terms import SCRATCH, Terms

_TARGET = 3


def lower_program(circuit: Circuit, order: WireOrder, layout: Layout, circuit_digest: bytes) -> WitnessProgram:
    """The program that fills a witness of this layout."""
    tables = _Tables(layout.places[order.inner + 1 : order.n_wires])
    for item in circuit.operations:
        if isinstance(item, Stamp):
            tables.stamp(item)
        else:
            tables.append(item)
    operations = np.array(tables.operations, dtype=np.int64).reshape(-1, 5)
    operations[:, _TARGET] = layout.places[order.numbered(operations[:, _TARGET])]
    return WitnessProgram(
        circuit_digest=circuit_digest,
        n_wires=layout.n_wires,
        n_scratch=layout.n_scratch,
        n_public=order.n_public,
        n_private=order.inner - order.n_public,
        constants=b"".join(value.to_bytes(32, "little") for value in tables.constants),
        lc_ptr=words_to_bytes(tables.pointers),
        term_wire=layout.places[order.numbered(tables.wires)].astype("<u4").tobytes(),
        term_const=words_to_bytes(tables.coefficients),
        operations=operations.astype("<u4").tobytes(),
        curve=circuit.curve,
    )


class _Tables:
    """The growing tables; wires have the numbers of the recording."""

    def __init__(self, places: Ints) -> None:
        self.constants: dict[int, int] = {}
        self.pointers = array("I", [0])
        self.wires = array("i")
        self.coefficients = array("I")
        self.operations = array("I")
        self._inner_places = places
        self._places: dict[int, int] = {}

    def append(self, operation: Operation) -> None:
        parts = self._parts(operation)
        if not parts:
            return
        if operation.opcode is Opcode.SORT:
            a = self._new_place(operation.a)
            for terms in operation.others:
                self._new_place(terms)
        else:
            a = self._place(operation.a)
        b = 0 if operation.b is None else self._place(operation.b)
        for skipped, width in parts:
            b = operation.first_bit + skipped if operation.opcode is Opcode.BITS else b
            self.operations.extend((int(operation.opcode), a, b, operation.wire + skipped, width))

    def _parts(self, operation: Operation) -> list[tuple[int, int]]:
        """Runs of wires that lie side by side, as how many come before and how many there are: the bits of a number may
        be torn apart, all else lies together or nowhere.
        """
        if operation.wire >= SCRATCH:
            return [(0, operation.width)]
        if operation.opcode is not Opcode.BITS:
            nowhere = all(self._inner_places[wire - 1] == NOWHERE for wire in operation.writes)
            return [] if nowhere else [(0, operation.width)]
        parts: list[tuple[int, int]] = []
        following = NOWHERE
        for skipped, wire in enumerate(operation.writes):
            place = int(self._inner_places[wire - 1])
            if place == NOWHERE:
                continue
            if place == following and parts[-1][0] + parts[-1][1] == skipped:
                parts[-1] = parts[-1][0], parts[-1][1] + 1
            else:
                parts.append((skipped, 1))
            following = place + 1
        return parts

    def stamp(self, stamp: Stamp) -> None:
        parameters = [self._place(terms) for terms in stamp.parameters]
        local = local_program(stamp.block)
        rows = local.combinations
        operations = local.operations + local.first * (len(self.pointers) - 1)
        operations[:, _TARGET] += np.where(local.writes_scratch, SCRATCH + stamp.scratch, stamp.base)
        for operation, column, parameter in local.parameters:
            operations[operation, column] = parameters[parameter]
        self._extend(self.operations, operations)
        self._extend(self.pointers, len(self.wires) + np.cumsum(rows.lengths))
        moved = rows.wires + rows.moves * np.uint32(stamp.base) + local.scratch * np.uint32(SCRATCH + stamp.scratch)
        self._extend(self.wires, moved)
        enter(self.constants, rows.values)
        self._extend(self.coefficients, np.array([self.constants[value] for value in rows.values])[rows.numbers])

    @staticmethod
    def _extend(table: array[int], values: npt.NDArray[np.integer]) -> None:
        table.frombytes(values.astype(np.int32 if table.typecode == "i" else np.uint32).tobytes())

    def _place(self, terms: Terms) -> int:
        """By identity: the recording keeps every dictionary alive, so equal ids are the same combination."""
        place = self._places.get(id(terms))
        if place is None:
            place = self._places[id(terms)] = self._new_place(terms)
        return place

    def _new_place(self, terms: Terms) -> int:
        """At the end of the table, so that what one operation sorts stands together."""
        enter(self.constants, terms.values())
        for wire in sorted(terms):
            self.wires.append(wire)
            self.coefficients.append(self.constants[terms[wire]])
        self.pointers.append(len(self.wires))
        return len(self.pointers) - 2
