"""What the ledger needs of a database: transactions, a few questions in bulk, and one way to save.

Everything is asked and saved in sets, so that a batch of requests costs as many round trips as one request. The ledger
decides in memory (`state.py`) between the questions and the saving; a store never decides anything.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol

from ..receipt import Receipt
from .log import LogEntry
from .records import Account, Head, RiskTable, Root


@dataclass(slots=True)
class Changes:
    """What one transaction adds and changes; a store saves it in this order, after removing `retracted`.

    `entries` go on where the log ended, `receipts` where the receipts ended. `accounts` and `scopes` take the place of
    the rows with the same key. `retracted` names a chain and the first epoch whose roots go, with all newer ones;
    `roots` may add such an epoch again. `outstanding_e8` is None where it did not change.
    """

    entries: list[LogEntry] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    accounts: dict[int, Account] = field(default_factory=dict)
    roots: list[Root] = field(default_factory=list)
    retracted: dict[int, int] = field(default_factory=dict)
    risk_tables: list[RiskTable] = field(default_factory=list)
    scopes: dict[str, str] = field(default_factory=dict)
    outstanding_e8: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Keys that a transaction is going to ask for. A store on a network fetches their rows with its first words."""

    settlement_ids: frozenset[bytes] = frozenset()
    nullifiers: frozenset[int] = frozenset()
    accounts: frozenset[int] = frozenset()
    roots: frozenset[tuple[int, int]] = frozenset()
    oracle_times_ms: frozenset[int] = frozenset()


NOTHING = Wanted()


class Rows(Protocol):
    """The tables inside one transaction. Keys that are unknown are missing from an answer; order does not matter.

    Integers are as in `records.py`: unsigned 64 bits for chain ids, epochs, sequences and credits, field elements
    below 2^254 for accounts, nullifiers and roots, 128 bits for the outstanding total, times and numbers below 2^63.
    """

    def head(self) -> Head: ...

    def receipts_of(self, settlement_ids: Collection[bytes], nullifiers: Collection[int]) -> Iterable[Receipt]:
        """Those with one of the settlement ids, and those with one of the nullifiers; one may come twice."""

    def accounts_of(self, accounts: Collection[int]) -> Iterable[Account]: ...

    def roots_of(self, roots: Collection[tuple[int, int]]) -> Iterable[Root]:
        """By chain id and root."""

    def root_of_epoch(self, chain_id: int, epoch: int) -> Root | None: ...

    def newest_root(self, chain_id: int, below_epoch: int | None = None) -> Root | None:
        """The root of the chain's highest epoch, of those below one if given."""

    def risk_tables_of(self, oracle_times_ms: Collection[int]) -> Iterable[RiskTable]: ...

    def newest_risk_table(self) -> RiskTable | None:
        """That of the latest time, whenever it was attested."""

    def scopes(self) -> Mapping[str, str]:
        """Every scope of the breaker with its state, canonical JSON that only the ledger reads."""

    def outstanding_e8(self) -> int:
        """The sum of `margin_e8` over all accounts; 0 in a new ledger."""

    def expired(self, now_ms: int) -> Iterable[Account]:
        """Accounts with a `margin_e8` above 0 whose `expiry_ms` is at most this."""

    def save(self, changes: Changes) -> None: ...

    # Pages, each in the order of its key and after a key: log and receipts by number, accounts by account, roots by
    # chain id and epoch, risk tables by time.
    def log(self, after: int, limit: int) -> list[LogEntry]: ...

    def decisions(self, after: int, limit: int) -> list[LogEntry]:
        """Entries of the kinds in `log.DECISIONS`."""

    def newest_decisions(self, limit: int) -> list[LogEntry]:
        """The last ones, in the order of their numbers."""

    def last_of_kind(self, kind: str) -> LogEntry | None: ...

    def last_receipt(self) -> int:
        """The highest number of a receipt; 0 where there is none."""

    def receipts(self, after: int, limit: int) -> list[Receipt]: ...

    def accounts(self, after: int, limit: int) -> list[Account]:
        """`after` is -1 for the first page."""

    def roots(self, after: tuple[int, int], limit: int) -> list[Root]:
        """`after` is (-1, -1) for the first page."""

    def risk_tables(self, after: int, limit: int) -> list[RiskTable]:
        """`after` is -1 for the first page."""


class Store(Protocol):
    """A database with one ledger in it. Threads may share a store, processes may not.

    A database that cannot be used is a `LedgerError` or one of its kinds, in either transaction.
    """

    @property
    def where(self) -> str:
        """For messages; never with a password in it."""

    def reading(self, wanted: Wanted = NOTHING) -> AbstractContextManager[Rows]:
        """A consistent view: nothing that others write shows inside. `save` is not called in it.

        Whoever says what is wanted gets that as of one moment, and whatever else it asks perhaps as of a later one.
        """

    def writing(self, wanted: Wanted = NOTHING) -> AbstractContextManager[Rows]:
        """The only writer: what is read inside stays true until the end. An exception undoes everything.

        Leaving it without one means that all is on the disk.
        """

    def close(self) -> None: ...


NOTHING_HERE = "holds no ledger: name the database that it is in, or start one with 'zkmargin ledger init'"


def is_url(where: str | os.PathLike[str]) -> bool:
    return isinstance(where, str) and where.startswith(("postgresql://", "postgres://"))


def open_store(where: str | os.PathLike[str], target: int, *, create: bool = True) -> Store:
    """The store of the ledger of this target, made if there is none and it may be: an SQLite file, or a URL's
    PostgreSQL."""
    if is_url(where):
        postgres = import_module("zkmargin.verifier.ledger.postgres")  # the extra `postgres`
        store: Store = postgres.open_postgres(where, target, create=create)
        return store
    from .sqlite_store import SqliteStore

    return SqliteStore(where, target, create=create)
