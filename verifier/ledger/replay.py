"""Checking a ledger against its own log: every hash, every credit's grounds, and every row of every table.

The log is applied to an empty ledger in memory, entry by entry as it was written, and what comes out is compared with
what the tables say. Somebody who can write to the database can also write a new log with a chain of its own; only a
hash that was noted elsewhere shows that, which is what `remembered` is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TypeVar

from ..errors import DamagedDatabase
from ..receipt import Receipt
from .entries import apply_entry
from .log import ACCEPTED, KINDS, REPAID, LogEntry, canonical, entry_hash
from .records import Account, Head, RiskTable, Root
from .scope_text import scope_name, to_text
from .state import State
from .store import Rows

PAGE = 1000

Progress = Callable[[int, int], None]
"""Told how many entries are done, and how many there are."""

_Row = TypeVar("_Row")
_NONSENSE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading a row raises that nobody but an intruder can have written."""


@dataclass(frozen=True, slots=True)
class LogReport:
    """A log that holds together: how many entries, the last one's hash, and what they add up to."""

    entries: int
    head: bytes
    receipts: int
    accounts: int
    outstanding_e8: int


class NoRows:
    """A ledger in which nothing has happened; see `store.Rows`. What `State` keeps over it is the whole ledger."""

    def __init__(self, target: int) -> None:
        self._target = target.to_bytes(32, "big")

    def head(self) -> Head:
        return Head(0, self._target)

    def receipts_of(self, settlement_ids: Iterable[bytes], nullifiers: Iterable[int]) -> list[Receipt]:
        return []

    def accounts_of(self, accounts: Iterable[int]) -> list[Account]:
        return []

    def roots_of(self, roots: Iterable[tuple[int, int]]) -> list[Root]:
        return []

    def root_of_epoch(self, chain_id: int, epoch: int) -> None:
        return None

    def newest_root(self, chain_id: int, below_epoch: int | None = None) -> None:
        return None

    def risk_tables_of(self, oracle_times_ms: Iterable[int]) -> list[RiskTable]:
        return []

    def scopes(self) -> dict[str, str]:
        return {}

    def outstanding_e8(self) -> int:
        return 0

    def expired(self, now_ms: int) -> list[Account]:
        return []

    def last_receipt(self) -> int:
        return 0


def verify_log(
    rows: Rows, target: int, where: str, remembered: Head | None = None, progress: Progress | None = None
) -> LogReport:
    """Raise `DamagedDatabase` that names the first difference; see `MarginLedger.verify_log`."""
    check = _Check(rows, target, where)
    total = rows.head().number
    for entry in _paged(lambda after: rows.log(after, PAGE), lambda entry: entry.number, 0):
        check.entry(entry)
        if remembered is not None and entry.number == remembered.number and entry.hash != remembered.hash:
            raise check.damaged(f"log entry {entry.number} is not the one that was remembered: the log was rewritten")
        if progress is not None and (entry.number % PAGE == 0 or entry.number == total):
            progress(entry.number, total)
    if remembered is not None and check.head.number < remembered.number:
        raise check.damaged(f"the log ends at entry {check.head.number}, and {remembered.number} was remembered")
    try:
        return check.tables()
    except _NONSENSE as problem:
        raise check.damaged(f"a table holds what no ledger writes ({type(problem).__name__})") from problem


class _Check:
    """A replay, and what it is held against."""

    def __init__(self, rows: Rows, target: int, where: str) -> None:
        self._rows, self._where = rows, where
        self._state = State(NoRows(target))  # type: ignore[arg-type]  # pages and saving are never asked for
        self._receipts = _paged(lambda after: rows.receipts(after, PAGE), lambda receipt: receipt.number, 0)
        self.head = self._state.head

    def damaged(self, reason: str) -> DamagedDatabase:
        return DamagedDatabase(self._where, f"{reason}; stop it, and restore it from a copy")

    def entry(self, entry: LogEntry) -> None:
        """One more entry: in its place in the chain, meaningful, and as the tables have it."""
        name = f"log entry {entry.number}"
        if entry.number != self.head.number + 1:
            raise self.damaged(f"log entry {self.head.number + 1} is missing")
        try:
            honest = entry_hash(self.head.hash, entry.number, entry.at_ms, entry.kind, entry.body)
        except (OverflowError, UnicodeEncodeError, AttributeError):
            raise self.damaged(f"{name} was changed: it is none") from None
        if entry.hash != honest:
            raise self.damaged(f"{name} was changed: its hash does not follow from it and the one before")
        self.head = Head(entry.number, entry.hash)
        try:
            body = entry.members()
            self._apply(name, entry, body)
        except _NONSENSE as problem:
            raise self.damaged(f"{name} says what no ledger writes ({type(problem).__name__})") from problem

    def _apply(self, name: str, entry: LogEntry, body: dict[str, Any]) -> None:
        if entry.kind not in KINDS or canonical(body) != entry.body:
            raise ValueError(entry.kind)
        state = self._state
        judge = _JUDGES.get(entry.kind)
        if judge is not None:
            fault = judge(state, entry.at_ms, body)
            if fault:
                raise self.damaged(f"{name} is without grounds: {fault}")
        apply_entry(state, entry.at_ms, entry.kind, body)
        for receipt in state.changes.receipts:
            self._same("receipt", receipt.number, receipt, next(self._receipts, None))
        state.forget_receipts()

    def tables(self) -> LogReport:
        """Every row beside what the log adds up to. Receipts were compared as they came."""
        rows, state = self._rows, self._state
        self._same("log", "its end", self.head, rows.head())
        self._same("receipts", "the last", state.last_receipt(), rows.last_receipt())
        self._same("receipts", "one more", None, next(self._receipts, None))
        accounts = sorted(state.loaded_accounts(), key=lambda account: account.account)
        pages = _paged(lambda after: rows.accounts(after, PAGE), lambda account: account.account, -1)
        self._equal("account", accounts, pages, lambda account: account.account)
        roots = sorted(state.new_roots(), key=_root_key)
        self._equal("root", roots, _paged(lambda after: rows.roots(after, PAGE), _root_key, (-1, -1)), _root_key)
        tables = sorted(state.loaded_risk_tables(), key=lambda table: table.oracle_time_ms)
        stored = _paged(lambda after: rows.risk_tables(after, PAGE), lambda table: table.oracle_time_ms, -1)
        self._equal("risk table", tables, stored, lambda table: table.oracle_time_ms)
        scopes = {scope_name(scope): to_text(record) for scope, record in state.scopes().items()}
        self._equal("breaker", sorted(scopes.items()), sorted(rows.scopes().items()), lambda scope: scope[0])
        self._same("outstanding margin", "the total", state.outstanding_e8(), rows.outstanding_e8())
        return LogReport(
            entries=self.head.number,
            head=self.head.hash,
            receipts=state.last_receipt(),
            accounts=len(accounts),
            outstanding_e8=state.outstanding_e8(),
        )

    def _equal(self, table: str, expected: Iterable[_Row], found: Iterable[_Row], key: Callable[[_Row], Any]) -> None:
        """Both are in the order of the key, so of two that differ the lower key is where they part."""
        for one, other in zip_longest(expected, found):
            if one != other:
                first = min(key(row) for row in (one, other) if row is not None)
                here = [row if row is not None and key(row) == first else None for row in (one, other)]
                self._same(table, first, *here)

    def _same(self, table: str, key: object, expected: object, found: object) -> None:
        if expected != found:
            raise self.damaged(f"{table} {key} is {_shown(found)}, and the log says {_shown(expected)}")


def fault_of_acceptance(state: State, at_ms: int, body: Mapping[str, Any]) -> str:
    """Why this credit should not be there, judged by all that was logged before it; nothing if it may."""
    account = state.account(int(body["account"]))
    sources = {int(chain): int(root) for chain, root in body["sources"].items()}
    faults = {
        "its number is not the next": body["number"] != state.last_receipt() + 1,
        "its sequence is not above the last": int(body["sequence"]) <= max(account.sequence, account.released_through),
        "it does not replace the margin there was": int(body["replaced_e8"]) != account.margin_at(at_ms),
        "it had expired": body["expiry_ms"] <= at_ms,
        "a source root was not known": any(state.root(*source) is None for source in sources.items()),
        "no risk table was signed for its time": state.risk_table(body["oracle_time_ms"]) is None,
        "the breaker was open": any(state.scope(scope).breaker.is_open for scope in (None, *sources)),
    }
    return next((fault for fault, found in faults.items() if found), "")


def fault_of_repayment(state: State, _: int, body: Mapping[str, Any]) -> str:
    """Why this credit should not be lowered to that."""
    account = state.account(int(body["account"]))
    if account.receipt != body["receipt"]:
        return "it is not of the account's newest credit"
    return "it raises the credit" if int(body["remaining_e8"]) > account.margin_e8 else ""


_JUDGES = {ACCEPTED: fault_of_acceptance, REPAID: fault_of_repayment}


def _paged(page: Callable[[Any], list[_Row]], key: Callable[[_Row], Any], after: Any) -> Iterator[_Row]:
    while rows := page(after):
        yield from rows
        after = key(rows[-1])


def _root_key(root: Root) -> tuple[int, int]:
    return root.chain_id, root.epoch


def _shown(value: object) -> str:
    return "missing" if value is None else str(value)
