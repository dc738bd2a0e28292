"""The nodes of Poseidon trees on plain integers: every level, and what changes in it when leaves do."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from .curves import BN254, Curve
from .encoding import check_canonical
from .errors import DomainError
from .poseidon import MAX_INPUTS, poseidon_hash

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


class PlainNodes:
    """The nodes over some leaves, which may be replaced and appended: the plain twin of an engine's `LoadedTree`."""

    def __init__(self, leaves: Sequence[int], depth: int, arity: int, curve: Curve = BN254) -> None:
        self._levels = merkle_levels(leaves, depth, curve, arity)
        self._leaves, self._depth, self._arity, self._curve = len(leaves), depth, arity, curve

    def __len__(self) -> int:
        return self._leaves

    @property
    def root(self) -> int:
        return self._levels[-1][0]

    def update_many(self, indices: Sequence[int], leaves: Sequence[int]) -> None:
        """Replace or append leaves, all or none; new ones follow the last without a gap, in any order."""
        changed = sorted(zip(indices, leaves, strict=True))
        self._require_places([index for index, _ in changed])
        check_canonical([leaf for _, leaf in changed], self._curve.r, "leaf")
        if changed:
            self._leaves = max(self._leaves, changed[-1][0] + 1)
        for height, nodes in enumerate(self._levels):
            for place, node in changed:
                nodes[place : place + 1] = [node]
            if height < self._depth:
                above = sorted({place // self._arity for place, _ in changed})
                changed = [(place, poseidon_hash(self._children(height, place), self._curve)) for place in above]

    def path(self, index: int) -> list[int]:
        """The siblings from the leaf up."""
        if not 0 <= index < self._arity**self._depth:
            raise DomainError(f"leaf {index} lies outside a tree of depth {self._depth}", size=index)
        siblings = []
        for height in range(self._depth):
            index, place = divmod(index, self._arity)
            children = self._children(height, index)
            del children[place]
            siblings += children
        return siblings

    def nodes(self, level: int, start: int, count: int) -> list[int]:
        """Nodes that a level holds."""
        held = self._levels[level] if 0 <= level <= self._depth else []
        if start < 0 or count < 0 or start + count > len(held):
            raise DomainError(f"level {level} of the tree has no {count} nodes from {start} on", size=count)
        return held[start : start + count]

    def _require_places(self, indices: Sequence[int]) -> None:
        """Of sorted indices each is in the tree or the next one, and none comes twice."""
        size, before = self._leaves, None
        for index in indices:
            if index == before:
                raise DomainError(f"leaf {index} comes twice in one change", size=index)
            if not 0 <= index < min(size + 1, self._arity**self._depth):
                raise DomainError(f"leaf {index} is neither in the tree nor the next one", size=index)
            size, before = max(size, index + 1), index

    def _children(self, height: int, place: int) -> list[int]:
        """What a node of the level above is the hash of."""
        held = self._levels[height][place * self._arity : (place + 1) * self._arity]
        return held + [empty_root(height, self._arity, self._curve)] * (self._arity - len(held))
