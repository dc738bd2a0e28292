"""The options of `prove` that say what is claimed: from account books, or from documents, and never from both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from .errors import Misuse
from .options import FILE

F = TypeVar("F", bound=Callable[..., Any])
MAX_EXPIRES_IN_MS = (1 << 40) - 1
ONE_OR_THE_OTHER = (
    "either --book, --account NUMBER, --target, --credit and --beneficiary, or --account ACCOUNT.json, --risk and "
    "--request; --secret with both"
)


@dataclass(frozen=True)
class BookOptions:
    """A claim from account books; each account with its book's path and, where named, its epoch."""

    accounts: tuple[tuple[Path, int, int | None], ...]
    target: Path
    credit: str
    beneficiary: bytes
    secret: Path
    risk: Path | None
    settlement_id: bytes | None
    expires_in_ms: int | None
    reserve: bool


@dataclass(frozen=True)
class DocumentOptions:
    """A claim from the four documents."""

    account: Path
    secret: Path
    risk: Path
    request: Path


@dataclass(frozen=True)
class ClaimOptions:
    """What was given, before it is known to make sense."""

    books: tuple[Path, ...]
    account: tuple[str, ...]
    target: Path | None
    credit: str | None
    beneficiary: bytes | None
    secret: Path
    risk: Path | None
    request: Path | None
    epoch: tuple[int, ...]
    settlement_id: bytes | None
    expires_in_ms: int | None
    reserve: bool

    def chosen(self) -> BookOptions | DocumentOptions:
        """One of the two ways, complete and unmixed; `Misuse` otherwise."""
        return self._from_books() if self.books else self._from_documents()

    def _from_books(self) -> BookOptions:
        if self.request is not None:
            raise Misuse(f"--request does not go with --book; give {ONE_OR_THE_OTHER}")
        if self.target is None or self.credit is None or self.beneficiary is None:
            raise Misuse("with --book also give --target, --credit and --beneficiary")
        return BookOptions(
            accounts=self._accounts(),
            target=self.target,
            credit=self.credit,
            beneficiary=self.beneficiary,
            secret=self.secret,
            risk=self.risk,
            settlement_id=self.settlement_id,
            expires_in_ms=self.expires_in_ms,
            reserve=self.reserve,
        )

    def _accounts(self) -> tuple[tuple[Path, int, int | None], ...]:
        if len(self.account) != len(self.books):
            raise Misuse(f"give --account once for each --book, in the same order ({len(self.books)} times)")
        if len(self.epoch) not in (0, len(self.books)):
            raise Misuse(f"give --epoch for each --book, in the same order ({len(self.books)} times), or for none")
        if any(not (text.isascii() and text.isdecimal()) or len(text) > 18 for text in self.account):
            raise Misuse("with --book an account is the number that 'zkmargin account open' gave it")
        epochs = self.epoch or (None,) * len(self.books)
        return tuple(zip(self.books, map(int, self.account), epochs, strict=True))

    def _from_documents(self) -> DocumentOptions:
        of_books = {
            "--target": self.target is not None,
            "--credit": self.credit is not None,
            "--beneficiary": self.beneficiary is not None,
            "--epoch": bool(self.epoch),
            "--settlement-id": self.settlement_id is not None,
            "--expires-in-ms": self.expires_in_ms is not None,
            "--reserve": self.reserve,
        }
        mixed = [name for name, given in of_books.items() if given]
        if mixed:
            raise Misuse(f"{', '.join(mixed)} needs --book; give {ONE_OR_THE_OTHER}")
        if len(self.account) != 1 or self.risk is None or self.request is None:
            raise Misuse(f"give {ONE_OR_THE_OTHER}")
        return DocumentOptions(Path(self.account[0]), self.secret, self.risk, self.request)


def claim_options(function: F) -> F:
    """All of them, passed on one by one under the names of `ClaimOptions`."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function


def _hex(size: int) -> Callable[[click.Context, click.Parameter, str | None], bytes | None]:
    def read(context: click.Context, parameter: click.Parameter, value: str | None) -> bytes | None:
        if value is None:
            return None
        digits = value.removeprefix("0x")
        if len(digits) != 2 * size or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
            raise click.BadParameter(f"must be 0x and {2 * size} hexadecimal digits", context, parameter)
        return bytes.fromhex(digits)

    return read


OPTIONS = (
    click.option(
        "--book", "books", type=FILE, multiple=True, metavar="BOOK", help="A venue's account book; repeatable."
    ),
    click.option(
        "--account",
        multiple=True,
        required=True,
        metavar="ACCOUNT",
        help="The account's number, once for each --book in the same order. Without --book: ACCOUNT.json, the openings "
        "that a venue handed out.",
    ),
    click.option(
        "--target",
        type=FILE,
        metavar="LEDGER-CONFIG.json",
        help="The target ledger's configuration. A venue's id is the id of its chain, to which it must have a route; "
        "the slowest route counts.",
    ),
    click.option("--credit", metavar="AMOUNT", help='The credit asked for, such as "60000 USD".'),
    click.option("--beneficiary", metavar="0x...", callback=_hex(20), help="Who is credited: 20 bytes."),
    click.option("--secret", type=FILE, required=True, metavar="SECRET.json", help="From 'zkmargin key new'."),
    click.option(
        "--risk", type=FILE, metavar="RISK.json", help="The risk table; default: the one in force in the book."
    ),
    click.option(
        "--epoch",
        type=click.IntRange(1),
        multiple=True,
        help="A published epoch that the book still keeps, once for each --book; default: the newest.",
    ),
    click.option(
        "--expires-in-ms",
        type=click.IntRange(1, MAX_EXPIRES_IN_MS),
        help="How long the credit lasts; default: an hour, or less where the target's longest horizon ends sooner.",
    ),
    click.option("--settlement-id", metavar="0x...", callback=_hex(32), help="32 bytes; default: drawn at random."),
    click.option(
        "--reserve",
        is_flag=True,
        help="Reserve what is missing of the credit in the book and publish an epoch, if the claim is true then.",
    ),
    click.option(
        "--request", type=FILE, metavar="REQUEST.json", help="Without --book: target, credit, beneficiary, expiry."
    ),
)
