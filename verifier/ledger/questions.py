"""What a ledger answers, each answer from one consistent moment. Nothing here changes anything."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from zkmargin.algebra import BN254

from ..errors import LedgerError, StatementError
from ..receipt import Receipt
from ..statement import DIGEST_BYTES, ID_BITS, check_bytes, check_element, check_range
from .breakers import BreakerState, standing, view
from .config import LedgerConfig
from .log import LogEntry, decision
from .overview import Overview, look
from .records import AccountView, Decision, Head, Root
from .replay import LogReport, Progress, verify_log
from .state import State
from .store import NOTHING, Rows, Store, Wanted

PAGE = 1000

Clock = Callable[[], int]
"""Milliseconds since 1970."""


def system_clock() -> int:
    return time.time_ns() // 1_000_000


class LedgerQuestions:
    """The part of `MarginLedger` that only reads."""

    def __init__(self, store: Store, config: LedgerConfig, clock: Clock) -> None:
        self.config = config
        self._store = store
        self._clock = clock

    def margin_of(self, account: int) -> int:
        """The account's margin in e8: its newest credit, unless released or expired. Unknown accounts have 0."""
        return self.account(account).margin_e8

    def account(self, account: int) -> AccountView:
        check_element("account", account)
        with self._reading() as state:
            return state.account(account).view(self._clock())

    def accounts(self, after: int = -1, limit: int = PAGE) -> list[AccountView]:
        """Accounts in the order of their pseudonyms, those above `after`."""
        check_page(after, limit, BN254.r - 1)
        now_ms = self._clock()
        with self._store.reading() as rows:
            return [account.view(now_ms) for account in rows.accounts(after, limit)]

    def breaker(self, source: int | None = None) -> BreakerState:
        """The breaker of the whole ledger, or of one source, as a request would meet it now."""
        for state in self.breakers():
            if state.source == source:
                return state
        raise StatementError("source", "is no chain that this ledger has a route from")

    def breakers(self) -> list[BreakerState]:
        """All of them, the whole ledger's first."""
        now_ms, limits = self._clock(), self.config.limits
        with self._reading() as state:
            found = standing(state, limits, sorted(self.config.routes), now_ms)
            return [view(scope, breaker, limits, now_ms) for scope, breaker in found.states.items()]

    def overview(self) -> Overview:
        """How the ledger stands, all of one moment."""
        with self._store.reading() as rows:
            return look(rows, self.config, self._clock())

    def newest_root(self, chain_id: int, below_epoch: int | None = None) -> Root | None:
        """The root of the chain's highest epoch that counts, of those below one if given."""
        check_range("chain_id", chain_id, ID_BITS)
        if below_epoch is not None:
            check_range("below_epoch", below_epoch, ID_BITS)
        with self._store.reading() as rows:
            return rows.newest_root(chain_id, below_epoch)

    def receipt(self, settlement_id: bytes) -> Receipt | None:
        check_bytes("settlement_id", settlement_id, DIGEST_BYTES)
        with self._reading() as state:
            return state.receipt_of(settlement_id)

    def receipts(self, after: int = 0, limit: int = PAGE) -> list[Receipt]:
        """Receipts in the order in which they were given, those numbered above `after`."""
        check_page(after, limit)
        with self._store.reading() as rows:
            return rows.receipts(after, limit)

    def decisions(self, after: int = 0, limit: int = PAGE) -> list[Decision]:
        """What was accepted and refused, in order; `number` is that of the log's entry, and `after` is one too."""
        check_page(after, limit)
        with self._store.reading() as rows:
            return [decision(entry) for entry in rows.decisions(after, limit)]

    def newest_decisions(self, limit: int = PAGE) -> list[Decision]:
        """The last of them, in order."""
        check_page(0, limit)
        with self._store.reading() as rows:
            return [decision(entry) for entry in rows.newest_decisions(limit)]

    def log(self, after: int = 0, limit: int = PAGE) -> list[LogEntry]:
        """Every decision and every change, in order; docs/ledger.md describes the entries and their hashes."""
        check_page(after, limit)
        with self._store.reading() as rows:
            return rows.log(after, limit)

    def verify_log(self, remembered: Head | None = None, progress: Progress | None = None) -> LogReport:
        """Recompute the log's hashes, rebuild the state from it and compare every table with that.

        Raises `DamagedDatabase` that names the first difference. `remembered` is the end of the log as somebody noted
        it elsewhere, `Head(number, hash)`: the entry must still be there.
        """
        with self._store.reading() as rows:
            return verify_log(rows, self.config.target, self._store.where, remembered, progress)

    @contextmanager
    def at_one_moment(self) -> Iterator[LedgerQuestions]:
        """For several questions: all that is asked of what this gives is answered from one consistent moment."""
        now_ms = self._clock()
        with self._store.reading() as rows:
            yield LedgerQuestions(_Moment(rows, self._store.where), self.config, lambda: now_ms)

    def head(self) -> Head:
        """The log's last entry, to be noted elsewhere."""
        with self._store.reading() as rows:
            return rows.head()

    @contextmanager
    def _reading(self, wanted: Wanted = NOTHING) -> Iterator[State]:
        with self._store.reading(wanted) as rows:
            state = State(rows)
            state.prefetch(wanted)
            yield state


@dataclass(frozen=True)
class _Moment:
    """A store that is in the middle of a reading transaction, and stays in it."""

    rows: Rows
    where: str

    @contextmanager
    def reading(self, wanted: Wanted = NOTHING) -> Iterator[Rows]:
        yield self.rows

    def writing(self, wanted: Wanted = NOTHING) -> AbstractContextManager[Rows]:
        raise LedgerError(self.where, "is only being read")

    def close(self) -> None:
        raise LedgerError(self.where, "is being read: it cannot be closed")


def check_page(after: int, limit: int, most: int = (1 << 63) - 1) -> None:
    """A negative limit would mean all of it to one database and an error to another, and so would a key too large."""
    if type(after) is not int or type(limit) is not int or not -1 <= after <= most or not 0 <= limit < 1 << 31:
        raise StatementError("limit", "must be a number from 0, and after one that a page ended with")
