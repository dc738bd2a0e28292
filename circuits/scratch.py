"""What an honest prover computes on the way to a hint.

The values live in scratch: the witness program reads and writes them, the witness leaves them out. A constraint that
names one is refused when the circuit is put together, so a hint is copied out with `Circuit.hint_linear`.
"""

from __future__ import annotations

from collections.abc import Sequence

from .expression import Expr
from .program import Opcode
from .recording import Operation


def scratch_product(a: Expr, b: Expr) -> Expr:
    """a * b in the field."""
    return _written(Operation(Opcode.PRODUCT, a.terms, b.terms, a.circuit.new_scratch(1)[0], 0), a)


def scratch_quotient(a: Expr, b: Expr) -> Expr:
    """The quotient of the canonical values, without remainder; 0 where b is 0."""
    return _written(Operation(Opcode.DIVMOD, a.terms, b.terms, a.circuit.new_scratch(2)[0], 0), a)


def scratch_bit(x: Expr, place: int) -> Expr:
    """One bit of the canonical value."""
    return _written(Operation(Opcode.BITS, x.terms, None, x.circuit.new_scratch(1)[0], 1, first_bit=place), x)


def scratch_sorted(values: Sequence[Expr]) -> list[Expr]:
    """The canonical values in ascending order."""
    first, *others = values
    c, wires = first.circuit, first.circuit.new_scratch(len(values))
    rest = tuple(value.terms for value in others)
    c.operations.append(Operation(Opcode.SORT, first.terms, None, wires[0], len(wires), others=rest))
    return [Expr(c, {wire: 1}, None) for wire in wires]


def _written(operation: Operation, x: Expr) -> Expr:
    x.circuit.operations.append(operation)
    return Expr(x.circuit, {operation.wire: 1}, None)
