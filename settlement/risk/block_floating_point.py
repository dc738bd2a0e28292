"""Block floating point: the numbers of one underlying share a unit, and each is a small signed integer of that unit.

The unit is the smallest integer (in steps of 10^-scale) that lets every number fit. Each is rounded once, to nearest
with ties away from zero, so it is off by half a unit at most; the margin rules charge that for every unit held.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from ..errors import PricingError
from .exact_numbers import exactly, scaled

VALUE_UNIT_SCALE = 16
GAMMA_UNIT_SCALE = 8


@exactly
def common_unit(values: Iterable[Decimal], limit: int, scale: int) -> int:
    """The smallest unit, at least 1, under which no value rounds to more than `limit` units.

    round(|v| / u) <= L holds exactly when |v| / u + 1/2 < L + 1, that is u > 2 |v| / (2 L + 1).
    """
    if limit < 1:
        raise PricingError("limit", "must be at least 1 unit")
    largest = max((abs(value) for value in values), default=Decimal(0))
    if not largest.is_finite():
        raise PricingError("value", "is not a finite number")
    return int((2 * largest.scaleb(scale) / (2 * limit + 1)).to_integral_value(rounding=ROUND_FLOOR)) + 1


@exactly
def in_units(value: Decimal, unit: int, scale: int) -> int:
    """The value in units, to nearest, ties away from zero."""
    return int((value / scaled(unit, scale)).to_integral_value(rounding=ROUND_HALF_UP))
