"""`debug(...)`: values inside the circuit, printed while a witness is checked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn

from .errors import BuildError
from .explain import Read, show_named
from .expression import Expr
from .location import Location, user_location
from .recording import Named

Tell = Callable[[str], None]


class Note(NamedTuple):
    """A call of `debug`."""

    location: Location
    label: str
    values: tuple[Named, ...]


def debug(label: str = "", /, **values: Expr) -> None:
    """Print these values, in their units, whenever a witness of this circuit is checked; constrains nothing.

    They may be private: a `strict` build refuses a circuit that still has a `debug` in it.
    """
    where = user_location()
    if not isinstance(label, str):
        _refuse("debug() shows values by name, as in debug(collateral=x); a text before them is a label", where)
    if not values:
        _refuse("debug() takes the values to show by name, as in debug(collateral=x)", where)
    for name, value in values.items():
        if not isinstance(value, Expr):
            _refuse(f"debug() shows expressions; {name} is a {type(value).__name__}", where)
    circuit = next(iter(values.values())).circuit
    if any(value.circuit is not circuit for value in values.values()):
        _refuse("debug() joins expressions of two different circuits", where)
    named = tuple(Named(name, x.terms, x.interval, x.unit) for name, x in values.items())
    circuit.notes.append(Note(where, label, named))


def print_to_stderr(line: str) -> None:
    """Where a check's notes go unless told otherwise."""
    print(line, file=sys.stderr)


def tell_notes(notes: Sequence[Note], read: Read, modulus: int, tell: Tell) -> None:
    for note in notes:
        shown = ", ".join(f"{named.name} = {show_named(named, read, modulus)}" for named in note.values)
        tell(f"{note.location}: {note.label + ': ' if note.label else ''}{shown}")


def _refuse(reason: str, where: Location) -> NoReturn:
    raise BuildError(reason, file=where.file, line=where.line, text=where.text)
