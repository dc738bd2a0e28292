"""Prices over time: one row per time, one column per symbol, `zkmargin.price-history/1` as a document.

A price is the last one known at the row's time, in e8 of the quote currency. Times are strictly ascending and no price
is missing: a gap is for whoever imports the data to close, and to say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from zkmargin.algebra import Buffer, EncodingError, format_decimal, load_json, parse_decimal

from ..errors import MarketDataError
from ..fields import AMOUNT_SCALE, Fields
from .names import check_integer, check_name
from .snapshot import MAX_PRICE_E8, MAX_TIME_MS

FORMAT = "zkmargin.price-history/1"
DOCUMENT = "price history"
MAX_JSON_BYTES = 256 << 20
MAX_SYMBOLS = 64
MAX_ROWS = 1_000_000


@dataclass(frozen=True)
class PricePoint:
    """One symbol's price at one time."""

    time_ms: int
    symbol: str
    price_e8: int

    def __post_init__(self) -> None:
        check_integer("time_ms", self.time_ms, 0, MAX_TIME_MS)
        check_name("symbol", self.symbol)
        check_integer("price_e8", self.price_e8, 1, MAX_PRICE_E8)


@dataclass(frozen=True)
class PriceHistory:
    """`prices_e8[t][s]` is the price of `symbols[s]` at `times_ms[t]`."""

    symbols: tuple[str, ...]
    times_ms: tuple[int, ...]
    prices_e8: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.symbols) <= MAX_SYMBOLS or len(set(self.symbols)) != len(self.symbols):
            raise MarketDataError("symbols", f"must be 1 to {MAX_SYMBOLS} different names")
        for symbol in self.symbols:
            check_name("symbol", symbol)
        if len(self.times_ms) != len(self.prices_e8) or not 0 < len(self.times_ms) <= MAX_ROWS:
            raise MarketDataError("times_ms", f"must have one entry per row of prices, 1 to {MAX_ROWS} of them")
        before_ms = -1
        for index, (time_ms, row) in enumerate(zip(self.times_ms, self.prices_e8, strict=True)):
            try:
                self._check_row(time_ms, before_ms, row)
            except MarketDataError as problem:
                raise MarketDataError(f"rows[{index}] {problem.field}", problem.reason) from None
            before_ms = time_ms

    @classmethod
    def from_points(cls, points: Iterable[PricePoint]) -> PriceHistory:
        """One row per time at which every symbol has a price; `MarketDataError` where one is missing or given twice."""
        prices: dict[int, dict[str, int]] = {}
        symbols: dict[str, None] = {}
        for point in points:
            row = prices.setdefault(point.time_ms, {})
            if point.symbol in row:
                raise MarketDataError(point.symbol, f"has two prices at {point.time_ms} ms")
            row[point.symbol] = point.price_e8
            symbols[point.symbol] = None
        times = sorted(prices)
        return cls(tuple(symbols), tuple(times), tuple(_complete(prices[time], symbols, time) for time in times))

    def column(self, symbol: str) -> tuple[int, ...]:
        """One symbol's prices in time order."""
        if symbol not in self.symbols:
            raise MarketDataError("symbol", f"{symbol!r} is not in this history; there are {', '.join(self.symbols)}")
        index = self.symbols.index(symbol)
        return tuple(row[index] for row in self.prices_e8)

    def points(self) -> Iterable[PricePoint]:
        """Every price, by time and then in the order of the symbols."""
        for time_ms, row in zip(self.times_ms, self.prices_e8, strict=True):
            for symbol, price_e8 in zip(self.symbols, row, strict=True):
                yield PricePoint(time_ms, symbol, price_e8)

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "symbols": list(self.symbols),
            "rows": [
                [time_ms, *(format_decimal(price, AMOUNT_SCALE) for price in row)]
                for time_ms, row in zip(self.times_ms, self.prices_e8, strict=True)
            ],
        }

    @classmethod
    def from_json(cls, data: Buffer | str) -> PriceHistory:
        """Read a history; a malformed row is a `DocumentError` with its number."""
        fields = Fields(load_json(data, DOCUMENT, max_bytes=MAX_JSON_BYTES), DOCUMENT)
        fields.expect("format", FORMAT)
        symbols = fields.text_list("symbols", max_length=32)
        rows = fields.entries("rows")
        if len(rows) > MAX_ROWS:
            raise fields.fail("rows", f"must be at most {MAX_ROWS}")
        read = [_read_row(fields, index, row, len(symbols)) for index, row in enumerate(rows)]
        fields.done()
        return cls(symbols, tuple(time for time, _ in read), tuple(prices for _, prices in read))

    def _check_row(self, time_ms: int, before_ms: int, row: tuple[int, ...]) -> None:
        check_integer("time_ms", time_ms, 0, MAX_TIME_MS)
        if time_ms <= before_ms:
            raise MarketDataError("time_ms", "must be after that of the row before: sort the rows, each time once")
        if len(row) != len(self.symbols):
            raise MarketDataError("prices_e8", f"has a row of {len(row)} prices for {len(self.symbols)} symbols")
        for price_e8 in row:
            check_integer("price_e8", price_e8, 1, MAX_PRICE_E8)


def _complete(row: dict[str, int], symbols: Iterable[str], time_ms: int) -> tuple[int, ...]:
    for symbol in symbols:
        if symbol not in row:
            raise MarketDataError(symbol, f"has no price at {time_ms} ms; fill the gap or leave that time out")
    return tuple(row[symbol] for symbol in symbols)


def _read_row(fields: Fields, index: int, row: Any, symbols: int) -> tuple[int, tuple[int, ...]]:
    place = f"rows[{index}]"
    if not isinstance(row, list) or len(row) != symbols + 1 or type(row[0]) is not int:
        raise fields.fail(place, f"must be a time in milliseconds and {symbols} prices")
    try:
        return row[0], tuple(parse_decimal(price, AMOUNT_SCALE) for price in row[1:])
    except EncodingError:
        raise fields.fail(
            place, "has a price that is no decimal string with at most 8 digits after the point"
        ) from None
