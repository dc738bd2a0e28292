"""Prices from CSV files of exchanges: quotes with bid and ask, or bars with a close.

The price of a quote is its mid, rounded down; the price of a bar its close. Times ascend per symbol, and no symbol has
two prices at one time: a file that was put together wrongly is refused rather than sorted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from zkmargin.algebra import Buffer

from ..errors import MarketDataError
from ..fields import AMOUNT_SCALE
from .csv_rows import Rounding, Row, TimeUnit, read_rows
from .history import PriceHistory, PricePoint
from .names import check_name
from .snapshot import MAX_PRICE_E8

TIME, SYMBOL, BID, ASK, CLOSE, HIGH, LOW = "time", "symbol", "bid", "ask", "close", "high", "low"
NAMES = (TIME, SYMBOL, BID, ASK, CLOSE, HIGH, LOW)


@dataclass(frozen=True)
class PriceLayout:
    """Which column is which, and how times are written."""

    columns: dict[str, str] = field(default_factory=dict)
    """The header's word for each of `NAMES` that the file calls otherwise."""
    time_unit: TimeUnit = TimeUnit.MILLISECONDS
    symbol: str | None = None
    """The one symbol of a file that has no column for it."""

    def __post_init__(self) -> None:
        for name in self.columns:
            if name not in NAMES:
                raise MarketDataError("column", f"{name!r} is unknown; there are {', '.join(NAMES)}")
        if self.symbol is not None:
            check_name("symbol", self.symbol)

    def columns_in(self, header: list[str]) -> dict[str, str]:
        """The columns to read: time, symbol, and bid with ask where they are there, else the close."""
        words = {name: self.columns.get(name, name) for name in NAMES}
        wanted = [TIME] if self.symbol is not None else [TIME, SYMBOL]
        if {BID, ASK} & self.columns.keys() or {words[BID], words[ASK]} <= set(header):
            wanted += [BID, ASK]
        else:
            wanted += [CLOSE]
            wanted += [name for name in (HIGH, LOW) if name in self.columns or words[name] in header]
        return {name: words[name] for name in wanted}


def read_prices_csv(data: Buffer, layout: PriceLayout) -> list[PricePoint]:
    """Every price of the file, in its order; the first fault is a `RowError` with its line."""
    last_ms: dict[str, int] = {}
    return [_read_point(row, layout, last_ms) for row in read_rows(data, layout.columns_in)]


def at_common_times(points: Iterable[PricePoint]) -> tuple[PriceHistory, int]:
    """The history at the times when every symbol has a price, and how many prices were left out for that."""
    listed = list(points)
    symbols = {point.symbol for point in listed}
    seen: dict[int, int] = {}
    for point in listed:
        seen[point.time_ms] = seen.get(point.time_ms, 0) + 1
    kept = [point for point in listed if seen[point.time_ms] >= len(symbols)]
    if not kept:
        raise MarketDataError("times", "have none in common: no time has a price of every symbol")
    return PriceHistory.from_points(kept), len(listed) - len(kept)


def _read_point(row: Row, layout: PriceLayout, last_ms: dict[str, int]) -> PricePoint:
    symbol = layout.symbol if layout.symbol is not None else row.name(SYMBOL)
    time_ms = row.time_ms(TIME, layout.time_unit)
    before_ms = last_ms.get(symbol, -1)
    if time_ms <= before_ms:
        reason = "is there twice for this symbol" if time_ms == before_ms else "is before the one above: sort the rows"
        raise row.fail(TIME, reason)
    last_ms[symbol] = time_ms
    return PricePoint(time_ms, symbol, _price_e8(row))


def _price_e8(row: Row) -> int:
    if BID in row.cells:
        bid_e8 = row.above_zero(BID, AMOUNT_SCALE, Rounding.DOWN, MAX_PRICE_E8)
        ask_e8 = row.above_zero(ASK, AMOUNT_SCALE, Rounding.UP, MAX_PRICE_E8)
        if bid_e8 > ask_e8:
            raise row.fail(BID, "is above the ask")
        return (bid_e8 + ask_e8) // 2
    close_e8 = row.above_zero(CLOSE, AMOUNT_SCALE, Rounding.NEAREST, MAX_PRICE_E8)
    for name, sign in ((HIGH, 1), (LOW, -1)):
        if name in row.cells:
            bound_e8 = row.above_zero(name, AMOUNT_SCALE, Rounding.NEAREST, MAX_PRICE_E8)
            if sign * close_e8 > sign * bound_e8:
                raise row.fail(CLOSE, f"is beyond the {name}")
    return close_e8
