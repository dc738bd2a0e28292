"""A Poseidon tree behind the door of `engine.py`: the plain nodes between bytes."""

from __future__ import annotations

from collections.abc import Sequence

from ..curves import Curve
from ..encoding import Buffer, scalars_from_bytes, scalars_to_bytes
from ..merkle_nodes import PlainNodes
from .scalars import same_length


class ReferenceTree:
    """The tree over these leaves."""

    def __init__(self, leaves: Sequence[int], depth: int, arity: int, curve: Curve) -> None:
        self._nodes, self._curve = PlainNodes(leaves, depth, arity, curve), curve

    def __len__(self) -> int:
        return len(self._nodes)

    def root(self) -> bytes:
        return scalars_to_bytes([self._nodes.root], self._curve)

    def append(self, leaves: Buffer) -> None:
        values, first = scalars_from_bytes(leaves, self._curve), len(self._nodes)
        self._nodes.update_many(range(first, first + len(values)), values)

    def update_many(self, indices: Sequence[int], leaves: Buffer) -> None:
        values = scalars_from_bytes(leaves, self._curve)
        same_length("scalar", len(indices), len(values))
        self._nodes.update_many(indices, values)

    def path(self, index: int) -> bytes:
        return scalars_to_bytes(self._nodes.path(index), self._curve)

    def nodes(self, level: int, start: int, count: int) -> bytes:
        return scalars_to_bytes(self._nodes.nodes(level, start, count), self._curve)
