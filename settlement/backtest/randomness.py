"""Random numbers that the seed alone decides: one independent PCG64 stream for each purpose.

A stream of its own for each purpose keeps the innovations the same when, say, the jumps are switched off.
"""

from __future__ import annotations

import enum

import numpy as np

from ..errors import StudyError

MAX_SEED = 1 << 63


class Purpose(enum.IntEnum):
    """What a stream is for; the numbers are part of what a seed means."""

    INNOVATIONS = 1
    TAILS = 2
    MARKET_JUMPS = 3
    OWN_JUMPS = 4
    REGIMES = 5
    QUOTES = 6
    PORTFOLIOS = 7


def stream(seed: int, purpose: Purpose) -> np.random.Generator:
    """The generator of one purpose."""
    if not 0 <= seed < MAX_SEED:
        raise StudyError("seed", f"must be between 0 and {MAX_SEED - 1}")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, int(purpose)])))
