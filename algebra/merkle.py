"""Poseidon Merkle trees of 2 to 16 children a node, in which an absent leaf is 0 and empty subtrees are never stored.

A path is a flat list, for each level from the leaf up the siblings of the running node in the order of their places:
one a level in a binary tree, arity - 1 in others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from .curves import BN254
from .encoding import check_canonical, scalars_from_bytes, scalars_to_bytes
from .errors import EncodingError
from .merkle_nodes import MAX_DEPTH, PlainNodes, check_shape
from .poseidon import poseidon_hash

if TYPE_CHECKING:
    from .engine import Engine, LoadedTree


class MerkleTree:
    """The tree over `leaves`; held and hashed by the engine where one is given, in plain integers otherwise."""

    def __init__(self, depth: int, leaves: Sequence[int], engine: Engine | None = None, arity: int = 2) -> None:
        self.depth, self.arity = depth, arity
        self._nodes: PlainNodes | _LoadedNodes
        if engine is None:
            self._nodes = PlainNodes(leaves, depth, arity)
        else:
            self._nodes = _LoadedNodes(engine.merkle_tree(scalars_to_bytes(leaves), depth, arity))

    def __len__(self) -> int:
        """How many leaves there are."""
        return len(self._nodes)

    @property
    def root(self) -> int:
        return self._nodes.root

    def update(self, index: int, leaf: int) -> None:
        """Replace a leaf, or append one: `index` is at most the number of leaves. One hash a level."""
        self._nodes.update_many([index], [leaf])

    def append(self, leaf: int) -> int:
        """Put a leaf at the first free place, which is returned."""
        index = len(self)
        self._nodes.update_many([index], [leaf])
        return index

    def update_many(self, leaves: Mapping[int, int]) -> None:
        """Replace or append leaves by index, all or none; new ones follow the last without a gap. Each node above them
        is hashed once.
        """
        self._nodes.update_many(list(leaves), list(leaves.values()))

    def path(self, index: int) -> list[int]:
        """The siblings from the leaf up; an index outside the tree is a `DomainError`."""
        return self._nodes.path(index)

    def nodes(self, level: int, start: int, count: int) -> list[int]:
        """Nodes of a level, 0 the leaves: as many as are held, which is ceil(leaves / arity^level), at least one."""
        return self._nodes.nodes(level, start, count)


class _LoadedNodes:
    """An engine's tree, in integers."""

    def __init__(self, tree: LoadedTree) -> None:
        self._tree = tree

    def __len__(self) -> int:
        return len(self._tree)

    @property
    def root(self) -> int:
        return scalars_from_bytes(self._tree.root())[0]

    def update_many(self, indices: Sequence[int], leaves: Sequence[int]) -> None:
        self._tree.update_many(indices, scalars_to_bytes(leaves))

    def path(self, index: int) -> list[int]:
        return scalars_from_bytes(self._tree.path(index))

    def nodes(self, level: int, start: int, count: int) -> list[int]:
        return scalars_from_bytes(self._tree.nodes(level, start, count))


def merkle_update_from_path(
    old_leaf: int, new_leaf: int, index: int, siblings: Sequence[int], arity: int = 2
) -> tuple[int, int]:
    """The roots before and after the leaf at `index`, beside these siblings, changes."""
    before, after = (merkle_root_from_path(leaf, index, siblings, arity) for leaf in (old_leaf, new_leaf))
    return before, after


def merkle_root_from_path(leaf: int, index: int, siblings: Sequence[int], arity: int = 2) -> int:
    """The root that a leaf at `index` with these siblings leads to."""
    node = leaf
    for children in _families(leaf, index, siblings, arity):
        node = poseidon_hash(children)
    return node


def merkle_children_from_path(leaf: int, index: int, siblings: Sequence[int], arity: int = 2) -> list[list[int]]:
    """For each level from the leaf up, the running node among its siblings: what `merkle_membership` is given."""
    return list(_families(leaf, index, siblings, arity))


def _families(leaf: int, index: int, siblings: Sequence[int], arity: int) -> Iterator[list[int]]:
    check_shape(0, arity)
    depth, partial = divmod(len(siblings), arity - 1)
    if partial:
        raise EncodingError(f"{len(siblings)} siblings are not {arity - 1} a level", what="merkle path")
    if depth > MAX_DEPTH or not 0 <= index < arity**depth:
        raise EncodingError(f"leaf {index} lies outside a tree of depth {depth}", what="merkle path")
    check_canonical([leaf], BN254.r, "leaf")
    node = leaf
    for height in range(depth):
        index, place = divmod(index, arity)
        children = list(siblings[height * (arity - 1) : (height + 1) * (arity - 1)])
        children.insert(place, node)
        yield children
        node = poseidon_hash(children) if height + 1 < depth else node
