"""Volatility as it could be forecast at each time of a path: weighted averages of the squared returns so far."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import PathError
from ..risk.ewma import ewma_sigmas
from .model import HOUR_MS, YEAR_MS
from .path import MarketPath

Floats = npt.NDArray[np.float64]
PPM = 10**6


@dataclass(frozen=True)
class ForecastSettings:
    """Two exponentially weighted averages, the larger of which counts, and what they are never below."""

    fast_hours: float = 3.0
    slow_hours: float = 48.0
    floor_ppm: int = 100_000
    warmup_hours: float = 48.0
    """Nothing is judged before: the averages start from nothing but the first hours' returns."""

    def warmup_steps(self, path: MarketPath) -> int:
        steps = math.ceil(self.warmup_hours * HOUR_MS / path.step_ms)
        if steps + 2 >= len(path):
            raise PathError(f"the path is shorter than the {self.warmup_hours:g} hours that a forecast starts from")
        return steps


def forecast_variance(path: MarketPath, hours: float, start_steps: int) -> Floats:
    """Annualised, for every row and asset of the path, from returns that ended by then; the risk engine's own average.

    Rows before the start have the plain mean of the first returns, and are not for judging.
    """
    half_life_steps = hours * HOUR_MS / path.step_ms
    decay_ppm = min(PPM - 1, round(PPM * math.exp(-math.log(2) / half_life_steps)))
    later = ewma_sigmas(path.prices, path.step_ms / YEAR_MS, decay_ppm, start_steps)
    sigmas = np.concatenate([np.repeat(later[:1], start_steps, axis=0), later])
    variance: Floats = sigmas**2
    return variance


def forecast_sigma(path: MarketPath, settings: ForecastSettings) -> Floats:
    """The larger of the fast and the slow forecast, and at least the floor; annualised volatility, not yet rounded."""
    start = settings.warmup_steps(path)
    fast = forecast_variance(path, settings.fast_hours, start)
    slow = forecast_variance(path, settings.slow_hours, start)
    return np.maximum(np.sqrt(np.maximum(fast, slow)), settings.floor_ppm / 1e6)
