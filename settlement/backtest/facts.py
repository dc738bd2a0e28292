"""Stylised facts of returns (Cont 2001): fat tails, and volatility that comes in clusters while returns do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StylisedFacts:
    """Of one series of returns. Normal and independent ones have kurtosis 3 and autocorrelations near 0.

    Where nothing moves, or every square is the same, there is nothing to be measured and the figure is 0.
    """

    kurtosis: float
    return_autocorrelation: float
    square_autocorrelation: float
    largest_in_deviations: float


def stylised_facts(returns: Floats, lag: int = 1) -> StylisedFacts:
    """The facts of one series; autocorrelations at `lag` steps."""
    centred = returns - returns.mean()
    deviation = float(np.sqrt(np.mean(centred**2)))
    if deviation == 0:
        return StylisedFacts(0.0, 0.0, 0.0, 0.0)
    return StylisedFacts(
        kurtosis=float(np.mean(centred**4)) / deviation**4,
        return_autocorrelation=autocorrelation(returns, lag),
        square_autocorrelation=autocorrelation(returns**2, lag),
        largest_in_deviations=float(np.max(np.abs(centred))) / deviation,
    )


def autocorrelation(series: Floats, lag: int) -> float:
    """The correlation of a series with itself `lag` steps later; 0 where the series is constant."""
    centred = series - series.mean()
    variance = float(np.mean(centred**2))
    return float(np.mean(centred[lag:] * centred[:-lag])) / variance if variance else 0.0
