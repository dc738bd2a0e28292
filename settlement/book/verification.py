"""Replaying a book: every state, node and published root must follow from the events, and nothing else be there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zkmargin.algebra import Engine, ZkMarginError
from zkmargin.circuits.margin import TREE_ARITY, Shape

from ..errors import DamagedBook, SettlementError
from .digests import leaf_digests, leaf_of
from .epochs import nodes_above
from .events import Open, read_event
from .fold import applied, opened
from .holdings import encode
from .pending import CHUNK
from .rows import EpochRow, LeafRow, Rows
from .tree import VersionedTree

Progress = Callable[[int, int], None]
"""Events replayed so far, and how many there are."""
REPORT_EVERY = 10_000


@dataclass(frozen=True)
class BookSummary:
    """What was replayed, and the root of the accounts as they are now."""

    events: int
    accounts: int
    epochs: int
    first_kept_epoch: int
    root: int


class Replay:
    """One pass over the events. `run` raises a `DamagedBook` at the first thing that does not follow from them."""

    def __init__(self, path: str, shape: Shape, rows: Rows, engine: Engine) -> None:
        self._path = path
        self._shape = shape
        self._rows = rows
        self._engine = engine
        self._tree = VersionedTree(shape.depth, TREE_ARITY, engine)
        self._leaves: dict[int, LeafRow] = {}
        self._changed: set[int] = set()
        self._first_kept = rows.first_kept_epoch()
        self._unchecked: set[int] = set()
        """Changed in epochs that are not kept, up to the first one that is."""
        self._states = self._nodes = 0

    def run(self, progress: Progress | None = None) -> BookSummary:
        epochs, done = self._rows.epochs(), 0
        if [row.epoch for row in epochs] != list(range(1, len(epochs) + 1)):
            raise self._damage("an epoch is missing")
        done = self._close_through(epochs, done, 0)
        count, number = self._rows.last_event(), 0
        for number, account, sequence, kind, payload in self._rows.raw_events():
            self._replay(number, account, sequence, kind, payload)
            done = self._close_through(epochs, done, number)
            if progress is not None and (number % REPORT_EVERY == 0 or number == count):
                progress(number, count)
        if done != len(epochs):
            raise self._damage(f"epoch {done + 1} ends with an event that is not there")
        self._hash_changes()
        self._compare_states(len(epochs) + 1, self._changed)
        self._compare_counts()
        return BookSummary(number, len(self._leaves), len(epochs), self._first_kept, self._tree.root)

    def _replay(self, number: int, account: int, sequence: int, kind: str, payload: bytes) -> None:
        """Apply one event to the account as replayed so far."""
        event = read_event(kind, payload)
        before = self._leaves.get(account)
        try:
            if isinstance(event, Open):
                leaf = opened(event, self._shape)
            elif before is None:
                raise self._damage(f"event {number} changes an account that was not opened")
            else:
                leaf = applied(event, leaf_of(before, self._shape), account)
        except DamagedBook:
            raise
        except ZkMarginError:
            raise self._damage(f"event {number} cannot have happened") from None
        expected = len(self._leaves) if isinstance(event, Open) else account
        if leaf.sequence != sequence or account != expected:
            raise self._damage(f"event {number} is out of order")
        opening = payload if before is None else before[0]
        self._leaves[account] = opening, sequence, encode(leaf, self._shape)
        self._changed.add(account)

    def _close_through(self, epochs: list[EpochRow], done: int, number: int) -> int:
        """Close every epoch that ends with this event; how many are closed."""
        while done < len(epochs) and epochs[done].last_event == number:
            self._close(epochs[done])
            done += 1
        return done

    def _close(self, row: EpochRow) -> None:
        self._hash_changes()
        if self._tree.root != row.tree_root:
            raise self._damage(f"the root published for epoch {row.epoch} is not that of its accounts")
        if len(self._leaves) != row.accounts:
            raise self._damage(f"epoch {row.epoch} has another number of accounts than were opened by then")
        self._unchecked |= self._changed
        if row.epoch >= self._first_kept:
            self._compare_states(row.epoch, self._unchecked)
            self._compare_nodes(row.epoch, self._unchecked)
            self._unchecked.clear()
        self._changed.clear()

    def _hash_changes(self) -> None:
        accounts = sorted(self._changed)
        for start in range(0, len(accounts), CHUNK):
            chunk = accounts[start : start + CHUNK]
            digests = leaf_digests(self._shape, [self._leaves[account] for account in chunk], self._engine)
            self._tree.update(dict(zip(chunk, digests, strict=True)), lambda level, place: b"")

    def _compare_states(self, epoch: int, accounts: set[int]) -> None:
        for account in sorted(accounts):
            if self._rows.leaf(account, epoch) != self._leaves[account]:
                raise self._damage(f"account {account} in epoch {epoch} is not what its events make it")
        self._states += len(accounts)

    def _compare_nodes(self, epoch: int, accounts: set[int]) -> None:
        nodes = nodes_above(sorted(accounts), self._shape.depth)
        for level, place in sorted(nodes):
            if self._rows.children(level, place, epoch) != self._tree.children(level, place):
                raise self._damage(f"the tree of epoch {epoch} is not that of its accounts")
        self._nodes += len(nodes)

    def _compare_counts(self) -> None:
        if (self._rows.state_count(), self._rows.node_count()) != (self._states, self._nodes):
            raise self._damage("there are rows that no event accounts for")

    def _damage(self, reason: str) -> SettlementError:
        return DamagedBook(self._path, f"does not follow from its events: {reason}; restore it from a copy")
