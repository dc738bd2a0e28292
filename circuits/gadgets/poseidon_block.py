"""The rounds of Poseidon, recorded once: the first two, which see the inputs, and those after them.

The state is kept as columns: for each wire, what it contributes to each of the t elements. In a partial round only
element 0 goes through the S-box, so all a wire's column ever sees is "drop entry 0, multiply by M". That has two
consequences: a column evolves alone, and the columns of all partial S-boxes are one sequence, shifted by their age.

x^5 is x * x, its square, and x times that: x is in B in both constraints that have it, so that the fourth power never
is (see `orientation.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import count
from operator import mul

from zkmargin.algebra import Curve
from zkmargin.algebra.poseidon import poseidon_parameters

from ..program import Opcode
from ..recording import Block, BlockOperation, Factor, Parameter
from ..terms import ONE, Terms
from .poseidon_state import CarriedState

_EARLY_ROUNDS = 2
_REMEMBERED = 256
Column = list[int]
Columns = dict[int, Column]
"""By wire; ONE has the round constants' contribution."""


@lru_cache(maxsize=_REMEMBERED)
def first_rounds(inputs: Sequence[int | None], curve: Curve) -> Block:
    """The first two rounds. `inputs` has the elements of the state that are constants, whose first S-box costs
    nothing; for each other one the block has a parameter, the element plus its round constant.
    """
    trace = _Trace(len(inputs), curve, entry_wires=0)
    trace.first_round(inputs)
    trace.full_round(1)
    return Block(
        entry_wires=0,
        new_wires=trace.wires,
        scratch=0,
        opening=tuple(trace.opening),
        constraints=tuple(trace.constraints),
        operations=tuple(trace.operations),
        output={},
    )


@cache
def later_rounds(t: int, curve: Curve) -> Block:
    """From the S-box outputs of round 2 to the digest.

    Entry wires 3 i + 1, 3 i + 2, 3 i + 3 are the square, fourth and fifth power of element i in round 2.
    """
    trace = _Trace(t, curve, entry_wires=3 * t)
    trace.enter([3 * i + 3 for i in range(t)])
    half, partial = trace.parameters.full_rounds // 2, trace.parameters.partial_rounds
    for index in range(_EARLY_ROUNDS, half):
        trace.full_round(index)
    carried = trace.partial_rounds(half, half + partial)
    trace.full_round_after(carried, half + partial)
    for index in range(half + partial + 1, 2 * half + partial):
        trace.full_round(index)
    return Block(
        entry_wires=3 * t,
        new_wires=trace.wires - 3 * t,
        scratch=trace.scratch,
        opening=(),
        constraints=tuple(trace.constraints),
        operations=tuple(trace.operations),
        output=trace.element(0),
    )


class _Trace:
    """One pass over the rounds, allocating local wires; `_columns` is the state."""

    def __init__(self, t: int, curve: Curve, entry_wires: int) -> None:
        self._t, self._r = t, curve.r
        self.parameters = poseidon_parameters(t, curve)
        self.wires = entry_wires
        self.scratch = 0
        self.opening: list[tuple[Factor, Factor, Terms]] = []
        self.constraints: list[tuple[Terms, Terms, Terms]] = []
        self.operations: list[BlockOperation] = []
        self._columns: Columns = {}

    def first_round(self, inputs: Sequence[int | None]) -> None:
        constant, following = [0] * self._t, count()
        for place, value in enumerate(inputs):
            if value is None:
                self._columns[self._fifth_power(Parameter(next(following)))] = _unit(self._t, place)
            else:
                constant[place] = pow(value + self.parameters.round_constants[place], 5, self._r)
        self._columns[ONE] = constant
        self._mix()

    def enter(self, powers: Sequence[int]) -> None:
        """The state after a round whose S-box outputs are these wires."""
        self._columns = {wire: _unit(self._t, place) for place, wire in enumerate(powers)}
        self._mix()

    def full_round(self, index: int) -> None:
        self._add_constants(index)
        self.enter([self._fifth_power(self.element(place)) for place in range(self._t)])

    def full_round_after(self, carried: CarriedState, index: int) -> None:
        """The same where the program knows the state by fewer wires than the constraints."""
        self._add_constants(index)
        known = [self._combined(carried.element(place), self._constants(index)[place]) for place in range(self._t)]
        self.enter([self._fifth_power(self.element(place), known[place]) for place in range(self._t)])

    def partial_rounds(self, first: int, end: int) -> CarriedState:
        """`aged[d]` is the column of the S-box output made d + 1 mixes ago. Operations take the state that they carry
        along in scratch wires, of which each element has t terms.
        """
        carried = CarriedState(self.parameters.mds, self._r)
        for place in range(1, self._t):
            carried.begin(self._linear(self.element(place)))
        before, made = self._columns, list[int]()
        aged: list[Column] = []
        for index in range(first, end):
            self._columns = before
            self._add_constants(index)
            self._columns = {**before, **dict(zip(reversed(made), aged, strict=True))}
            constants = self._constants(index)
            known = self._combined(carried.element(0), constants[0]) if made else None
            made.append(self._fifth_power(self.element(0), known))
            for place, step in enumerate(carried.pass_round(made[-1], constants[1:])):
                carried.wires[place] = self._linear(step)
            before = {wire: self._multiply([0, *column[1:]]) for wire, column in before.items()}
            aged.append(self._multiply([0, *aged[-1][1:]] if aged else _unit(self._t, 0)))
        self._columns = {**before, **dict(zip(reversed(made), aged, strict=True))}
        return carried

    def element(self, place: int) -> Terms:
        return {wire: column[place] for wire, column in self._columns.items() if column[place]}

    def _fifth_power(self, x: Factor, known: Terms | None = None) -> int:
        """`known` has the same value as x, in the wires that operations have."""
        square, fourth, fifth = (self.wires + k for k in (1, 2, 3))
        self.wires += 3
        squared, raised = {square: 1}, {fourth: 1}
        if isinstance(x, Parameter):
            self.opening += [(x, x, squared), (squared, squared, raised), (raised, x, {fifth: 1})]
        else:
            self.constraints += [(x, x, squared), (squared, squared, raised), (raised, x, {fifth: 1})]
        x = x if known is None else known
        for a, b, wire in ((x, x, square), (squared, squared, fourth), (raised, x, fifth)):
            self.operations.append(BlockOperation(Opcode.PRODUCT, a, b, wire))
        return fifth

    def _linear(self, terms: Terms) -> int:
        """A new scratch wire."""
        self.scratch += 1
        self.operations.append(BlockOperation(Opcode.LINEAR, terms, None, -self.scratch))
        return -self.scratch

    def _combined(self, terms: Terms, constant: int) -> Terms:
        return {
            wire: value for wire, value in {**terms, ONE: (terms.get(ONE, 0) + constant) % self._r}.items() if value
        }

    def _constants(self, index: int) -> Sequence[int]:
        return self.parameters.round_constants[index * self._t : (index + 1) * self._t]

    def _add_constants(self, index: int) -> None:
        constants = self._constants(index)
        before = self._columns.get(ONE, [0] * self._t)
        self._columns[ONE] = [(x + c) % self._r for x, c in zip(before, constants, strict=True)]

    def _mix(self) -> None:
        self._columns = {wire: self._multiply(column) for wire, column in self._columns.items()}

    def _multiply(self, column: Column) -> Column:
        return [sum(map(mul, row, column)) % self._r for row in self.parameters.mds]


def _unit(t: int, place: int) -> Column:
    return [int(i == place) for i in range(t)]
