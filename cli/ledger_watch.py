"""`zkmargin ledger watch`: what a ledger decides, as it decides it."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator

import click

from zkmargin.verifier import LedgerError, LogEntry, MarginLedger

from .interruption import until_interrupted
from .ledger_entries import DECISIONS, entry_json, entry_line
from .ledger_place import Place, on_ledger
from .options import Command
from .output import Output

POLL_S = 0.2
AWAY_S = 1.0
PAGE = 256


@click.command("watch", cls=Command)
@on_ledger
@click.option("--all", "everything", is_flag=True, help="Every entry of the log: roots, releases, breakers too.")
@click.option("--last", type=click.IntRange(0, 1000), default=10, show_default=True, help="Decisions of before.")
@click.option("--after", type=click.IntRange(0, (1 << 63) - 1), help="Begin after this entry of the log instead.")
@click.option("--count", type=click.IntRange(1), help="End after so many.")
@click.option("--for", "seconds", type=click.FloatRange(0), help="End after so many seconds.")
@click.pass_obj
def watch(
    output: Output,
    place: Place,
    everything: bool,
    last: int,
    after: int | None,
    count: int | None,
    seconds: float | None,
) -> None:
    """Follow a ledger's decisions, those of other processes too, until Ctrl-C. A database that is away is waited for.

    With --json each is one line: the entry of the log with its hash, by which a reader can check that none was left out
    or changed.
    """
    end = None if seconds is None else time.monotonic() + seconds
    with place.opened(output) as ledger:
        start = _start(ledger, last) if after is None else after
        with until_interrupted() as stop:
            for number, entry in enumerate(_entries(output, ledger, start, end, everything, stop), 1):
                _tell(output, entry, place.quote)
                if number == count:
                    return


def _start(ledger: MarginLedger, last: int) -> int:
    """The entry after which the last so many decisions stand; without any of them, the end of the log."""
    decisions = ledger.newest_decisions(last) if last else []
    return decisions[0].number - 1 if decisions else ledger.head().number


def _entries(
    output: Output, ledger: MarginLedger, after: int, end: float | None, everything: bool, stop: threading.Event
) -> Iterator[LogEntry]:
    while not stop.is_set():
        page = _page(output, ledger, after)
        for entry in page or ():
            after = entry.number
            if everything or entry.kind in DECISIONS:
                yield entry
        if end is not None and time.monotonic() >= end and len(page or ()) < PAGE:
            return
        if not page:
            pause = POLL_S if page is not None else AWAY_S
            stop.wait(pause if end is None else max(0.0, min(pause, end - time.monotonic())))


def _page(output: Output, ledger: MarginLedger, after: int) -> list[LogEntry] | None:
    """None while the database is away, which is no reason to leave: it will be back, and nothing is missed."""
    try:
        return ledger.log(after, PAGE)
    except LedgerError as problem:
        if type(problem) is not LedgerError:  # another program's database, or a damaged one, will stay so
            raise
        output.warn(f"{problem}; trying again")
        return None


def _tell(output: Output, entry: LogEntry, quote: str) -> None:
    if output.as_json:
        click.echo(json.dumps(entry_json(entry)))
    else:
        output.say(*entry_line(entry, quote))
    sys.stdout.flush()  # whoever reads a pipe sees it at once


COMMANDS = (watch,)
