"""The ledger's questions and its saving, in SQLite's language.

Integers that may pass 2^63 are blobs, big-endian, which SQLite orders as the numbers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import index
from typing import Any, TypeVar

from ..errors import DamagedDatabase
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
_Record = TypeVar("_Record")
_IS_DECISION = f"kind IN {DECISIONS!r}"


class SqliteRows:
    """The tables behind one open transaction; see `store.Rows`."""

    def __init__(self, connection: sqlite3.Connection, target: bytes, where: str) -> None:
        self._connection = connection
        self._target = target
        self._where = where

    def head(self) -> Head:
        row = self._one("SELECT number, hash FROM log ORDER BY number DESC LIMIT 1")
        return Head(0, self._target) if row is None else self._read(_head, [row])[0]

    def receipts_of(self, settlement_ids: Collection[bytes], nullifiers: Collection[int]) -> list[Receipt]:
        rows = self._among(_RECEIPT, "settlement_id", settlement_ids)
        return self._read(_receipt, chain(rows, self._among(_RECEIPT, "nullifier", map(element, nullifiers))))

    def accounts_of(self, accounts: Collection[int]) -> list[Account]:
        return self._read(_account, self._among(_ACCOUNT, "account", map(element, accounts)))

    def roots_of(self, roots: Collection[tuple[int, int]]) -> list[Root]:
        found: list[Root] = []
        for chain_id in {chain_id for chain_id, _ in roots}:
            wanted = (element(root) for whose, root in roots if whose == chain_id)
            found += self._read(_root, self._among(f"{_ROOT} WHERE chain_id = ? AND", "root", wanted, u64(chain_id)))
        return found

    def root_of_epoch(self, chain_id: int, epoch: int) -> Root | None:
        rows = self._all(f"{_ROOT} WHERE chain_id = ? AND epoch = ?", u64(chain_id), u64(epoch))
        return next(iter(self._read(_root, rows)), None)

    def newest_root(self, chain_id: int, below_epoch: int | None = None) -> Root | None:
        if below_epoch is None:
            rows = self._all(f"{_ROOT} WHERE chain_id = ? ORDER BY epoch DESC LIMIT 1", u64(chain_id))
        else:
            query = f"{_ROOT} WHERE chain_id = ? AND epoch < ? ORDER BY epoch DESC LIMIT 1"
            rows = self._all(query, u64(chain_id), u64(below_epoch))
        return next(iter(self._read(_root, rows)), None)

    def risk_tables_of(self, oracle_times_ms: Collection[int]) -> list[RiskTable]:
        return self._read(_risk_table, self._among(_RISK_TABLE, "oracle_time_ms", oracle_times_ms))

    def newest_risk_table(self) -> RiskTable | None:
        rows = self._all(f"{_RISK_TABLE} ORDER BY oracle_time_ms DESC LIMIT 1")
        return next(iter(self._read(_risk_table, rows)), None)

    def scopes(self) -> dict[str, str]:
        return dict(self._connection.execute("SELECT scope, state FROM scopes"))

    def outstanding_e8(self) -> int:
        rows = self._all("SELECT total_e8 FROM outstanding")
        return next(iter(self._read(lambda row: _number(row[0]), rows)), 0)

    def expired(self, now_ms: int) -> list[Account]:
        query = f"{_ACCOUNT} WHERE margin_e8 > x'0000000000000000' AND expiry_ms <= ?"
        return self._read(_account, self._all(query, now_ms))

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
        return self._read(_receipt, self._all(f"{_RECEIPT} WHERE number > ? ORDER BY number LIMIT ?", after, limit))

    def accounts(self, after: int, limit: int) -> list[Account]:
        key = b"" if after < 0 else element(after)
        return self._read(_account, self._all(f"{_ACCOUNT} WHERE account > ? ORDER BY account LIMIT ?", key, limit))

    def roots(self, after: tuple[int, int], limit: int) -> list[Root]:
        key = (b"", b"") if after[0] < 0 else (u64(after[0]), u64(after[1]))
        query = f"{_ROOT} WHERE (chain_id, epoch) > (?, ?) ORDER BY chain_id, epoch LIMIT ?"
        return self._read(_root, self._all(query, *key, limit))

    def risk_tables(self, after: int, limit: int) -> list[RiskTable]:
        query = f"{_RISK_TABLE} WHERE oracle_time_ms > ? ORDER BY oracle_time_ms LIMIT ?"
        return self._read(_risk_table, self._all(query, after, limit))

    def _read(self, record: Callable[[Sequence[Any]], _Record], rows: Iterable[Any]) -> list[_Record]:
        """SQLite keeps whatever it is given, text where a number belongs too: what no ledger writes is damage."""
        try:
            return list(map(record, rows))
        except TypeError as problem:
            reason = "holds values that no ledger writes; restore it from a copy"
            raise DamagedDatabase(self._where, reason) from problem

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


def _number(data: Any) -> int:
    return int.from_bytes(memoryview(data), "big")


def _head(row: Sequence[Any]) -> Head:
    return Head(row[0], bytes(memoryview(row[1])))


def _receipt(row: Sequence[Any]) -> Receipt:
    number, digest, settlement_id, beneficiary, account, nullifier, sequence, credit, replaced, expiry, accepted = row
    return Receipt(
        number=index(number),
        request_digest=digest,
        settlement_id=settlement_id,
        beneficiary=beneficiary,
        account=_number(account),
        nullifier=_number(nullifier),
        sequence=_number(sequence),
        credit_e8=_number(credit),
        replaced_e8=_number(replaced),
        expiry_ms=index(expiry),
        accepted_at_ms=index(accepted),
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
        receipt=index(receipt),
        margin_e8=_number(margin),
        expiry_ms=index(expiry),
        inflow_e8=_number(inflow),
        inflow_at_ms=index(inflow_at),
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
    return Root(_number(row[0]), _number(row[1]), _number(row[2]), index(row[3]))


def _risk_table(row: Sequence[Any]) -> RiskTable:
    return RiskTable(row[0], _number(row[1]), index(row[2]))
