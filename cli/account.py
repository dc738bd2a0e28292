"""`zkmargin account`: a venue's account book in one file."""

from __future__ import annotations

import io
from pathlib import Path

import click

from zkmargin.settlement.account_document import AccountDocument
from zkmargin.settlement.book import AccountBook, BookIdentity
from zkmargin.settlement.book.import_csv import read_accounts
from zkmargin.settlement.risk_document import RiskDocument

from .account_orders import ACCOUNT, BOOK, ORDERS, opened
from .account_questions import QUESTIONS
from .engine_choice import chosen_engine
from .files import NewFile, json_bytes, read_file, require_free, require_new, write_files
from .options import FILE, Group, decimal, force_option, progress_option
from .output import Output, counted
from .progress import Progress

UINT64 = (1 << 64) - 1
MAX_HORIZON_MS = (1 << 40) - 1
HORIZON = click.option(
    "--horizon-ms",
    type=click.IntRange(1, MAX_HORIZON_MS),
    default=3_600_000,
    show_default=True,
    help="How far ahead to margin.",
)


@click.group("account", cls=Group)
def COMMAND() -> None:
    """A source venue's account book, kept in one file: docs/account-book.md."""


for command in (*ORDERS, *QUESTIONS):
    COMMAND.add_command(command)


@COMMAND.command("init")
@BOOK
@click.option("--name", required=True, help="The venue's name, for people.")
@click.option("--venue-id", type=click.IntRange(0, UINT64), required=True, help="Its id, as targets know it.")
@click.option("--risk", "risk_path", type=FILE, required=True, metavar="RISK.json", help="Gives shape and names.")
@HORIZON
@click.pass_obj
def init(output: Output, path: Path, name: str, venue_id: int, risk_path: Path, horizon_ms: int) -> None:
    """Start a book in a new file that only its owner can read, with this risk table in force."""
    risk = _risk(risk_path)
    identity = BookIdentity.of_risk_table(name, venue_id, risk)
    require_new([path])
    with AccountBook.create(path, identity, chosen_engine(output)) as book:
        book.set_risk_table(risk, horizon_ms)
    output.result(
        {"book": str(path), "venue_id": venue_id, "shape": risk.shape.name},
        [f"book of {name}, venue {venue_id}, started in {path}"],
    )


@COMMAND.command("set-risk")
@BOOK
@click.argument("risk_path", type=FILE, metavar="RISK.json")
@HORIZON
@click.pass_obj
def set_risk(output: Output, path: Path, risk_path: Path, horizon_ms: int) -> None:
    """Judge orders by another risk table from now on."""
    risk = _risk(risk_path)
    with opened(output, path) as book:
        book.set_risk_table(risk, horizon_ms)
    output.result(
        {"risk_root": str(risk.root()), "oracle_time_ms": risk.oracle_time_ms},
        [f"the risk table of {risk.oracle_time_ms} ms is in force"],
    )


@COMMAND.command("open")
@BOOK
@click.option("--key-commitment", required=True, callback=decimal, metavar="DECIMAL", help="From 'zkmargin key new'.")
@click.option("--with-venue", "others", type=click.IntRange(0, UINT64), multiple=True, help="Netted with; repeatable.")
@click.pass_obj
def open_account(output: Output, path: Path, key_commitment: int, others: tuple[int, ...]) -> None:
    """Open an account for the holder of a secret."""
    with opened(output, path) as book:
        index = book.open_account(key_commitment, sorted({book.identity.venue_id, *others}))
    output.result({"account": index, "sequence": 0}, [f"account {index} opened"])


@COMMAND.command("import")
@BOOK
@click.argument("csv_path", type=FILE, metavar="ACCOUNTS.csv")
@progress_option
@click.pass_obj
def import_(output: Output, path: Path, csv_path: Path) -> None:
    """Open and fund many accounts, all or none.

    The first line is key_commitment and names of assets; each further line is an account with its deposits.
    """
    lines = io.TextIOWrapper(io.BytesIO(read_file(csv_path, "accounts CSV")), encoding="utf-8-sig", newline="")
    with opened(output, path) as book, Progress(output, "importing"):
        indices = book.import_accounts(read_accounts(lines, book.identity.asset_names))
    output.result(
        {"accounts": len(indices), "first": indices.start}, [f"{counted(len(indices), 'account')} opened and funded"]
    )


@COMMAND.command("publish")
@BOOK
@click.option("--keep", type=click.IntRange(1), help="Forget all but so many newest epochs; their roots stay.")
@progress_option
@click.pass_obj
def publish(output: Output, path: Path, keep: int | None) -> None:
    """Close the epoch; prints the source root that goes to the targets."""
    with opened(output, path) as book, Progress(output, "publishing"):
        published = book.publish()
        first = book.prune(keep) if keep else None
    output.result(
        {
            "venue_id": published.venue_id,
            "epoch": published.epoch,
            "accounts": published.accounts,
            "source_root": str(published.source_root),
            "tree_root": str(published.tree_root),
            **({"first_kept_epoch": first} if first else {}),
        },
        [
            f"epoch {published.epoch} published with {counted(published.accounts, 'account')}",
            f"source root {published.source_root}",
        ],
    )


@COMMAND.command("opening")
@BOOK
@ACCOUNT
@click.option("-o", "--output", "out", type=FILE, required=True, metavar="ACCOUNT.json", help="For the owner alone.")
@click.option("--epoch", type=click.IntRange(1), help="A published epoch that is still kept; default: the newest.")
@force_option
@click.pass_obj
def opening(output: Output, path: Path, account: int, out: Path, epoch: int | None, force: bool) -> None:
    """Write what the owner of an account proves from: the account in a published epoch, and its path to the root."""
    require_free([out], force)
    with opened(output, path) as book:
        found = book.opening(account, epoch)
        document = AccountDocument((found,)).to_json(book.identity)
    write_files([NewFile(out, json_bytes(document), secret=True)], force)
    output.result(
        {"account": account, "epoch": found.epoch, "written": str(out)},
        [f"account {account} in epoch {found.epoch} written to {out}: give it to its owner, and to nobody else"],
    )


@COMMAND.command("join")
@click.argument("paths", type=FILE, nargs=-1, required=True, metavar="ACCOUNT.json...")
@click.option("--risk", "risk_path", type=FILE, required=True, metavar="RISK.json", help="The risk table in force.")
@click.option("-o", "--output", "out", type=FILE, required=True, metavar="ACCOUNT.json", help="For 'zkmargin prove'.")
@force_option
@click.pass_obj
def join(output: Output, paths: tuple[Path, ...], risk_path: Path, out: Path, force: bool) -> None:
    """Put the openings of one owner's accounts at several venues into one file, to prove over all of them."""
    require_free([out], force)
    risk = _risk(risk_path)
    documents = [AccountDocument.from_json(bytes(read_file(path, "account")), risk) for path in paths]
    joined = AccountDocument.joined(documents)
    write_files([NewFile(out, json_bytes(joined.to_json(risk)), secret=True)], force)
    venues = [opening.venue_id for opening in joined.openings]
    output.result(
        {"venues": venues, "written": str(out)}, [f"openings at venues {', '.join(map(str, venues))} written to {out}"]
    )


def _risk(path: Path) -> RiskDocument:
    return RiskDocument.from_json(bytes(read_file(path, "risk table")))
