"""Option chains from CSV files of exchanges: one row per option and time, with its quotes and the spot.

A chain has options nobody bids for, so one side may be empty; a row without any quote, an option that has expired, and
a bid above its ask are refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from zkmargin.algebra import Buffer

from ..errors import MarketDataError
from ..fields import AMOUNT_SCALE
from .csv_rows import Rounding, Row, TimeUnit, read_rows
from .option_chain import OptionKind, OptionQuote
from .snapshot import MAX_PRICE_E8, MAX_SIGMA_PPM

PPM_SCALE, PERCENT_SCALE = 6, 4
REQUIRED = ("time", "instrument", "underlying", "kind", "strike", "expiry", "spot")
QUOTED = ("bid_volatility", "ask_volatility", "bid_price", "ask_price")
NAMES = REQUIRED + QUOTED


KINDS = {"call": OptionKind.CALL, "c": OptionKind.CALL, "put": OptionKind.PUT, "p": OptionKind.PUT}


class VolatilityUnit(StrEnum):
    """How a file writes implied volatilities: 58.1, or 0.581."""

    PERCENT = "percent"
    FRACTION = "fraction"


@dataclass(frozen=True)
class OptionLayout:
    """Which column is which, and how times and volatilities are written."""

    columns: dict[str, str] = field(default_factory=dict)
    """The header's word for each of `NAMES` that the file calls otherwise."""
    time_unit: TimeUnit = TimeUnit.MILLISECONDS
    volatility_unit: VolatilityUnit = VolatilityUnit.PERCENT

    def __post_init__(self) -> None:
        for name in self.columns:
            if name not in NAMES:
                raise MarketDataError("column", f"{name!r} is unknown; there are {', '.join(NAMES)}")

    def columns_in(self, header: list[str]) -> dict[str, str]:
        """The columns to read: all that are required, and the quotes that are there."""
        words = {name: self.columns.get(name, name) for name in NAMES}
        there = [name for name in QUOTED if name in self.columns or words[name] in header]
        if not there:
            raise MarketDataError("columns", f"have no quotes; declare one of {', '.join(QUOTED)}")
        return {name: words[name] for name in (*REQUIRED, *there)}


def read_options_csv(data: Buffer, layout: OptionLayout) -> list[OptionQuote]:
    """Every option of the file, in its order; the first fault is a `RowError` with its line."""
    seen: set[tuple[int, str]] = set()
    quotes: list[OptionQuote] = []
    for row in read_rows(data, layout.columns_in):
        quote = _read_option(row, layout)
        if quotes and quote.time_ms < quotes[-1].time_ms:
            raise row.fail("time", "is before the one above: sort the rows")
        if (quote.time_ms, quote.instrument) in seen:
            raise row.fail("instrument", "is there twice at this time")
        seen.add((quote.time_ms, quote.instrument))
        quotes.append(quote)
    return quotes


def _read_option(row: Row, layout: OptionLayout) -> OptionQuote:
    time_ms, expiry_ms = row.time_ms("time", layout.time_unit), row.time_ms("expiry", layout.time_unit)
    if expiry_ms <= time_ms:
        raise row.fail("expiry", "is not after the row's time: the option has expired")
    scale = PERCENT_SCALE if layout.volatility_unit is VolatilityUnit.PERCENT else PPM_SCALE
    volatilities = _sides(row, "volatility", scale, MAX_SIGMA_PPM)
    prices = _sides(row, "price", AMOUNT_SCALE, MAX_PRICE_E8)
    if not any((*volatilities, *prices)):
        raise row.fail("row", "has no quote at all")
    return OptionQuote(
        time_ms,
        row.name("instrument"),
        row.name("underlying"),
        _kind(row),
        row.above_zero("strike", AMOUNT_SCALE, Rounding.NEAREST, MAX_PRICE_E8),
        expiry_ms,
        row.above_zero("spot", AMOUNT_SCALE, Rounding.NEAREST, MAX_PRICE_E8),
        *volatilities,
        *prices,
    )


def _sides(row: Row, what: str, scale: int, limit: int) -> tuple[int | None, int | None]:
    bid, ask = f"bid_{what}", f"ask_{what}"
    low = row.above_zero(bid, scale, Rounding.DOWN, limit) if row.has(bid) else None
    high = row.above_zero(ask, scale, Rounding.UP, limit) if row.has(ask) else None
    if low is not None and high is not None and low > high:
        raise row.fail(bid, "is above the ask")
    return low, high


def _kind(row: Row) -> OptionKind:
    kind = KINDS.get(row.cells["kind"].lower())
    if kind is None:
        raise row.fail("kind", "must be call or put")
    return kind
