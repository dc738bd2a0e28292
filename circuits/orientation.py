"""Which factor of a constraint stands in A and which in B.

a * b = c says the same as b * a = c, but each wire that occurs in B costs the prover a point of G2, some three times
the price of one in G1. So B is kept to few wires: those it cannot avoid (both factors have them, or the row is part of
a block, which has its order already), then for each constraint the factor that brings fewer new ones.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .system import Flags, Ints, Rows, System
from .terms import ONE


def oriented(system: System) -> System:
    """The same rows in the same order, some with their factors exchanged."""
    a, b, c = system.sides
    exchanged = _exchanged(system)
    if not exchanged.any():
        return system
    return replace(system, sides=(_chosen(a, b, exchanged), _chosen(b, a, exchanged), c))


def _exchanged(system: System) -> Flags:
    a, b, _ = system.sides
    support = _unavoidable(system)
    fresh_a, fresh_b = (_fresh(side, system.loose, support) for side in (a, b))
    lengths_a, lengths_b = a.lengths, b.lengths
    # Where neither factor has a wire that B lacks, only their lengths decide, and B gains nothing either way.
    exchanged: Flags = system.loose & (fresh_a == 0) & (fresh_b == 0) & (lengths_a < lengths_b)
    for row in np.flatnonzero(system.loose & ((fresh_a > 0) | (fresh_b > 0))).tolist():
        in_a, in_b = (side.wires[side.pointers[row] : side.pointers[row + 1]] for side in (a, b))
        cost_a, cost_b = ((int((~support[wires]).sum()), len(wires)) for wires in (in_a, in_b))
        exchanged[row] = cost_a < cost_b
        support[in_a if exchanged[row] else in_b] = True
    return exchanged


def _unavoidable(system: System) -> Flags:
    """The wires of B in rows that stay as they are, and those that both factors of a row have."""
    a, b, _ = system.sides
    support = np.zeros(system.n_wires, dtype=np.bool_)
    support[ONE] = True
    support[b.wires[np.repeat(~system.loose, b.lengths)]] = True
    pairs_a, pairs_b = (_pairs(side, system) for side in (a, b))
    support[np.intersect1d(pairs_a, pairs_b, assume_unique=True) % system.n_wires] = True
    return support


def _pairs(side: Rows, system: System) -> Ints:
    """Row and wire of each entry in a loose row, as one number."""
    loose = np.flatnonzero(np.repeat(system.loose, side.lengths))
    return side.rows_of(loose) * system.n_wires + side.wires[loose]


def _fresh(side: Rows, loose: Flags, support: Flags) -> Ints:
    """For each loose row, how many of its wires B would not have otherwise."""
    entries = np.flatnonzero(np.repeat(loose, side.lengths) & ~support[side.wires])
    return np.bincount(side.rows_of(entries), minlength=len(loose))


def _chosen(kept: Rows, other: Rows, exchanged: Flags) -> Rows:
    """The rows of `kept`, where `exchanged` those of `other`."""
    lengths = np.where(exchanged, other.lengths, kept.lengths)
    pointers = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
    result = Rows(pointers, np.empty(pointers[-1], dtype=np.uint32), np.empty(pointers[-1], dtype=np.uint32))
    for source, here in ((kept, ~exchanged), (other, exchanged)):
        goes, comes = np.repeat(here, lengths), np.repeat(here, source.lengths)
        result.wires[goes] = source.wires[comes]
        result.places[goes] = source.places[comes]
    return result
