"""What a command says: its result on stdout, warnings and one line of error on stderr, or all of it as JSON.

With `--json` stdout holds one JSON object on success and stderr one on failure; warnings are a member of either. Text
that comes from files is made printable first, so that it cannot drive the terminal.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import click

MAX_ERROR_CHARACTERS = 600


class Output:
    """The voice of one command."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self.show_progress: bool | None = None
        """None leaves it to whether stderr is a terminal."""
        self.reveal = False
        """Whether an error may say private amounts."""
        self._warnings: list[str] = []

    def result(self, data: Mapping[str, Any], lines: Iterable[str]) -> None:
        """What the command found: `data` for machines, `lines` for people."""
        if self.as_json:
            document = dict(data)
            if self._warnings:
                document["warnings"] = self._warnings
            click.echo(json.dumps(document, indent=2))
        else:
            for line in lines:
                self.say(line)

    def say(self, *parts: str) -> None:
        """One line for people, of plain and `styled` parts; nothing with --json."""
        if not self.as_json:
            line = "".join(part if isinstance(part, Styled) else printable(part) for part in parts)
            click.echo(line, color=colours())

    def aside(self, lines: Iterable[str]) -> None:
        """Lines for whoever sits before the screen, on stderr and so not where results are sent; none with --json."""
        if not self.as_json:
            for line in lines:
                click.echo(printable(line), err=True)

    def warn(self, text: str) -> None:
        """Something the user should know although the command goes on."""
        text = one_line(text)
        if text in self._warnings:
            return
        self._warnings.append(text)
        if not self.as_json:
            click.echo(f"warning: {text}", err=True)

    def error(self, code: str, message: str, exit_code: int, details: Mapping[str, Any] | None = None) -> None:
        """Why there is no result."""
        message = one_line(message)
        if not self.as_json:
            click.echo(f"error: {message}", err=True)
            return
        document = {"error": code, "message": message, "exit_code": exit_code, **(details or {})}
        if self._warnings:
            document["warnings"] = self._warnings
        click.echo(json.dumps(document), err=True)


def printable(text: str) -> str:
    """The text with every control character and lone surrogate written out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def one_line(text: str) -> str:
    """Printable, without line breaks, and not endless."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= MAX_ERROR_CHARACTERS else line[: MAX_ERROR_CHARACTERS - 3] + "..."


def counted(count: int, what: str) -> str:
    """ "1 contribution", "2 contributions"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def colours() -> bool:
    """Colours only where a person looks on: stdout is a terminal and NO_COLOR is not set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Styled(str):
    """Text that may hold colour codes of our own; `styled` makes it."""


def styled(text: str, **style: Any) -> Styled:
    """`text` in colour where colours are wanted, plain otherwise; made printable in any case."""
    text = printable(text)
    return Styled(click.style(text, **style) if colours() else text)
