"""Exponentially weighted volatility: each variance is the one before, decayed, plus the newest squared return.

RiskMetrics (J.P. Morgan, 1996), section 5.2, per millisecond instead of per observation, so that steps need not be
equal: v = decay * v + (1 - decay) * r^2 / dt. The first `warmup` returns are averaged to start from.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from zkmargin.algebra.extras import require

from ..errors import ForecastError
from .exact_numbers import PPM, exactly
from .returns import Return, float_returns

if TYPE_CHECKING:
    from .returns import FloatArray


@exactly
def ewma_variances(returns: Sequence[Return], decay_ppm: int, warmup: int) -> tuple[Decimal, ...]:
    """The variance per millisecond after the warmup and after each return that follows it."""
    _check(len(returns), decay_ppm, warmup)
    squares = [step.variance_per_ms() for step in returns]
    variance = sum(squares[:warmup], Decimal(0)) / warmup
    path = [variance]
    for square in squares[warmup:]:
        variance = (decay_ppm * variance + (PPM - decay_ppm) * square) / PPM
        path.append(variance)
    return tuple(path)


def ewma_sigmas(prices: Any, step_years: float, decay_ppm: int, warmup: int) -> FloatArray:
    """The same in floats for equal steps: annualised sigma known after row `warmup`, `warmup` + 1, ... of `prices`.

    `prices` may have one column per asset. Entry i uses no row later than `warmup` + i.
    """
    import numpy as np

    returns = float_returns(prices)
    _check(len(returns), decay_ppm, warmup)
    decay = decay_ppm / PPM
    squares = returns**2
    start = squares[:warmup].mean(axis=0, keepdims=True)
    lfilter = require("scipy.signal", "risk").lfilter
    later, _ = lfilter([1 - decay], [1, -decay], squares[warmup:], axis=0, zi=decay * start)
    return np.asarray(np.sqrt(np.concatenate([start, later]) / step_years), dtype=np.float64)


def _check(returns: int, decay_ppm: int, warmup: int) -> None:
    if not 0 < decay_ppm < PPM:
        raise ForecastError("decay", "must be above 0 % and below 100 %")
    if not 0 < warmup <= returns:
        raise ForecastError("history", f"has {returns} returns; the warmup needs {max(warmup, 1)}")
