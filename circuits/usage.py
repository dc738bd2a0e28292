"""What was built and then used nowhere: an input no constraint binds, a product or gadget's result nobody reads, and
what should not stay: a `debug`."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

from .builder import Circuit
from .errors import BuildError, CircuitWarning
from .location import Location
from .recording import Constraint, Result, Stamp


def report_unused(circuit: Circuit, *, strict: bool) -> None:
    """A `CircuitWarning` at each line that made something for nothing; with `strict` a `BuildError` at the first."""
    for result in unused_results(circuit):
        _complain(_reason(circuit, result), result.origin.location, strict)
    for note in circuit.notes:
        _complain("debug() shows values, maybe private ones, at every check: remove it", note.location, strict)


def report_lost(circuit: Circuit, names: Sequence[str], *, strict: bool) -> BuildError | None:
    """Inputs whose constraints say nothing once they are worked out; the error with `strict`, else warnings."""
    declared = {name: signal.location for signal in circuit.inputs for name in signal.wire_names()}
    for name in names:
        reason = f"input {name!r} stands in no constraint that says anything: use it, remove it, or bind() it"
        where = declared[name] or Location("<unknown>", 0)
        if strict:
            return BuildError(reason, file=where.file, line=where.line, text=where.text)
        _complain(reason, where, strict)
    return None


def unused_results(circuit: Circuit) -> list[Result]:
    """Results of which no wire stands in a constraint beyond those made with it, in order of creation.

    Where a gadget's result is unused, so are those inside it that it is made of; only the outermost is named.
    """
    span = _places_of_use(circuit)
    found: list[Result] = []
    named: set[int] = set()
    for result in reversed(circuit.results):
        places = [span[wire] for wire in result.wires if wire in span]
        if any(low < result.first or high >= result.end for low, high in places) or result.wires & named:
            continue
        named |= result.wires
        found.append(result)
    return found[::-1]


def _places_of_use(circuit: Circuit) -> dict[int, tuple[int, int]]:
    """For each wire of a result the first and the last entry of the recording that has it in a constraint."""
    asked = frozenset().union(*(result.wires for result in circuit.results))
    span: dict[int, tuple[int, int]] = {}
    for place, item in enumerate(circuit.constraints):
        for wires in _wires(item):
            for wire in asked.intersection(wires):
                low, _ = span.get(wire, (place, place))
                span[wire] = (low, place)
    return span


def _wires(item: Constraint | Stamp) -> Iterable[Iterable[int]]:
    if isinstance(item, Constraint):
        return item[:3]
    return *item.parameters, range(item.base + 1, item.base + 1 + item.block.entry_wires)


def _reason(circuit: Circuit, result: Result) -> str:
    what = result.what
    if not isinstance(what, str):
        what = f"product ({circuit.render(what[0])}) * ({circuit.render(what[1])})"
    if min(result.wires) < 0:
        return f"{what} stands in no constraint beyond its own range: use it, remove it, or bind() it"
    return f"{what} is built and never used: no constraint depends on it"


def _complain(reason: str, where: Location, strict: bool) -> None:
    if strict:
        raise BuildError(reason, file=where.file, line=where.line, text=where.text)
    warnings.warn_explicit(f"{where}: {reason}", CircuitWarning, where.file, where.line)
