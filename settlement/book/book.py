"""The account book of a source venue: orders in, epochs and openings out. docs/account-book.md is its contract.

The book keeps the promises that the statement relies on: what is reserved for another venue stays here until that has
let go of it, every change of an account moves its sequence, and an epoch that was published can be opened later.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

from zkmargin.algebra import BN254, Engine, ZkMarginError, get_engine
from zkmargin.circuits.margin import TREE_ARITY, Leaf, Shape, venue_group
from zkmargin.prover import Opening
from zkmargin.verifier.statement import HORIZON_BITS, SEQUENCE_BITS

from ..errors import (
    AlreadyNetted,
    ReservationRefused,
    RiskTableRefused,
    UnknownAccount,
    VenueError,
)
from ..risk_document import RiskDocument
from .bulk import Import, NewAccount
from .coverage import needs_cover, require_covered
from .digests import leaf_of
from .epochs import Epochs, kept_epoch, open_epoch, prune
from .events import Borrow, Deposit, Event, Open, Release, Repay, Reserve, Trade, Withdraw
from .file import BookFile
from .fold import applied, opened
from .holdings import encode
from .identity import BookIdentity
from .malformed import MalformedRow
from .published import PublishedEpoch
from .rows import EpochRow, EventRow, Rows
from .verification import BookSummary, Progress, Replay

HOUR_MS = 3_600_000
PAGE = 1000
LAST_SEQUENCE = (1 << SEQUENCE_BITS) - 1
"""A target that has let go of an account through this one will never credit it again."""


def system_clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class AccountBook:
    """One venue's accounts in one SQLite file, or in memory. Threads may share one; each process opens its own."""

    def __init__(
        self,
        file: BookFile,
        engine: Engine | None = None,
        *,
        clock: Callable[[], int] = system_clock,
        random_below: Callable[[int], int] = secrets.randbelow,
    ) -> None:
        """`random_below` draws the leaves' salts: the system's, unless a test vector must come out the same twice."""
        self.identity = file.identity
        self._file = file
        self._clock = clock
        self._random_below = random_below
        self._engine = engine or get_engine()
        self._epochs = Epochs(file, self._engine)
        self._lock = threading.RLock()
        self._batch: Rows | None = None
        self._touched: set[int] = set()
        self._risk: tuple[int, RiskDocument, int] | None = None

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        identity: BookIdentity,
        engine: Engine | None = None,
        *,
        clock: Callable[[], int] = system_clock,
        random_below: Callable[[int], int] = secrets.randbelow,
    ) -> AccountBook:
        """A new book in a new file, or in memory for ":memory:"."""
        return cls(BookFile(path, identity), engine, clock=clock, random_below=random_below)

    @classmethod
    def open(cls, path: str | os.PathLike[str], engine: Engine | None = None) -> AccountBook:
        """The book in this file."""
        return cls(BookFile(path), engine)

    @property
    def shape(self) -> Shape:
        return self.identity.shape

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> AccountBook:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Orders.
    @contextmanager
    def batch(self) -> Iterator[None]:
        """Many orders in one transaction, with one wait for the disk; an exception that leaves it undoes them all."""
        with self._lock:
            self._require_no_batch()
            with self._writing():
                yield

    def open_account(self, key_commitment: int, venue_ids: Sequence[int] | None = None) -> int:
        """A new empty account for the holder of a secret; its index. It is netted with no other venue unless named.

        One account of a key for each set of several venues: two could each be netted with the same account elsewhere,
        and that one's collateral be shown twice.
        """
        ids = (self.identity.venue_id,) if venue_ids is None else tuple(venue_ids)
        if self.identity.venue_id not in ids:
            raise VenueError(f"the venue ids must include this venue's own, {self.identity.venue_id}")
        event = Open(key_commitment, self._random_below(BN254.r), ids)
        leaf = opened(event, self.shape)
        with self._writing() as rows:
            index = rows.account_count()
            if index >= TREE_ARITY**self.shape.depth:
                raise VenueError(f"the book is full: {index} accounts")
            if len(ids) > 1 and (other := rows.netted_account(event)) is not None:
                raise AlreadyNetted(other)
            self._write(rows, index, event, leaf)
        return index

    def deposit(self, index: int, asset: int, amount_e8: int) -> None:
        """Credit an asset's balance."""
        self.apply(index, Deposit(asset, amount_e8))

    def withdraw(self, index: int, asset: int, amount_e8: int) -> None:
        """Debit an asset's balance; refused where it would leave margin or reservations uncovered."""
        self.apply(index, Withdraw(asset, amount_e8))

    def trade(self, index: int, instrument: int, quantity_e8: int, cash_e8: Sequence[tuple[int, int]] = ()) -> None:
        """Change a position by a signed quantity, and balances by the cash that settles it; refused as above."""
        self.apply(index, Trade(instrument, quantity_e8, tuple(cash_e8)))

    def borrow(self, index: int, asset: int, amount_e8: int) -> None:
        """Lend the account an asset: debt and balance rise; refused as above."""
        self.apply(index, Borrow(asset, amount_e8))

    def repay(self, index: int, asset: int, amount_e8: int) -> None:
        """Take a debt back out of the balance."""
        self.apply(index, Repay(asset, amount_e8))

    def reserve(self, index: int, target: int, amount_e8: int) -> None:
        """Set free collateral aside for a target: adds to its slot, or takes a free one."""
        self.apply(index, Reserve(target, amount_e8))

    def release(self, index: int, target: int, at_sequence: int) -> int:
        """Free what is reserved for a target, once that has let go of every state up to `at_sequence`; the amount.

        Refused if the account has moved on since: the target might credit the state in between (decision 005). The
        proofs of an account that is netted with other venues have the sum of all sequences, and those of the others
        move on under an old root of this one: the target has to let go of all, through `LAST_SEQUENCE`.
        """
        with self._writing() as rows:
            leaf = self._leaf(rows, index)
            if leaf.group != venue_group([self.identity.venue_id]):
                if at_sequence != LAST_SEQUENCE:
                    reason = f"is netted with other venues: let the target release it through {LAST_SEQUENCE}, for good"
                    raise ReservationRefused(index, reason)
            elif leaf.sequence != at_sequence:
                reason = f"is at sequence {leaf.sequence}, the target let go of {at_sequence}: let it release again"
                raise ReservationRefused(index, reason)
            freed = leaf.reserved_for(target)
            if not freed:
                raise ReservationRefused(index, "has nothing reserved for that target")
            self._apply(index, Release(target, freed))
        return freed

    def apply(self, index: int, event: Event) -> int:
        """Carry out one order, all or nothing; the account's sequence after it.

        Not a release: only `release` asks which states the target has let go of.
        """
        if isinstance(event, Release):
            raise ReservationRefused(index, "is released with `release` alone, which asks what the target let go of")
        return self._apply(index, event)

    def _apply(self, index: int, event: Event) -> int:
        with self._writing() as rows:
            before = self._leaf(rows, index)
            after = applied(event, before, index)
            if needs_cover(event):
                risk, horizon_ms = self._risk_in_force(rows)
                require_covered(self.shape, risk, horizon_ms, event, before, after, index)
            self._write(rows, index, event, after)
        return after.sequence

    def import_accounts(self, accounts: Iterable[NewAccount]) -> range:
        """Open and fund many accounts in one transaction, on their own at this venue; their indices."""
        with self._writing() as rows:
            first = rows.account_count()
            work = Import(self.identity, open_epoch(rows), self._clock(), self._random_below)
            indices = range(first, first + work.write(rows, first, accounts))
            self._touched.update(indices)
        return indices

    def set_risk_table(self, risk: RiskDocument, horizon_ms: int = HOUR_MS) -> None:
        """Judge orders by this table from now on, looking `horizon_ms` ahead. It must be in the book's own terms."""
        self.identity.require_same_terms(risk)
        if type(horizon_ms) is not int or not 0 < horizon_ms < 1 << HORIZON_BITS:
            raise RiskTableRefused(f"the horizon must be between 1 and 2^{HORIZON_BITS} - 1 ms")
        if risk.shape.scenarios and horizon_ms > risk.table.scenario_horizon_ms:
            reach = risk.table.scenario_horizon_ms
            raise RiskTableRefused(f"the table's scenarios look {reach} ms ahead: take no longer a horizon than that")
        text = json.dumps(RiskDocument.from_json(json.dumps(risk.to_json())).to_json())
        with self._writing() as rows:
            present, _ = self._risk_in_force(rows)
            if present is not None and risk.oracle_time_ms < present.oracle_time_ms:
                raise RiskTableRefused("the risk table is older than the one in force; use the newest")
            rows.add_risk_table(text, horizon_ms, self._clock())

    def risk_table(self) -> RiskDocument | None:
        """The table in force."""
        with self._reading() as rows:
            return self._risk_in_force(rows)[0]

    # Epochs.
    def publish(self) -> PublishedEpoch:
        """Close the epoch: store what changed in it and give its root."""
        with self._lock:
            self._require_no_batch()
            with self._epochs.undone_on_failure(), self._file.writing() as connection:
                row = self._epochs.close(Rows(connection), self._clock())
        return self._published(row)

    def published(self, epoch: int | None = None) -> PublishedEpoch:
        """An epoch that the book keeps; the newest unless named."""
        with self._reading() as rows:
            return self._published(kept_epoch(rows, epoch))

    def opening(self, index: int, epoch: int | None = None) -> Opening:
        """What the owner of an account proves from: the account as it stood at the end of an epoch, and its path."""
        with self._reading() as rows:
            row = kept_epoch(rows, epoch)
            if type(index) is not int or not 0 <= index < row.accounts:
                raise UnknownAccount(index)
            leaf, siblings = self._leaf(rows, index, row.epoch), self._epochs.path(rows, index, row.epoch)
        return Opening(self.identity.venue_id, row.epoch, row.tree_root, leaf, index, siblings)

    def root(self) -> int:
        """The root that the tree would have if the epoch were closed now."""
        with self._lock:
            self._require_no_batch()
            with self._file.reading() as connection:
                return self._epochs.current_tree(Rows(connection)).root

    def prune(self, keep: int) -> int:
        """Forget all but the newest `keep` epochs: their roots stay, their openings go. The first epoch still kept."""
        if type(keep) is not int or keep < 1:
            raise VenueError("at least one epoch must be kept")
        with self._writing() as rows:
            return prune(rows, keep, self.shape.depth, self._clock())

    # Questions.
    def account(self, index: int) -> Leaf:
        """The account as it is now."""
        with self._reading() as rows:
            return self._leaf(rows, index)

    def account_count(self) -> int:
        with self._reading() as rows:
            return rows.account_count()

    def last_event(self) -> int:
        """The number of the newest event; 0 in an empty book."""
        with self._reading() as rows:
            return rows.last_event()

    def events(self, account: int | None = None, after: int = 0, limit: int = PAGE) -> list[EventRow]:
        """Events in their order, those numbered above `after`; of one account or of all."""
        with self._reading() as rows:
            return rows.events(account, after, limit)

    def verify(self, progress: Progress | None = None) -> BookSummary:
        """Replay every event and compare states, trees and roots; `DamagedBook` where something does not follow."""
        with self._lock:
            self._require_no_batch()
            with self._file.reading() as connection:
                self._file.check_pages(connection)
                return Replay(self._file.path, self.shape, Rows(connection), self._engine).run(progress)

    def _write(self, rows: Rows, index: int, event: Event, leaf: Leaf) -> None:
        rows.add_events([(self._clock(), index, leaf.sequence, event.kind, event.to_bytes())])
        rows.put_states([(index, open_epoch(rows), leaf.sequence, encode(leaf, self.shape))])
        self._touched.add(index)

    def _leaf(self, rows: Rows, index: int, epoch: int | None = None) -> Leaf:
        if type(index) is not int or not 0 <= index < 1 << 63:
            raise UnknownAccount(index)
        row = rows.leaf(index, open_epoch(rows) if epoch is None else epoch)
        if row is None:
            raise UnknownAccount(index)
        return leaf_of(row, self.shape)

    def _risk_in_force(self, rows: Rows) -> tuple[RiskDocument | None, int]:
        number = rows.risk_table_number()
        if self._risk is None or self._risk[0] != number:
            found = rows.newest_risk_table()
            if found is None:
                return None, 0
            self._risk = number, _stored_risk(found[0]), found[1]
        return self._risk[1:]

    def _published(self, row: EpochRow) -> PublishedEpoch:
        return PublishedEpoch(self.identity.venue_id, row.epoch, row.tree_root, row.accounts, self.opening)

    def _require_no_batch(self) -> None:
        if self._batch is not None:
            raise VenueError("a batch of orders is open: finish it first")

    @contextmanager
    def _reading(self) -> Iterator[Rows]:
        with self._lock:
            if self._batch is not None:
                yield self._batch
                return
            with self._file.reading() as connection:
                yield Rows(connection)

    @contextmanager
    def _writing(self) -> Iterator[Rows]:
        """Inside a batch a part of its transaction, which is undone alone; otherwise a transaction of its own.

        Accounts are noted once they are committed.
        """
        with self._lock:
            if self._batch is not None:
                with self._file.part():
                    yield self._batch
                return
            self._touched.clear()
            with self._file.writing() as connection:
                self._batch = Rows(connection)
                try:
                    yield self._batch
                except BaseException:
                    self._risk = None  # it may be one whose row is undone now
                    raise
                finally:
                    self._batch = None
            self._epochs.note(self._touched)


def _stored_risk(text: str) -> RiskDocument:
    try:
        return RiskDocument.from_json(text)
    except ZkMarginError:
        raise MalformedRow("risk table") from None
