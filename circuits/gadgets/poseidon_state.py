"""The state of Poseidon in its partial rounds, carried along in few terms.

Such a round takes (v, w), v the first element and w the others, to M (y, w + c), where y is the fifth power of v plus
its constant and c are the others' constants. With M = ((m, r), (q, N)) that is

    v' = m y + r (w + c)        w' = q y + N (w + c).

After k rounds write w = N^k z + d, where d = 0 at first and d' = N (d + c) is known. Then z' = z + N^-(k+1) q y: each
element of z takes two terms a round, v takes t, and the only product of matrices is at the end. N can be inverted
because every square part of a Cauchy matrix can.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from operator import mul

from ..terms import ONE, Terms

Vector = list[int]
Matrix = list[Vector]


class CarriedState:
    """`wires` hold z; `element` says what the state is, before the constants of the round to come."""

    def __init__(self, mds: Sequence[Sequence[int]], modulus: int) -> None:
        self._r = modulus
        (self._m, *row), below = mds[0], mds[1:]
        self._row, column, self._square = row, [line[0] for line in below], [list(line[1:]) for line in below]
        self._inverse = _inverse(self._square, modulus)
        self._gain = self._apply(self._inverse, column)
        self._read = row
        self._offset: Vector = [0] * len(row)
        self._first: Terms = {}
        self._rounds = 0
        self.wires: list[int] = []

    def begin(self, wire: int) -> None:
        """The wire of the next element of w as it was before the first partial round."""
        self.wires.append(wire)

    def pass_round(self, power: int, constants: Sequence[int]) -> list[Terms]:
        """What z becomes, where `power` is the S-box output."""
        shifted = [(d + c) % self._r for d, c in zip(self._offset, constants, strict=True)]
        self._first = {power: self._m, **dict(zip(self.wires, self._read, strict=True))}
        self._first[ONE] = sum(map(mul, self._row, shifted)) % self._r
        steps: list[Terms] = [{wire: 1, power: gain} for wire, gain in zip(self.wires, self._gain, strict=True)]
        self._offset = self._apply(self._square, shifted)
        self._read = [sum(map(mul, self._read, line)) % self._r for line in zip(*self._square, strict=True)]
        self._gain = self._apply(self._inverse, self._gain)
        self._rounds += 1
        return steps

    def element(self, place: int) -> Terms:
        """After at least one round."""
        if place == 0:
            return self._first
        line = self._power[place - 1]
        return {**dict(zip(self.wires, line, strict=True)), ONE: self._offset[place - 1]}

    @cached_property
    def _power(self) -> Matrix:
        """N to the number of rounds, of which there are no more to come."""
        result, square, exponent = None, self._square, self._rounds
        while exponent:
            if exponent & 1:
                result = square if result is None else self._times(result, square)
            square, exponent = self._times(square, square), exponent >> 1
        return result or self._square

    def _times(self, a: Matrix, b: Matrix) -> Matrix:
        columns = list(zip(*b, strict=True))
        return [[sum(map(mul, line, column)) % self._r for column in columns] for line in a]

    def _apply(self, matrix: Matrix, vector: Vector) -> Vector:
        return [sum(map(mul, line, vector)) % self._r for line in matrix]


def _inverse(matrix: Matrix, modulus: int) -> Matrix:
    """By Gauss and Jordan."""
    size = len(matrix)
    rows = [[*line, *(int(i == j) for j in range(size))] for i, line in enumerate(matrix)]
    for column in range(size):
        pivot = next(row for row in range(column, size) if rows[row][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        factor = pow(rows[column][column], -1, modulus)
        rows[column] = [value * factor % modulus for value in rows[column]]
        for row in range(size):
            if row != column and rows[row][column]:
                factor = rows[row][column]
                rows[row] = [(x - factor * y) % modulus for x, y in zip(rows[row], rows[column], strict=True)]
    return [line[size:] for line in rows]
