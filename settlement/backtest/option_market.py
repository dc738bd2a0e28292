"""The option market of a path: implied volatilities that follow the variance to be expected, and what options cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..risk import pricing
from .listing import Contracts
from .model import YEAR_MS
from .path import MarketPath

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
MONEYNESS_CAP = 3.0


@dataclass(frozen=True)
class Smile:
    """How implied volatility depends on the strike, by its distance from the price in standard deviations."""

    premium: float = 0.08
    """Options cost more than expected variance is worth."""
    skew: float = -0.03
    curvature: float = 0.02

    def factor(self, deviations: Floats) -> Floats:
        capped = np.clip(deviations, -MONEYNESS_CAP, MONEYNESS_CAP)
        factor: Floats = (1 + self.premium) * (1 + self.skew * capped + self.curvature * capped**2)
        return factor


@dataclass(frozen=True)
class OptionMarket:
    """Quotes at any row of a path."""

    path: MarketPath
    smile: Smile = Smile()

    def at_the_money(self, asset: int, rows: Ints, left_ms: Ints) -> Floats:
        """Annualised volatility expected until expiry."""
        volatility: Floats = np.sqrt(self.path.expected.of(asset, rows).average(left_ms))
        return volatility

    def implied_volatility(self, asset: int, rows: Ints, strikes_e8: Ints, left_ms: Ints) -> Floats:
        expected = self.at_the_money(asset, rows, left_ms)
        deviation = expected * np.sqrt(left_ms / YEAR_MS)
        distance = np.log(strikes_e8 / self.path.prices_e8[rows, asset])
        return expected * self.smile.factor(distance / deviation)

    def value(self, asset: int, rows: Ints, listed: Contracts) -> Floats:
        """What one unit of each contract is worth at these rows, in quote units."""
        forward = self.path.prices_e8[rows, asset] / 1e8
        if not listed.kind.is_option:
            return np.asarray(forward, dtype=np.float64)
        left_ms = listed.left_ms(self.path.times_ms[rows])
        sigma = self.implied_volatility(asset, rows, listed.strikes_e8, left_ms)
        return pricing.price(listed.kind, forward, listed.strikes_e8 / 1e8, left_ms / YEAR_MS, sigma)
