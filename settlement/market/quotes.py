"""Quotes: the two sides of one price or one implied volatility, as a source reports them.

Any unsigned value can be reported, so that a signed report always has a form; whether it can be a market is what
`fault_of` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from ..errors import MarketDataError
from ..fields import Fields, amount_text, percent_text
from .names import check_integer, check_name
from .reasons import Reason
from .snapshot import MAX_PRICE_E8, MAX_SIGMA_PPM

MAX_QUOTES = 256
"""Of each kind, in one report."""


class Quote(Protocol):
    """Two sides of one price or volatility, in its unit."""

    @property
    def name(self) -> str: ...
    @property
    def bid(self) -> int: ...
    @property
    def ask(self) -> int: ...


@dataclass(frozen=True)
class PriceQuote:
    """A symbol's bid and ask. Any unsigned value can be reported; whether it can be a price is judged later."""

    symbol: str
    bid_e8: int
    ask_e8: int

    def __post_init__(self) -> None:
        check_name("symbol", self.symbol)
        check_integer(f"{self.symbol} bid", self.bid_e8, 0, MAX_PRICE_E8)
        check_integer(f"{self.symbol} ask", self.ask_e8, 0, MAX_PRICE_E8)

    @property
    def name(self) -> str:
        return self.symbol

    @property
    def bid(self) -> int:
        return self.bid_e8

    @property
    def ask(self) -> int:
        return self.ask_e8


@dataclass(frozen=True)
class VolatilityQuote:
    """An instrument's implied volatility, annualised, bid and ask."""

    instrument: str
    bid_ppm: int
    ask_ppm: int

    def __post_init__(self) -> None:
        check_name("instrument", self.instrument)
        check_integer(f"{self.instrument} bid", self.bid_ppm, 0, MAX_SIGMA_PPM)
        check_integer(f"{self.instrument} ask", self.ask_ppm, 0, MAX_SIGMA_PPM)

    @property
    def name(self) -> str:
        return self.instrument

    @property
    def bid(self) -> int:
        return self.bid_ppm

    @property
    def ask(self) -> int:
        return self.ask_ppm


def fault_of(quote: Quote) -> Reason | None:
    """Why these two sides cannot be a market, or None."""
    if quote.bid <= 0 or quote.ask <= 0:
        return Reason.ZERO
    return Reason.CROSSED if quote.bid > quote.ask else None


def prices_json(prices: tuple[PriceQuote, ...], quote: str) -> dict[str, Any]:
    """The member `prices` of a document."""
    return {q.symbol: {"bid": amount_text(q.bid_e8, quote), "ask": amount_text(q.ask_e8, quote)} for q in prices}


def volatilities_json(volatilities: tuple[VolatilityQuote, ...]) -> dict[str, Any]:
    """The member `volatilities` of a document."""
    return {q.instrument: {"bid": percent_text(q.bid_ppm), "ask": percent_text(q.ask_ppm)} for q in volatilities}


def read_prices(fields: Fields, quote: str) -> tuple[PriceQuote, ...]:
    """The member `prices`, bid and ask by symbol."""
    rows = fields.each("prices", lambda row: (row.amount("bid", quote), row.amount("ask", quote)))
    return tuple(PriceQuote(symbol, bid, ask) for symbol, (bid, ask) in sorted(rows.items()))


def read_volatilities(fields: Fields) -> tuple[VolatilityQuote, ...]:
    """The member `volatilities`, bid and ask by instrument; it may be missing."""
    if not fields.has("volatilities"):
        return ()
    rows = fields.each("volatilities", lambda row: (row.ratio_ppm("bid"), row.ratio_ppm("ask")))
    return tuple(VolatilityQuote(name, bid, ask) for name, (bid, ask) in sorted(rows.items()))


def check_ascending(field: str, names: list[str]) -> None:
    """Raise `MarketDataError` unless the names ascend, so that equal quotes have one order."""
    if len(names) > MAX_QUOTES:
        raise MarketDataError(field, f"has {len(names)} quotes; a report has at most {MAX_QUOTES}")
    if any(later <= earlier for earlier, later in pairwise(names)):
        raise MarketDataError(field, "must be ascending by name, none twice")
