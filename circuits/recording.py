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

    @property
    def writes(self) -> range:
        return range(self.wire, self.wire + (2 if self.opcode is Opcode.DIVMOD else max(1, self.width)))

    @property
    def reads(self) -> tuple[Terms, ...]:
        return (self.a, *(() if self.b is None else (self.b,)), *self.others)


class Parameter(NamedTuple):
    """One of the linear combinations that a block is stamped with, as a whole factor."""

    number: int


Factor = Terms | Parameter


class BlockOperation(NamedTuple):
    """One step of a block, which writes one wire; `wire` is local, for scratch wire k of the block -1 - k."""

    opcode: Opcode
    a: Factor
    b: Factor | None
    wire: int


@dataclass(frozen=True, eq=False)
class Block:
    """Constraints and operations over local wires, recorded once and stamped many times.

    Local wires 1 .. `entry_wires` are made by whoever stamps the block, just before; the block adds `new_wires` more.
    `opening` are the constraints that read parameters; the others follow them. No constraint of a block has its
    factors exchanged. Scratch wires are numbered -1, -2, ...; only operations have them.
    """

    entry_wires: int
    new_wires: int
    scratch: int
    opening: tuple[tuple[Factor, Factor, Terms], ...]
    constraints: tuple[tuple[Terms, Terms, Terms], ...]
    operations: tuple[BlockOperation, ...]
    output: Terms


class Stamp(NamedTuple):
    """A block whose local wire k is the inner wire base + k, with the combinations its parameters stand for."""

    block: Block
    base: int
    scratch: int
    """How many scratch wires the circuit had before it."""
    parameters: tuple[Terms, ...]
    origin: Origin

    def terms(self, factor: Factor) -> Terms:
        """A factor of the block in the wires of the circuit."""
        return self.parameters[factor.number] if isinstance(factor, Parameter) else shifted(factor, self.base)


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
