"""What the optimiser did to a system, step by step, so that anybody can do it again and compare."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from .system import Flags, Ints


class Rule(Enum):
    """Why a row and an inner wire could go together. Both keep the solutions, but for the wire's value in them."""

    SUBSTITUTED = "substituted"
    """The row is linear and has the wire: it says what the wire is, and every other row is told so."""
    UNREAD = "unread"
    """The row is a * b = ... + k * wire, and no other row has the wire: whatever a and b are, one value fits."""


class Step(NamedTuple):
    """Rows and wires by their numbers in the system as recorded."""

    rule: Rule
    row: int
    wire: int


@dataclass(frozen=True)
class Reduction:
    """`rows` are those left, by their numbers in the recorded system; `wires` says of each wire whether it is left."""

    steps: tuple[Step, ...]
    rows: Ints
    wires: Flags

    @property
    def n_wires(self) -> int:
        return int(self.wires.sum())
