"""What the ledger asks of its tables and adds to them; every function works inside a transaction of the caller's."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from ..receipt import Receipt

_RECEIPT = (
    "SELECT number, request_digest, settlement_id, beneficiary, account, nullifier, sequence, credit_e8, replaced_e8,"
    " expiry_ms, accepted_at_ms FROM receipts"
)


@dataclass(frozen=True)
class BreakerState:
    """Whether the breaker is open, since when and why. After `last_receipt` the inflow is counted anew."""

    is_open: bool
    at_ms: int
    reason: str
    last_receipt: int


@dataclass(frozen=True)
class Decision:
    """A line of the log: `outcome` is "accepted" or the code of the error."""

    number: int
    at_ms: int
    request_digest: bytes
    settlement_id: bytes
    outcome: str
    detail: str


class Rows:
    """The tables behind one open transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # Source roots and risk tables.
    def root_of_epoch(self, chain_id: int, epoch: int) -> tuple[int, int] | None:
        """(root, observed_at_ms) of an epoch."""
        row = self._one(
            "SELECT root, observed_at_ms FROM roots WHERE chain_id = ? AND epoch = ?", u64(chain_id), u64(epoch)
        )
        return None if row is None else (int.from_bytes(row[0], "big"), row[1])

    def latest_epoch(self, chain_id: int) -> int | None:
        row = self._one("SELECT max(epoch) FROM roots WHERE chain_id = ?", u64(chain_id))
        return None if row is None or row[0] is None else int.from_bytes(row[0], "big")

    def root_seen_at(self, chain_id: int, root: int) -> int | None:
        """When this root was observed on this chain; None if it never was."""
        row = self._one(
            "SELECT observed_at_ms FROM roots WHERE chain_id = ? AND root = ?", u64(chain_id), element(root)
        )
        return None if row is None else int(row[0])

    def add_root(self, chain_id: int, epoch: int, root: int, observed_at_ms: int) -> None:
        self._add("roots", u64(chain_id), u64(epoch), element(root), observed_at_ms)

    def risk_root_at(self, oracle_time_ms: int) -> int | None:
        """The risk root a quorum has attested for this time."""
        row = self._one("SELECT risk_root FROM risk_tables WHERE oracle_time_ms = ?", oracle_time_ms)
        return None if row is None else int.from_bytes(row[0], "big")

    def add_risk_root(self, oracle_time_ms: int, risk_root: int, at_ms: int) -> None:
        self._add("risk_tables", oracle_time_ms, element(risk_root), at_ms)

    # Receipts.
    def receipt_of_request(self, digest: bytes) -> Receipt | None:
        return _receipt(self._one(f"{_RECEIPT} WHERE request_digest = ?", digest))

    def receipt_of_settlement(self, settlement_id: bytes) -> Receipt | None:
        return _receipt(self._one(f"{_RECEIPT} WHERE settlement_id = ?", settlement_id))

    def receipts(self, after: int, limit: int) -> list[Receipt]:
        rows = self._connection.execute(f"{_RECEIPT} WHERE number > ? ORDER BY number LIMIT ?", (after, limit))
        return [receipt for receipt in map(_receipt, rows) if receipt is not None]

    def last_receipt(self) -> int:
        row = self._one("SELECT max(number) FROM receipts")
        return 0 if row is None or row[0] is None else int(row[0])

    def last_sequence(self, account: int) -> int:
        """Of the account's credits; -1 if it has none."""
        row = self._one("SELECT max(sequence) FROM receipts WHERE account = ?", element(account))
        return -1 if row is None or row[0] is None else int.from_bytes(row[0], "big")

    def is_nullifier_used(self, nullifier: int) -> bool:
        return self._one("SELECT 1 FROM receipts WHERE nullifier = ?", element(nullifier)) is not None

    def margin(self, account: int, now_ms: int) -> int:
        """The account's newest credit, unless it is released or expired.

        The newest only: each proof shows that the reservation at the source covers this credit, and the next one shows
        the same reservation again. Adding them up would count it twice.
        """
        row = self._one(
            "SELECT credit_e8, expiry_ms, sequence FROM receipts WHERE account = ? ORDER BY sequence DESC LIMIT 1",
            element(account),
        )
        if row is None or row[1] <= now_ms or int.from_bytes(row[2], "big") <= self.released_through(account):
            return 0
        return int.from_bytes(row[0], "big")

    def inflow(self, since_ms: int, after_receipt: int) -> int:
        """By how much the credits accepted later than a time and than a receipt exceeded what they replaced.

        Summed here: SQLite's integers end at 2^63 and credits do not.
        """
        rows = self._connection.execute(
            "SELECT credit_e8, replaced_e8 FROM receipts WHERE accepted_at_ms > ? AND number > ?",
            (since_ms, after_receipt),
        )
        return sum(max(0, int.from_bytes(new, "big") - int.from_bytes(old, "big")) for new, old in rows)

    def add_receipt(self, receipt: Receipt) -> None:
        self._add(
            "receipts",
            receipt.number,
            receipt.request_digest,
            receipt.settlement_id,
            receipt.beneficiary,
            element(receipt.account),
            element(receipt.nullifier),
            u64(receipt.sequence),
            u64(receipt.credit_e8),
            u64(receipt.replaced_e8),
            receipt.expiry_ms,
            receipt.accepted_at_ms,
        )

    def released_through(self, account: int) -> int:
        """States of the account up to this sequence back no credit any more; -1 if none was released."""
        row = self._one("SELECT max(through_sequence) FROM releases WHERE account = ?", element(account))
        return -1 if row is None or row[0] is None else int.from_bytes(row[0], "big")

    def add_release(self, account: int, through_sequence: int, at_ms: int) -> None:
        self._add("releases", element(account), u64(through_sequence), at_ms)

    # Breaker and log.
    def breaker(self) -> BreakerState:
        row = self._one("SELECT is_open, at_ms, reason, last_receipt FROM breaker_events ORDER BY number DESC LIMIT 1")
        return BreakerState(False, 0, "", 0) if row is None else BreakerState(bool(row[0]), *row[1:])

    def add_breaker_event(self, state: BreakerState) -> None:
        self._add("breaker_events", None, state.at_ms, int(state.is_open), state.reason, state.last_receipt)

    def add_decision(self, at_ms: int, digest: bytes, settlement_id: bytes, outcome: str, detail: str) -> None:
        self._add("decisions", None, at_ms, digest, settlement_id, outcome, detail)

    def decisions(self, after: int, limit: int) -> list[Decision]:
        rows = self._connection.execute(
            "SELECT number, at_ms, request_digest, settlement_id, outcome, detail FROM decisions"
            " WHERE number > ? ORDER BY number LIMIT ?",
            (after, limit),
        )
        return [Decision(*row) for row in rows]

    def _one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._connection.execute(query, values).fetchone()
        return row

    def _add(self, table: str, *values: object) -> None:
        self._connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)


def u64(value: int) -> bytes:
    """Eight bytes, big-endian, which SQLite orders as the numbers."""
    return value.to_bytes(8, "big")


def element(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _receipt(row: tuple[Any, ...] | None) -> Receipt | None:
    if row is None:
        return None
    number, digest, settlement_id, beneficiary, account, nullifier, sequence, credit, replaced, expiry, accepted = row
    return Receipt(
        number=number,
        request_digest=digest,
        settlement_id=settlement_id,
        beneficiary=beneficiary,
        account=int.from_bytes(account, "big"),
        nullifier=int.from_bytes(nullifier, "big"),
        sequence=int.from_bytes(sequence, "big"),
        credit_e8=int.from_bytes(credit, "big"),
        replaced_e8=int.from_bytes(replaced, "big"),
        expiry_ms=expiry,
        accepted_at_ms=accepted,
    )
