"""The names of a circuit's wires, for people: in error messages, reports and .sym files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property


class Symbols:
    """One name for each wire, in wire order; wire 0 is the constant `one`."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def name(self, wire: int) -> str:
        return self._names[wire]

    def wire(self, name: str) -> int:
        """The wire of that name; `KeyError` where there is none."""
        return self._wires[name]

    @cached_property
    def _wires(self) -> dict[str, int]:
        return {name: wire for wire, name in enumerate(self._names)}


def numbered(count: int) -> Symbols:
    """Names for a circuit that came without any."""
    return Symbols(["one", *(f"wire_{wire}" for wire in range(1, count))])
