"""What an account holds, as the few bytes that differ from an empty account.

A leaf's 64-bit words (sequence aside) that are not an empty account's, as pairs of place and word, and the targets of
the slots in use, as pairs of slot and target; both little-endian, in ascending order, so that one account has one
encoding.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace

from zkmargin.algebra import BN254
from zkmargin.circuits.margin import Leaf, Reservation, Shape

from .malformed import MalformedRow

_COUNT = struct.Struct("<H")
_WORD = struct.Struct("<HQ")
_TARGET = struct.Struct("<H32s")
BIAS = 1 << 63
"""Positions stand in the words as position + 2^63."""


def empty_words(shape: Shape) -> list[int]:
    """The words of an account that holds nothing."""
    return [0] * (2 * shape.assets) + [BIAS] * shape.instruments + [0] * shape.reservation_slots


def encode(leaf: Leaf, shape: Shape) -> bytes:
    """Everything but key, group, salt and sequence."""
    empty = empty_words(shape)
    words = [(place, word) for place, word in enumerate(leaf.words()[1:]) if word != empty[place]]
    targets = [(place, slot.target) for place, slot in enumerate(leaf.reservations) if slot.target]
    return pack_words(words) + b"".join(_TARGET.pack(place, target.to_bytes(32, "little")) for place, target in targets)


def pack_words(words: Sequence[tuple[int, int]]) -> bytes:
    """Pairs of place and word, ascending; the places of balances are the assets' own."""
    return _COUNT.pack(len(words)) + b"".join([_WORD.pack(place, word) for place, word in words])


def split(data: bytes) -> tuple[list[tuple[int, int]], list[tuple[int, bytes]]]:
    """The pairs of place and word, and of slot and target's bytes; `MalformedRow` where they do not come out."""
    if len(data) < _COUNT.size:
        raise MalformedRow("holdings")
    start = _COUNT.size
    end = start + _COUNT.unpack_from(data)[0] * _WORD.size
    if end > len(data) or (len(data) - end) % _TARGET.size:
        raise MalformedRow("holdings")
    return list(_WORD.iter_unpack(data[start:end])), list(_TARGET.iter_unpack(data[end:]))


def decode(data: bytes, opened: Leaf, sequence: int, shape: Shape) -> Leaf:
    """The account that was opened as this leaf, with these holdings."""
    words, slots = empty_words(shape), [0] * shape.reservation_slots
    pairs, targets = split(data)
    for place, word in pairs:
        if place >= len(words):
            raise MalformedRow("holdings")
        words[place] = word
    for place, target in targets:
        value = int.from_bytes(target, "little")
        if place >= len(slots) or value >= BN254.r:
            raise MalformedRow("holdings")
        slots[place] = value
    debts, positions = shape.assets, 2 * shape.assets
    amounts = positions + shape.instruments
    leaf = replace(
        opened,
        sequence=sequence,
        balances_e8=tuple(words[:debts]),
        debts_e8=tuple(words[debts:positions]),
        positions_e8=tuple(word - BIAS for word in words[positions:amounts]),
        reservations=tuple(Reservation(target, held) for target, held in zip(slots, words[amounts:], strict=True)),
    )
    if encode(leaf, shape) != data:
        raise MalformedRow("holdings")
    return leaf
