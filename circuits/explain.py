"""Field elements as a person reads them: signed where the value is an integer, decimal where it has a unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .inputs import InputSignal
from .interval import Interval
from .recording import Call, Named
from .terms import ONE, Terms, signed
from .units import Unit

Read = Callable[[int], int]
"""The value of a wire, numbered as while the circuit was built."""


def show(value: int, interval: Interval | None, unit: Unit | None, modulus: int) -> str:
    """`-1.5 amount`, `-150000000` or, for a raw element, its canonical number."""
    if interval is None:
        return str(value)
    centred = signed(value, modulus)
    return str(centred) if unit is None else unit.show(centred)


def value_of(terms: Terms, read: Read, modulus: int) -> int:
    """A linear combination of the wires' values."""
    return sum(coefficient * (1 if wire == ONE else read(wire)) for wire, coefficient in terms.items()) % modulus


def show_named(named: Named, read: Read, modulus: int) -> str:
    return show(value_of(named.terms, read, modulus), named.interval, named.unit, modulus)


def show_operands(call: Call, read: Read, modulus: int) -> dict[str, str]:
    """What a gadget was given, by the names of its parameters."""
    return {named.name: show_named(named, read, modulus) for named in call.operands}


def show_signals(
    inputs: Sequence[InputSignal], values: dict[str, int], ranges: Mapping[str, Interval | None], modulus: int
) -> dict[str, str]:
    """Values of signals by name: inputs in their units, inner wires as integers where their `ranges` are known."""
    kinds: dict[str, tuple[Interval | None, Unit | None]] = {name: (known, None) for name, known in ranges.items()}
    for signal in inputs:
        kinds |= dict.fromkeys(signal.wire_names(), (signal.interval, signal.unit))
    shown = {}
    for name, value in values.items():
        interval, unit = kinds.get(name, (None, None))
        shown[name] = show(value, interval, unit, modulus)
    return shown
