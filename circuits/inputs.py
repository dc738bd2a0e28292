"""The inputs a circuit declares, and the one check between what a caller gives and the witness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zkmargin.algebra import Curve

from .errors import InputError
from .interval import Interval

InputValues = Mapping[str, int | Sequence[int]]


@dataclass(frozen=True)
class InputSignal:
    """One declared input: a single value (`count` None) or an array. `interval` is None for raw field elements."""

    name: str
    count: int | None
    public: bool
    interval: Interval | None
    first: int
    """Its place among all declared values, in order of declaration."""

    @property
    def size(self) -> int:
        return 1 if self.count is None else self.count


def arrange_inputs(signals: Sequence[InputSignal], values: InputValues, curve: Curve) -> list[int]:
    """Canonical field elements in wire order (`signals` is in it); `InputError` names what is wrong, never a value."""
    known = {signal.name for signal in signals}
    for name in values:
        if name not in known:
            raise InputError(str(name), "is not an input of this circuit; see its input_names")
    arranged: list[int] = []
    for signal in signals:
        if signal.name not in values:
            raise InputError(signal.name, "is missing")
        arranged += _values_of(signal, values[signal.name], curve)
    return arranged


def _values_of(signal: InputSignal, given: int | Sequence[int], curve: Curve) -> list[int]:
    if signal.count is None:
        return [_element(signal.name, given, signal.interval, curve)]
    if not isinstance(given, list | tuple):
        raise InputError(signal.name, f"is an array of {signal.count}; give a list or tuple")
    if len(given) != signal.count:
        raise InputError(signal.name, f"has {len(given)} elements; the circuit takes {signal.count}")
    return [_element(f"{signal.name}[{i}]", value, signal.interval, curve) for i, value in enumerate(given)]


def _element(name: str, value: object, interval: Interval | None, curve: Curve) -> int:
    if type(value) is not int:
        raise InputError(name, f"must be an integer, not {type(value).__name__}")
    low, high = interval if interval is not None else (0, curve.r - 1)
    if not low <= value <= high:
        shown = "[0, r)" if interval is None else f"[{low}, {high}]"
        raise InputError(name, f"is outside {shown}")
    return value % curve.r
