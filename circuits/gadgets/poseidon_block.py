"""The rounds of Poseidon after the second, recorded once per width.

The state is kept as columns: for each wire, what it contributes to each of the t elements. In a partial round only
element 0 goes through the S-box, so all a wire's column ever sees is "drop entry 0, multiply by M". That has two
consequences: a column evolves alone, and the columns of all partial S-boxes are one sequence, shifted by their age.
"""

from __future__ import annotations

from functools import cache
from operator import mul

from zkmargin.algebra import Curve
from zkmargin.algebra.poseidon import poseidon_parameters

from ..program import Opcode
from ..recording import Block, Operation
from ..terms import ONE, Terms

EXPLICIT_ROUNDS = 2
Column = list[int]
Columns = dict[int, Column]
"""By wire; ONE has the round constants' contribution."""


@cache
def later_rounds(t: int, curve: Curve) -> Block:
    """From the S-box outputs of round 2 to the digest.

    Entry wires 3 i + 1, 3 i + 2, 3 i + 3 are the square, fourth and fifth power of element i in round 2.
    """
    return _Trace(t, curve).block()


class _Trace:
    """One pass over the rounds, allocating local wires."""

    def __init__(self, t: int, curve: Curve) -> None:
        self._t, self._r = t, curve.r
        self._parameters = poseidon_parameters(t, curve)
        self._wires = 3 * t
        self._constraints: list[tuple[Terms, Terms, Terms]] = []
        self._operations: list[Operation] = []

    def block(self) -> Block:
        t, half = self._t, self._parameters.full_rounds // 2
        columns = self._mixed({3 * i + 3: _unit(t, i) for i in range(t)})
        for index in range(EXPLICIT_ROUNDS, half):
            columns = self._full_round(columns, index)
        columns = self._partial_rounds(columns, half)
        first_late = half + self._parameters.partial_rounds
        for index in range(first_late, first_late + half):
            columns = self._full_round(columns, index)
        return Block(
            entry_wires=3 * t,
            new_wires=self._wires - 3 * t,
            constraints=tuple(self._constraints),
            operations=tuple(self._operations),
            output=_element(columns, 0),
            last_wire=self._wires,
        )

    def _full_round(self, columns: Columns, index: int) -> Columns:
        self._add_constants(columns, index)
        powers = [self._fifth_power(_element(columns, i)) for i in range(self._t)]
        return self._mixed({wire: _unit(self._t, i) for i, wire in enumerate(powers)})

    def _partial_rounds(self, columns: Columns, first: int) -> Columns:
        """`aged[d]` is the column of the S-box output made d + 1 mixes ago."""
        made: list[int] = []
        aged: list[Column] = []
        for index in range(first, first + self._parameters.partial_rounds):
            self._add_constants(columns, index)
            x = _element({**columns, **dict(zip(reversed(made), aged, strict=True))}, 0)
            made.append(self._fifth_power(x))
            columns = self._mixed({wire: [0, *column[1:]] for wire, column in columns.items()})
            newest = [0, *aged[-1][1:]] if aged else _unit(self._t, 0)
            aged.append(self._multiply(newest))
        return {**columns, **dict(zip(reversed(made), aged, strict=True))}

    def _fifth_power(self, x: Terms) -> int:
        """x is B in both constraints that have it, so that the fourth power never is: see `orientation.py`."""
        square, fourth, fifth = (self._wires + k for k in (1, 2, 3))
        self._wires += 3
        squared, raised = {square: 1}, {fourth: 1}
        self._constraints += [(x, x, squared), (squared, squared, raised), (raised, x, {fifth: 1})]
        for a, b, wire in ((x, x, square), (squared, squared, fourth), (raised, x, fifth)):
            self._operations.append(Operation(Opcode.PRODUCT, a, b, wire, 0))
        return fifth

    def _add_constants(self, columns: Columns, index: int) -> None:
        constants = self._parameters.round_constants[index * self._t : (index + 1) * self._t]
        before = columns.get(ONE, [0] * self._t)
        columns[ONE] = [(x + c) % self._r for x, c in zip(before, constants, strict=True)]

    def _mixed(self, columns: Columns) -> Columns:
        return {wire: self._multiply(column) for wire, column in columns.items()}

    def _multiply(self, column: Column) -> Column:
        return [sum(map(mul, row, column)) % self._r for row in self._parameters.mds]


def _unit(t: int, place: int) -> Column:
    return [int(i == place) for i in range(t)]


def _element(columns: Columns, place: int) -> Terms:
    return {wire: column[place] for wire, column in columns.items() if column[place]}
