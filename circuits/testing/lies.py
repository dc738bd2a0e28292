"""What a dishonest prover would try: for one wire, and for several of one operation together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise

from ..program import Opcode
from .steps import Step, evaluate

Lies = Mapping[int, int]
"""Wires and the values that they get."""
_FEW = 6
"""Up to so many wires of one operation every pair is tried; of more, neighbours and the ends."""


def lies_about(wire: int, honest: int, r: int) -> Iterator[Lies]:
    """The small values, the neighbours, the negative, twice and half as much."""
    half = honest * pow(2, -1, r)
    for lie in dict.fromkeys(x % r for x in (0, 1, honest + 1, honest - 1, -1, -honest, 2, 2 * honest, half)):
        if lie != honest:
            yield {wire: lie}


def joint_lies(step: Step, values: Sequence[int], r: int) -> Iterator[Lies]:
    """Lies that keep something an honest prover's values have: their sum, a weighted sum, the division's equation."""
    honest = [values[wire] for wire in step.wires]
    told = [*_pairs(honest), *_alternatives(step, values, r)]
    for lie in dict.fromkeys(tuple(value % r for value in values) for values in told):
        if list(lie) != honest:
            yield {wire: value for wire, value, true in zip(step.wires, lie, honest, strict=True) if value != true}


def _pairs(honest: list[int]) -> Iterator[list[int]]:
    places = range(len(honest))
    chosen = combinations(places, 2) if len(honest) <= _FEW else [*pairwise(places), (0, len(honest) - 1)]
    for i, j in chosen:
        swapped = list(honest)
        swapped[i], swapped[j] = honest[j], honest[i]
        yield swapped
        for first, second in ((1, -1), (-1, 1), (2, -1), (-2, 1)):
            moved = list(honest)
            moved[i] += first
            moved[j] += second
            yield moved


def _alternatives(step: Step, values: Sequence[int], r: int) -> Iterator[list[int]]:
    """Other answers of the same form, which only a missing constraint would let through."""
    honest = [values[wire] for wire in step.wires]
    a = evaluate(step.reads[0], values, r)
    match step.opcode:
        case Opcode.BITS:  # the bits of neighbours, and of a + r: the same element, written twice
            for alias in (a + r, a + 1, a - 1, ~a, r - a):
                yield [alias >> place & 1 for place in range(step.first_bit, step.first_bit + step.width)]
        case Opcode.DIVMOD:  # q b + rest = a holds for the neighbours' quotients, and mod r for any rest at all
            b, (q, rest) = evaluate(step.reads[1], values, r), honest
            for k in (1, -1):
                yield [q + k, rest - k * b]
            if b:
                for other in {0, rest + 1, rest - 1}:
                    yield [(a - other) * pow(b, -1, r), other]
        case Opcode.ONE_HOT:  # another place, several, none, or a 2 and a -1, whose sum is 1
            for place in range(min(step.width, _FEW)):
                yield [int(k == place) for k in range(step.width)]
            yield [0] * step.width
            yield [1] * step.width
            if step.width > 1:
                yield [2, -1] + [0] * (step.width - 2)
        case Opcode.SORT:  # the other order, and one value for all
            yield honest[::-1]
            yield [honest[0]] * step.width
            yield [honest[-1]] * step.width
        case _:
            return
