"""Leaves and their digests out of the book's rows, one or many at once."""

from __future__ import annotations

from collections.abc import Sequence

from zkmargin.algebra import Engine, scalars_to_bytes
from zkmargin.circuits.margin import Leaf, Shape

from ..errors import OrderMalformed
from .events import Open
from .fold import opened
from .holdings import decode
from .malformed import MalformedRow
from .rows import LeafRow


def leaf_of(row: LeafRow, shape: Shape) -> Leaf:
    """The account in a row; `MalformedRow` where it holds none."""
    payload, sequence, holdings = row
    try:
        empty = opened(Open.from_bytes(payload), shape)
    except OrderMalformed:
        raise MalformedRow("open") from None
    return decode(holdings, empty, sequence, shape)


def leaf_digests(shape: Shape, rows: Sequence[LeafRow], engine: Engine) -> list[bytes]:
    """As `Leaf.digest`, each as the engine takes scalars."""
    return [scalars_to_bytes([leaf_of(row, shape).digest(shape)]) for row in rows]
