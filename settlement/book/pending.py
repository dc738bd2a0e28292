"""The account tree of the open epoch, kept in memory and brought up to date when its root is asked for."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable

from zkmargin.algebra import Engine
from zkmargin.circuits.margin import TREE_ARITY, Shape

from .digests import leaf_digests
from .rows import LeafRow, Rows
from .tree import VersionedTree

CHUNK = 1 << 16
"""So many leaves are hashed at once: enough to keep all cores busy, and bounded memory."""


class PendingTree:
    """The last published tree with the accounts changed since; a crash loses it, the open epoch's rows restore it."""

    def __init__(self, shape: Shape, engine: Engine) -> None:
        self._shape = shape
        self._engine = engine
        self._tree: VersionedTree | None = None
        self._changed: set[int] = set()

    def note(self, accounts: Collection[int]) -> None:
        """These accounts have changed, and the change is committed."""
        if len(accounts) > CHUNK:
            self.forget()  # reading all of the open epoch at once is quicker than each account on its own
        elif self._tree is not None:
            self._changed.update(accounts)

    def forget(self) -> None:
        """Somebody else has written: begin again from the rows."""
        self._tree = None
        self._changed.clear()

    def current(self, rows: Rows) -> VersionedTree:
        """The tree with every change so far."""
        newest = rows.newest_epoch()
        last = newest.epoch if newest else 0
        if self._tree is None:
            self._tree = VersionedTree(
                self._shape.depth, TREE_ARITY, self._engine, newest.tree_root if newest else None
            )
            changed: Iterable[tuple[int, LeafRow]] = rows.leaves_of_epoch(last + 1)
        else:
            changed = ((account, rows.existing_leaf(account, last + 1)) for account in sorted(self._changed))
        try:
            self._hash(self._tree, rows, changed, last)
        except BaseException:
            self.forget()
            raise
        self._changed.clear()
        return self._tree

    def _hash(self, tree: VersionedTree, rows: Rows, changed: Iterable[tuple[int, LeafRow]], last: int) -> None:
        iterator = iter(changed)
        while chunk := list(itertools.islice(iterator, CHUNK)):
            digests = leaf_digests(self._shape, [row for _, row in chunk], self._engine)
            accounts = [account for account, _ in chunk]
            tree.update(
                dict(zip(accounts, digests, strict=True)), lambda level, place: rows.children(level, place, last)
            )
