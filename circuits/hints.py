"""Hints: values that the prover brings, each with a type whose constraints come with it.

An honest prover fills a hint as its name says, and nothing but its type is proven of it: that it is the quotient, the
root or the order that was asked for is for the caller's constraints to say. A hint that stands in no further
constraint is reported by `build`. The bare wires, without a type, are `Circuit.hint_...`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import CircuitError
from .expression import Expr, keeping
from .interval import Interval
from .ranges import prove_bits
from .scope import gadget
from .units import Unit, UnitError

MAX_TYPE_BITS = 1024
"""Far beyond any field; whether a type fits the circuit's is seen when it is used."""


class TypeOfHintError(CircuitError):
    """A range that no value can have."""


@dataclass(frozen=True)
class Type:
    """A range, and maybe a unit; without a range a raw field element."""

    interval: Interval | None
    unit: Unit | None = None

    def __post_init__(self) -> None:
        known = self.interval
        if known is None:
            if self.unit is not None:
                raise UnitError("what has a unit has a range: give the type one")
        elif not all(type(end) is int for end in known) or known[0] > known[1]:
            raise TypeOfHintError(f"a range is two integers, the lower first, not {known!r}")

    def proven(self, wire: Expr) -> Expr:
        """The wire as a value of this type, with the constraints that make it one.

        For [low, high] the n bits of wire - low prove low <= wire < low + 2^n, whatever was known of the wire; where
        high - low + 1 is no power of two, the n bits of high - wire prove wire <= high.
        """
        if self.interval is None:
            return wire
        c, (low, high) = wire.circuit, self.interval
        n = (high - low).bit_length()
        if n > c.max_bits - 2:
            c.refuse(f"a hint of {n} bits; up to {c.max_bits - 2} can be told from negative values")
        if (low, high) == (0, 1):
            c.constrain_product(wire, c.field_sum(((wire, 1), (c.constant(1), -1))), c.constant(0))
        else:
            prove_bits(c.field_sum(((wire, 1), (c.constant(low), -1))), n)
            if high - low + 1 != 1 << n:
                prove_bits(c.field_sum(((c.constant(high), 1), (wire, -1))), n)
        return keeping(self.unit, c.range_proven(wire, self.interval))


FIELD = Type(None)
BOOLEAN = Type((0, 1))


def unsigned(bits: int, unit: Unit | None = None) -> Type:
    """[0, 2^bits)."""
    _require_width(bits)
    return Type((0, (1 << bits) - 1), unit)


def signed(bits: int, unit: Unit | None = None) -> Type:
    """[-2^(bits - 1), 2^(bits - 1))."""
    _require_width(bits)
    return Type((-(1 << bits - 1), (1 << bits - 1) - 1), unit)


def below(bound: int, unit: Unit | None = None) -> Type:
    """[0, bound)."""
    if type(bound) is not int or bound < 1:
        raise TypeOfHintError(f"a value below {bound!r} cannot be")
    return Type((0, bound - 1), unit)


@gadget(each=True)
def hint_quotient(a: Expr, b: Expr, of: Type) -> Expr:
    """a / b in the field, or 0 where b is 0."""
    return of.proven(a.circuit.hint_quotient(a, b))


@gadget(each=True)
def hint_divmod(a: Expr, b: Expr, quotient: Type, rest: Type) -> tuple[Expr, Expr]:
    """Quotient and remainder of the canonical values, or 0 and 0 where b is 0."""
    q, r = a.circuit.hint_divmod(a, b)
    return quotient.proven(q), rest.proven(r)


@gadget(each=True)
def hint_isqrt(x: Expr, of: Type) -> Expr:
    """The floor of the square root of the canonical value."""
    return of.proven(x.circuit.hint_isqrt(x))


@gadget(each=True)
def hint_one_hot(x: Expr, count: int) -> list[Expr]:
    """`count` bits: bit x is 1 and the others are 0, or all are."""
    return [BOOLEAN.proven(wire) for wire in x.circuit.hint_one_hot(x, count)]


@gadget(each=True)
def hint_sorted(values: Sequence[Expr], of: Type) -> list[Expr]:
    """The canonical values in ascending order."""
    return [of.proven(wire) for wire in values[0].circuit.hint_sorted(values)]


@gadget(each=True)
def hint_value(x: Expr, of: Type) -> Expr:
    """The value of x on a wire of its own."""
    return of.proven(x.circuit.hint_linear(x))


def _require_width(bits: int) -> None:
    if type(bits) is not int or not 1 <= bits <= MAX_TYPE_BITS:
        raise TypeOfHintError(f"{bits!r} bits are not between 1 and {MAX_TYPE_BITS}")
