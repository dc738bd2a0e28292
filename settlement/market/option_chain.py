"""Options as an exchange lists them, with their quotes and the spot: `zkmargin.option-chain/1`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from zkmargin.algebra import Buffer, load_json

from ..errors import MarketDataError
from ..fields import Fields, amount_text, percent_text
from .names import MAX_CURRENCY_CHARACTERS, check_currency, check_integer, check_name
from .quotes import MAX_QUOTES, VolatilityQuote
from .snapshot import MAX_PRICE_E8, MAX_SIGMA_PPM, MAX_TIME_MS

FORMAT = "zkmargin.option-chain/1"
DOCUMENT = "option chain"
MAX_JSON_BYTES = 256 << 20
MAX_OPTIONS = 200_000


class OptionKind(StrEnum):
    """The right to buy, or to sell."""

    CALL = "call"
    PUT = "put"


@dataclass(frozen=True)
class OptionQuote:
    """One option at one time; a side nobody quotes is None."""

    time_ms: int
    instrument: str
    underlying: str
    kind: OptionKind
    strike_e8: int
    expiry_ms: int
    spot_e8: int
    bid_volatility_ppm: int | None
    ask_volatility_ppm: int | None
    bid_price_e8: int | None
    ask_price_e8: int | None

    def to_json(self, quote: str) -> dict[str, Any]:
        volatilities = {"bid_volatility": self.bid_volatility_ppm, "ask_volatility": self.ask_volatility_ppm}
        prices = {"bid_price": self.bid_price_e8, "ask_price": self.ask_price_e8}
        return {
            "time_ms": self.time_ms,
            "instrument": self.instrument,
            "underlying": self.underlying,
            "kind": self.kind.value,
            "strike": amount_text(self.strike_e8, quote),
            "expiry_ms": self.expiry_ms,
            "spot": amount_text(self.spot_e8, quote),
            **{name: percent_text(value) for name, value in volatilities.items() if value is not None},
            **{name: amount_text(value, quote) for name, value in prices.items() if value is not None},
        }

    @classmethod
    def read(cls, row: Fields, quote: str) -> OptionQuote:
        """Take the members from a document; one side may be missing, an option that has expired is refused."""
        kind = row.text("kind")
        if kind not in list(OptionKind):
            raise row.fail("kind", f"is unknown; there are {', '.join(OptionKind)}")
        option = cls(
            time_ms=row.integer("time_ms", 0, MAX_TIME_MS),
            instrument=row.text("instrument"),
            underlying=row.text("underlying"),
            kind=OptionKind(kind),
            strike_e8=row.amount("strike", quote),
            expiry_ms=row.integer("expiry_ms", 0, MAX_TIME_MS),
            spot_e8=row.amount("spot", quote),
            bid_volatility_ppm=row.ratio_ppm("bid_volatility") if row.has("bid_volatility") else None,
            ask_volatility_ppm=row.ratio_ppm("ask_volatility") if row.has("ask_volatility") else None,
            bid_price_e8=row.amount("bid_price", quote) if row.has("bid_price") else None,
            ask_price_e8=row.amount("ask_price", quote) if row.has("ask_price") else None,
        )
        option.require_sound()
        return option

    def require_sound(self) -> None:
        """Raise `MarketDataError` for what cannot be quoted: expired, no side, a side of zero, a crossed quote."""
        for field, name in (("instrument", self.instrument), ("underlying", self.underlying)):
            check_name(field, name)
        check_integer("strike", self.strike_e8, 1, MAX_PRICE_E8)
        check_integer("spot", self.spot_e8, 1, MAX_PRICE_E8)
        check_integer("expiry_ms", self.expiry_ms, self.time_ms + 1, MAX_TIME_MS)
        volatilities = (self.bid_volatility_ppm, self.ask_volatility_ppm)
        prices = (self.bid_price_e8, self.ask_price_e8)
        if all(side is None for side in (*volatilities, *prices)):
            raise MarketDataError(self.instrument, "has no quote at all")
        for what, (bid, ask), limit in (("volatility", volatilities, MAX_SIGMA_PPM), ("price", prices, MAX_PRICE_E8)):
            for side in (bid, ask):
                if side is not None:
                    check_integer(f"{self.instrument} {what}", side, 1, limit)
            if bid is not None and ask is not None and bid > ask:
                raise MarketDataError(f"{self.instrument} {what}", "has its bid above its ask")


def option_chain_json(options: list[OptionQuote], quote: str) -> dict[str, Any]:
    """The chain as a document."""
    check_currency(quote)
    if len(options) > MAX_OPTIONS:
        raise MarketDataError("options", f"are {len(options)} rows; a chain has at most {MAX_OPTIONS}: split the file")
    return {"format": FORMAT, "quote": quote, "options": [option.to_json(quote) for option in options]}


def read_option_chain(data: Buffer | str) -> tuple[list[OptionQuote], str]:
    """The options of a document, and the currency of its amounts."""
    fields = Fields(load_json(data, DOCUMENT, max_bytes=MAX_JSON_BYTES), DOCUMENT)
    fields.expect("format", FORMAT)
    quote, rows = fields.text("quote", max_length=MAX_CURRENCY_CHARACTERS), fields.entries("options")
    if len(rows) > MAX_OPTIONS:
        raise fields.fail("options", f"must be at most {MAX_OPTIONS}")
    fields.done()
    return [_read_row(row, index, quote) for index, row in enumerate(rows)], quote


def volatility_quotes(options: list[OptionQuote]) -> tuple[VolatilityQuote, ...]:
    """What a source can report of a chain: each option quoted on both sides, as of its last row."""
    latest = {option.instrument: option for option in options}
    found = []
    for name, option in sorted(latest.items()):
        if option.bid_volatility_ppm is not None and option.ask_volatility_ppm is not None:
            found.append(VolatilityQuote(name, option.bid_volatility_ppm, option.ask_volatility_ppm))
    if len(found) > MAX_QUOTES:
        raise MarketDataError("options", f"with two sides are {len(found)}; a report has at most {MAX_QUOTES}")
    return tuple(found)


def _read_row(value: Any, index: int, quote: str) -> OptionQuote:
    row = Fields(value, DOCUMENT, f"options[{index}]")
    option = OptionQuote.read(row, quote)
    row.done()
    return option
