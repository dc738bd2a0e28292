"""Sorted Merkle trees: keys as a linked list under one root, so that a gap between two neighbours shows an absence.

Keys are integers in [0, 2^bits); key k has the mark k + 1. A leaf is H(mark, next mark, value), at any index of a
binary Poseidon tree, and says that the tree holds this key and none up to the next mark. The list starts at mark 0,
which is no key's (an empty tree is this one leaf, at index 0), and ends at the mark 2^bits + 1, which is no key's
either and has no leaf. So no key is reserved.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass

from .errors import DomainError, TreeError
from .merkle import MerkleTree, merkle_root_from_path
from .poseidon import poseidon_hash

MAX_BITS = 252


@dataclass(frozen=True)
class SortedLeaf:
    """A mark of the list, the one after it, and the value of the key the first one stands for."""

    mark: int
    next_mark: int
    value: int

    @property
    def hash(self) -> int:
        return poseidon_hash([self.mark, self.next_mark, self.value])


@dataclass(frozen=True)
class SortedPath:
    """A leaf, the index it stands at, and its siblings from the leaf up."""

    leaf: SortedLeaf
    index: int
    siblings: tuple[int, ...]

    def value(self, key: int, root: int) -> int | None:
        """What the key holds in the sorted tree of that root, None for nothing.

        A path that does not lead there is refused, and so is a leaf that is neither the key's nor the last one before.
        """
        if merkle_root_from_path(self.leaf.hash, self.index, self.siblings) != root:
            raise TreeError(f"this path of key {key} does not lead to the root", key=key)
        if key < 0 or not self.leaf.mark <= key + 1 < self.leaf.next_mark:
            raise TreeError(f"a leaf from {self.leaf.mark} to {self.leaf.next_mark} says nothing of key {key}", key=key)
        return self.leaf.value if self.leaf.mark == key + 1 else None


@dataclass(frozen=True)
class SortedInsertion:
    """What `sorted_insert` needs: the path of the leaf before the new key, in the tree as it was, and the free index
    that the new leaf takes, with its siblings in the tree whose list already leads to the new key.
    """

    low: SortedPath
    free_index: int
    free_siblings: tuple[int, ...]


class SortedTree:
    """The tree of at most 2^depth - 1 keys of `bits` bits."""

    def __init__(self, depth: int, bits: int) -> None:
        if not 1 <= bits <= MAX_BITS:
            raise DomainError(f"keys have 1 to {MAX_BITS} bits, not {bits}", size=bits)
        self.bits = bits
        self._leaves = [SortedLeaf(0, (1 << bits) + 1, 0)]
        self._marks = [0]
        self._index = {0: 0}
        self._tree = MerkleTree(depth, [self._leaves[0].hash])

    @property
    def root(self) -> int:
        return self._tree.root

    def path(self, key: int) -> SortedPath:
        """The path that says what the key holds: that of its own leaf, or of the last one before it."""
        if not 0 <= key < 1 << self.bits:
            raise TreeError(f"{key} is no key of {self.bits} bits", key=key)
        at = bisect_right(self._marks, key + 1) - 1
        return self._path_at(self._index[self._marks[at]])

    def insert(self, key: int, value: int) -> SortedInsertion:
        """Give a key that holds nothing a value; the new leaf takes the next index."""
        low = self.path(key)
        mark, free = key + 1, len(self._leaves)
        if low.leaf.mark == mark:
            raise TreeError(f"key {key} holds a value already", key=key)
        if free >= 1 << self._tree.depth:
            raise TreeError(f"a tree of depth {self._tree.depth} has no room for key {key}", key=key)
        new = SortedLeaf(mark, low.leaf.next_mark, value)
        leaf = new.hash
        self._set(low.index, SortedLeaf(low.leaf.mark, mark, low.leaf.value))
        siblings = tuple(self._tree.path(free))
        self._leaves.append(new)
        self._tree.update(free, leaf)
        insort(self._marks, mark)
        self._index[mark] = free
        return SortedInsertion(low, free, siblings)

    def _set(self, index: int, leaf: SortedLeaf) -> None:
        self._leaves[index] = leaf
        self._tree.update(index, leaf.hash)

    def _path_at(self, index: int) -> SortedPath:
        return SortedPath(self._leaves[index], index, tuple(self._tree.path(index)))
