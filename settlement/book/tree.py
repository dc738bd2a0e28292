"""The account tree in versions: of each epoch only the nodes that changed are kept, and any kept epoch can be opened.

A node is stored as its children, end to end, as the engine takes scalars; children that are empty subtrees are left
out at the end. The node at level L and place p stands above the nodes p * arity, p * arity + 1, ... of level L - 1, and
level 0 holds the leaves' digests. Changes gather in memory until `take_changes`, so a change costs one hash a level and
nothing is read but the nodes above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from zkmargin.algebra import Engine

NODE_BYTES = 32

LoadChildren = Callable[[int, int], bytes]
"""The stored children of the node at (level, place), as they are newest in some epoch; b"" where there are none."""


def empty_nodes(depth: int, arity: int, engine: Engine) -> list[bytes]:
    """The root of a subtree without leaves, by its height."""
    nodes = [bytes(NODE_BYTES)]
    for _ in range(depth):
        nodes.append(engine.poseidon(nodes[-1] * arity, arity))
    return nodes


class VersionedTree:
    """The newest epoch's tree, and on top of it the nodes that have changed since."""

    def __init__(self, depth: int, arity: int, engine: Engine, root: int | None = None) -> None:
        self.depth, self.arity = depth, arity
        self._engine = engine
        self._changed: dict[tuple[int, int], bytearray] = {}
        self.empty = empty_nodes(depth, arity, engine)
        self._root = self.empty[depth] if root is None else root.to_bytes(NODE_BYTES, "little")

    @property
    def root(self) -> int:
        return int.from_bytes(self._root, "little")

    def update(self, digests: Mapping[int, bytes], load: LoadChildren) -> None:
        """Set leaves; those of new accounts follow the last one without a gap. Hashes each node above them once.

        `load` reads the newest epoch; it is asked for nodes not changed yet.
        """
        changed = dict(sorted(digests.items()))
        for level in range(1, self.depth + 1):
            if not changed:
                return
            parents = self._put(level, changed, load)
            packed = b"".join(self._padded(level, place) for place in parents)
            hashes = self._engine.poseidon(packed, self.arity)
            changed = {
                place: hashes[start : start + NODE_BYTES]
                for place, start in zip(parents, range(0, len(hashes), NODE_BYTES), strict=True)
            }
        self._root = changed[0]

    def children(self, level: int, place: int) -> bytes:
        """Of a node that has changed since the last `settle`."""
        return bytes(self._changed[level, place])

    def changes(self) -> Iterator[tuple[int, int, bytes]]:
        """Level, place and children of every node changed since the last `settle`."""
        for (level, place), children in self._changed.items():
            yield level, place, bytes(children)

    def settle(self) -> None:
        """The changes are stored now, and `load` will find them."""
        self._changed.clear()

    def _put(self, level: int, changed: Mapping[int, bytes], load: LoadChildren) -> list[int]:
        """Write nodes of the level below into their parents; the parents' places in order."""
        parents: list[int] = []
        children = bytearray()
        for place, digest in changed.items():
            parent, slot = divmod(place, self.arity)
            if not parents or parents[-1] != parent:
                parents.append(parent)
                children = self._loaded(level, parent, load)
            children[slot * NODE_BYTES : (slot + 1) * NODE_BYTES] = digest
        return parents

    def _loaded(self, level: int, place: int, load: LoadChildren) -> bytearray:
        key = level, place
        if key not in self._changed:
            self._changed[key] = bytearray(load(level, place))
        return self._changed[key]

    def _padded(self, level: int, place: int) -> bytes:
        return padded(bytes(self._changed[level, place]), self.arity, self.empty[level - 1])


def padded(children: bytes, arity: int, empty: bytes) -> bytes:
    """All children of a node, those left out filled in."""
    return children + empty * (arity - len(children) // NODE_BYTES)


def path(load: LoadChildren, arity: int, empty: Sequence[bytes], index: int) -> tuple[int, ...]:
    """The siblings of a leaf from the bottom up, arity - 1 a level, in the epoch that `load` reads.

    `empty` has the empty nodes up to the root.
    """
    siblings: list[int] = []
    place = index
    for level in range(1, len(empty)):
        place, slot = divmod(place, arity)
        children = padded(load(level, place), arity, empty[level - 1])
        nodes = [children[start : start + NODE_BYTES] for start in range(0, len(children), NODE_BYTES)]
        siblings += [int.from_bytes(node, "little") for k, node in enumerate(nodes) if k != slot]
    return tuple(siblings)
