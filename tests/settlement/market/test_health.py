"""A market's health, in the numbers that a circuit breaker watches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zkmargin.settlement.errors import MarketDataError, SnapshotOutOfOrder
from zkmargin.settlement.market import AgreedPrice, MarketSnapshot, agree, market_health

from .market_case import CONFIG, E8, NOW_MS, all_signed

AGREED = agree(all_signed(), CONFIG, NOW_MS)


def snapshot(time_ms: int, **prices: tuple[int, int]) -> MarketSnapshot:
    agreed = {name: AgreedPrice(price, confidence, ("a", "b", "c")) for name, (price, confidence) in prices.items()}
    return replace(AGREED, time_ms=time_ms, prices=agreed)


def test_the_widest_price_and_the_furthest_move_count_rounded_up() -> None:
    before = snapshot(1_000, BTC=(3 * E8, 0), ETH=(100 * E8, 0), GONE=(1, 0))
    after = snapshot(2_000, BTC=(2 * E8, 1), ETH=(101 * E8, 2 * E8), NEW=(9, 0))
    health = market_health(after, before)
    assert health.oracle_time_ms == 2_000
    assert health.disagreement_ppm == 19_802, "2 / 101 rounded up"
    assert health.price_gap_ppm == 333_334, "a third rounded up, of the price that fell"


def test_without_a_snapshot_before_there_is_no_gap() -> None:
    assert market_health(AGREED).price_gap_ppm == 0
    assert market_health(AGREED).disagreement_ppm > 0
    assert market_health(replace(AGREED, prices={})).disagreement_ppm == 0


def test_only_an_earlier_snapshot_of_the_same_market_is_compared() -> None:
    for time_ms in (AGREED.time_ms, AGREED.time_ms + 1):
        with pytest.raises(SnapshotOutOfOrder):
            market_health(AGREED, replace(AGREED, time_ms=time_ms))
    with pytest.raises(MarketDataError, match="compare one market"):
        market_health(AGREED, replace(AGREED, time_ms=1, market="other"))
