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
from .conversation import Answer, Conversation, Question, Sql
from .tables import ACCOUNTS, LOG, RECEIPTS, RISK_TABLES, ROOTS, SCOPES

_NO_EXPIRY_MS = 1 << 63


class PostgresRows:
    """The tables behind one open transaction. A writer's lock, and all that is wanted, come with the first breath."""

    def __init__(self, where: str, conversation: Conversation, wanted: Wanted, *, writes: bool) -> None:
        self._where = where
        self._conversation = conversation
        self._wanted = NOTHING
        self._found: Mapping[str, Answer] = {}
        self._expired: list[Account] = []
        self._expired_from_ms = self._next_expiry_ms = -1
        if writes or wanted != NOTHING:
            questions = {
                "head": Question(sql.LOCKED_HEAD if writes else sql.HEAD_OF_THE_LOG, {}),
                "scopes": Question(sql.ALL_SCOPES, {}),
                **_questions(wanted),
                "expiry": Question(sql.NEXT_EXPIRY, {"after": -1}),
            }
            self._found = dict(zip(questions, conversation.ask(*questions.values()), strict=True))
            self._wanted = wanted
            self._next_expiry_ms = _expiry(self._found["expiry"])
            self._head()  # without it nobody holds a lock

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
        rows = self._answer("receipts", known, _receipts_question(ids, used))
        receipts = map(en.receipt_of, rows)
        return [receipt for receipt in receipts if receipt.settlement_id in ids or receipt.nullifier in used]

    def accounts_of(self, accounts: Collection[int]) -> list[Account]:
        keys = frozenset(accounts)
        rows = self._answer("accounts", keys <= self._wanted.accounts, _accounts_question(keys))
        return [account for account in map(en.account_of, rows) if account.account in keys]

    def roots_of(self, roots: Collection[tuple[int, int]]) -> list[Root]:
        keys = frozenset(roots)
        rows = self._answer("roots", keys <= self._wanted.roots, _roots_question(keys))
        return [root for root in map(en.root_of, rows) if (root.chain_id, root.root) in keys]

    def risk_tables_of(self, oracle_times_ms: Collection[int]) -> list[RiskTable]:
        keys = frozenset(oracle_times_ms)
        rows = self._answer("risk_tables", keys <= self._wanted.oracle_times_ms, _risk_tables_question(keys))
        return [table for table in map(en.risk_table_of, rows) if table.oracle_time_ms in keys]

    def root_of_epoch(self, chain_id: int, epoch: int) -> Root | None:
        rows = self._ask(sql.ROOT_OF_EPOCH, chain_id=en.unsigned(chain_id), epoch=en.unsigned(epoch))
        return next(map(en.root_of, rows), None)

    def newest_root(self, chain_id: int, below_epoch: int | None = None) -> Root | None:
        below = sql.ABOVE_ALL if below_epoch is None else below_epoch
        rows = self._ask(sql.NEWEST_ROOT, chain_id=en.unsigned(chain_id), below=en.unsigned(below))
        return next(map(en.root_of, rows), None)

    def scopes(self) -> Mapping[str, str]:
        return dict(self._answer("scopes", "scopes" in self._found, Question(sql.ALL_SCOPES, {})))

    def expired(self, now_ms: int) -> list[Account]:
        """Until the time at which the next margin expires the answer is the same, and nothing is asked."""
        if not self._expired_from_ms <= now_ms < self._next_expiry_ms:
            rows, next_expiry = self._conversation.ask(
                Question(sql.EXPIRED, {"now": now_ms}), Question(sql.NEXT_EXPIRY, {"after": now_ms})
            )
            self._expired, self._expired_from_ms = list(map(en.account_of, rows)), now_ms
            self._next_expiry_ms = _expiry(next_expiry)
        return self._expired

    # Saving.
    def save(self, changes: Changes) -> None:
        for chain_id, epoch in changes.retracted.items():
            keys = {"chain_id": en.unsigned(chain_id), "epoch": en.unsigned(epoch)}
            self._conversation.tell(Question(sql.RETRACT, keys))
        self._add(sql.ADD_LOG, LOG, map(en.entry_row, changes.entries))
        self._add(sql.ADD_RECEIPTS, RECEIPTS, map(en.receipt_row, changes.receipts))
        self._add(sql.PUT_ACCOUNTS, ACCOUNTS, map(en.account_row, changes.accounts.values()))
        self._add(sql.ADD_ROOTS, ROOTS, map(en.root_row, changes.roots))
        self._add(sql.ADD_RISK_TABLES, RISK_TABLES, map(en.risk_table_row, changes.risk_tables))
        self._add(sql.PUT_SCOPES, SCOPES, changes.scopes.items())
        self._move_head(changes)
        self._wanted, self._next_expiry_ms = NOTHING, -1  # what was found before may be true no more

    def _add(self, statement: Sql, table: Table, rows: Iterable[Sequence[object]]) -> None:
        columns = list(zip(*rows, strict=True))
        if columns:
            arrays = zip(table.columns.keys(), map(list, columns), strict=True)
            self._conversation.tell(Question(statement, dict(arrays)))

    def _move_head(self, changes: Changes) -> None:
        number, digest, receipts, outstanding_e8 = self._head()
        if changes.entries:
            number, digest = changes.entries[-1].number, changes.entries[-1].hash
        if changes.receipts:
            receipts = changes.receipts[-1].number
        if changes.outstanding_e8 is not None:
            outstanding_e8 = changes.outstanding_e8
        moved = {"number": number, "hash": digest, "receipts": receipts, "outstanding_e8": en.unsigned(outstanding_e8)}
        self._conversation.tell(Question(sql.MOVE_HEAD, {f"to_{name}": value for name, value in moved.items()}))
        self._found = {"head": [(number, digest, receipts, outstanding_e8)]}

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
    def _head(self) -> tuple[int, bytes, int, int]:
        rows = self._answer("head", "head" in self._found, Question(sql.HEAD_OF_THE_LOG, {}))
        if len(rows) != 1:
            raise DamagedDatabase(self._where, "has lost the row that names its newest entry; restore it from a copy")
        number, digest, receipts, outstanding_e8 = rows[0]
        return number, digest, receipts, outstanding_e8

    def _answer(self, name: str, known: bool, question: Question) -> Answer:
        """From what was fetched before, which has no name for what was wanted by no key; or by asking."""
        return self._found.get(name, ()) if known else self._conversation.ask(question)[0]

    def _ask(self, statement: Sql, **keys: object) -> Answer:
        (answer,) = self._conversation.ask(Question(statement, keys))
        return answer


def _questions(wanted: Wanted) -> dict[str, Question]:
    """For those tables of which any row is wanted."""
    questions = {}
    if wanted.settlement_ids or wanted.nullifiers:
        questions["receipts"] = _receipts_question(wanted.settlement_ids, wanted.nullifiers)
    if wanted.accounts:
        questions["accounts"] = _accounts_question(wanted.accounts)
    if wanted.roots:
        questions["roots"] = _roots_question(wanted.roots)
    if wanted.oracle_times_ms:
        questions["risk_tables"] = _risk_tables_question(wanted.oracle_times_ms)
    return questions


def _receipts_question(settlement_ids: Collection[bytes], nullifiers: Collection[int]) -> Question:
    keys = {"settlement_ids": list(settlement_ids), "nullifiers": list(map(en.element, nullifiers))}
    return Question(sql.RECEIPTS_OF, keys)


def _accounts_question(accounts: Collection[int]) -> Question:
    return Question(sql.ACCOUNTS_OF, {"accounts": list(map(en.element, accounts))})


def _roots_question(roots: Collection[tuple[int, int]]) -> Question:
    """Asks for every pair of a chain and a root among them; the caller picks the pairs it wants."""
    chains, values = {chain_id for chain_id, _ in roots}, {root for _, root in roots}
    return Question(sql.ROOTS_OF, {"chains": list(map(en.unsigned, chains)), "values": list(map(en.element, values))})


def _risk_tables_question(oracle_times_ms: Collection[int]) -> Question:
    """A time that no table can hold is none that is known."""
    return Question(sql.RISK_TABLES_OF, {"times": [time for time in oracle_times_ms if time < 1 << 63]})


def _expiry(answer: Answer) -> int:
    (expiry_ms,) = answer[0]
    return _NO_EXPIRY_MS if expiry_ms is None else int(expiry_ms)
