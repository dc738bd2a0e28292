"""Where the wires of a recording lie: in the witness, in a program's scratch, or nowhere.

Wires that the optimiser left in come first, in order. A wire it removed is still computed where an operation reads it,
on the way to a wire of the witness: it becomes scratch. The scratch wires of blocks come last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .builder import Circuit
from .lowering import WireOrder
from .recording import Stamp
from .system import Flags, Ints

NOWHERE = -1


@dataclass(frozen=True)
class Layout:
    """`places` has the place of each wire, by its number in the recorded system, and then of each scratch wire."""

    n_wires: int
    n_scratch: int
    places: Ints

    def place(self, number: int) -> int:
        return int(self.places[number])


def lay_out(circuit: Circuit, order: WireOrder, wires: Flags) -> Layout:
    """For a witness of those wires."""
    scratch = _wanted(circuit, order, wires)
    n_wires = int(wires.sum())
    places = np.full(order.n_wires + circuit.n_scratch, NOWHERE, dtype=np.int64)
    places[: order.n_wires][wires] = np.arange(n_wires)
    places[scratch] = np.arange(n_wires, n_wires + len(scratch))
    places[order.n_wires :] = np.arange(n_wires + len(scratch), n_wires + len(scratch) + circuit.n_scratch)
    return Layout(n_wires, len(scratch) + circuit.n_scratch, places)


def _wanted(circuit: Circuit, order: WireOrder, wires: Flags) -> list[int]:
    """The removed wires that the others are computed from: found from the last operation to the first."""
    removed = {number - order.inner for number in np.flatnonzero(~wires).tolist()}
    if not removed:
        return []
    wanted: set[int] = set()
    for item in reversed(circuit.operations):
        if isinstance(item, Stamp):
            base, block = item.base, item.block
            wanted.update(range(base + 1, base + 1 + block.entry_wires + block.new_wires))
            for terms in item.parameters:
                wanted.update(terms)
        elif any(wire not in removed or wire in wanted for wire in item.writes):
            for terms in item.reads:
                wanted.update(terms)
    return sorted(order.inner + wire for wire in removed & wanted)
