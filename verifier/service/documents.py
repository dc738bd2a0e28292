"""The service's answers as JSON: amounts as decimal text, field elements as decimal digits, bytes as 0x and hex."""

from __future__ import annotations

from typing import Any

from zkmargin.algebra.fixed_point import format_decimal

from ..ledger.log import LogEntry
from ..ledger.records import AccountView, Decision

AMOUNT_SCALE = 8


def amount(value_e8: int) -> str:
    return format_decimal(value_e8, AMOUNT_SCALE)


def hex_text(value: bytes) -> str:
    return "0x" + value.hex()


def account_document(view: AccountView) -> dict[str, Any]:
    return {
        "account": str(view.account),
        "margin": amount(view.margin_e8),
        "expiry_ms": view.expiry_ms,
        "sequence": _known(view.sequence),
        "released_through": _known(view.released_through),
        "receipt": view.receipt,
    }


def decision_document(decision: Decision) -> dict[str, Any]:
    return {
        "number": decision.number,
        "at_ms": decision.at_ms,
        "request_digest": hex_text(decision.request_digest),
        "settlement_id": hex_text(decision.settlement_id),
        "outcome": decision.outcome,
        "detail": decision.detail,
    }


def change_document(entry: LogEntry) -> dict[str, Any]:
    """That something else than a request was dealt with; what it was stands in the log."""
    return {"number": entry.number, "at_ms": entry.at_ms, "kind": entry.kind}


def log_document(entry: LogEntry) -> dict[str, Any]:
    """`body` stays the text that the hash covers."""
    return {
        "number": entry.number,
        "at_ms": entry.at_ms,
        "kind": entry.kind,
        "body": entry.body,
        "hash": hex_text(entry.hash),
    }


def _known(sequence: int) -> int | None:
    return None if sequence < 0 else sequence
