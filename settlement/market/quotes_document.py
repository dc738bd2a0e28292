"""What a source is about to report, before it is signed: `zkmargin.market-quotes/1`, or a CSV file of bids and asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from zkmargin.algebra import Buffer, load_json

from ..errors import MarketDataError
from ..fields import AMOUNT_SCALE, Fields
from .csv_rows import Rounding, read_rows
from .names import MAX_CURRENCY_CHARACTERS, check_currency
from .quotes import PriceQuote, VolatilityQuote, prices_json, read_prices, read_volatilities, volatilities_json
from .snapshot import MAX_PRICE_E8

FORMAT = "zkmargin.market-quotes/1"
DOCUMENT = "market quotes"
MAX_JSON_BYTES = 1 << 20


@dataclass(frozen=True)
class MarketQuotes:
    """Prices in the quote currency, and implied volatilities; either may be empty."""

    quote: str
    prices: tuple[PriceQuote, ...] = ()
    volatilities: tuple[VolatilityQuote, ...] = ()

    def __post_init__(self) -> None:
        check_currency(self.quote)

    @classmethod
    def merged(cls, parts: Iterable[MarketQuotes]) -> MarketQuotes:
        """All of them in one; a name that two of them have is refused, and so is another currency."""
        listed = list(parts)
        if len({part.quote for part in listed}) != 1:
            raise MarketDataError("quote", "must be one currency in all files")
        prices = sorted((q for part in listed for q in part.prices), key=lambda q: q.symbol)
        volatilities = sorted((q for part in listed for q in part.volatilities), key=lambda q: q.instrument)
        return cls(listed[0].quote, tuple(prices), tuple(volatilities))

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "quote": self.quote,
            "prices": prices_json(self.prices, self.quote),
            "volatilities": volatilities_json(self.volatilities),
        }

    @classmethod
    def from_json(cls, data: Buffer | str) -> MarketQuotes:
        fields = Fields(load_json(data, DOCUMENT, max_bytes=MAX_JSON_BYTES), DOCUMENT)
        fields.expect("format", FORMAT)
        quote = fields.text("quote", max_length=MAX_CURRENCY_CHARACTERS)
        quotes = cls(quote, read_prices(fields, quote), read_volatilities(fields))
        fields.done()
        return quotes

    @classmethod
    def from_csv(cls, data: Buffer, quote: str) -> MarketQuotes:
        """Columns `symbol`, `bid` and `ask`; a faulty row is a `RowError`."""
        found: dict[str, PriceQuote] = {}
        for row in read_rows(data, lambda _: {name: name for name in ("symbol", "bid", "ask")}):
            symbol = row.name("symbol")
            if symbol in found:
                raise row.fail("symbol", "is there twice")
            found[symbol] = PriceQuote(
                symbol,
                row.above_zero("bid", AMOUNT_SCALE, Rounding.DOWN, MAX_PRICE_E8),
                row.above_zero("ask", AMOUNT_SCALE, Rounding.UP, MAX_PRICE_E8),
            )
        return cls(quote, tuple(found[symbol] for symbol in sorted(found)))
