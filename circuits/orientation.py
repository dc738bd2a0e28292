"""Which factor of a constraint stands in A and which in B.

a * b = c says the same as b * a = c, but each wire that occurs in B costs the prover a point of G2, some three times
the price of one in G1. So B is kept to few wires: those it cannot avoid (both factors have them), then for each
constraint the factor that brings fewer new ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from .recording import Constraint
from .terms import ONE, Terms


def oriented(constraints: Sequence[Constraint]) -> list[Constraint]:
    """The same constraints in the same order, some with their factors exchanged."""
    support: set[int] = set()
    for constraint in constraints:
        if len(constraint.b) == 1 and ONE in constraint.b:
            continue
        support.update(constraint.a.keys() & constraint.b.keys())
    support.add(ONE)
    result = []
    for constraint in constraints:
        if _cost(constraint.a, support) < _cost(constraint.b, support):
            constraint = constraint._replace(a=constraint.b, b=constraint.a)
        support.update(constraint.b)
        result.append(constraint)
    return result


def _cost(terms: Terms, support: set[int]) -> tuple[int, int]:
    return sum(wire not in support for wire in terms), len(terms)
