"""A check of the optimiser that trusts nothing of it: its steps are done again, one by one, on plain dictionaries.

Each step is an inference that anybody can follow (`reduction.py` states the two rules, `elimination.py` and
`pruning.py` why they keep the solutions). What they make of the recorded rows must be the optimised rows, but for the
order of the factors and rows that say 0 = 0. A wire that is left out must stand in none of them, and an input that
stood in a row must still stand in one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .errors import NotEquivalent
from .reduction import Reduction, Rule, Step
from .system import Reader, System
from .terms import ONE, Terms

Row = tuple[Terms, Terms, Terms]


def require_equivalent(before: System, after: System, reduction: Reduction, first_inner: int, modulus: int) -> None:
    """Return if the steps lead from `before` to `after` and keep every solution, else raise `NotEquivalent`."""
    replay = _Replay(before, first_inner, modulus)
    for step in reduction.steps:
        replay.take(step)
    replay.require_wires(reduction)
    numbers = {int(wire): number for number, wire in enumerate(reduction.wires.nonzero()[0])}
    if after.n_wires != len(numbers) or after.n_rows != len(reduction.rows):
        raise NotEquivalent("the optimised system does not have the wires and rows that its account says")
    reader = Reader(after)
    for number, row in enumerate(reduction.rows.tolist()):
        a, b, c = ({numbers[wire]: k for wire, k in side.items()} for side in replay.rows.pop(row, ({}, {}, {})))
        if reader.row(number) not in ((a, b, c), (b, a, c)):
            raise NotEquivalent(f"row {row} is not what the steps make of it", row=row)
    standing = {wire for number in range(after.n_rows) for wire in _wires(reader.row(number))}
    replay.require_inputs(numbers, standing)
    for row, sides in replay.rows.items():
        if _linear_form(sides, modulus) != {}:
            raise NotEquivalent(f"row {row} was left out and says more than 0 = 0", row=row)


class _Replay:
    """The rows after the steps taken so far, and in which of them each wire stands."""

    def __init__(self, system: System, first_inner: int, modulus: int) -> None:
        reader = Reader(system)
        self.rows: dict[int, Row] = {row: reader.row(row) for row in range(system.n_rows)}
        self._first_inner, self._modulus, self._n_wires = first_inner, modulus, system.n_wires
        self._with: dict[int, set[int]] = {wire: set() for wire in range(system.n_wires)}
        for row, sides in self.rows.items():
            for wire in _wires(sides):
                self._with[wire].add(row)
        self._bound = [wire for wire in range(1, first_inner) if self._with[wire]]
        self._removed: set[int] = set()

    def take(self, step: Step) -> None:
        row, wire = step.row, step.wire
        if not self._first_inner <= wire < self._n_wires or wire in self._removed:
            raise NotEquivalent(f"wire {wire} is no inner wire that could go", row=row)
        sides = self.rows.pop(row, None)
        if sides is None:
            raise NotEquivalent(f"row {row} is used twice", row=row)
        for other in _wires(sides):
            self._with[other].discard(row)
        if step.rule is Rule.SUBSTITUTED:
            self._substitute(sides, row, wire)
        elif wire in sides[0] or wire in sides[1] or not sides[2].get(wire, 0) % self._modulus or self._with[wire]:
            raise NotEquivalent(f"wire {wire} is not the result of row {row} that nobody reads", row=row)
        self._removed.add(wire)

    def _substitute(self, sides: Row, row: int, wire: int) -> None:
        form = _linear_form(sides, self._modulus)
        if form is None or wire not in form:
            raise NotEquivalent(f"row {row} does not say what wire {wire} is", row=row)
        factor = pow(-form.pop(wire), -1, self._modulus)
        definition = {value: coefficient * factor % self._modulus for value, coefficient in form.items()}
        for other in self._with[wire]:
            a, b, c = (self._told(side, wire, definition) for side in self.rows[other])
            self.rows[other] = (a, b, c)
            standing = _wires((a, b, c))
            for value in definition.keys() - {ONE}:
                (self._with[value].add if value in standing else self._with[value].discard)(other)
        self._with[wire] = set()

    def _told(self, side: Terms, wire: int, definition: Terms) -> Terms:
        """The side with the definition in the wire's place."""
        if wire not in side:
            return side
        total = {value: coefficient for value, coefficient in side.items() if value != wire}
        for value, coefficient in definition.items():
            total[value] = (total.get(value, 0) + side[wire] * coefficient) % self._modulus
        return {value: coefficient for value, coefficient in total.items() if coefficient}

    def require_wires(self, reduction: Reduction) -> None:
        for wire, stays in enumerate(reduction.wires.tolist()):
            if stays and wire in self._removed:
                raise NotEquivalent(f"wire {wire} was removed by a step and is still there")
            if not stays and (wire < self._first_inner or self._with[wire]):
                raise NotEquivalent(f"wire {wire} was left out and still stands in a row")

    def require_inputs(self, numbers: Mapping[int, int], standing: Collection[int]) -> None:
        for wire in self._bound:
            if numbers[wire] not in standing:
                raise NotEquivalent(f"input {wire} has lost its last constraint")


def _linear_form(sides: Row, modulus: int) -> Terms | None:
    """What a row with a constant factor says is 0."""
    a, b, c = sides
    if a.keys() <= {ONE}:
        a, b = b, a
    if not b.keys() <= {ONE}:
        return None
    form = {wire: (a.get(wire, 0) * b.get(ONE, 0) - c.get(wire, 0)) % modulus for wire in a.keys() | c.keys()}
    return {wire: coefficient for wire, coefficient in form.items() if coefficient}


def _wires(sides: Row) -> set[int]:
    return set[int]().union(*sides) - {ONE}
