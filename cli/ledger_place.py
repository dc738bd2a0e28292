"""Where a ledger is, as each `zkmargin ledger` command is told: its folder, and the database if that is elsewhere."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import click

from zkmargin.settlement.ledger_folder import LedgerFolder
from zkmargin.verifier import MarginLedger

from .engine_choice import chosen_engine
from .errors import Misuse
from .options import FILE
from .output import Output

UINT64 = (1 << 64) - 1
DATABASE_VARIABLE = "ZKMARGIN_DATABASE"

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Place:
    """`database` is None for the SQLite file of the folder."""

    path: Path
    database: str | None

    @cached_property
    def folder(self) -> LedgerFolder:
        return LedgerFolder.read(self.path)

    @property
    def quote(self) -> str:
        """The currency of the ledger's amounts."""
        return self.folder.document.quote

    def opened(self, output: Output, *, create: bool = False) -> MarginLedger:
        """The ledger that is there; a new one only for `init`, so that no forgotten `--database` ends in a new file."""
        return self.folder.open(self.database, engine=chosen_engine(output), create=create)


def on_ledger(function: F) -> F:
    """The argument LEDGER and the option `--database`, which the command gets as one `place`."""

    @click.argument("folder", type=FILE, metavar="LEDGER")
    @click.option(
        "--database",
        metavar="URL",
        callback=lambda context, parameter, value: database_of(value),
        help=f"A database other than the folder's own; with a password in it, set ${DATABASE_VARIABLE} instead.",
    )
    @functools.wraps(function)
    def command(*args: Any, folder: Path, database: str | None, **rest: Any) -> Any:
        return function(*args, place=Place(folder, database), **rest)

    return command  # type: ignore[return-value]  # click's decorators keep what they decorate


def database_of(value: str | None) -> str | None:
    """The database meant. Arguments are seen by whoever lists processes, so a password among them is refused."""
    if value is None:
        return os.environ.get(DATABASE_VARIABLE)
    try:
        parts = urlsplit(value)
        has_password = parts.password is not None or any(name.endswith("password") for name in parse_qs(parts.query))
    except ValueError:
        raise Misuse("--database is neither a path nor a URL") from None
    if has_password:
        raise Misuse(f"--database must not hold a password: put the whole URL into ${DATABASE_VARIABLE}")
    return value


def account_of(text: str) -> int:
    """A pseudonym in decimal, as receipts have it."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 77:
        raise Misuse("an account is named by its pseudonym, a decimal number")
    return int(text)


def settlement_id_of(text: str) -> bytes:
    digits = text.removeprefix("0x")
    if len(digits) != 64 or any(d not in "0123456789abcdefABCDEF" for d in digits):
        raise Misuse("a settlement id is 0x and 64 hexadecimal digits")
    return bytes.fromhex(digits)


def short(value: int) -> str:
    """A long number by its beginning."""
    text = str(value)
    return text if len(text) <= 14 else f"{text[:10]}..."
