"""An hourly price history that ends at the example's time."""

from __future__ import annotations

import random

import pytest

from zkmargin.settlement.market.history import PriceHistory
from zkmargin.settlement.risk.example import ASSETS, EXAMPLE_TIME_MS, HOUR_MS

ROWS = 300


@pytest.fixture(scope="session")
def history() -> PriceHistory:
    """Twelve days in which every asset moves by about half a per cent an hour, at random but always the same."""
    source, rows = random.Random(7), []
    prices = [asset.price_e8 for asset in ASSETS]
    for _ in range(ROWS):
        rows.append(tuple(prices))
        prices = [price * (10_000 + source.randint(-90, 90)) // 10_000 for price in prices]
    times = tuple(EXAMPLE_TIME_MS - HOUR_MS * (ROWS - 1 - i) for i in range(ROWS))
    return PriceHistory(tuple(asset.name for asset in ASSETS), times, tuple(rows))
