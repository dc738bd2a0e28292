"""Opening Pedersen commitments in the circuit: `zkmargin.algebra.commitment` is the plain twin."""

from __future__ import annotations

from zkmargin.algebra import BABY_JUBJUB, blinding_base
from zkmargin.algebra.commitment import BLINDING_BITS

from ..expression import Expr
from ..scope import gadget
from .baby_jubjub import SubgroupPoint
from .bits import to_bits
from .fixed_base import multiples_sum

MAX_VALUE_BITS = BABY_JUBJUB.order.bit_length() - 1


@gadget
def pedersen_commitment(value: Expr, blinding: Expr) -> SubgroupPoint:
    """value * G + blinding * H; for a value of n bits 8 n / 3 constraints and 675 more.

    The value must be known to lie in [0, 2^n), n at most 250, and is proven to: below the order of the subgroup, to
    which a commitment binds it. The blinding, raw or ranged, is proven to lie in [0, 2^251).
    """
    c = value.circuit
    if value.interval is None:
        c.refuse(f"cannot commit to {value}: a raw field element is no number; range-check it first")
    low, high = value.interval
    n = max(high.bit_length(), 1)
    if low < 0 or n > MAX_VALUE_BITS:
        c.refuse(f"cannot commit to {value}: it lies in [{low}, {high}], which is not within [0, 2^{MAX_VALUE_BITS})")
    bits, blinding_bits = to_bits(value, n), to_bits(blinding, BLINDING_BITS)
    return multiples_sum([(bits, BABY_JUBJUB.base), (blinding_bits, blinding_base())], BABY_JUBJUB)
