"""A published epoch: the root that goes to the targets, and the openings under it that go to the owners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from zkmargin.circuits.margin import source_root
from zkmargin.prover import Opening


@dataclass(frozen=True)
class PublishedEpoch:
    """One epoch of a venue's book. It can be opened for as long as the book keeps it."""

    venue_id: int
    epoch: int
    tree_root: int
    accounts: int
    open_account: Callable[[int, int], Opening] = field(repr=False, compare=False)

    @property
    def source_root(self) -> int:
        """What the venue publishes: the root bound to venue and epoch."""
        return source_root(self.venue_id, self.epoch, self.tree_root)

    def opening(self, index: int) -> Opening:
        """One account as it stood at the end of this epoch."""
        return self.open_account(index, self.epoch)
