"""The log: every decision and every change of state as one entry, each bound to all earlier ones by its hash.

hash = SHA-256(tag | previous hash | number | at_ms | length of kind | kind | body), integers big-endian: 8 bytes for
number and time, 1 for the length. The tag is padded with zeros to 32 bytes; before the first entry comes the target.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from .records import Decision, Head

TAG = b"zkmargin.ledger-log/1".ljust(32, b"\0")

OPENED = "opened"
ROOT_OBSERVED = "root-observed"
ROOT_RETRACTED = "root-retracted"
RISK_ATTESTED = "risk-attested"
ACCEPTED = "accepted"
REFUSED = "refused"
RELEASED = "released"
REPAID = "repaid"
BREAKER = "breaker"
KINDS = (OPENED, ROOT_OBSERVED, ROOT_RETRACTED, RISK_ATTESTED, ACCEPTED, REFUSED, RELEASED, REPAID, BREAKER)
DECISIONS = (ACCEPTED, REFUSED)

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """`body` is canonical JSON: members sorted, no blanks, ASCII; numbers beyond 2^53 are decimal strings."""

    number: int
    at_ms: int
    kind: str
    body: str
    hash: bytes

    def members(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.body)
        return value


def next_entry(head: Head, at_ms: int, kind: str, body: Body) -> LogEntry:
    text, number = canonical(body), head.number + 1
    return LogEntry(number, at_ms, kind, text, entry_hash(head.hash, number, at_ms, kind, text))


def entry_hash(previous: bytes, number: int, at_ms: int, kind: str, body: str) -> bytes:
    name = kind.encode("ascii")
    frame = number.to_bytes(8, "big") + at_ms.to_bytes(8, "big") + len(name).to_bytes(1, "big")
    return sha256(TAG + previous + frame + name + body.encode("ascii")).digest()


def canonical(body: Body) -> str:
    return _ENCODER.encode(body)


def decision(entry: LogEntry) -> Decision:
    """The entry of an accepted or refused request as callers see it."""
    body = entry.members()
    accepted = entry.kind == ACCEPTED
    return Decision(
        number=entry.number,
        at_ms=entry.at_ms,
        request_digest=bytes.fromhex(body["request_digest"]),
        settlement_id=bytes.fromhex(body["settlement_id"]),
        outcome=ACCEPTED if accepted else body["code"],
        detail="" if accepted else body["detail"],
    )


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
