"""Pedersen commitments on Baby Jubjub: value * G + blinding * H, binding, perfectly hiding, and adding up.

G is the curve's base point. H is hashed to the curve, so that nobody knows its logarithm to the base G: whoever did
could open a commitment to any value. The sum of two commitments commits to the sum of the values under the sum of the
blindings, both mod the order.
"""

from __future__ import annotations

import secrets
from functools import cache

from .baby_jubjub import BABY_JUBJUB, unpack_point
from .edwards import EdwardsPoint
from .errors import EncodingError, PointError
from .keccak import keccak256

BLINDING_BITS = 251
"""What the order of the subgroup fits into."""

_SEED = b"zkmargin Pedersen commitment: H"
_Y_AND_SIGN = (1 << 254) - 1 | 1 << 255


@cache
def blinding_base() -> EdwardsPoint:
    """H: the first of keccak256(seed | 0), keccak256(seed | 1), .. that is a packed point, times 8.

    The seed is the ASCII text `zkmargin Pedersen commitment: H`, the counter one byte. Of the digest, read as a
    little-endian integer, bit 254 is cleared. One in three is a point; the cofactor takes it into the subgroup.
    """
    counter = 0
    while True:
        digest = int.from_bytes(keccak256(_SEED + bytes([counter])), "little") & _Y_AND_SIGN
        try:
            point = unpack_point(digest.to_bytes(32, "little"))
        except PointError:
            counter += 1
            continue
        return BABY_JUBJUB.multiply(BABY_JUBJUB.cofactor, point)


def random_blinding() -> int:
    """A fresh blinding, uniform below the order: with it a commitment says nothing about its value."""
    return secrets.randbelow(BABY_JUBJUB.order)


def commit(value: int, blinding: int) -> EdwardsPoint:
    """value * G + blinding * H, for 0 <= value < order and 0 <= blinding < 2^251; anything else is an `EncodingError`.

    A value is bound mod the order: so each opening must prove its range, and where commitments are added, the sum of
    the ranges must stay below the order too. The blinding is not bound: it and its sum with the order open the same.
    """
    if type(value) is not int or not 0 <= value < BABY_JUBJUB.order:
        raise EncodingError("commitment: the value is not an integer from 0 to below the order", what="value")
    if type(blinding) is not int or not 0 <= blinding < 1 << BLINDING_BITS:
        raise EncodingError(f"commitment: the blinding is not an integer of {BLINDING_BITS} bits", what="blinding")
    return BABY_JUBJUB.add(
        BABY_JUBJUB.multiply(value, BABY_JUBJUB.base), BABY_JUBJUB.multiply(blinding, blinding_base())
    )
