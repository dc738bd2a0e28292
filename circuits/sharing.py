"""Equal values made once: the same product of the same combinations is one wire, the same gadget one result.

Sound without a word about what is shared: the constraints of a second copy would be those of the first over other
wires, so a witness of the one circuit, copied, is one of the other. Combinations are equal where their terms are; what
is known of their ranges does not matter, and what a gadget refuses because of it it refuses before it looks here. The
shared wires and constraints keep the place where they were first made.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from .expression import Expr

T = TypeVar("T", Expr, list[Expr])


def same(values: Sequence[Expr]) -> Hashable:
    """What is equal for values with the same terms."""
    return tuple(frozenset(value.terms.items()) for value in values)


def shared(kind: str, values: Sequence[Expr], make: Callable[[], T], *, size: int = 0, required: bool = False) -> T:
    """What `make` made for the same values before, or makes now. It is missed where nobody uses it afterwards, unless
    the gadget is `required`, called for what it demands.
    """
    circuit = values[0].circuit
    key = (kind, size, same(values))
    if circuit.sharing and key in circuit.made:
        made: T = circuit.made[key]
        if not required:
            circuit.expect_further_use(made if isinstance(made, list) else [made])
        return made
    circuit.made[key] = made = make()
    return made
