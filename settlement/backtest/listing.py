"""What the simulated venue lists: for each underlying a perpetual and a few options that come and go by the clock.

As at an exchange, strikes stand on a grid and expiries at round times. A slot is a rule that picks a contract at each
time, so that a portfolio such as "short the nearest call" can be held through years of contracts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import StudyError
from ..risk.instrument import Kind

Ints = npt.NDArray[np.int64]
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
PPM = 1_000_000
STRIKE_STEP_PPM = 5_000
"""Strikes are at most this share of the price apart."""
NICE_STEPS = np.array([digit * 10**power for power in range(18) for digit in (1, 2, 5)], dtype=np.int64)


@dataclass(frozen=True)
class Slot:
    """The rule of one instrument. Options expire at multiples of `period_ms`, the first at least `minimum_ms` away."""

    name: str
    kind: Kind
    distance_ppm: int = 0
    """How far the strike is out of the money at least: above the price for calls, below for puts."""
    period_ms: int = 0
    minimum_ms: int = 0


PERPETUAL, NEAR_CALL, NEAR_PUT, WEEK_CALL = range(4)
SLOTS = (
    Slot("PERP", Kind.PERPETUAL),
    Slot("NEAR-CALL", Kind.CALL, 0, 8 * HOUR_MS, 3 * HOUR_MS),
    Slot("NEAR-PUT", Kind.PUT, 0, 8 * HOUR_MS, 3 * HOUR_MS),
    Slot("WEEK-CALL", Kind.CALL, 50_000, 7 * DAY_MS, 2 * DAY_MS),
)
"""By place: near options have three to eleven hours left, where gamma is largest; week calls two to nine days."""


@dataclass(frozen=True)
class Contracts:
    """The contract that a slot picks at each of some times."""

    kind: Kind
    strikes_e8: Ints
    expiries_ms: Ints

    def left_ms(self, times_ms: Ints) -> Ints:
        """Time to expiry; an option that would have expired is an error, as its slot should have picked a later one."""
        left: Ints = self.expiries_ms - times_ms
        if self.kind.is_option and left.min() <= 0:
            raise StudyError("horizon_ms", "reaches beyond an option's expiry; take a shorter horizon")
        return left


def contracts(slot: Slot, times_ms: Ints, spots_e8: Ints) -> Contracts:
    """The contracts listed at these times and prices."""
    if not slot.kind.is_option:
        nothing = np.zeros_like(times_ms)
        return Contracts(slot.kind, nothing, nothing)
    return Contracts(
        slot.kind,
        strikes_e8=_strikes(slot, spots_e8),
        expiries_ms=-(-(times_ms + slot.minimum_ms) // slot.period_ms) * slot.period_ms,
    )


def strike_steps_e8(spots_e8: Ints) -> Ints:
    """The distance between strikes: the largest of 1, 2, 5, 10, ... that is at most that share of the price."""
    places = np.searchsorted(NICE_STEPS, spots_e8 // (PPM // STRIKE_STEP_PPM), side="right")
    steps: Ints = NICE_STEPS[np.maximum(places - 1, 0)]
    return steps


def _strikes(slot: Slot, spots_e8: Ints) -> Ints:
    steps = strike_steps_e8(spots_e8)
    sign = 1 if slot.kind is Kind.CALL else -1
    # Dividing first keeps the product far below 2^63; the strike moves by less than one part in a million.
    aims = spots_e8 + sign * (spots_e8 // PPM * slot.distance_ppm)
    floors = aims // steps * steps
    strikes: Ints = np.maximum(floors + steps if sign > 0 else floors, steps)
    return strikes
