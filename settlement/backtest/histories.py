"""Between paths and files: price histories in and out, and the simulated option market as an exchange's chain."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from zkmargin.algebra import format_decimal

from ..errors import PathError
from ..market.history import PriceHistory
from .forecast import ForecastSettings, forecast_variance
from .listing import SLOTS, Slot, contracts
from .model import HOUR_MS
from .option_market import OptionMarket
from .path import MarketPath, TermStructure

Ints = npt.NDArray[np.int64]
E8, PPM = 10**8, 10**6
MIN_PRICE_E8, MAX_PRICE_E8 = 10**7, 10**15
"""Below 0.1, strikes and confidences are too coarse in e8; above ten million, a table's units leave 64 bits."""
HALF_SPREAD_PPM = 10_000
"""Bid and ask volatilities of a simulated chain are this share of the mid below and above it."""


def history_of(path: MarketPath) -> PriceHistory:
    """The prices of a path as a history that every other command reads."""
    return PriceHistory(path.symbols, tuple(path.times_ms.tolist()), tuple(map(tuple, path.prices_e8.tolist())))


def path_of(history: PriceHistory, settings: ForecastSettings) -> MarketPath:
    """A path of imported prices. Nobody quoted options, so their variance is expected to go as it was forecast.

    The short level is the fast forecast, the long one the slow; both know only returns that ended by then.
    """
    if max(map(max, history.prices_e8)) >= MAX_PRICE_E8:
        raise PathError("a price is ten million or more, which is too large for a backtest; quote a larger unit")
    if min(map(min, history.prices_e8)) < MIN_PRICE_E8:
        raise PathError("a price is below 0.1, which is too small for a backtest; quote a thousand or a million units")
    times, prices = np.array(history.times_ms, dtype=np.int64), np.array(history.prices_e8, dtype=np.int64)
    nothing = TermStructure(np.ones(prices.shape), np.ones(prices.shape), settings.fast_hours * HOUR_MS)
    bare = MarketPath(history.symbols, times, prices, nothing)
    start, floor = settings.warmup_steps(bare), (settings.floor_ppm / PPM) ** 2
    short = np.maximum(forecast_variance(bare, settings.fast_hours, start), floor)
    long = np.maximum(forecast_variance(bare, settings.slow_hours, start), floor)
    return MarketPath(history.symbols, times, prices, TermStructure(short, long, settings.fast_hours * HOUR_MS))


def prices_csv(history: PriceHistory) -> str:
    """One row per time and symbol: `zkmargin market import` reads it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["time", "symbol", "close"])
    for point in history.points():
        writer.writerow([point.time_ms, point.symbol, format_decimal(point.price_e8, 8)])
    return out.getvalue()


def hourly_rows(path: MarketPath) -> Ints:
    """The rows of a path about an hour apart."""
    return np.arange(0, len(path), max(1, HOUR_MS // path.step_ms), dtype=np.int64)


CHAIN_COLUMNS = (
    "time",
    "instrument",
    "underlying",
    "kind",
    "strike",
    "expiry",
    "spot",
    "bid_volatility",
    "ask_volatility",
)


def chain_csv(market: OptionMarket, rows: Ints) -> str:
    """The options listed at some rows of the path, by time, with bid and ask volatilities as fractions."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CHAIN_COLUMNS)
    by_option = [
        list(_quotes(market, rows, asset, slot))
        for asset in range(len(market.path.symbols))
        for slot in SLOTS
        if slot.kind.is_option
    ]
    for quotes in zip(*by_option, strict=True):
        writer.writerows(quotes)
    return out.getvalue()


def _quotes(market: OptionMarket, rows: Ints, asset: int, slot: Slot) -> Iterator[tuple[object, ...]]:
    """One slot's contract at each row, as the columns of a chain."""
    path = market.path
    symbol, times_ms, spots_e8 = path.symbols[asset], path.times_ms[rows], path.prices_e8[rows, asset]
    listed = contracts(slot, times_ms, spots_e8)
    sigma = market.implied_volatility(asset, rows, listed.strikes_e8, listed.left_ms(times_ms))
    mids_ppm = np.rint(sigma * PPM).astype(np.int64)
    columns = (mids_ppm, times_ms, listed.strikes_e8, listed.expiries_ms, spots_e8)
    for mid_ppm, time_ms, strike_e8, expiry_ms, spot_e8 in zip(*(column.tolist() for column in columns), strict=True):
        strike, spot = format_decimal(strike_e8, 8), format_decimal(spot_e8, 8)
        name = f"{symbol}-{expiry_ms // 1000}-{strike}-{slot.kind.value[0].upper()}"
        half = mid_ppm * HALF_SPREAD_PPM // PPM
        bid, ask = (format_decimal(mid_ppm + sign * half, 6) for sign in (-1, 1))
        yield time_ms, name, symbol, slot.kind.value, strike, expiry_ms, spot, bid, ask
