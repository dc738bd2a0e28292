"""Where in the user's own code something was written: the innermost frame outside the circuit language."""

from __future__ import annotations

import linecache
import os
import sys
from functools import cache
from itertools import islice
from types import CodeType, FrameType, TracebackType
from typing import NamedTuple

_LANGUAGE = "zkmargin.circuits"
_STATEMENTS = "zkmargin.circuits.margin"
"""Written in the language, as a user would: its lines are the ones to name."""
_SHOWN = 100


class Location(NamedTuple):
    """A short file name and a line. Never an absolute path: artefacts are the same on every machine."""

    file: str
    line: int
    text: str = ""
    """The expression as it stands in the source, on one line; empty where the source is not at hand."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def user_location() -> Location:
    """The innermost line on the stack that is not the language's own."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if not _is_internal(frame.f_globals.get("__name__") or ""):
            return _location_of(frame, frame.f_lasti, frame.f_lineno)
        frame = frame.f_back
    return Location("<unknown>", 0)


def raised_at(traceback: TracebackType | None) -> Location:
    """The innermost line of a traceback that is not the language's own."""
    found = Location("<unknown>", 0)
    while traceback is not None:
        frame = traceback.tb_frame
        if not _is_internal(frame.f_globals.get("__name__") or ""):
            found = _location_of(frame, traceback.tb_lasti, traceback.tb_lineno)
        traceback = traceback.tb_next
    return found


def without_internals(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback of a user's mistake, without the frames of the language."""
    entries = []
    while traceback is not None:
        if not _is_internal(traceback.tb_frame.f_globals.get("__name__") or ""):
            entries.append(traceback)
        traceback = traceback.tb_next
    kept: TracebackType | None = None
    for entry in reversed(entries):
        kept = TracebackType(kept, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return kept


@cache
def is_language(module: str) -> bool:
    """Is this module part of the language (builder, gadgets, ...) rather than written in it?"""
    return _within(module, _LANGUAGE) and not _within(module, _STATEMENTS)


@cache
def _is_internal(module: str) -> bool:
    """The language, or what it uses of Python's own library: nothing that a user has written."""
    return is_language(module) or module.partition(".")[0] in sys.stdlib_module_names


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


_SEEN: dict[int, tuple[CodeType, dict[int, Location]]] = {}
"""By the id of a code object, which is kept here so that no other can take its id; then by instruction."""


def _location_of(frame: FrameType, instruction: int, line: int) -> Location:
    code = frame.f_code
    _, known = _SEEN.setdefault(id(code), (code, {}))
    location = known.get(instruction)
    if location is None:
        file = _short_name(frame.f_globals.get("__name__") or "", code.co_filename)
        location = known[instruction] = Location(file, line, _expression(frame, instruction))
    return location


def _expression(frame: FrameType, instruction: int) -> str:
    """The source between the positions that the compiler noted for an instruction (columns count UTF-8 bytes)."""
    code = frame.f_code
    first, last, start, end = next(islice(code.co_positions(), instruction // 2, None), (None,) * 4)
    if first is None or last is None or start is None or end is None:
        return ""
    lines = [linecache.getline(code.co_filename, n, frame.f_globals).encode() for n in range(first, last + 1)]
    if not all(lines):
        return ""
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    text = " ".join(b" ".join(lines).decode("utf-8", "replace").split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


@cache
def _short_name(module: str, file_name: str) -> str:
    if module.startswith("zkmargin."):
        return "/".join((*module.split(".")[1:-1], os.path.basename(file_name)))
    return os.path.basename(file_name)
