"""Volatility as it could be forecast at each time of a path: weighted averages of the squared returns so far."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import PathError
from .model import HOUR_MS, YEAR_MS
from .path import MarketPath

Floats = npt.NDArray[np.float64]


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


def weighted_variance(returns: Floats, half_life_steps: float, start_steps: int) -> Floats:
    """Row t weighs the squared returns before time t, newest most; it starts as the plain mean of the first ones."""
    decay = math.exp(-math.log(2) / half_life_steps)
    squares = returns**2
    current: list[float] = squares[:start_steps].mean(axis=0).tolist()
    rows = [current]
    for square in squares.tolist():
        current = [decay * old + (1 - decay) * new for old, new in zip(current, square, strict=True)]
        rows.append(current)
    return np.array(rows)


def forecast_variance(path: MarketPath, hours: float, start_steps: int) -> Floats:
    """Annualised, for every row and asset of the path, from returns that ended by then."""
    half_life_steps = hours * HOUR_MS / path.step_ms
    return weighted_variance(path.log_returns, half_life_steps, start_steps) * (YEAR_MS / path.step_ms)


def forecast_sigma(path: MarketPath, settings: ForecastSettings) -> Floats:
    """The larger of the fast and the slow forecast, and at least the floor; annualised volatility, not yet rounded."""
    start = settings.warmup_steps(path)
    fast = forecast_variance(path, settings.fast_hours, start)
    slow = forecast_variance(path, settings.slow_hours, start)
    return np.maximum(np.sqrt(np.maximum(fast, slow)), settings.floor_ppm / 1e6)
