"""Price histories: rows without holes, in time order, read back as written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from zkmargin.settlement.errors import DocumentError, MarketDataError
from zkmargin.settlement.market import PriceHistory, PricePoint

HISTORY = PriceHistory(("BTC", "ETH"), (1_000, 2_000), ((6_400_000_000_001, 320), (6_500_000_000_000, 1)))


def test_a_history_reads_back_as_written() -> None:
    assert PriceHistory.from_json(json.dumps(HISTORY.to_json())) == HISTORY
    assert HISTORY.to_json()["rows"][0] == [1_000, "64000.00000001", "0.0000032"]


def test_points_in_any_order_make_the_same_rows() -> None:
    points = list(HISTORY.points())
    assert PriceHistory.from_points(points) == HISTORY
    assert PriceHistory.from_points([*points[2:], *points[:2]]) == HISTORY
    assert HISTORY.column("ETH") == (320, 1)


def test_a_hole_and_a_second_price_are_named() -> None:
    points = list(HISTORY.points())
    with pytest.raises(MarketDataError, match="ETH has no price at 2000 ms"):
        PriceHistory.from_points(points[:3])
    with pytest.raises(MarketDataError, match="BTC has two prices at 1000 ms"):
        PriceHistory.from_points([*points, PricePoint(1_000, "BTC", 5)])
    with pytest.raises(MarketDataError, match="not in this history"):
        HISTORY.column("SOL")


@pytest.mark.parametrize(
    ("symbols", "times", "prices"),
    [
        ((), (1,), ((),)),
        (("A", "A"), (1,), ((1, 1),)),
        (("A b",), (1,), ((1,),)),
        (("A",), (), ()),
        (("A",), (1, 1), ((1,), (1,))),
        (("A",), (2, 1), ((1,), (1,))),
        (("A",), (1,), ((0,),)),
        (("A",), (1,), ((-1,),)),
        (("A",), (1,), ((1 << 64,),)),
        (("A",), (1,), ((1.5,),)),
        (("A",), (1,), ((1, 2),)),
        (("A",), (1, 2), ((1,),)),
    ],
)
def test_what_is_no_history_is_refused(symbols: Any, times: Any, prices: Any) -> None:
    with pytest.raises(MarketDataError):
        PriceHistory(symbols, times, prices)


def test_the_row_at_fault_is_named() -> None:
    with pytest.raises(MarketDataError, match=r"rows\[1\] time_ms must be after that of the row before"):
        PriceHistory(("A",), (1, 1), ((1,), (1,)))
    with pytest.raises(MarketDataError, match=r"rows\[2\] price_e8 must be an integer"):
        PriceHistory(("A",), (1, 2, 3), ((1,), (1,), (0,)))


@pytest.mark.parametrize("row", [[1_000, "1"], ["1000", "1", "1"], [1_000, "NaN", "1"], [1_000, 1, "1"], "1000"])
def test_a_malformed_row_is_named_by_its_number(row: Any) -> None:
    document = HISTORY.to_json()
    document["rows"][1] = row
    with pytest.raises(DocumentError, match=r"rows\[1\]"):
        PriceHistory.from_json(json.dumps(document))
