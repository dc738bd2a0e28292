"""iden3's .sym: the name of each signal, one `label,wire,component,name` a line; wire -1 was optimised away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from zkmargin.algebra import Buffer

from ..errors import FormatError
from ..symbols import Symbols

MAX_LINE = 4096

_WHAT = ".sym file"
# Numbers as a program writes them, without leading zeros, and not endless: a label is a u64, a wire a u32.
_LINE = re.compile(r"(0|[1-9][0-9]{0,18}),(-1|0|[1-9][0-9]{0,9}),(0|[1-9][0-9]{0,18}),([^,]+)")


@dataclass(frozen=True, slots=True)
class Symbol:
    """One signal. `component` numbers the template instance it belongs to; `wire` is None where it has none."""

    label: int
    wire: int | None
    component: int
    name: str


def read_sym(data: Buffer | str) -> list[Symbol]:
    """Every line, checked; names may be any printable text without a comma."""
    return list(each_symbol(data))


def each_symbol(data: Buffer | str) -> Iterator[Symbol]:
    """The lines one at a time, so that a file takes no memory beyond its own bytes; the first bad one raises."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)
    index = place = 0
    while place < len(raw):
        end = raw.find(b"\n", place, place + MAX_LINE + 1)
        if end < 0:
            end = len(raw)
        yield _read_line(index, raw[place : min(end, place + MAX_LINE + 1)])
        index, place = index + 1, end + 1


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


def _read_line(index: int, line: bytes) -> Symbol:
    if len(line) > MAX_LINE:
        raise _malformed(index, f"has more than {MAX_LINE} bytes")
    try:
        text = line.removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed(index, "is not UTF-8 text") from None
    parts = _LINE.fullmatch(text)
    if parts is None or not text.isprintable():
        raise _malformed(index, "is not label,wire,component,name")
    label, wire, component, name = parts.groups()
    return Symbol(int(label), None if wire == "-1" else int(wire), int(component), name)


def _malformed(index: int, reason: str) -> FormatError:
    return FormatError(f"{_WHAT}: line {index + 1} {reason}", what=_WHAT, index=index)
