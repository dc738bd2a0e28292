"""Where in the user's own code something was written: the innermost frame outside the circuit language."""

from __future__ import annotations

import os
import sys
from functools import cache
from types import FrameType
from typing import NamedTuple

_LANGUAGE = "zkmargin.circuits"
_STATEMENTS = "zkmargin.circuits.margin"
"""Written in the language, as a user would: its lines are the ones to name."""


class Location(NamedTuple):
    """A short file name and a line. Never an absolute path: artefacts are the same on every machine."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def user_location() -> Location:
    """The innermost line on the stack that is not the language's own."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__") or ""
        if not is_language(module):
            return Location(_short_name(module, frame.f_code.co_filename), frame.f_lineno)
        frame = frame.f_back
    return Location("<unknown>", 0)


@cache
def is_language(module: str) -> bool:
    """Is this module part of the language (builder, gadgets, ...) rather than written in it?"""
    return _within(module, _LANGUAGE) and not _within(module, _STATEMENTS)


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


@cache
def _short_name(module: str, file_name: str) -> str:
    if module.startswith("zkmargin."):
        return "/".join((*module.split(".")[1:-1], os.path.basename(file_name)))
    return os.path.basename(file_name)
