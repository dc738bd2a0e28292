"""One short simulated path and the tables along it, shared by the tests of this folder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from zkmargin.settlement.backtest.model import crypto_model
from zkmargin.settlement.backtest.option_market import OptionMarket
from zkmargin.settlement.backtest.outcome import Realised, horizon_rows
from zkmargin.settlement.backtest.simulation import simulate
from zkmargin.settlement.backtest.table_series import TableSeries, build_tables
from zkmargin.settlement.backtest.table_settings import TableSettings

E8 = 10**8
HORIZON_STEPS = 2
SETTINGS = TableSettings()
SMALL_LIMITS = replace(SETTINGS, tier_units_e8=E8 // 2, liquidity_free_e8=5 * E8)
"""So that tiers and the liquidity charge count for the test portfolios."""


@pytest.fixture(scope="session")
def market() -> OptionMarket:
    return OptionMarket(simulate(crypto_model(), 5, 1500))


@pytest.fixture(scope="session")
def series(market: OptionMarket) -> TableSeries:
    start = SMALL_LIMITS.forecast.warmup_steps(market.path)
    return build_tables(market, SMALL_LIMITS, horizon_rows(start, len(market.path), HORIZON_STEPS))


@pytest.fixture(scope="session")
def realised(market: OptionMarket, series: TableSeries) -> Realised:
    return Realised.after(market, series, HORIZON_STEPS)


@pytest.fixture(scope="session")
def places(series: TableSeries) -> list[int]:
    """Rows at which the exact rules are run too."""
    return [int(place) for place in np.linspace(0, len(series.rows) - 1, 6)]
