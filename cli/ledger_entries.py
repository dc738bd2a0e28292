"""An entry of a ledger's log in words, for `show` and `watch`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from zkmargin.settlement.fields import amount_text
from zkmargin.verifier import LogEntry

from .ledger_place import short
from .output import Styled, styled

DECISIONS = ("accepted", "refused")
COLOURS = {"accepted": "green", "refused": "yellow", "breaker": "red", "root-retracted": "red"}
KIND_WIDTH = 14

Body = Mapping[str, Any]
Words = Callable[[Body, str], str]


def entry_json(entry: LogEntry) -> dict[str, Any]:
    """The entry as it is, its hash included, so that a reader can check the chain."""
    return {
        "number": entry.number,
        "at_ms": entry.at_ms,
        "kind": entry.kind,
        "body": entry.body,
        "hash": "0x" + entry.hash.hex(),
    }


def entry_line(entry: LogEntry, quote: str) -> tuple[str, Styled, str]:
    """Time, number and kind, and what the entry says; amounts in the ledger's currency."""
    try:
        words = _WORDS[entry.kind](entry.members(), quote)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        words = entry.body  # not as this version writes it; 'verify-log' judges, here it is shown
    kind = styled(f"{entry.kind:<{KIND_WIDTH}}", fg=COLOURS.get(entry.kind))
    return f"{time_text(entry.at_ms)}  {entry.number:>6}  ", kind, f"  {words}"


def time_text(at_ms: int) -> str:
    """To the second, in UTC; a time that no calendar has stays a number."""
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return f"{at_ms} ms"


def age_text(age_ms: int) -> str:
    """In the unit that leaves a number one can grasp."""
    for unit, milliseconds in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)):
        if age_ms >= 2 * milliseconds:
            return f"{age_ms // milliseconds} {unit}"
    return f"{age_ms / 1000:.1f} s"


def scope_text(scope: str) -> str:
    """Whose breaker: `scope` is a chain id, or something else for the whole ledger."""
    return f"of source {scope}" if scope.isdecimal() else "of the ledger"


def _accepted(body: Body, quote: str) -> str:
    credit = amount_text(int(body["credit_e8"]), quote)
    return f"{credit} to account {_account(body)}, settlement {_settlement(body)}, receipt {body['number']}"


def _refused(body: Body, quote: str) -> str:
    return f"{body['code']}, settlement {_settlement(body)}: {body['detail']}"


def _root(body: Body, quote: str) -> str:
    signers = f", signed by {body['signers']}" if body["signers"] else ""
    return f"epoch {body['epoch']} of source {body['chain_id']}, root {short(int(body['root']))}{signers}"


def _retracted(body: Body, quote: str) -> str:
    return f"epoch {body['epoch']} of source {body['chain_id']} and newer: {body['reason']}"


def _risk(body: Body, quote: str) -> str:
    table = f"table of {time_text(body['oracle_time_ms'])}, root {short(int(body['risk_root']))}"
    return f"{table}, signed by {body['signers']}"


def _released(body: Body, quote: str) -> str:
    return f"account {_account(body)} through sequence {body['through_sequence']}"


def _repaid(body: Body, quote: str) -> str:
    left = amount_text(int(body["remaining_e8"]), quote)
    return f"account {_account(body)} down to {left}, settlement {_settlement(body)}"


def _breaker(body: Body, quote: str) -> str:
    return f"{scope_text(body['scope'])} {body['position']}, by {body['who']}: {body['reason']}"


def _opened(body: Body, quote: str) -> str:
    return f"with a new configuration, or key; SHA-256 of the key {body['key_sha256'][:16]}..."


def _account(body: Body) -> str:
    return short(int(body["account"]))


def _settlement(body: Body) -> str:
    return f"0x{body['settlement_id'][:16]}..."


_WORDS: dict[str, Words] = {
    "accepted": _accepted,
    "refused": _refused,
    "root-observed": _root,
    "root-retracted": _retracted,
    "risk-attested": _risk,
    "released": _released,
    "repaid": _repaid,
    "breaker": _breaker,
    "opened": _opened,
}
