"""Binary Poseidon Merkle trees in which an absent leaf is 0; empty subtrees are never stored."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from .curves import BN254, Curve
from .encoding import check_canonical, scalars_from_bytes, scalars_to_bytes
from .errors import DomainError, EncodingError
from .poseidon import poseidon_hash

if TYPE_CHECKING:
    from .engine import Engine

MAX_DEPTH = 32


@cache
def empty_root(depth: int, curve: Curve = BN254) -> int:
    """The root of a tree of that depth without leaves."""
    if depth == 0:
        return 0
    below = empty_root(depth - 1, curve)
    return poseidon_hash([below, below], curve)


def merkle_levels(leaves: Sequence[int], depth: int, curve: Curve = BN254) -> list[list[int]]:
    """Levels 0 (the leaves) to `depth` (the root); level k holds ceil(n / 2^k) nodes, at least one."""
    check_size(len(leaves), depth)
    check_canonical(leaves, curve.r, "leaf")
    levels = [list(leaves) or [0]]
    for height in range(depth):
        nodes = levels[-1]
        padded = [*nodes, empty_root(height, curve)] if len(nodes) % 2 else nodes
        levels.append([poseidon_hash(padded[i : i + 2], curve) for i in range(0, len(padded), 2)])
    return levels


def check_size(leaves: int, depth: int) -> None:
    """A tree is 0 to 32 levels deep and has at most 2^depth leaves."""
    if not 0 <= depth <= MAX_DEPTH:
        raise DomainError(f"a tree is 0 to {MAX_DEPTH} levels deep, not {depth}", size=depth)
    if leaves > 1 << depth:
        raise DomainError(f"{leaves} leaves do not fit a tree of depth {depth}", size=leaves)


class MerkleTree:
    """The tree over `leaves`; hashed by the engine where one is given, in plain integers otherwise."""

    def __init__(self, depth: int, leaves: Sequence[int], engine: Engine | None = None) -> None:
        self.depth = depth
        if engine is None:
            self._levels = merkle_levels(leaves, depth)
        else:
            packed = engine.merkle_levels(scalars_to_bytes(leaves), depth)
            self._levels = [scalars_from_bytes(level) for level in packed]

    @property
    def root(self) -> int:
        return self._levels[-1][0]

    def update(self, index: int, leaf: int) -> None:
        """Replace a leaf, or append one: `index` is at most the number of leaves. One hash a level."""
        leaves = self._levels[0]
        if not 0 <= index < min(len(leaves) + 1, 1 << self.depth):
            raise DomainError(f"leaf {index} is neither in the tree nor the next one", size=index)
        check_canonical([leaf], BN254.r, "leaf")
        node = leaf
        for height, nodes in enumerate(self._levels):
            place = index >> height
            nodes[place : place + 1] = [node]
            if height < self.depth:
                beside = nodes[place ^ 1] if place ^ 1 < len(nodes) else empty_root(height)
                node = poseidon_hash([beside, node] if place & 1 else [node, beside])

    def path(self, index: int) -> list[int]:
        """The siblings from the leaf up; an index outside the tree is a `DomainError`."""
        if not 0 <= index < 1 << self.depth:
            raise DomainError(f"leaf {index} lies outside a tree of depth {self.depth}", size=index)
        siblings = []
        for height in range(self.depth):
            nodes, sibling = self._levels[height], (index >> height) ^ 1
            siblings.append(nodes[sibling] if sibling < len(nodes) else empty_root(height))
        return siblings


def merkle_update_from_path(old_leaf: int, new_leaf: int, index: int, siblings: Sequence[int]) -> tuple[int, int]:
    """The roots before and after the leaf at `index`, beside these siblings, changes."""
    return merkle_root_from_path(old_leaf, index, siblings), merkle_root_from_path(new_leaf, index, siblings)


def merkle_root_from_path(leaf: int, index: int, siblings: Sequence[int]) -> int:
    """The root that a leaf at `index` with these siblings leads to."""
    if not 0 <= index < 1 << len(siblings):
        raise EncodingError(f"leaf {index} lies outside a tree of depth {len(siblings)}", what="merkle path")
    check_canonical([leaf], BN254.r, "leaf")
    node = leaf
    for height, sibling in enumerate(siblings):
        node = poseidon_hash([sibling, node] if index >> height & 1 else [node, sibling])
    return node
