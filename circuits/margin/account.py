"""The account leaf: what a venue commits to about one account, and its digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkmargin.algebra import BN254, poseidon_list

from ..errors import InputError
from .commitments import TAG_LEAF, laid_out
from .shape import WORD_BITS, Shape

WORDS_PER_ELEMENT = 3
SEQUENCE_BITS = 48
POSITION_BIAS = 1 << (WORD_BITS - 1)
"""Positions are signed; they are packed as position + 2^63."""


@dataclass(frozen=True)
class Reservation:
    """Collateral set aside for one target; an empty slot has target 0 and amount 0."""

    target: int
    amount_e8: int

    def __repr__(self) -> str:
        """Without the amount: a repr ends up in logs."""
        return "Reservation(...)"


@dataclass(frozen=True)
class Leaf:
    """One account at one venue. Balances, debts, positions and reservations are filled up to the shape's counts."""

    key_commitment: int
    group: int
    salt: int
    sequence: int
    balances_e8: tuple[int, ...]
    debts_e8: tuple[int, ...]
    positions_e8: tuple[int, ...]
    reservations: tuple[Reservation, ...]

    def __repr__(self) -> str:
        """Without balances, key or salt: a repr ends up in logs."""
        return f"Leaf(sequence={self.sequence})"

    def validate(self, shape: Shape) -> None:
        """Raise `InputError` unless every value is in range and the counts are the shape's."""
        _check_count("balances", self.balances_e8, shape.assets)
        _check_count("debts", self.debts_e8, shape.assets)
        _check_count("positions", self.positions_e8, shape.instruments)
        _check_count("reservations", self.reservations, shape.reservation_slots)
        for name in ("key_commitment", "group", "salt"):
            _check_range(name, getattr(self, name), 0, BN254.r)
        _check_range("sequence", self.sequence, 0, 1 << SEQUENCE_BITS)
        for name in ("balances_e8", "debts_e8"):
            for index, value in enumerate(getattr(self, name)):
                _check_range(f"{name}[{index}]", value, 0, 1 << WORD_BITS)
        for index, value in enumerate(self.positions_e8):
            _check_range(f"positions_e8[{index}]", value, -POSITION_BIAS, POSITION_BIAS)
        for index, slot in enumerate(self.reservations):
            _check_range(f"reservations[{index}].target", slot.target, 0, BN254.r)
            _check_range(f"reservations[{index}].amount_e8", slot.amount_e8, 0, 1 << WORD_BITS)

    def words(self) -> list[int]:
        """The 64-bit words that are packed into field elements, in the order of the commitment."""
        return [
            self.sequence,
            *self.balances_e8,
            *self.debts_e8,
            *(position + POSITION_BIAS for position in self.positions_e8),
            *(slot.amount_e8 for slot in self.reservations),
        ]

    def elements(self) -> list[int]:
        """The leaf as field elements in the order of the commitment."""
        targets = (slot.target for slot in self.reservations)
        return [self.key_commitment, self.group, self.salt, *targets, *pack_words(self.words())]

    def digest(self, shape: Shape) -> int:
        """The value that stands in the account tree; the shape is part of it, as it says what each word means."""
        return poseidon_list(leaf_tag(shape), self.elements())

    def reserved_for(self, target: int) -> int:
        """Everything reserved for one target, e8."""
        return sum(slot.amount_e8 for slot in self.reservations if slot.target == target)


def leaf_tag(shape: Shape) -> int:
    """The tag of a leaf's list hash."""
    return laid_out(TAG_LEAF, shape.leaf_layout())


def pack_words(words: Sequence[int]) -> list[int]:
    """Three 64-bit words to a field element, the first in the lowest bits."""
    return [
        sum(word << (WORD_BITS * place) for place, word in enumerate(words[start : start + WORDS_PER_ELEMENT]))
        for start in range(0, len(words), WORDS_PER_ELEMENT)
    ]


def _check_count(name: str, values: Sequence[object], expected: int) -> None:
    if len(values) != expected:
        raise InputError(name, f"has {len(values)} entries; this shape has {expected}")


def _check_range(name: str, value: int, low: int, high: int) -> None:
    if type(value) is not int or not low <= value < high:
        raise InputError(name, f"is outside [{low}, {high})")
