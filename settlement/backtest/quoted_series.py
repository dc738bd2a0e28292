"""One instrument as tables quote it through time: its dollar Greeks, and its profit in every scenario."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..risk import pricing
from ..risk.scenarios import Scenario
from .listing import Contracts
from .model import YEAR_MS
from .option_market import OptionMarket
from .table_settings import TableSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
E8, PPM = 10**8, 10**6


@dataclass(frozen=True)
class QuotedSeries:
    """One instrument at all rows, with its volatility in whole ppm as a table quotes it."""

    settings: TableSettings
    contract: Contracts
    forward: Floats
    strike: Floats
    left_ms: Ints
    sigma_ppm: Ints

    @classmethod
    def read(
        cls, market: OptionMarket, settings: TableSettings, asset: int, rows: Ints, contract: Contracts
    ) -> QuotedSeries:
        forward = market.path.prices_e8[rows, asset] / E8
        if not contract.kind.is_option:
            return cls(settings, contract, forward, np.ones_like(forward), np.zeros_like(rows), np.zeros_like(rows))
        left_ms = np.maximum(contract.left_ms(market.path.times_ms[rows]), settings.minimum_time_ms)
        sigma = market.implied_volatility(asset, rows, contract.strikes_e8, left_ms)
        return cls(settings, contract, forward, contract.strikes_e8 / E8, left_ms, rounded(sigma * PPM))

    def dollar_delta(self) -> Floats:
        delta = pricing.delta(self.contract.kind, self.forward, self.strike, self._years, self.sigma_ppm / PPM)
        return delta * self.forward

    def dollar_gamma(self) -> Floats:
        gamma = pricing.gamma(self.contract.kind, self.forward, self.strike, self._years, self.sigma_ppm / PPM)
        return gamma * self.forward**2

    def profits(self, ranges: Floats) -> Floats:
        """Profit of one unit in each scenario, in quote units; the last axis is the scenario."""
        now = pricing.price(self.contract.kind, self.forward, self.strike, self._years, self.sigma_ppm / PPM)
        columns = [self._profit(now, ranges, scenario) for scenario in self.settings.scenarios]
        return np.stack(columns, axis=-1)

    def _profit(self, now: Floats, ranges: Floats, scenario: Scenario) -> Floats:
        elapsed_ms = self.settings.reach_ms * scenario.elapsed_ppm // PPM
        left_ms = np.maximum(self.left_ms - elapsed_ms, np.minimum(self.left_ms, self.settings.minimum_time_ms))
        sigma_ppm = np.maximum(1, self.sigma_ppm * (PPM + scenario.volatility_ppm) // PPM)
        # A fall of the whole price and beyond is priced as almost the whole of it.
        moved = self.forward * np.maximum(1 + ranges * (scenario.move_ppm / PPM), 1e-12)
        then = pricing.price(self.contract.kind, moved, self.strike, left_ms / YEAR_MS, sigma_ppm / PPM)
        profit: Floats = (then - now) * (scenario.cover_ppm / PPM)
        return profit

    @property
    def _years(self) -> Floats:
        return self.left_ms / YEAR_MS


def rounded(values: Floats) -> Ints:
    """To nearest, ties away from zero."""
    return np.trunc(values + np.copysign(0.5, values)).astype(np.int64)
