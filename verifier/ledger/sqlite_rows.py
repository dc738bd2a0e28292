"""The ledger's questions and its saving, in SQLite's language.

Integers that may pass 2^63 are blobs, big-endian, which SQLite orders as the numbers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from ..receipt import Receipt
from .log import DECISIONS, LogEntry
from .records import NEVER, Account, Head, RiskTable, Root
from .store import Changes

_CHUNK = 500
"""Keys in one question. SQLite allows 32,766 parameters, older builds 999."""
_LOG = "SELECT number, at_ms, kind, body, hash FROM log"
_RECEIPT = (
    "SELECT number, request_digest, settlement_id, beneficiary, account, nullifier, sequence, credit_e8, replaced_e8,"
    " expiry_ms, accepted_at_ms FROM receipts"
)
_ACCOUNT = (
    "SELECT account, sequence, released_through, receipt, margin_e8, expiry_ms, inflow_e8, inflow_at_ms FROM accounts"
)
_ROOT = "SELECT chain_id, epoch, root, observed_at_ms FROM roots"
_RISK_TABLE = "SELECT oracle_time_ms, risk_root, attested_at_ms FROM risk_tables"
_IS_DECISION = f"kind IN {DECISIONS!r}"


class SqliteRows:
    """The tables behind one open transaction; see `store.Rows`."""

    def __init__(self, connection: sqlite3.Connection, target: bytes) -> None:
        self._connection = connection
        self._target = target

    def head(self) -> Head:
        row = self._one("SELECT number, hash FROM log ORDER BY number DESC LIMIT 1")
        return Head(0, self._target) if row is None else Head(*row)

    def receipts_of(self, settlement_ids: Collection[bytes], nullifiers: Collection[int]) -> Iterator[Receipt]:
        for row in self._among(_RECEIPT, "settlement_id", settlement_ids):
            yield _receipt(row)
        for row in self._among(_RECEIPT, "nullifier", map(element, nullifiers)):
            yield _receipt(row)

    def accounts_of(self, accounts: Collection[int]) -> Iterator[Account]:
        return map(_account, self._among(_ACCOUNT, "account", map(element, accounts)))

    def roots_of(self, roots: Collection[tuple[int, int]]) -> Iterator[Root]:
        for chain_id in {chain_id for chain_id, _ in roots}:
            wanted = (element(root) for chain, root in roots if chain == chain_id)
            for row in self._among(f"{_ROOT} WHERE chain_id = ? AND", "root", wanted, u64(chain_id)):
                yield _root(row)

    def root_of_epoch(self, chain_id: int, epoch: int) -> Root | None:
        row = self._one(f"{_ROOT} WHERE chain_id = ? AND epoch = ?", u64(chain_id), u64(epoch))
        return None if row is None else _root(row)

    def newest_root(self, chain_id: int, below_epoch: int | None = None) -> Root | None:
        if below_epoch is None:
            row = self._one(f"{_ROOT} WHERE chain_id = ? ORDER BY epoch DESC LIMIT 1", u64(chain_id))
        else:
            query = f"{_ROOT} WHERE chain_id = ? AND epoch < ? ORDER BY epoch DESC LIMIT 1"
            row = self._one(query, u64(chain_id), u64(below_epoch))
        return None if row is None else _root(row)

    def risk_tables_of(self, oracle_times_ms: Collection[int]) -> Iterator[RiskTable]:
        return map(_risk_table, self._among(_RISK_TABLE, "oracle_time_ms", oracle_times_ms))

    def scopes(self) -> dict[str, str]:
        return dict(self._connection.execute("SELECT scope, state FROM scopes"))

    def outstanding_e8(self) -> int:
        row = self._one("SELECT total_e8 FROM outstanding")
        return 0 if row is None else int.from_bytes(row[0], "big")

    def expired(self, now_ms: int) -> Iterable[Account]:
        query = f"{_ACCOUNT} WHERE margin_e8 > x'0000000000000000' AND expiry_ms <= ?"
        return [_account(row) for row in self._connection.execute(query, (now_ms,))]

    # Saving.
    def save(self, changes: Changes) -> None:
        for chain_id, epoch in changes.retracted.items():
            self._connection.execute("DELETE FROM roots WHERE chain_id = ? AND epoch >= ?", (u64(chain_id), u64(epoch)))
        self._add("log", 5, ((e.number, e.at_ms, e.kind, e.body, e.hash) for e in changes.entries))
        self._add("receipts", 11, map(_receipt_row, changes.receipts))
        self._add("accounts", 8, map(_account_row, changes.accounts.values()), replace=True)
        self._add(
            "roots", 4, ((u64(r.chain_id), u64(r.epoch), element(r.root), r.observed_at_ms) for r in changes.roots)
        )
        self._add(
            "risk_tables", 3, ((t.oracle_time_ms, element(t.risk_root), t.attested_at_ms) for t in changes.risk_tables)
        )
        self._add("scopes", 2, changes.scopes.items(), replace=True)
        if changes.outstanding_e8 is not None:
            self._connection.execute(
                "UPDATE outstanding SET total_e8 = ?", (changes.outstanding_e8.to_bytes(16, "big"),)
            )

    # Pages.
    def log(self, after: int, limit: int) -> list[LogEntry]:
        return self._entries(f"{_LOG} WHERE number > ? ORDER BY number LIMIT ?", after, limit)

    def decisions(self, after: int, limit: int) -> list[LogEntry]:
        return self._entries(f"{_LOG} WHERE number > ? AND {_IS_DECISION} ORDER BY number LIMIT ?", after, limit)

    def newest_decisions(self, limit: int) -> list[LogEntry]:
        return self._entries(f"{_LOG} WHERE {_IS_DECISION} ORDER BY number DESC LIMIT ?", limit)[::-1]

    def last_of_kind(self, kind: str) -> LogEntry | None:
        return next(iter(self._entries(f"{_LOG} WHERE kind = ? ORDER BY number DESC LIMIT 1", kind)), None)

    def last_receipt(self) -> int:
        row = self._one("SELECT max(number) FROM receipts")
        return 0 if row is None or row[0] is None else int(row[0])

    def receipts(self, after: int, limit: int) -> list[Receipt]:
        return [_receipt(r) for r in self._all(f"{_RECEIPT} WHERE number > ? ORDER BY number LIMIT ?", after, limit)]

    def accounts(self, after: int, limit: int) -> list[Account]:
        key = b"" if after < 0 else element(after)
        return [_account(r) for r in self._all(f"{_ACCOUNT} WHERE account > ? ORDER BY account LIMIT ?", key, limit)]

    def roots(self, after: tuple[int, int], limit: int) -> list[Root]:
        key = (b"", b"") if after[0] < 0 else (u64(after[0]), u64(after[1]))
        query = f"{_ROOT} WHERE (chain_id, epoch) > (?, ?) ORDER BY chain_id, epoch LIMIT ?"
        return [_root(row) for row in self._all(query, *key, limit)]

    def risk_tables(self, after: int, limit: int) -> list[RiskTable]:
        query = f"{_RISK_TABLE} WHERE oracle_time_ms > ? ORDER BY oracle_time_ms LIMIT ?"
        return [_risk_table(row) for row in self._all(query, after, limit)]

    # SQL.
    def _one(self, query: str, *values: object) -> Any:
        return self._connection.execute(query, values).fetchone()

    def _all(self, query: str, *values: object) -> Iterator[Any]:
        return self._connection.execute(query, values)

    def _entries(self, query: str, *values: object) -> list[LogEntry]:
        return [LogEntry(*row) for row in self._connection.execute(query, values)]

    def _among(self, select: str, column: str, keys: Iterable[object], *first: object) -> Iterator[Any]:
        """Rows whose column is among the keys; `first` are the parameters of what `select` already asks."""
        start = select if first else f"{select} WHERE"
        remaining = iter(keys)
        while chunk := list(islice(remaining, _CHUNK)):
            marks = ", ".join("?" * len(chunk))
            yield from self._connection.execute(f"{start} {column} IN ({marks})", (*first, *chunk)).fetchall()

    def _add(self, table: str, columns: int, rows: Iterable[Sequence[object]], replace: bool = False) -> None:
        verb = "REPLACE" if replace else "INSERT"
        self._connection.executemany(f"{verb} INTO {table} VALUES ({', '.join('?' * columns)})", rows)


def u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


def element(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _receipt(row: Sequence[Any]) -> Receipt:
    number, digest, settlement_id, beneficiary, account, nullifier, sequence, credit, replaced, expiry, accepted = row
    return Receipt(
        number=number,
        request_digest=digest,
        settlement_id=settlement_id,
        beneficiary=beneficiary,
        account=_number(account),
        nullifier=_number(nullifier),
        sequence=_number(sequence),
        credit_e8=_number(credit),
        replaced_e8=_number(replaced),
        expiry_ms=expiry,
        accepted_at_ms=accepted,
    )


def _receipt_row(receipt: Receipt) -> Sequence[object]:
    return (
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


def _account(row: Sequence[Any]) -> Account:
    account, sequence, released, receipt, margin, expiry, inflow, inflow_at = row
    return Account(
        account=_number(account),
        sequence=NEVER if sequence is None else _number(sequence),
        released_through=NEVER if released is None else _number(released),
        receipt=receipt,
        margin_e8=_number(margin),
        expiry_ms=expiry,
        inflow_e8=_number(inflow),
        inflow_at_ms=inflow_at,
    )


def _account_row(account: Account) -> Sequence[object]:
    return (
        element(account.account),
        None if account.sequence == NEVER else u64(account.sequence),
        None if account.released_through == NEVER else u64(account.released_through),
        account.receipt,
        u64(account.margin_e8),
        account.expiry_ms,
        u64(account.inflow_e8),
        account.inflow_at_ms,
    )


def _root(row: Sequence[Any]) -> Root:
    return Root(_number(row[0]), _number(row[1]), _number(row[2]), row[3])


def _risk_table(row: Sequence[Any]) -> RiskTable:
    return RiskTable(row[0], _number(row[1]), row[2])
