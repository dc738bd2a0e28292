"""From a recording to constraints in bulk: wires get their numbers here.

The constant is wire 0; then come the public inputs, the private inputs (each in order of declaration) and the inner
wires (in order of creation). Blocks are encoded once; a stamp only moves their wire numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .blocks import LocalRows, local_constraints
from .builder import Circuit
from .errors import BuildError
from .recording import Block, Origin, Stamp
from .system import Ints, Rows, System, Words
from .terms import ONE, SCRATCH, Terms


@dataclass(frozen=True)
class WireOrder:
    """Numbers: `inputs[k]` is that of the k-th declared value, inner wire i becomes `inner + i`; scratch comes last."""

    inputs: tuple[int, ...]
    n_public: int
    n_wires: int

    @property
    def inner(self) -> int:
        return len(self.inputs)

    def final(self, wire: int) -> int:
        return self.inputs[-wire - 1] if wire < 0 else wire + self.inner if wire else ONE

    def numbered(self, wires: npt.ArrayLike) -> Words:
        """The numbers of many wires."""
        recorded = np.array(wires, dtype=np.int64)
        declared = np.array((0, *self.inputs), dtype=np.int64)
        moved = np.where(recorded > 0, recorded + self.inner, ONE)
        moved = np.where(recorded >= SCRATCH, recorded - SCRATCH + self.n_wires, moved)
        return np.where(recorded < 0, declared[-np.minimum(recorded, 0)], moved).astype(np.uint32)


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


def lower_constraints(circuit: Circuit, order: WireOrder) -> System:
    """All constraints, in the order in which they were recorded."""
    explicit = [_Explicit(), _Explicit(), _Explicit()]
    rows: list[int] = []
    stamps: dict[Block, list[tuple[int, int]]] = {}
    origins: list[Origin] = []
    pinned: list[int] = []
    for item in circuit.constraints:
        if isinstance(item, Stamp):
            block = item.block
            for constraint in block.opening:
                pinned.append(len(origins))
                rows.append(len(origins))
                origins.append(item.origin)
                for side, factor in zip(explicit, constraint, strict=True):
                    side.append(item.terms(factor))
            stamps.setdefault(block, []).append((len(origins), item.base + order.inner))
            origins += [item.origin] * len(block.constraints)
        else:
            rows.append(len(origins))
            origins.append(item.origin)
            for side, terms in zip(explicit, item[:3], strict=True):
                side.append(terms)
    loose = np.zeros(len(origins), dtype=np.bool_)
    loose[rows] = True
    loose[pinned] = False
    table: dict[int, int] = {}
    for side in explicit:
        side.refuse_scratch([origins[row] for row in rows])
    places = np.array(rows, dtype=np.int64)
    a, b, c = (_side(number, side, places, stamps, len(origins), order, table) for number, side in enumerate(explicit))
    return System(order.n_wires, (a, b, c), table, origins, loose)


class _Explicit:
    """The rows of one side that were recorded one by one, end to end."""

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self.wires: list[int] = []
        self.coefficients: list[int] = []

    def append(self, terms: Terms) -> None:
        self.lengths.append(len(terms))
        self.wires.extend(terms)
        self.coefficients.extend(terms.values())

    def refuse_scratch(self, origins: Sequence[Origin]) -> None:
        """What a constraint names is part of the witness."""
        if max(self.wires, default=ONE) < SCRATCH:
            return
        place = next(place for place, wire in enumerate(self.wires) if wire >= SCRATCH)
        row = int(np.searchsorted(np.cumsum(self.lengths), place, side="right"))
        where = origins[row].location
        reason = "a constraint names a scratch value, which no witness has: copy it to a wire with hint_linear"
        raise BuildError(reason, file=where.file, line=where.line, text=where.text)


def _side(
    number: int,
    explicit: _Explicit,
    explicit_rows: Ints,
    stamps: dict[Block, list[tuple[int, int]]],
    n_rows: int,
    order: WireOrder,
    table: dict[int, int],
) -> Rows:
    """Rows where they belong: first their lengths, then the entries of those recorded singly, then those of stamps."""
    lengths = np.zeros(n_rows, dtype=np.int64)
    lengths[explicit_rows] = explicit.lengths
    encoded = [(local_constraints(block)[number], np.array(places)) for block, places in stamps.items()]
    for local, places in encoded:
        lengths[places[:, :1] + np.arange(len(local.lengths))] = local.lengths
    pointers = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
    side = Rows(pointers, np.empty(pointers[-1], dtype=np.uint32), np.empty(pointers[-1], dtype=np.uint32))
    _write_explicit(side, explicit, explicit_rows, order, table)
    for local, places in encoded:
        _write_stamps(side, local, pointers[places[:, 0]].tolist(), places[:, 1].tolist(), table)
    return side


def _write_explicit(side: Rows, explicit: _Explicit, rows: Ints, order: WireOrder, table: dict[int, int]) -> None:
    lengths = np.array(explicit.lengths, dtype=np.int64)
    wires = order.numbered(explicit.wires)
    enter(table, explicit.coefficients)
    places = np.array([table[value] for value in explicit.coefficients], dtype=np.uint32)
    row_of = np.repeat(np.arange(len(rows)), lengths)
    by_wire = np.argsort(row_of * order.n_wires + wires, kind="stable")
    targets = np.repeat(side.pointers[rows] - (np.cumsum(lengths) - lengths), lengths) + np.arange(len(wires))
    side.wires[targets] = wires[by_wire]
    side.places[targets] = places[by_wire]


def _write_stamps(side: Rows, local: LocalRows, starts: list[int], distances: list[int], table: dict[int, int]) -> None:
    enter(table, local.values)
    places = np.array([table[value] for value in local.values], dtype=np.uint32)[local.numbers]
    size = len(places)
    for start, distance in zip(starts, distances, strict=True):
        local.write(side.wires[start : start + size], distance)
        side.places[start : start + size] = places


def enter(table: dict[int, int], coefficients: Iterable[int]) -> None:
    """Give each coefficient a place that has none yet."""
    for value in dict.fromkeys(coefficients):
        table.setdefault(value, len(table))
