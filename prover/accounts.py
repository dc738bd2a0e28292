"""The source venue's account tree: leaves of one epoch, their root, and openings that a trader proves from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkmargin.algebra import Engine, MerkleTree, merkle_children_from_path, merkle_root_from_path
from zkmargin.circuits.errors import InputError, StatementFalse
from zkmargin.circuits.margin import TREE_ARITY, Leaf, Shape, source_root


@dataclass(frozen=True)
class Opening:
    """One account under a published root: what the venue hands to its owner, and to nobody else."""

    venue_id: int
    epoch: int
    tree_root: int
    leaf: Leaf
    index: int
    siblings: tuple[int, ...]

    def __repr__(self) -> str:
        """Without the leaf, whose balances would end up in logs, and without what leads to it."""
        return f"Opening(venue_id={self.venue_id}, epoch={self.epoch}, index={self.index})"

    @property
    def source_root(self) -> int:
        """The public root, bound to venue and epoch."""
        return source_root(self.venue_id, self.epoch, self.tree_root)

    def require_member(self, shape: Shape) -> None:
        """Raise unless the path leads from this leaf to the published root."""
        expected = shape.depth * (TREE_ARITY - 1)
        if len(self.siblings) != expected:
            raise InputError("path", f"has {len(self.siblings)} siblings; this shape's tree has {expected} on a path")
        if not 0 <= self.index < TREE_ARITY**shape.depth:
            raise InputError("path", f"names account {self.index}, outside a tree of {shape.depth} levels")
        if merkle_root_from_path(self.leaf.digest(shape), self.index, self.siblings, TREE_ARITY) != self.tree_root:
            raise StatementFalse("membership", "the account does not stand under the published root")

    def children(self, shape: Shape) -> list[list[int]]:
        """For each level, from the leaf up, the nodes of which one is on the path."""
        return merkle_children_from_path(self.leaf.digest(shape), self.index, self.siblings, TREE_ARITY)


class AccountTree:
    """The accounts of one venue at one epoch."""

    def __init__(
        self, venue_id: int, epoch: int, shape: Shape, leaves: Sequence[Leaf], engine: Engine | None = None
    ) -> None:
        self.venue_id = venue_id
        self.epoch = epoch
        self.leaves = tuple(leaves)
        self._tree = MerkleTree(shape.depth, [leaf.digest(shape) for leaf in self.leaves], engine, TREE_ARITY)

    @property
    def source_root(self) -> int:
        """What the venue publishes for this epoch."""
        return source_root(self.venue_id, self.epoch, self._tree.root)

    def opening(self, index: int) -> Opening:
        """The opening of one account; `InputError` where there is none."""
        if not 0 <= index < len(self.leaves):
            raise InputError("index", f"account {index} does not exist; there are {len(self.leaves)}")
        return Opening(
            venue_id=self.venue_id,
            epoch=self.epoch,
            tree_root=self._tree.root,
            leaf=self.leaves[index],
            index=index,
            siblings=tuple(self._tree.path(index)),
        )
