"""Leaves and their digests out of the book's rows, one or many at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from zkmargin.algebra import EncodingError, Engine
from zkmargin.circuits.margin import Leaf, Shape
from zkmargin.circuits.margin.account import WORDS_PER_ELEMENT, leaf_tag

from ..errors import OrderMalformed
from .events import Open
from .fold import MAX_SEQUENCE, opened
from .holdings import decode, empty_words, split
from .malformed import MalformedRow
from .rows import LeafRow

ELEMENT_BYTES = 32
_WORD_BYTES = 8


def leaf_of(row: LeafRow, shape: Shape) -> Leaf:
    """The account in a row; `MalformedRow` where it holds none."""
    payload, sequence, holdings = _typed(row)
    return decode(holdings, _opened(payload, shape), sequence, shape)


def leaf_digests(shape: Shape, rows: Sequence[LeafRow], engine: Engine) -> list[bytes]:
    """As `Leaf.digest`, each as the engine takes scalars, without making the leaves.

    A field element of three 64-bit words is, in the engine's bytes, the words end to end and eight zeros.
    """
    elements = _elements(shape, rows)
    try:
        packed = engine.poseidon_lists(leaf_tag(shape), elements.tobytes(), elements.shape[1])
    except EncodingError:
        raise MalformedRow("a leaf") from None
    return [packed[start : start + ELEMENT_BYTES] for start in range(0, len(packed), ELEMENT_BYTES)]


def _elements(shape: Shape, rows: Sequence[LeafRow]) -> Any:
    """An array of rows x elements x bytes, in the order of `Leaf.elements`."""
    import numpy as np

    rows = [_typed(row) for row in rows]
    empty = empty_words(shape)
    packs = -(-(1 + len(empty)) // WORDS_PER_ELEMENT)
    words = np.zeros((len(rows), packs * WORDS_PER_ELEMENT), np.uint64)
    words[:, 1 : 1 + len(empty)] = np.array(empty, np.uint64)
    words[:, 0] = np.array([row[1] for row in rows], np.uint64)
    targets = np.zeros((len(rows), shape.reservation_slots, ELEMENT_BYTES), np.uint8)
    places: list[tuple[int, int, int]] = []
    for number, (_, _, holdings) in enumerate(rows):
        pairs, slots = split(holdings)
        places += [(number, 1 + place, word) for place, word in pairs]
        for slot, target in slots:
            targets[number, _below(slot, shape.reservation_slots)] = np.frombuffer(target, np.uint8)
    if places:
        numbers, columns, values = zip(*places, strict=True)
        _below(max(columns), 1 + len(empty))
        words[list(numbers), list(columns)] = np.array(values, np.uint64)
    packed = np.zeros((len(rows), packs, ELEMENT_BYTES // _WORD_BYTES), np.uint64)
    packed[:, :, :WORDS_PER_ELEMENT] = words.reshape(len(rows), packs, WORDS_PER_ELEMENT)
    heads = np.frombuffer(b"".join(_head(row[0], shape) for row in rows), np.uint8)
    heads = heads.reshape(len(rows), 3, ELEMENT_BYTES)
    return np.concatenate([heads, targets, packed.astype("<u8").view(np.uint8)], axis=1)


def _head(payload: bytes, shape: Shape) -> bytes:
    """Key commitment, group and salt."""
    key, salt = payload[:ELEMENT_BYTES], payload[ELEMENT_BYTES : 2 * ELEMENT_BYTES]
    return b"".join((key[::-1], _group(payload[2 * ELEMENT_BYTES :], shape), salt[::-1]))


@lru_cache(maxsize=4096)
def _group(venue_ids: bytes, shape: Shape) -> bytes:
    """The group of an account that was opened for these venues; few books have many."""
    return _opened(bytes(2 * ELEMENT_BYTES) + venue_ids, shape).group.to_bytes(ELEMENT_BYTES, "little")


def _opened(payload: bytes, shape: Shape) -> Leaf:
    try:
        return opened(Open.from_bytes(payload), shape)
    except OrderMalformed:
        raise MalformedRow("open") from None


def _typed(row: LeafRow) -> LeafRow:
    """SQLite stores any type in any column; what is read on must be of these."""
    payload, sequence, holdings = row
    if type(payload) is not bytes or type(holdings) is not bytes:
        raise MalformedRow("holdings")
    if type(sequence) is not int or not 0 <= sequence <= MAX_SEQUENCE:
        raise MalformedRow("sequence")
    return row


def _below(value: int, limit: int) -> int:
    if value >= limit:
        raise MalformedRow("holdings")
    return value
