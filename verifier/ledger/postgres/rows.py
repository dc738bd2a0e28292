"""The ledger's questions and its saving in PostgreSQL: records into arrays, and rows into records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects.postgresql import Insert

from ...receipt import Receipt
from ..log import LogEntry
from ..records import NEVER, Account, Head, RiskTable, Root
from ..store import Changes
from . import statements as sql
from .tables import ACCOUNTS, LOG, RECEIPTS, RISK_TABLES, ROOTS, SCOPES


class PostgresRows:
    """The tables behind one open transaction; see `store.Rows`."""

    def __init__(self, connection: Connection, head: Any) -> None:
        self._connection = connection
        self._head = head

    def head(self) -> Head:
        return Head(self._head.number, self._head.hash)

    def last_receipt(self) -> int:
        return int(self._head.receipts)

    def outstanding_e8(self) -> int:
        return int(self._head.outstanding_e8)

    def receipts_of(self, settlement_ids: Collection[bytes], nullifiers: Collection[int]) -> Iterator[Receipt]:
        rows = self._ask(
            sql.RECEIPTS_OF, settlement_ids=list(settlement_ids), nullifiers=list(map(element, nullifiers))
        )
        return map(_receipt, rows)

    def accounts_of(self, accounts: Collection[int]) -> Iterator[Account]:
        return map(_account, self._ask(sql.ACCOUNTS_OF, accounts=list(map(element, accounts))))

    def roots_of(self, roots: Collection[tuple[int, int]]) -> Iterator[Root]:
        wanted = set(roots)
        chains, values = {chain_id for chain_id, _ in wanted}, {root for _, root in wanted}
        rows = self._ask(sql.ROOTS_OF, chains=list(chains), values=list(map(element, values)))
        return (root for root in map(_root, rows) if (root.chain_id, root.root) in wanted)

    def root_of_epoch(self, chain_id: int, epoch: int) -> Root | None:
        return next(map(_root, self._ask(sql.ROOT_OF_EPOCH, chain_id=chain_id, epoch=epoch)), None)

    def newest_root(self, chain_id: int, below_epoch: int | None = None) -> Root | None:
        below = sql.ABOVE_ALL if below_epoch is None else below_epoch
        return next(map(_root, self._ask(sql.NEWEST_ROOT, chain_id=chain_id, below=below)), None)

    def risk_tables_of(self, oracle_times_ms: Collection[int]) -> Iterator[RiskTable]:
        return map(_risk_table, self._ask(sql.RISK_TABLES_OF, times=list(oracle_times_ms)))

    def scopes(self) -> Mapping[str, str]:
        return {row[0]: row[1] for row in self._ask(sql.ALL_SCOPES)}

    def expired(self, now_ms: int) -> Iterator[Account]:
        return map(_account, self._ask(sql.EXPIRED, now=now_ms))

    # Saving.
    def save(self, changes: Changes) -> None:
        for chain_id, epoch in changes.retracted.items():
            self._connection.execute(sql.RETRACT, {"chain_id": chain_id, "epoch": epoch})
        self._add(sql.ADD_LOG, LOG, map(_entry_row, changes.entries))
        self._add(sql.ADD_RECEIPTS, RECEIPTS, map(_receipt_row, changes.receipts))
        self._add(sql.PUT_ACCOUNTS, ACCOUNTS, map(_account_row, changes.accounts.values()))
        self._add(sql.ADD_ROOTS, ROOTS, map(_root_row, changes.roots))
        self._add(sql.ADD_RISK_TABLES, RISK_TABLES, map(_risk_table_row, changes.risk_tables))
        self._add(sql.PUT_SCOPES, SCOPES, changes.scopes.items())
        self._move_head(changes)

    def _add(self, statement: Insert, table: Table, rows: Iterable[Sequence[object]]) -> None:
        columns = list(zip(*rows, strict=True))
        if columns:
            arrays = zip(table.columns.keys(), map(list, columns), strict=True)
            self._connection.execute(statement, dict(arrays))

    def _move_head(self, changes: Changes) -> None:
        last = changes.entries[-1] if changes.entries else self.head()
        outstanding_e8 = self.outstanding_e8() if changes.outstanding_e8 is None else changes.outstanding_e8
        moved = {
            "to_number": last.number,
            "to_hash": last.hash,
            "to_receipts": changes.receipts[-1].number if changes.receipts else self.last_receipt(),
            "to_outstanding_e8": outstanding_e8,
        }
        self._head = self._connection.execute(sql.MOVE_HEAD, moved).one()

    # Pages.
    def log(self, after: int, limit: int) -> list[LogEntry]:
        return self._entries(sql.LOG_PAGE, after=after, limit=limit)

    def decisions(self, after: int, limit: int) -> list[LogEntry]:
        return self._entries(sql.DECISIONS_PAGE, after=after, limit=limit)

    def newest_decisions(self, limit: int) -> list[LogEntry]:
        return self._entries(sql.NEWEST_DECISIONS, limit=limit)[::-1]

    def last_of_kind(self, kind: str) -> LogEntry | None:
        return next(iter(self._entries(sql.newest_of_kind(kind))), None)

    def receipts(self, after: int, limit: int) -> list[Receipt]:
        return [_receipt(row) for row in self._ask(sql.RECEIPTS_PAGE, after=after, limit=limit)]

    def accounts(self, after: int, limit: int) -> list[Account]:
        key = b"" if after < 0 else element(after)
        return [_account(row) for row in self._ask(sql.ACCOUNTS_PAGE, after=key, limit=limit)]

    def roots(self, after: tuple[int, int], limit: int) -> list[Root]:
        rows = self._ask(sql.ROOTS_PAGE, chain_id=after[0], epoch=after[1], limit=limit)
        return [_root(row) for row in rows]

    def risk_tables(self, after: int, limit: int) -> list[RiskTable]:
        return [_risk_table(row) for row in self._ask(sql.RISK_TABLES_PAGE, after=after, limit=limit)]

    def _ask(self, question: Executable, **keys: object) -> Sequence[Any]:
        return self._connection.execute(question, keys).all()

    def _entries(self, question: Executable, **keys: object) -> list[LogEntry]:
        return [LogEntry(*row) for row in self._ask(question, **keys)]


def element(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _value(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _entry_row(entry: LogEntry) -> Sequence[object]:
    return entry.number, entry.at_ms, entry.kind, entry.body, entry.hash


def _receipt(row: Sequence[Any]) -> Receipt:
    number, digest, settlement_id, beneficiary, account, nullifier, *amounts = row
    return Receipt(number, digest, settlement_id, beneficiary, _value(account), _value(nullifier), *amounts)


def _receipt_row(receipt: Receipt) -> Sequence[object]:
    return (
        receipt.number,
        receipt.request_digest,
        receipt.settlement_id,
        receipt.beneficiary,
        element(receipt.account),
        element(receipt.nullifier),
        receipt.sequence,
        receipt.credit_e8,
        receipt.replaced_e8,
        receipt.expiry_ms,
        receipt.accepted_at_ms,
    )


def _account(row: Sequence[Any]) -> Account:
    account, sequence, released, receipt, margin_e8, expiry_ms, inflow_e8, inflow_at_ms = row
    return Account(
        account=_value(account),
        sequence=NEVER if sequence is None else sequence,
        released_through=NEVER if released is None else released,
        receipt=receipt,
        margin_e8=margin_e8,
        expiry_ms=expiry_ms,
        inflow_e8=inflow_e8,
        inflow_at_ms=inflow_at_ms,
    )


def _account_row(account: Account) -> Sequence[object]:
    return (
        element(account.account),
        None if account.sequence == NEVER else account.sequence,
        None if account.released_through == NEVER else account.released_through,
        account.receipt,
        account.margin_e8,
        account.expiry_ms,
        account.inflow_e8,
        account.inflow_at_ms,
    )


def _root(row: Sequence[Any]) -> Root:
    return Root(row[0], row[1], _value(row[2]), row[3])


def _root_row(root: Root) -> Sequence[object]:
    return root.chain_id, root.epoch, element(root.root), root.observed_at_ms


def _risk_table(row: Sequence[Any]) -> RiskTable:
    return RiskTable(row[0], _value(row[1]), row[2])


def _risk_table_row(table: RiskTable) -> Sequence[object]:
    return table.oracle_time_ms, element(table.risk_root), table.attested_at_ms
