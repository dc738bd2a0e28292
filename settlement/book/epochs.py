"""Closing, opening and forgetting epochs of a book."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from zkmargin.algebra import Engine
from zkmargin.circuits.margin import TREE_ARITY

from ..errors import UnknownEpoch
from .file import BookFile
from .pending import PendingTree
from .rows import EpochRow, Rows
from .tree import VersionedTree, empty_nodes, path


class Epochs:
    """The account trees behind one open book."""

    def __init__(self, file: BookFile, engine: Engine) -> None:
        depth = file.identity.shape.depth
        self._file = file
        self._pending = PendingTree(file.identity.shape, engine)
        self._empty = empty_nodes(depth, TREE_ARITY, engine)
        self._version = file.data_version()
        self.note = self._pending.note

    @contextmanager
    def undone_on_failure(self) -> Iterator[None]:
        """What is in memory must not be ahead of a transaction that was rolled back."""
        try:
            yield
        except BaseException:
            self._pending.forget()
            raise

    def current_tree(self, rows: Rows) -> VersionedTree:
        """The tree with every change so far, also those of other processes."""
        version = self._file.data_version()
        if version != self._version:
            self._pending.forget()
            self._version = version
        return self._pending.current(rows)

    def close(self, rows: Rows, at_ms: int) -> EpochRow:
        """Store the nodes that changed, and the root."""
        tree, epoch = self.current_tree(rows), open_epoch(rows)
        rows.add_nodes((level, place, epoch, children) for level, place, children in tree.changes())
        row = EpochRow(epoch, tree.root, rows.account_count(), rows.last_event(), at_ms)
        rows.add_epoch(row)
        tree.settle()
        return row

    def path(self, rows: Rows, index: int, epoch: int) -> tuple[int, ...]:
        """The siblings of an account in an epoch."""
        return path(lambda level, place: rows.children(level, place, epoch), TREE_ARITY, self._empty, index)


def open_epoch(rows: Rows) -> int:
    """The epoch that present changes belong to."""
    newest = rows.newest_epoch()
    return newest.epoch + 1 if newest else 1


def kept_epoch(rows: Rows, epoch: int | None) -> EpochRow:
    """The epoch asked for, or the newest; `UnknownEpoch` where it cannot be opened."""
    row = rows.newest_epoch() if epoch is None else rows.epoch(epoch)
    if row is None:
        reason = "has been published yet: publish one first" if epoch is None else "has not been published"
        raise UnknownEpoch(epoch, reason)
    if row.epoch < rows.first_kept_epoch():
        raise UnknownEpoch(row.epoch, "is no longer kept; only its root is")
    return row


def prune(rows: Rows, keep: int, depth: int, at_ms: int) -> int:
    """Remove what only epochs before the newest `keep` need; the first epoch still kept.

    A row of an earlier epoch is needed until its account or node changes again, so each step looks at what changed in
    the epoch that becomes the first.
    """
    newest, first = rows.newest_epoch(), rows.first_kept_epoch()
    wanted = max(first, newest.epoch - keep + 1 if newest else first)
    for epoch in range(first + 1, wanted + 1):
        accounts = rows.accounts_of_epoch(epoch)
        rows.forget_before(epoch, accounts, nodes_above(accounts, depth))
    if wanted > first:
        rows.add_pruning(wanted, at_ms)
    return wanted


def nodes_above(accounts: Sequence[int], depth: int) -> set[tuple[int, int]]:
    """Level and place of every node that stands above one of the accounts."""
    return {(level, account // TREE_ARITY**level) for account in accounts for level in range(1, depth + 1)}
