"""Products that nobody reads, removed.

A row a * b = c in which c has an inner wire that stands nowhere else constrains nothing: whatever the other wires are,
one value of that wire fits, and only one. So row and wire can go together, and the solutions stay what they are but
for that wire's value. What the row read may then be read by nobody else either, and goes the same way.

A product made by `bind` stays, and so does a row without which an input would stand in no constraint at all.
"""

from __future__ import annotations

import numpy as np

from .reduction import Rule, Step
from .system import Flags, Ints, System


def unread_products(system: System, product: Flags, first_inner: int) -> list[Step]:
    """Steps in order. `product` says which wires may go; rows are numbered as they are in this system."""
    a, b, c = system.sides
    read = np.zeros(system.n_wires, dtype=np.bool_)
    read[a.wires] = True
    read[b.wires] = True
    in_c = np.bincount(c.wires, minlength=system.n_wires)
    unread = np.flatnonzero(product & ~read & (in_c == 1))
    if not len(unread):
        return []
    return _Pruning(system, product, first_inner, in_c).run(unread.tolist())


class _Pruning:
    def __init__(self, system: System, product: Flags, first_inner: int, in_c: Ints) -> None:
        self._sides = system.sides
        self._product, self._first_inner = product, first_inner
        a, b, c = (np.bincount(side.wires, minlength=system.n_wires) for side in system.sides)
        self._uses = a + b + c
        self._owner = np.zeros(system.n_wires, dtype=np.int64)
        self._owner[system.sides[2].wires] = np.repeat(np.arange(system.n_rows), system.sides[2].lengths)
        self._owned = in_c > 0
        self._gone: set[int] = set()

    def run(self, unread: list[int]) -> list[Step]:
        steps: list[Step] = []
        while unread:
            wire = unread.pop()
            row = int(self._owner[wire])
            wires, counts = np.unique(np.concatenate([self._wires(side, row) for side in range(3)]), return_counts=True)
            if self._uses[wire] != 1 or ((self._uses[wires] == counts) & self._is_input(wires)).any():
                continue
            steps.append(Step(Rule.UNREAD, row, wire))
            self._gone.add(row)
            self._uses[wires] -= counts
            left = wires[(self._uses[wires] == 1) & self._product[wires] & self._owned[wires]]
            unread += [other for other in left.tolist() if self._owner[other] not in self._gone]
        return steps

    def _wires(self, side: int, row: int) -> Ints:
        rows = self._sides[side]
        return rows.wires[rows.pointers[row] : rows.pointers[row + 1]].astype(np.int64)

    def _is_input(self, wires: Ints) -> Flags:
        return (wires > 0) & (wires < self._first_inner)
