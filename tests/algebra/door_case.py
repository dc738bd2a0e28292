"""What the door's tables hold: calls with the answer, or the error, that every engine must give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zkmargin.algebra import AlgebraError, EncodingError, Engine


@dataclass(frozen=True)
class Case:
    """`expected` computes the answer without any engine."""

    method: str
    label: str
    call: Callable[[Engine], Any]
    expected: Callable[[], Any]

    @property
    def name(self) -> str:
        return f"{self.method}: {self.label}"


@dataclass(frozen=True)
class Refusal:
    """`index`, unless None, is the element that the error must name."""

    method: str
    label: str
    call: Callable[[Engine], Any]
    error: type[AlgebraError] = EncodingError
    index: int | None = None

    @property
    def name(self) -> str:
        return f"{self.method}: {self.label}"
