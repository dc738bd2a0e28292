"""Poseidon Merkle trees of 2 to 16 children a node, in which an absent leaf is 0 and empty subtrees are never stored.

A path is a flat list, for each level from the leaf up the siblings of the running node in the order of their places:
one a level in a binary tree, arity - 1 in others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from .curves import BN254, Curve
from .encoding import check_canonical, scalars_from_bytes, scalars_to_bytes
from .errors import DomainError, EncodingError
from .poseidon import MAX_INPUTS, poseidon_hash

if TYPE_CHECKING:
    from .engine import Engine

MAX_DEPTH = 32
MAX_PLACES = 1 << 33


@cache
def empty_root(depth: int, arity: int = 2, curve: Curve = BN254) -> int:
    """The root of a tree of that depth without leaves."""
    if depth == 0:
        return 0
    return poseidon_hash([empty_root(depth - 1, arity, curve)] * arity, curve)


def merkle_levels(leaves: Sequence[int], depth: int, curve: Curve = BN254, arity: int = 2) -> list[list[int]]:
    """Levels 0 (the leaves) to `depth` (the root); level k holds ceil(n / arity^k) nodes, at least one."""
    check_size(len(leaves), depth, arity)
    check_canonical(leaves, curve.r, "leaf")
    levels = [list(leaves) or [0]]
    for height in range(depth):
        nodes = levels[-1]
        padded = [*nodes, *[empty_root(height, arity, curve)] * (-len(nodes) % arity)]
        levels.append([poseidon_hash(padded[i : i + arity], curve) for i in range(0, len(padded), arity)])
    return levels


def check_size(leaves: int, depth: int, arity: int = 2) -> None:
    """A node has 2 to 16 children; a tree has 0 to 32 levels, at most 2^33 places and a place for each leaf."""
    check_shape(depth, arity)
    if leaves > arity**depth:
        raise DomainError(f"{leaves} leaves do not fit a tree of depth {depth}", size=leaves)


def check_shape(depth: int, arity: int = 2) -> None:
    """The same without leaves."""
    if not 2 <= arity <= MAX_INPUTS:
        raise DomainError(f"a node has 2 to {MAX_INPUTS} children, not {arity}", size=arity)
    if not 0 <= depth <= MAX_DEPTH or arity**depth > MAX_PLACES:
        most = next(d for d in range(MAX_DEPTH, 0, -1) if arity**d <= MAX_PLACES)
        raise DomainError(f"a tree is 0 to {most} levels deep, not {depth}", size=depth)


class MerkleTree:
    """The tree over `leaves`; hashed by the engine where one is given, in plain integers otherwise."""

    def __init__(self, depth: int, leaves: Sequence[int], engine: Engine | None = None, arity: int = 2) -> None:
        self.depth, self.arity = depth, arity
        self._engine = engine
        if engine is None:
            self._levels = merkle_levels(leaves, depth, arity=arity)
        else:
            packed = engine.merkle_levels(scalars_to_bytes(leaves), depth, arity)
            self._levels = [scalars_from_bytes(level) for level in packed]
        self._leaves = len(leaves)

    def __len__(self) -> int:
        """How many leaves there are."""
        return self._leaves

    @property
    def root(self) -> int:
        return self._levels[-1][0]

    def update(self, index: int, leaf: int) -> None:
        """Replace a leaf, or append one: `index` is at most the number of leaves. One hash a level."""
        self.update_many({index: leaf})

    def append(self, leaf: int) -> int:
        """Put a leaf at the first free place, which is returned."""
        index = len(self)
        self.update_many({index: leaf})
        return index

    def update_many(self, leaves: Mapping[int, int]) -> None:
        """Replace or append leaves by index, all or none; new ones follow the last without a gap. Each node above them
        is hashed once.
        """
        indices = sorted(leaves)
        self._require_places(indices)
        check_canonical([leaves[index] for index in indices], BN254.r, "leaf")
        self._leaves = max(self._leaves, indices[-1] + 1) if indices else self._leaves
        changed = [(index, leaves[index]) for index in indices]
        for height, nodes in enumerate(self._levels):
            for place, node in changed:
                nodes[place : place + 1] = [node]
            if height < self.depth:
                changed = self._parents(height, sorted({place // self.arity for place, _ in changed}))

    def path(self, index: int) -> list[int]:
        """The siblings from the leaf up; an index outside the tree is a `DomainError`."""
        if not 0 <= index < self.arity**self.depth:
            raise DomainError(f"leaf {index} lies outside a tree of depth {self.depth}", size=index)
        siblings = []
        for height in range(self.depth):
            children = self._children(height, index // self.arity)
            del children[index % self.arity]
            siblings += children
            index //= self.arity
        return siblings

    def _require_places(self, indices: Sequence[int]) -> None:
        """Of sorted indices each is in the tree, or the next one."""
        size, places = self._leaves, self.arity**self.depth
        for index in indices:
            if not 0 <= index < min(size + 1, places):
                raise DomainError(f"leaf {index} is neither in the tree nor the next one", size=index)
            size = max(size, index + 1)

    def _parents(self, height: int, places: Sequence[int]) -> list[tuple[int, int]]:
        """The hashes over these groups of nodes of a level."""
        groups = [self._children(height, place) for place in places]
        if self._engine is None:
            return [(place, poseidon_hash(group)) for place, group in zip(places, groups, strict=True)]
        packed = self._engine.poseidon(scalars_to_bytes(x for group in groups for x in group), self.arity)
        return list(zip(places, scalars_from_bytes(packed), strict=True))

    def _children(self, height: int, place: int) -> list[int]:
        """What a node of the level above is the hash of."""
        held = self._levels[height][place * self.arity : (place + 1) * self.arity]
        return held + [empty_root(height, self.arity)] * (self.arity - len(held))


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
