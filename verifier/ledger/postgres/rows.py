"""The ledger's questions and its saving in PostgreSQL; see `store.Rows`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Table

from ...errors import DamagedDatabase
from ...receipt import Receipt
from ..log import LogEntry
from ..records import Account, Head, RiskTable, Root
from ..store import NOTHING, Changes, Wanted
from . import encoding as en
from . import statements as sql
from .conversation import Answer, Conversation, Sql
from .tables import ACCOUNTS, LOG, RECEIPTS, RISK_TABLES, ROOTS, SCOPES

_NO_EXPIRY_MS = 1 << 63
_HeadRow = tuple[int, bytes, int, int]
_HEAD_SIZE = len(sql.HEAD_COLUMNS)


class PostgresRows:
    """The tables behind one open transaction. A writer takes its lock first, then all that is wanted is asked."""

    def __init__(self, where: str, conversation: Conversation, wanted: Wanted, *, writes: bool) -> None:
        self._where = where
        self._conversation = conversation
        self._wanted = NOTHING
        self._found: Mapping[str, Answer] = {}
        self._head_row: _HeadRow | None = None
        self._expired: list[Account] = []
        self._expired_from_ms = self._next_expiry_ms = -1
        if wanted != NOTHING:
            self._fetch(wanted, locks=writes)
        elif writes:
            self._head_row = self._only_head(conversation.ask(sql.LOCKED_HEAD))

    def _fetch(self, wanted: Wanted, *, locks: bool) -> None:
        answers = (answer or [] for answer in self._answers(wanted, locks))
        head, scopes, expiry, receipts, accounts, roots, risk_tables = answers
        self._head_row = self._only_head(en.from_json(head, *sql.HEAD_COLUMNS))
        self._next_expiry_ms = _expiry(expiry)
        self._wanted = wanted
        self._found = {
            "scopes": scopes,
            "receipts": en.from_json(receipts, *RECEIPTS.columns),
            "accounts": en.from_json(accounts, *ACCOUNTS.columns),
            "roots": en.from_json(roots, *ROOTS.columns),
            "risk_tables": en.from_json(risk_tables, *RISK_TABLES.columns),
        }

    def _answers(self, wanted: Wanted, locks: bool) -> Sequence[Answer | None]:
        keys: dict[str, object] = {
            "after": -1,
            **_receipts_keys(wanted.settlement_ids, wanted.nullifiers),
            **_accounts_keys(wanted.accounts),
            **_roots_keys(wanted.roots),
            **_risk_tables_keys(wanted.oracle_times_ms),
        }
        for row in self._ask(sql.LOCKED_WANTED, **keys) if locks else ():
            locked, (head, *others) = row[:_HEAD_SIZE], row[_HEAD_SIZE:]
            if en.from_json(head, *sql.HEAD_COLUMNS) == [list(locked)]:
                return head, *others
            # It had to wait for the lock: the head is that of after the wait, and all the rest of before it.
        return self._ask(sql.WANTED, **keys)[0]

    def head(self) -> Head:
        number, digest, _, _ = self._head()
        return Head(number, digest)

    def last_receipt(self) -> int:
        return self._head()[2]

    def outstanding_e8(self) -> int:
        return self._head()[3]

    def receipts_of(self, settlement_ids: Collection[bytes], nullifiers: Collection[int]) -> list[Receipt]:
        ids, used = frozenset(settlement_ids), frozenset(nullifiers)
        known = ids <= self._wanted.settlement_ids and used <= self._wanted.nullifiers
        rows = self._found.get("receipts", ()) if known else self._ask(sql.RECEIPTS_OF, **_receipts_keys(ids, used))
        receipts = map(en.receipt_of, rows)
        return [receipt for receipt in receipts if receipt.settlement_id in ids or receipt.nullifier in used]

    def accounts_of(self, accounts: Collection[int]) -> list[Account]:
        keys = frozenset(accounts)
        known = keys <= self._wanted.accounts
        rows = self._found.get("accounts", ()) if known else self._ask(sql.ACCOUNTS_OF, **_accounts_keys(keys))
        return [account for account in map(en.account_of, rows) if account.account in keys]

    def roots_of(self, roots: Collection[tuple[int, int]]) -> list[Root]:
        keys = frozenset(roots)
        known = keys <= self._wanted.roots
        rows = self._found.get("roots", ()) if known else self._ask(sql.ROOTS_OF, **_roots_keys(keys))
        return [root for root in map(en.root_of, rows) if (root.chain_id, root.root) in keys]

    def risk_tables_of(self, oracle_times_ms: Collection[int]) -> list[RiskTable]:
        keys = frozenset(oracle_times_ms)
        known = keys <= self._wanted.oracle_times_ms
        rows = self._found.get("risk_tables", ()) if known else self._ask(sql.RISK_TABLES_OF, **_risk_tables_keys(keys))
        return [table for table in map(en.risk_table_of, rows) if table.oracle_time_ms in keys]

    def root_of_epoch(self, chain_id: int, epoch: int) -> Root | None:
        rows = self._ask(sql.ROOT_OF_EPOCH, chain_id=en.unsigned(chain_id), epoch=en.unsigned(epoch))
        return next(map(en.root_of, rows), None)

    def newest_root(self, chain_id: int, below_epoch: int | None = None) -> Root | None:
        below = sql.ABOVE_ALL if below_epoch is None else below_epoch
        rows = self._ask(sql.NEWEST_ROOT, chain_id=en.unsigned(chain_id), below=en.unsigned(below))
        return next(map(en.root_of, rows), None)

    def newest_risk_table(self) -> RiskTable | None:
        return next(map(en.risk_table_of, self._ask(sql.NEWEST_RISK_TABLE)), None)

    def scopes(self) -> Mapping[str, str]:
        rows = self._found["scopes"] if "scopes" in self._found else self._ask(sql.ALL_SCOPES)
        return {scope: state for scope, state in rows}  # noqa: C416  # rows are lists here and tuples there

    def expired(self, now_ms: int) -> list[Account]:
        """Until the time at which the next margin expires the answer is the same, and nothing is asked."""
        if not self._expired_from_ms <= now_ms < self._next_expiry_ms:
            self._expired = list(map(en.account_of, self._ask(sql.EXPIRED, now=now_ms)))
            self._expired_from_ms, self._next_expiry_ms = now_ms, _expiry(self._ask(sql.NEXT_EXPIRY, after=now_ms))
        return self._expired

    # Saving.
    def save(self, changes: Changes) -> None:
        for chain_id, epoch in changes.retracted.items():
            self._conversation.tell(sql.RETRACT, chain_id=en.unsigned(chain_id), epoch=en.unsigned(epoch))
        values: dict[str, object] = {}
        tables = (
            _columns(values, LOG, map(en.entry_row, changes.entries)),
            _columns(values, RECEIPTS, map(en.receipt_row, changes.receipts)),
            _columns(values, ACCOUNTS, map(en.account_row, changes.accounts.values())),
            _columns(values, ROOTS, map(en.root_row, changes.roots)),
            _columns(values, RISK_TABLES, map(en.risk_table_row, changes.risk_tables)),
            _columns(values, SCOPES, changes.scopes.items()),
        )
        moved = self._moved_head(changes)
        self._conversation.tell(sql.saving(tuple(filter(None, tables))), **values, **sql.head_values(moved))
        self._head_row = moved
        self._wanted, self._found, self._next_expiry_ms = NOTHING, {}, -1  # what was found may be true no more

    def _moved_head(self, changes: Changes) -> _HeadRow:
        number, digest, receipts, outstanding_e8 = self._head()
        if changes.entries:
            number, digest = changes.entries[-1].number, changes.entries[-1].hash
        if changes.receipts:
            receipts = changes.receipts[-1].number
        if changes.outstanding_e8 is not None:
            outstanding_e8 = changes.outstanding_e8
        return number, digest, receipts, outstanding_e8

    # Pages.
    def log(self, after: int, limit: int) -> list[LogEntry]:
        return list(map(en.entry_of, self._ask(sql.LOG_PAGE, after=after, limit=limit)))

    def decisions(self, after: int, limit: int) -> list[LogEntry]:
        return list(map(en.entry_of, self._ask(sql.DECISIONS_PAGE, after=after, limit=limit)))

    def newest_decisions(self, limit: int) -> list[LogEntry]:
        return list(map(en.entry_of, self._ask(sql.NEWEST_DECISIONS, limit=limit)))[::-1]

    def last_of_kind(self, kind: str) -> LogEntry | None:
        return next(map(en.entry_of, self._ask(sql.newest_of_kind(kind))), None)

    def receipts(self, after: int, limit: int) -> list[Receipt]:
        return list(map(en.receipt_of, self._ask(sql.RECEIPTS_PAGE, after=after, limit=limit)))

    def accounts(self, after: int, limit: int) -> list[Account]:
        key = b"" if after < 0 else en.element(after)
        return list(map(en.account_of, self._ask(sql.ACCOUNTS_PAGE, after=key, limit=limit)))

    def roots(self, after: tuple[int, int], limit: int) -> list[Root]:
        keys = {"chain_id": en.unsigned(after[0]), "epoch": en.unsigned(after[1])}
        return list(map(en.root_of, self._ask(sql.ROOTS_PAGE, **keys, limit=limit)))

    def risk_tables(self, after: int, limit: int) -> list[RiskTable]:
        return list(map(en.risk_table_of, self._ask(sql.RISK_TABLES_PAGE, after=after, limit=limit)))

    # Asking.
    def _ask(self, statement: Sql, **keys: object) -> Answer:
        return self._conversation.ask(statement, **keys)

    def _head(self) -> _HeadRow:
        if self._head_row is None:
            self._head_row = self._only_head(self._ask(sql.HEAD_OF_THE_LOG))
        return self._head_row

    def _only_head(self, rows: Answer) -> _HeadRow:
        if len(rows) != 1:
            raise DamagedDatabase(self._where, "has lost the row that names its newest entry; restore it from a copy")
        number, digest, receipts, outstanding_e8 = rows[0]
        return number, digest, receipts, outstanding_e8


def _receipts_keys(settlement_ids: Collection[bytes], nullifiers: Collection[int]) -> dict[str, object]:
    return {"settlement_ids": en.array(settlement_ids), "nullifiers": en.array(map(en.element, nullifiers))}


def _accounts_keys(accounts: Collection[int]) -> dict[str, object]:
    return {"accounts": en.array(map(en.element, accounts))}


def _roots_keys(roots: Collection[tuple[int, int]]) -> dict[str, object]:
    """Of every pair of a chain and a root among them; whoever asks picks the pairs that it wants."""
    chains, values = {chain_id for chain_id, _ in roots}, {root for _, root in roots}
    return {"chains": en.array(chains), "values": en.array(map(en.element, values))}


def _risk_tables_keys(oracle_times_ms: Collection[int]) -> dict[str, object]:
    """A time that no table can hold is none that is known."""
    return {"times": en.array(time for time in oracle_times_ms if time < 1 << 63)}


def _columns(values: dict[str, object], table: Table, rows: Iterable[en.Row]) -> str | None:
    """Add the rows' columns to the values of a statement; the table's name, or None where there are no rows."""
    columns = list(zip(*rows, strict=True))
    for name, column in zip(table.columns.keys() if columns else (), columns, strict=True):
        values[sql.parameter(table, name)] = en.array(column)
    return table.name if columns else None


def _expiry(answer: Answer) -> int:
    (expiry_ms,) = answer[0]
    return _NO_EXPIRY_MS if expiry_ms is None else int(expiry_ms)
