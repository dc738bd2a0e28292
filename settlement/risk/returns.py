"""Logarithmic returns of a price series: exact decimals for the table, float arrays for backtests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from zkmargin.circuits.margin.risk_table import YEAR_MS

from ..errors import ForecastError
from .exact_numbers import exactly, rounded_up

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Return:
    """ln(price / price before) and the time between the two."""

    log: Decimal
    elapsed_ms: int

    @exactly
    def variance_per_ms(self) -> Decimal:
        """This one return's contribution to variance, per millisecond."""
        return self.log * self.log / self.elapsed_ms


@exactly
def exact_returns(times_ms: Sequence[int], prices_e8: Sequence[int]) -> tuple[Return, ...]:
    """One return per step; times strictly ascending and prices above zero, or `ForecastError`."""
    if len(times_ms) != len(prices_e8):
        raise ForecastError("history", f"has {len(times_ms)} times and {len(prices_e8)} prices")
    if any(price <= 0 for price in prices_e8):
        raise ForecastError("history", "has a price that is not above zero")
    if any(later <= sooner for sooner, later in pairwise(times_ms)):
        raise ForecastError("history", "has times that do not ascend")
    logs = [Decimal(price).ln() for price in prices_e8]
    return tuple(Return(logs[i] - logs[i - 1], times_ms[i] - times_ms[i - 1]) for i in range(1, len(logs)))


@exactly
def annual_sigma_ppm(variance_per_ms: Decimal) -> int:
    """Annualised volatility, rounded up to a ppm."""
    return rounded_up((variance_per_ms * YEAR_MS).sqrt(), 6)


def float_returns(prices: Any) -> FloatArray:
    """Returns along the first axis of an array of prices; NaN, infinity, zero and negative prices are refused."""
    import numpy as np

    values = np.asarray(prices, dtype=np.float64)
    if not np.all(np.isfinite(values)) or np.any(values <= 0):
        raise ForecastError("history", "has a price that is not a finite number above zero")
    return np.asarray(np.diff(np.log(values), axis=0), dtype=np.float64)
