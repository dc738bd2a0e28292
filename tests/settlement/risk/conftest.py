"""An hourly price history that ends at the example's time."""

from __future__ import annotations

import pytest

from zkmargin.settlement.market.history import PriceHistory
from zkmargin.settlement.risk.example import example_history


@pytest.fixture(scope="session")
def history() -> PriceHistory:
    """The example's, with every asset of the larger shape."""
    return example_history("standard", rows=300)
