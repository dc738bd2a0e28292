"""The questions of `zkmargin account`: what is in a book, and whether it holds together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from zkmargin.settlement.account_document import holdings_json
from zkmargin.settlement.book.event_json import event_json, event_text

from .account_orders import ACCOUNT, BOOK, opened
from .options import Command, progress_option
from .output import Output, counted
from .progress import Progress

PAGE = click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many at most.")


@click.command("show", cls=Command)
@BOOK
@ACCOUNT
@click.option("--epoch", type=click.IntRange(1), help="As it was in a published epoch; default: now.")
@click.pass_obj
def show(output: Output, path: Path, account: int, epoch: int | None) -> None:
    """Balances, debts, positions and reservations of one account. They are private: mind who looks on."""
    with opened(output, path) as book:
        leaf = book.account(account) if epoch is None else book.opening(account, epoch).leaf
        held: dict[str, Any] = holdings_json(leaf, book.identity)
    lines = [f"account {account}, sequence {leaf.sequence}"]
    for kind in ("balances", "debts"):
        lines += [f"{kind:12} {text}" for text in held[kind].values()]
    lines += [f"{'positions':12} {text} of {name}" for name, text in held["positions"].items()]
    lines += [f"{'reserved':12} {slot['amount']} for target {slot['target']}" for slot in held["reservations"]]
    output.result({"account": account, "sequence": leaf.sequence, **held}, lines)


@click.command("list", cls=Command)
@BOOK
@click.option("--from", "start", type=click.IntRange(0), default=0, show_default=True, help="The first account.")
@PAGE
@click.pass_obj
def list_(output: Output, path: Path, start: int, limit: int) -> None:
    """The accounts with their sequences, and what is published; no amounts."""
    with opened(output, path) as book:
        total = book.account_count()
        leaves = [(index, book.account(index)) for index in range(start, min(total, start + limit))]
    output.result(
        {
            "accounts": total,
            "shown": [
                {"account": index, "sequence": leaf.sequence, "key_commitment": str(leaf.key_commitment)}
                for index, leaf in leaves
            ],
        },
        [counted(total, "account"), *(f"account {index}, sequence {leaf.sequence}" for index, leaf in leaves)],
    )


@click.command("events", cls=Command)
@BOOK
@click.option("--account", type=click.IntRange(0), help="Of this account only.")
@click.option("--after", type=click.IntRange(0), default=0, help="Those numbered above this one.")
@PAGE
@click.pass_obj
def events(output: Output, path: Path, account: int | None, after: int, limit: int) -> None:
    """What happened, in its order. Amounts are private: mind who looks on."""
    with opened(output, path) as book:
        rows, identity = book.events(account, after, limit), book.identity
    output.result(
        {
            "events": [
                {"number": row.number, "at_ms": row.at_ms, "account": row.account, "sequence": row.sequence}
                | event_json(row.event, identity)
                for row in rows
            ]
        },
        [f"{row.number}: account {row.account}, {event_text(row.event, identity)}" for row in rows],
    )


@click.command("verify", cls=Command)
@BOOK
@progress_option
@click.pass_obj
def verify(output: Output, path: Path) -> None:
    """Replay every event and compare states, trees and published roots. Exit code 1 where something does not follow."""
    with opened(output, path) as book, Progress(output, "replaying") as progress:
        found = book.verify(lambda done, total: progress(f"{done:,} of {total:,} events", done / total))
    output.result(
        {
            "events": found.events,
            "accounts": found.accounts,
            "epochs": found.epochs,
            "first_kept_epoch": found.first_kept_epoch,
            "tree_root": str(found.root),
        },
        [
            f"{counted(found.events, 'event')} replayed: {counted(found.accounts, 'account')}, "
            f"{counted(found.epochs, 'epoch')}, all as published"
        ],
    )


QUESTIONS = (show, list_, events, verify)
