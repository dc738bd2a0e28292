"""The optimiser: a smaller system with the same solutions, and an account of how it came about.

Linear rows are substituted away (`elimination.py`), then products that nobody reads are dropped (`pruning.py`), and
inner wires that no constraint has at all. Equal products and gadgets were shared already while recording
(`sharing.py`); factors are exchanged afterwards (`orientation.py`). `equivalence.py` checks the account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from .builder import Circuit
from .elimination import Rewritten, Row, eliminate
from .lowering import WireOrder, enter
from .orientation import oriented
from .program import Opcode
from .pruning import unread_products
from .recording import Stamp
from .reduction import Reduction, Step
from .system import Flags, Rows, System
from .terms import SCRATCH

_TIED = (Opcode.DIVMOD, Opcode.ONE_HOT, Opcode.SORT)
"""Operations that write several wires together, or none."""


class Optimised(NamedTuple):
    """The rows and wires left, and how they came about."""

    system: System
    reduction: Reduction


def unchanged(system: System) -> Optimised:
    """Without any step."""
    rows, wires = np.arange(system.n_rows), np.ones(system.n_wires, dtype=np.bool_)
    return Optimised(oriented(system), Reduction((), rows, wires))


def optimised(system: System, circuit: Circuit, order: WireOrder) -> Optimised:
    """All steps, one after the other, and the factors in their places."""
    movable, product = _candidates(circuit, order)
    steps, rewritten = eliminate(system, movable, order.inner + 1, circuit.curve.r)
    rows = np.arange(system.n_rows)
    if rewritten:
        system, rows = _rewritten(system, rewritten), np.delete(rows, _left_out(rewritten))
    pruned = unread_products(system, product, order.inner + 1)
    if pruned:
        steps += [Step(step.rule, int(rows[step.row]), step.wire) for step in pruned]
        dropped: Rewritten = dict.fromkeys(step.row for step in pruned)
        system, rows = _rewritten(system, dropped), np.delete(rows, _left_out(dropped))
    wires = _standing(system) | ~movable
    return Optimised(oriented(_renumbered(system, wires)), Reduction(tuple(steps), rows, wires))


def inputs_lost(before: System, after: System, last_input: int) -> list[int]:
    """Inputs that stood in a constraint and do so no longer: those in a product with what turned out to be 0."""
    inputs = np.arange(1, last_input + 1)
    stood, stands = (np.isin(inputs, np.concatenate([side.wires for side in s.sides])) for s in (before, after))
    return [int(wire) for wire in inputs[stood & ~stands]]


def _candidates(circuit: Circuit, order: WireOrder) -> tuple[Flags, Flags]:
    """Which wires may go at all, and which are products that may go unread."""
    movable, product = (np.zeros(order.n_wires, dtype=np.bool_) for _ in range(2))
    movable[order.inner + 1 :] = True
    for item in circuit.operations:
        if isinstance(item, Stamp):
            first = order.inner + item.base + item.block.entry_wires + 1
            product[first : first + item.block.new_wires] = True
        elif item.wire >= SCRATCH:
            continue
        elif item.opcode is Opcode.PRODUCT:
            product[order.inner + item.wire] = True
        elif item.opcode in _TIED:
            movable[[order.inner + wire for wire in item.writes]] = False
    bound = [order.inner + wire for wire in circuit.bound]
    movable[bound] = False
    return movable, product & movable


def _left_out(rewritten: Rewritten) -> list[int]:
    return [row for row, sides in rewritten.items() if sides is None]


def _rewritten(system: System, rewritten: Rewritten) -> System:
    """The system with some rows replaced and others left out."""
    table = dict(system.table)
    stay = np.ones(system.n_rows, dtype=np.bool_)
    stay[_left_out(rewritten)] = False
    changed = {row: sides for row, sides in rewritten.items() if sides is not None}
    loose = system.loose.copy()
    loose[list(changed)] = True
    a, b, c = (_rewritten_side(side, number, changed, stay, table) for number, side in enumerate(system.sides))
    origins = [origin for origin, stays in zip(system.origins, stay.tolist(), strict=True) if stays]
    return replace(system, sides=(a, b, c), table=table, origins=origins, loose=loose[stay])


def _rewritten_side(side: Rows, number: int, changed: Mapping[int, Row], stay: Flags, table: dict[int, int]) -> Rows:
    lengths = np.where(stay, side.lengths, 0)
    for row, sides in changed.items():
        lengths[row] = len(sides[number])
    pointers = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
    result = Rows(pointers, np.empty(pointers[-1], dtype=np.uint32), np.empty(pointers[-1], dtype=np.uint32))
    start = 0
    for row in [*sorted({*changed, *np.flatnonzero(~stay).tolist()}), len(lengths)]:
        _copy(side, result, start, row)
        start = row + 1
    for row, sides in changed.items():
        terms = sorted(sides[number].items())
        enter(table, (coefficient for _, coefficient in terms))
        here = slice(pointers[row], pointers[row + 1])
        result.wires[here] = [wire for wire, _ in terms]
        result.places[here] = [table[coefficient] for _, coefficient in terms]
    return replace(result, pointers=np.concatenate([pointers[:1], pointers[1:][stay]]))


def _copy(source: Rows, target: Rows, start: int, end: int) -> None:
    """The entries of rows start .. end - 1, which are the same in both."""
    if start < end:
        here, there = (
            slice(target.pointers[start], target.pointers[end]),
            slice(source.pointers[start], source.pointers[end]),
        )
        target.wires[here] = source.wires[there]
        target.places[here] = source.places[there]


def _standing(system: System) -> Flags:
    """Which wires stand in a row."""
    standing = np.zeros(system.n_wires, dtype=np.bool_)
    for side in system.sides:
        standing[side.wires] = True
    return standing


def _renumbered(system: System, wires: Flags) -> System:
    if wires.all():
        return system
    numbers = (np.cumsum(wires) - 1).astype(np.uint32)
    a, b, c = (replace(side, wires=numbers[side.wires]) for side in system.sides)
    return replace(system, n_wires=int(wires.sum()), sides=(a, b, c))
