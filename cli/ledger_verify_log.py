"""`zkmargin ledger verify-log`: whether a ledger is what its log says, and the log what was remembered of it."""

from __future__ import annotations

import click

from zkmargin.settlement.fields import amount_text
from zkmargin.verifier import DamagedDatabase, Head

from .errors import LogNotVerified, Misuse
from .ledger_place import Place, on_ledger
from .options import Command, progress_option
from .output import Output, counted
from .progress import Progress

MAX_DIGITS = 18


@click.command("verify-log", cls=Command)
@on_ledger
@click.option(
    "--remembered", metavar="NUMBER:HASH", help="An end of the log that was noted before, as this command tells it."
)
@progress_option
@click.pass_obj
def verify_log(output: Output, place: Place, remembered: str | None) -> None:
    """Recompute every hash of the log, rebuild the ledger from it, and compare every table with that.

    Exit code 1 and the first difference where they do not agree. Somebody who can write to the database can write a
    whole new log: note NUMBER:HASH elsewhere, and ask for it with --remembered.
    """
    noted = None if remembered is None else _head(remembered)
    try:
        with place.opened(output) as ledger, Progress(output, "verify-log") as progress:
            report = ledger.verify_log(noted, lambda done, total: progress("log entries", done / total))
    except DamagedDatabase as problem:
        raise LogNotVerified(problem.path, problem.reason) from None
    head = f"{report.entries}:0x{report.head.hex()}"
    output.result(
        {
            "entries": report.entries,
            "head": head,
            "receipts": report.receipts,
            "accounts": report.accounts,
            "outstanding": amount_text(report.outstanding_e8, place.quote),
        },
        [
            f"the log of {report.entries:,} entries holds together, and the tables are what it says: "
            f"{counted(report.receipts, 'receipt')}, {counted(report.accounts, 'account')}, "
            f"{amount_text(report.outstanding_e8, place.quote)} outstanding",
            f"to be noted elsewhere: {head}",
        ],
    )


def _head(text: str) -> Head:
    number, _, digits = text.partition(":")
    digits = digits.removeprefix("0x")
    is_number = number.isascii() and number.isdecimal() and len(number) <= MAX_DIGITS
    if not is_number or len(digits) != 64 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
        raise Misuse("--remembered is an entry's number, a colon, and its hash in 64 hexadecimal digits")
    return Head(int(number), bytes.fromhex(digits))


COMMANDS = (verify_log,)
