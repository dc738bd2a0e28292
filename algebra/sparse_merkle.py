"""Sparse Merkle trees over field elements as keys: the same roots and paths as circomlibjs.

A key's path starts at the root and turns by the key's bits, the lowest first: 0 is left. A subtree that holds nothing
is 0, one that holds a single key is that key's leaf H(key, value, 1), and every other is H(left, right). H is Poseidon,
of three inputs or of two. So a tree is determined by what it holds, and the path of a key is as long as it takes to be
told apart from all others. One that ends at 0 or at the leaf of another key shows that the key holds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from .curves import BN254
from .encoding import check_canonical
from .errors import DomainError, TreeError
from .poseidon import poseidon_hash

MAX_LEVELS = 253
T = TypeVar("T")


@dataclass(frozen=True)
class SparsePath:
    """The path of `key`: its siblings from the root down, and the (key, value) of the leaf it ends at, None for 0."""

    key: int
    siblings: tuple[int, ...]
    end: tuple[int, int] | None

    def value(self, root: int) -> int | None:
        """What `key` holds in the tree of that root, None for nothing; a path that does not lead there is refused."""
        if self.root() != root:
            raise TreeError(f"this path of key {self.key} does not lead to the root", key=self.key)
        return self.end[1] if self.end is not None and self.end[0] == self.key else None

    def root(self) -> int:
        """The root this path leads to."""
        if len(self.siblings) > MAX_LEVELS:
            raise DomainError(f"a sparse tree has at most {MAX_LEVELS} levels", size=len(self.siblings))
        check_canonical([self.key, *self.siblings], BN254.r, "path element")
        return root_above(0 if self.end is None else sparse_leaf(*self.end), self.key, self.siblings)

    def fork(self, levels: int) -> int:
        """The first level at which the key and the other leaf's part; `levels` where the path ends at 0.

        A path that ends at the key's own leaf has none, and keys that part only further down do not fit the tree.
        """
        if self.end is None:
            return levels
        differing = self.key ^ self.end[0]
        level = (differing & -differing).bit_length() - 1
        if not 0 <= level < levels:
            raise TreeError(f"keys {self.key} and {self.end[0]} share a path of {levels} levels", key=self.key)
        return level


class SparseMerkleTree:
    """The tree of at most `levels` levels, 1 to 253; keys whose low bits are all the same do not fit together."""

    def __init__(self, levels: int = MAX_LEVELS) -> None:
        if not 1 <= levels <= MAX_LEVELS:
            raise DomainError(f"a sparse tree has 1 to {MAX_LEVELS} levels, not {levels}", size=levels)
        self.levels = levels
        self._root: _Node = None

    @property
    def root(self) -> int:
        return _hash(self._root)

    def path(self, key: int) -> SparsePath:
        """The path of any key, there or not."""
        siblings, end = self._descend(key)
        return SparsePath(key, tuple(map(_hash, siblings)), None if end is None else (end.key, end.value))

    def insert(self, key: int, value: int) -> SparsePath:
        """Give a key that holds nothing a value; returns its path in the tree as it was, for `sparse_insert`."""
        before = self.path(key)
        siblings, end = self._descend(key)
        leaf: _Node = _Leaf(key, value, sparse_leaf(key, value))
        if end is not None:
            if end.key == key:
                raise TreeError(f"key {key} holds a value already; update it", key=key)
            fork = before.fork(self.levels)
            siblings += [None] * (fork - len(siblings)) + [end]
        self._replace(key, siblings, leaf)
        return before

    def update(self, key: int, value: int) -> SparsePath:
        """Replace the value of a key that holds one; returns its path in the tree as it was."""
        before = self._present(key)
        self._replace(key, self._descend(key)[0], _Leaf(key, value, sparse_leaf(key, value)))
        return before

    def delete(self, key: int) -> SparsePath:
        """Let a key hold nothing; returns its path in the tree as it will be, with which `sparse_insert` undoes it."""
        self._present(key)
        siblings = self._descend(key)[0]
        lone: _Node = None
        if siblings and isinstance(siblings[-1], _Leaf):
            lone = siblings.pop()
            while siblings and siblings[-1] is None:
                siblings.pop()
        self._replace(key, siblings, lone)
        return self.path(key)

    def _present(self, key: int) -> SparsePath:
        found = self.path(key)
        if found.end is None or found.end[0] != key:
            raise TreeError(f"key {key} holds nothing; insert it", key=key)
        return found

    def _descend(self, key: int) -> tuple[list[_Node], _Leaf | None]:
        check_canonical([key], BN254.r, "key")
        node, siblings = self._root, list[_Node]()
        while isinstance(node, _Pair):
            right = key >> len(siblings) & 1
            siblings.append(node.left if right else node.right)
            node = node.right if right else node.left
        return siblings, node

    def _replace(self, key: int, siblings: Sequence[_Node], node: _Node) -> None:
        for level in reversed(range(len(siblings))):
            left, right = _ordered(key, level, node, siblings[level])
            node = _Pair(left, right, poseidon_hash([_hash(left), _hash(right)]))
        self._root = node


def sparse_leaf(key: int, value: int) -> int:
    """The hash that stands for a single key and its value."""
    return poseidon_hash([key, value, 1])


def root_above(end: int, key: int, siblings: Sequence[int]) -> int:
    """The root above a node that stands on the path of `key`, below these siblings."""
    for level in reversed(range(len(siblings))):
        end = poseidon_hash(_ordered(key, level, end, siblings[level]))
    return end


@dataclass(frozen=True)
class _Leaf:
    key: int
    value: int
    hash: int


@dataclass(frozen=True)
class _Pair:
    left: _Node
    right: _Node
    hash: int


_Node = _Leaf | _Pair | None


def _hash(node: _Node) -> int:
    return 0 if node is None else node.hash


def _ordered(key: int, level: int, node: T, sibling: T) -> tuple[T, T]:
    return (sibling, node) if key >> level & 1 else (node, sibling)
