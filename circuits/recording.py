"""What tracing a circuit leaves behind: constraints, operations of the witness program, and stamps of whole blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .interval import Interval
from .location import Location
from .program import Opcode
from .terms import Terms
from .units import Unit


class Named(NamedTuple):
    """A value under the name that a person knows it by."""

    name: str
    terms: Terms
    interval: Interval | None
    unit: Unit | None


@dataclass(frozen=True, eq=False)
class Call:
    """A gadget called from the user's own code: what it was given, and what it requires of that."""

    gadget: str
    requires: str
    operands: tuple[Named, ...]


class Origin(NamedTuple):
    """Which gadget made something, from the outermost inwards, and at which line of the user's."""

    gadget: tuple[str, ...]
    location: Location
    call: Call | None = None
    """The innermost call that the user wrote."""


class Constraint(NamedTuple):
    """a * b = c."""

    a: Terms
    b: Terms
    c: Terms
    origin: Origin


class Operation(NamedTuple):
    """One step of the witness program; `wire` is the inner wire it writes, the first of `width` or of two."""

    opcode: Opcode
    a: Terms
    b: Terms | None
    wire: int
    width: int
    """How many wires BITS, ONE_HOT and SORT write; 0 for the others."""
    first_bit: int = 0
    """Where BITS begins."""
    others: tuple[Terms, ...] = ()
    """What SORT reads besides a."""


@dataclass(frozen=True, eq=False)
class Block:
    """Constraints and operations over local wires, recorded once and stamped many times.

    Local wires 1 .. `entry_wires` are made by whoever stamps the block, just before; the block adds `new_wires` more.
    """

    entry_wires: int
    new_wires: int
    constraints: tuple[tuple[Terms, Terms, Terms], ...]
    operations: tuple[Operation, ...]
    output: Terms
    last_wire: int
    """A wire that only the output reads: a stamp whose output is used has it in some constraint."""


class Stamp(NamedTuple):
    """A block whose local wire k is the inner wire base + k."""

    block: Block
    base: int
    origin: Origin


class Result(NamedTuple):
    """Wires made to be used: one of them must stand in a constraint besides `first` .. `end` - 1, made with it."""

    wires: frozenset[int]
    first: int
    end: int
    what: str | tuple[Terms, Terms]
    """A description, or the two factors of a product."""
    origin: Origin


def shifted(terms: Terms, base: int) -> Terms:
    """Local terms as terms of the circuit; the constant stays."""
    return {wire + base if wire else 0: coefficient for wire, coefficient in terms.items()}
