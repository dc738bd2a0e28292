"""Linear constraints removed by substitution.

A row that says l = 0 for a linear combination l of the wires, in which an inner wire p has the coefficient k != 0, is
the same as p = p - l / k, whose right side has no p. Put that in the place of p in all other rows, and leave out the
row and the wire. Soundness: whoever solves the remaining rows gets a solution of all rows by computing p from them, so
nothing can be proven that could not be before. Completeness: a solution of all rows has this p, so without it it
solves the remaining ones. It makes no difference what p was, a bit for instance: the row that keeps it to 0 or 1
stays, with the combination in its place.

Inputs never go, and `build` sees to it that none loses its last constraint. Each row chooses the wire that stands in
the fewest other places, those in B counted twice, and stays where even that would add more than `MAX_NEW_TERMS`
terms.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .reduction import Rule, Step
from .system import Flags, Ints, Reader, System
from .terms import ONE, Terms, add_scaled, scale_terms

MAX_NEW_TERMS = 256
"""What a constraint and a wire less are worth: a term costs a multiplication, they cost points in several groups."""

Row = tuple[Terms, Terms, Terms]
Rewritten = dict[int, Row | None]
"""By row; None for one that is left out, as it says what a wire was or nothing at all."""


def eliminate(system: System, may_go: Flags, first_inner: int, modulus: int) -> tuple[list[Step], Rewritten]:
    """The steps taken, and the rows that differ afterwards."""
    linear = np.flatnonzero(_linear_rows(system))
    if not len(linear):
        return [], {}
    elimination = _Elimination(system, linear, may_go, first_inner, modulus)
    lengths = sum(side.lengths[linear] for side in system.sides)
    for place in np.argsort(lengths, kind="stable").tolist():
        elimination.consider(int(linear[place]))
    while elimination.turned_linear:
        elimination.consider(elimination.turned_linear.pop(0))
    return elimination.steps, elimination.rows


def linear_form(row: Row, modulus: int) -> Terms | None:
    """The combination that the row says is 0, if one of its factors is a constant."""
    a, b, c = row
    for factor, other in ((b, a), (a, b)):
        if not factor or (len(factor) == 1 and ONE in factor):
            form = scale_terms(other, factor.get(ONE, 0), modulus)
            add_scaled(form, c, -1, modulus)
            return form
    return None


def _linear_rows(system: System) -> Flags:
    found = np.zeros(system.n_rows, dtype=np.bool_)
    for side in system.sides[:2]:
        lengths = side.lengths
        only = np.flatnonzero(lengths == 1)
        found[only[side.wires[side.pointers[only]] == ONE]] = True
        found |= lengths == 0
    return found


class _Elimination:
    """The rows as they stand after the steps so far."""

    def __init__(self, system: System, linear: Ints, may_go: Flags, first_inner: int, modulus: int) -> None:
        self._reader = Reader(system)
        self._may_go, self._first_inner, self._modulus = may_go.tolist(), first_inner, modulus
        self._uses = _Uses(system, linear)
        self._state: dict[int, Row] = {}
        self._changed: set[int] = set()
        self._gone: set[int] = set()
        self.steps: list[Step] = []
        self.turned_linear: list[int] = []

    @property
    def rows(self) -> Rewritten:
        """Those that changed, None for those that are left out."""
        return {row: None if row in self._gone else self._state[row] for row in sorted(self._changed | self._gone)}

    def consider(self, row: int) -> None:
        """Remove the row if it says nothing, or if a wire of it can go."""
        form = linear_form(self._row(row), self._modulus)
        if row in self._gone or form is None:
            return
        if not form:
            self._remove(row)
            return
        wire = self._cheapest(row, form)
        if wire is None:
            return
        factor = pow(-form[wire], -1, self._modulus)
        definition = {w: k * factor % self._modulus for w, k in form.items() if w != wire}
        others = [other for other in self._rows_with(wire) if other != row]
        if not self._inputs_stay(row, wire, definition, others):
            return
        self.steps.append(Step(Rule.SUBSTITUTED, row, wire))
        self._remove(row)
        for other in others:
            self._substitute(other, wire, definition)

    def _cheapest(self, row: int, form: Terms) -> int | None:
        """The wire whose substitution touches least; of equal ones one with coefficient 1 or -1, then the latest."""
        (a, b, c), unit = self._row(row), (1, self._modulus - 1)
        most = (MAX_NEW_TERMS + len(form)) // max(1, len(form) - 2)
        best: tuple[tuple[int, bool, int], int] | None = None
        for wire, coefficient in form.items():
            uses = self._uses.counts(wire) if self._may_go[wire] else None
            if uses is None:
                continue
            in_b = uses[1] - (wire in b)
            elsewhere = uses[0] - (wire in a) + in_b + uses[2] - (wire in c)
            if elsewhere > most:
                continue
            key = (elsewhere + in_b, coefficient not in unit, -wire)
            if best is None or key < best[0]:
                best = key, wire
        return None if best is None else best[1]

    def _inputs_stay(self, row: int, wire: int, definition: Terms, others: list[int]) -> bool:
        """Does each input of the row still stand in another one afterwards?"""
        return all(
            any(self._keeps(other, value, wire, definition) for other in others)
            or any(self._keeps(other, value, wire, definition) for other in self._rows_with(value) if other != row)
            for value in definition
            if ONE < value < self._first_inner
        )

    def _keeps(self, row: int, value: int, wire: int, definition: Terms) -> bool:
        """Will this row have `value` once `wire` is substituted in it?"""
        return any(
            (side.get(value, 0) + side.get(wire, 0) * definition[value]) % self._modulus for side in self._row(row)
        )

    def _substitute(self, row: int, wire: int, definition: Terms) -> None:
        changed = self._row(row)
        for number, side in enumerate(changed):
            coefficient = side.pop(wire, 0)
            if coefficient:
                before = side.keys() & definition.keys()
                add_scaled(side, definition, coefficient, self._modulus)
                after = side.keys() & definition.keys()
                self._uses.add(row, number, after - before)
                self._uses.drop(number, before - after)
        self._changed.add(row)
        if linear_form(changed, self._modulus) is not None:
            self.turned_linear.append(row)

    def _remove(self, row: int) -> None:
        for number, side in enumerate(self._row(row)):
            self._uses.drop(number, side.keys())
        self._gone.add(row)

    def _row(self, row: int) -> Row:
        state = self._state.get(row)
        if state is None:
            state = self._state[row] = self._reader.row(row)
        return state

    def _rows_with(self, wire: int) -> list[int]:
        rows = (row for row in self._uses.rows(wire) if row not in self._gone)
        return [row for row in rows if any(wire in side for side in self._row(row))]


class _Uses:
    """Where the wires of linear rows stand, in all rows: only of these can one go, or lose a use."""

    def __init__(self, system: System, linear: Ints) -> None:
        marked = np.zeros(system.n_wires, dtype=np.bool_)
        of_linear = np.zeros(system.n_rows, dtype=np.bool_)
        of_linear[linear] = True
        for side in system.sides:
            marked[side.wires[np.repeat(of_linear, side.lengths)]] = True
        marked[ONE] = False
        hits = [np.flatnonzero(marked[side.wires]) for side in system.sides]
        wires = [side.wires[found] for side, found in zip(system.sides, hits, strict=True)]
        known = np.flatnonzero(marked)
        starts, rows = np.concatenate(wires), [side.rows_of(h) for side, h in zip(system.sides, hits, strict=True)]
        by_wire = np.argsort(starts, kind="stable")
        self._rows = np.concatenate(rows)[by_wire]
        self._starts = np.searchsorted(starts[by_wire], known)
        self._numbers = dict(zip(known.tolist(), range(len(known)), strict=True))
        on_sides = np.stack([np.bincount(found, minlength=system.n_wires)[known] for found in wires], axis=1)
        self._counts: dict[int, list[int]] = dict(zip(known.tolist(), on_sides.tolist(), strict=True))
        self._later: dict[int, dict[int, None]] = {}

    def counts(self, wire: int) -> list[int] | None:
        """In how many rows it stands on each side; None for a wire that was in no linear row."""
        return self._counts.get(wire)

    def rows(self, wire: int) -> list[int]:
        """Rows that have it or have had it; none for a wire that was in no linear row."""
        number = self._numbers.get(wire)
        if number is None:
            return []
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self._rows)
        first = self._rows[self._starts[number] : end].tolist()
        return list(dict.fromkeys((*first, *self._later.get(wire, ()))))

    def add(self, row: int, side: int, wires: Iterable[int]) -> None:
        for wire in wires:
            counts = self._counts.get(wire)
            if counts is not None:
                counts[side] += 1
                self._later.setdefault(wire, {})[row] = None

    def drop(self, side: int, wires: Iterable[int]) -> None:
        for wire in wires:
            counts = self._counts.get(wire)
            if counts is not None:
                counts[side] -= 1
