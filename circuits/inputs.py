"""The inputs a circuit declares, and the one check between what a caller gives and the witness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from zkmargin.algebra import Curve

from .errors import InputError
from .interval import Interval
from .location import Location
from .units import MAX_SCALE, Unit, UnitError

InputValue = int | Decimal
"""Integers count steps of an input's scale; a decimal is what the number is, and needs an input with a unit."""
InputValues = Mapping[str, InputValue | Sequence[InputValue]]


@dataclass(frozen=True)
class InputSignal:
    """One declared input: a single value (`count` None) or an array. `interval` is None for raw field elements."""

    name: str
    count: int | None
    public: bool
    interval: Interval | None
    first: int
    """Its place among all declared values, in order of declaration."""
    unit: Unit | None = None
    location: Location | None = field(default=None, compare=False)
    """Where it is declared."""

    def wire_names(self) -> list[str]:
        """The names of its wires: its own, or one with a place for each element."""
        return [self.name] if self.count is None else [f"{self.name}[{i}]" for i in range(self.count)]

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


def _values_of(signal: InputSignal, given: InputValue | Sequence[InputValue], curve: Curve) -> list[int]:
    if signal.count is None:
        return [_element(signal, signal.name, given, curve)]
    if not isinstance(given, list | tuple):
        raise InputError(signal.name, f"is an array of {signal.count}; give a list or tuple")
    if len(given) != signal.count:
        raise InputError(signal.name, f"has {len(given)} elements; the circuit takes {signal.count}")
    return [_element(signal, f"{signal.name}[{i}]", value, curve) for i, value in enumerate(given)]


def _element(signal: InputSignal, name: str, value: object, curve: Curve) -> int:
    if isinstance(value, Decimal) and signal.unit is not None:
        value = _steps(name, value, signal.unit)
    if type(value) is not int:
        raise InputError(name, f"must be an integer, not {type(value).__name__}{_declared(signal)}")
    low, high = signal.interval if signal.interval is not None else (0, curve.r - 1)
    if not low <= value <= high:
        raise InputError(name, f"is outside {_shown(signal)}{_declared(signal)}")
    return value % curve.r


def _steps(name: str, value: Decimal, unit: Unit) -> int:
    if not value.is_finite() or abs(value.adjusted()) > MAX_SCALE:
        raise InputError(name, "is no decimal number of a usable size")
    try:
        return unit.parse(value if value else Decimal(0))
    except UnitError:
        raise InputError(name, f"has more digits after the point than {unit} holds") from None


def _shown(signal: InputSignal) -> str:
    if signal.interval is None:
        return "[0, r)"
    low, high = signal.interval
    steps = f"[{low}, {high}]"
    return steps if signal.unit is None else f"{steps}, that is {signal.unit.show(low)} to {signal.unit.show(high)}"


def _declared(signal: InputSignal) -> str:
    if signal.location is None:
        return ""
    written = f" as `{signal.location.text}`" if signal.location.text else ""
    return f"; it is declared at {signal.location}{written}"
