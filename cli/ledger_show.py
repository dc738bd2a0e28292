"""What a ledger stands at, or one account of it, or one settlement. A part of `zkmargin ledger`."""

from __future__ import annotations

from typing import Any

import click

from zkmargin.settlement.fields import amount_text
from zkmargin.verifier import BreakerState, LogEntry, Overview, UnknownSettlement
from zkmargin.verifier.ledger.questions import LedgerQuestions

from .errors import Misuse
from .ledger_entries import age_text, entry_json, entry_line, time_text
from .ledger_place import Place, account_of, on_ledger, settlement_id_of, short
from .options import Command
from .output import Output, Styled, counted, styled

Line = tuple[str | Styled, ...]
WIDTH = 14
POSITION_COLOURS = {"closed": "green", "half-open": "yellow", "open": "red"}


@click.command("show", cls=Command)
@on_ledger
@click.option("--account", metavar="PSEUDONYM", help="Only this account: its margin and how far its sequences went.")
@click.option("--settlement", metavar="SETTLEMENT_ID", help="Only this settlement: its receipt.")
@click.option(
    "--limit", type=click.IntRange(0, 1000), default=10, show_default=True, help="How many decisions at most."
)
@click.pass_obj
def show(output: Output, place: Place, account: str | None, settlement: str | None, limit: int) -> None:
    """Target, key, breakers, roots and risk table with their ages, outstanding margin, the last decisions.

    The outstanding margin still counts credits that have expired since the ledger last changed something.
    """
    if account is not None and settlement is not None:
        raise Misuse("--account and --settlement are two questions: ask one of them")
    with place.opened(output) as opened, opened.at_one_moment() as ledger:
        if account is not None:
            data, lines = _account(ledger, account_of(account), place.quote)
        elif settlement is not None:
            data, lines = _settlement(ledger, settlement_id_of(settlement), place.quote)
        else:
            data, lines = _overview(ledger, place, limit)
    if output.as_json:
        output.result(data, ())
    for line in lines:
        output.say(*line)


def _overview(ledger: LedgerQuestions, place: Place, limit: int) -> tuple[dict[str, Any], list[Line]]:
    overview, quote = ledger.overview(), place.quote
    decisions = _newest_decisions(ledger, limit)
    data = {
        **_identity(place),
        "now_ms": overview.now_ms,
        "log": {"number": overview.head.number, "hash": "0x" + overview.head.hash.hex()},
        "receipts": overview.last_receipt,
        "outstanding": amount_text(overview.outstanding_e8, quote),
        "breakers": [_breaker_json(breaker, quote) for breaker in overview.breakers],
        "roots": [_root_json(ledger, overview, source) for source in overview.newest_roots_ms],
        "risk_table": _risk_json(ledger, overview),
        "decisions": [entry_json(entry) for entry in decisions],
    }
    lines: list[Line] = [
        (f"ledger {data['ledger']} of chain {data['target_chain_id']}",),
        _line("target", data["target"]),
        _line("circuit", f"{data['circuit_digest']}, {data['public_inputs']} public inputs{_of_development(place)}"),
        _line("log", f"{overview.head.number} entries, the last one's hash {data['log']['hash']}"),
        _line("outstanding", f"{data['outstanding']}, {counted(overview.last_receipt, 'receipt')} so far"),
        *(_breaker_line(breaker, quote) for breaker in overview.breakers),
        *(
            _age_line(f"source {source}", "root", root)
            for source, root in zip(overview.newest_roots_ms, data["roots"], strict=True)
        ),
        _age_line("risk table", "table", data["risk_table"]),
        *(entry_line(entry, quote) for entry in decisions),
    ]
    return data, lines


def _identity(place: Place) -> dict[str, Any]:
    config, key = place.folder.document.config, place.folder.key
    return {
        "ledger": config.ledger,
        "target_chain_id": config.target_chain_id,
        "target": str(config.target),
        "circuit_digest": "0x" + config.circuit_digest.hex(),
        "public_inputs": key.n_public,
        "development_key": key.development,
    }


def _of_development(place: Place) -> str:
    return ", a development key" if place.folder.key.development else ""


def _newest_decisions(ledger: LedgerQuestions, limit: int) -> list[LogEntry]:
    """The whole entries: a decision alone does not say how much to whom."""
    newest = ledger.newest_decisions(limit) if limit else []
    return [entry for decision in newest for entry in ledger.log(decision.number - 1, 1)]


def _breaker_json(breaker: BreakerState, quote: str) -> dict[str, Any]:
    return {
        "source": breaker.source,
        "position": str(breaker.position),
        "at_ms": breaker.at_ms,
        "reason": breaker.reason,
        "by": breaker.by,
        "inflow": amount_text(breaker.inflow_e8, quote),
        "cap": None if breaker.cap_e8 is None else amount_text(breaker.cap_e8, quote),
    }


def _breaker_line(breaker: BreakerState, quote: str) -> Line:
    whose = "breaker" if breaker.source is None else f"  of {breaker.source}"
    position = str(breaker.position)
    said = f": {breaker.reason}, by {breaker.by} at {time_text(breaker.at_ms)}" if breaker.reason else ""
    inflow = ""
    if breaker.cap_e8 is not None:
        inflow = f"; inflow {amount_text(breaker.inflow_e8, quote)} of {amount_text(breaker.cap_e8, quote)}"
    return f"  {whose:<{WIDTH}}", styled(position, fg=POSITION_COLOURS[position]), f"{said}{inflow}"


def _root_json(ledger: LedgerQuestions, overview: Overview, source: int) -> dict[str, Any]:
    root = ledger.newest_root(source)
    return {
        "source": source,
        "epoch": None if root is None else root.epoch,
        "root": None if root is None else str(root.root),
        "age_ms": None if root is None else overview.now_ms - root.observed_at_ms,
        "max_age_ms": ledger.config.max_root_age_ms,
    }


def _risk_json(ledger: LedgerQuestions, overview: Overview) -> dict[str, Any]:
    at_ms = overview.newest_risk_table_ms
    age_ms = None if at_ms is None else overview.now_ms - at_ms
    return {"oracle_time_ms": at_ms, "age_ms": age_ms, "max_age_ms": ledger.config.max_risk_age_ms}


def _age_line(name: str, what: str, found: dict[str, Any]) -> Line:
    age_ms, most_ms = found["age_ms"], found["max_age_ms"]
    if age_ms is None:
        return f"  {name:<{WIDTH}}", styled(f"no {what} yet", fg="yellow")
    epoch = f" of epoch {found['epoch']}" if "epoch" in found else ""
    text, limit = f"newest {what}{epoch} {age_text(age_ms)} old", f", good for {age_text(most_ms)}"
    return f"  {name:<{WIDTH}}", styled(text, fg="green" if age_ms <= most_ms else "red"), limit


def _account(ledger: LedgerQuestions, account: int, quote: str) -> tuple[dict[str, Any], list[Line]]:
    view = ledger.account(account)
    data = {
        "account": str(account),
        "margin": amount_text(view.margin_e8, quote),
        "expiry_ms": view.expiry_ms,
        "sequence": view.sequence,
        "released_through": view.released_through,
        "receipt": view.receipt,
    }
    expiry = f", until {time_text(view.expiry_ms)}" if view.margin_e8 else ""
    lines = [
        (f"account {account}",),
        _line("margin", f"{data['margin']}{expiry}"),
        _line("sequence", str(view.sequence) if view.sequence >= 0 else "none yet"),
        _line("released", f"through sequence {view.released_through}" if view.released_through >= 0 else "nothing"),
        _line("last receipt", str(view.receipt) if view.receipt else "none"),
    ]
    return data, lines


def _settlement(ledger: LedgerQuestions, settlement_id: bytes, quote: str) -> tuple[dict[str, Any], list[Line]]:
    receipt = ledger.receipt(settlement_id)
    if receipt is None:
        raise UnknownSettlement(settlement_id)
    view = ledger.account(receipt.account)
    is_newest = view.receipt == receipt.number
    left = amount_text(view.margin_e8 if is_newest else 0, quote)
    lines = [
        (f"settlement 0x{settlement_id.hex()}",),
        _line("receipt", f"{receipt.number}, accepted {time_text(receipt.accepted_at_ms)}"),
        _line("credit", f"{amount_text(receipt.credit_e8, quote)} to account {short(receipt.account)}"),
        _line("expires", time_text(receipt.expiry_ms)),
        _line("left of it", left if is_newest else f"{left}: a newer credit took its place"),
    ]
    return {**receipt.to_json(), "left": left}, lines


def _line(name: str, text: str) -> Line:
    return (f"  {name:<{WIDTH}}{text}",)


COMMANDS = (show,)
