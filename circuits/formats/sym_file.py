"""iden3's .sym: the name of each signal, one `label,wire,component,name` a line; wire -1 was optimised away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zkmargin.algebra import Buffer

from ..errors import FormatError
from ..symbols import Symbols

MAX_LINE = 4096

_WHAT = ".sym file"


@dataclass(frozen=True)
class Symbol:
    """One signal. `component` numbers the template instance it belongs to; `wire` is None where it has none."""

    label: int
    wire: int | None
    component: int
    name: str


def read_sym(data: Buffer | str) -> list[Symbol]:
    """Every line, checked; names may be anything without a comma."""
    raw = data.encode() if isinstance(data, str) else bytes(data)
    try:
        lines = raw.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise FormatError(f"{_WHAT}: not UTF-8 text", what=_WHAT) from None
    if lines[-1] == "":
        lines.pop()
    return [_read_line(index, line.removesuffix("\r")) for index, line in enumerate(lines)]


def write_sym(symbols: Symbols | Iterable[Symbol]) -> str:
    """Lines as circom writes them. For a compiled circuit: every wire but the constant, all of one component."""
    if isinstance(symbols, Symbols):
        symbols = [Symbol(wire, wire, 0, f"main.{name}") for wire, name in enumerate(symbols) if wire]
    return "".join(f"{s.label},{-1 if s.wire is None else s.wire},{s.component},{s.name}\n" for s in symbols)


def names_by_wire(symbols: Iterable[Symbol], n_wires: int) -> Symbols:
    """A name for every wire: the first the file gives, or the wire's number."""
    names = ["one", *(f"wire_{wire}" for wire in range(1, n_wires))]
    named: set[int] = set()
    for symbol in symbols:
        if symbol.wire is not None and 0 < symbol.wire < n_wires and symbol.wire not in named:
            named.add(symbol.wire)
            names[symbol.wire] = symbol.name
    return Symbols(names)


def _read_line(index: int, line: str) -> Symbol:
    parts = line.split(",")
    if len(line) > MAX_LINE or len(parts) != 4 or not parts[3]:
        raise FormatError(f"{_WHAT}: line {index + 1} is not label,wire,component,name", what=_WHAT, index=index)
    label, wire, component = (_read_number(part, index) for part in parts[:3])
    if label < 0 or component < 0 or wire < -1:
        raise FormatError(f"{_WHAT}: line {index + 1} has a negative number", what=_WHAT, index=index)
    return Symbol(label, None if wire == -1 else wire, component, parts[3])


def _read_number(text: str, index: int) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 20):
        raise FormatError(f"{_WHAT}: line {index + 1} has no number where one belongs", what=_WHAT, index=index)
    return int(text)
