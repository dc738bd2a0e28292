"""The market that a quorum of sources agreed on at one time, `zkmargin.market-snapshot/1`.

Prices are e8 of the quote currency, volatilities annualised ppm. Every agreed value names the sources it rests on, the
sources that were too far away, and how far it can be off. Whatever was left out on the way is listed with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zkmargin.algebra import Buffer, load_json

from ..errors import MarketDataError
from ..fields import Fields, amount_text, percent_text
from .canonical import canonical_json, document_digest
from .names import MAX_CURRENCY_CHARACTERS, check_currency, check_integer, check_name

FORMAT = "zkmargin.market-snapshot/1"
DOCUMENT = "market snapshot"
MAX_JSON_BYTES = 16 << 20
MAX_REJECTIONS = 1 << 17
"""More than there can be: 512 reports, and of 64 that count 512 quotes and 512 holes each."""
MAX_PRICE_E8 = 1 << 64
MAX_SIGMA_PPM = 1 << 32
MAX_TIME_MS = 1 << 63
MAX_SEQUENCE = 1 << 64
NO_DIGEST = bytes(32)


@dataclass(frozen=True)
class AgreedPrice:
    """`price_e8` is a mid that one of `sources` quoted; each of theirs is within `confidence_e8` of it."""

    price_e8: int
    confidence_e8: int
    sources: tuple[str, ...]
    outliers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_integer("price_e8", self.price_e8, 1, MAX_PRICE_E8)
        check_integer("confidence_e8", self.confidence_e8, 0, MAX_PRICE_E8)


@dataclass(frozen=True)
class AgreedVolatility:
    """`sigma_ppm` is a mid that one of `sources` quoted; each of theirs is within `confidence_ppm` of it."""

    sigma_ppm: int
    confidence_ppm: int
    sources: tuple[str, ...]
    outliers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_integer("sigma_ppm", self.sigma_ppm, 1, MAX_SIGMA_PPM)
        check_integer("confidence_ppm", self.confidence_ppm, 0, MAX_SIGMA_PPM)


@dataclass(frozen=True, order=True)
class Rejection:
    """A report that does not count, or one quote of it (`symbol`; empty for the whole report), and why."""

    source: str
    sequence: int
    symbol: str
    reason: str


@dataclass(frozen=True)
class Provenance:
    """What else the agreement depended on, so that it can be computed again."""

    agreed_at_ms: int = 0
    """The clock against which the reports' age was judged."""
    config_digest: bytes = NO_DIGEST
    previous_digest: bytes = NO_DIGEST
    """The snapshot before this one; zero at a start."""
    sequences: Mapping[str, int] = field(default_factory=dict)
    """The sequence of each source's report; a later snapshot takes none older."""
    rejections: tuple[Rejection, ...] = ()


@dataclass(frozen=True)
class MarketSnapshot:
    """Agreed prices by symbol and implied volatilities by instrument."""

    market: str
    quote: str
    time_ms: int
    """The median of the reports' times, not the time of the agreement: old reports make an old snapshot."""
    prices: Mapping[str, AgreedPrice]
    volatilities: Mapping[str, AgreedVolatility]
    reports_digest: bytes
    """keccak256 over the sorted digests of the reports used."""
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        check_name("market", self.market)
        check_currency(self.quote)
        check_integer("time_ms", self.time_ms, 0, MAX_TIME_MS)
        for name in (*self.prices, *self.volatilities):
            check_name("symbol", name)

    def to_bytes(self) -> bytes:
        """The canonical JSON: the same reports in any order give the same bytes."""
        return canonical_json(self.to_json())

    def digest(self) -> bytes:
        """keccak256 of `to_bytes`."""
        return document_digest(self.to_json())

    def to_json(self) -> dict[str, Any]:
        origin = self.provenance
        return {
            "format": FORMAT,
            "market": self.market,
            "quote": self.quote,
            "time_ms": self.time_ms,
            "prices": {symbol: _price_json(price, self.quote) for symbol, price in sorted(self.prices.items())},
            "volatilities": {name: _volatility_json(value) for name, value in sorted(self.volatilities.items())},
            "reports_digest": _hex(self.reports_digest),
            "agreed_at_ms": origin.agreed_at_ms,
            "config_digest": _hex(origin.config_digest),
            "previous_digest": _hex(origin.previous_digest),
            "sequences": dict(sorted(origin.sequences.items())),
            "rejections": [
                {"source": r.source, "sequence": r.sequence, "symbol": r.symbol, "reason": r.reason}
                for r in sorted(origin.rejections)
            ],
        }

    @classmethod
    def from_json(cls, data: Buffer | str) -> MarketSnapshot:
        """Read a snapshot; every fault is a `DocumentError` that names the field, or a `MarketDataError`."""
        fields = Fields(load_json(data, DOCUMENT, max_bytes=MAX_JSON_BYTES), DOCUMENT)
        fields.expect("format", FORMAT)
        market, quote = fields.text("market"), fields.text("quote", max_length=MAX_CURRENCY_CHARACTERS)
        snapshot = cls(
            market=market,
            quote=quote,
            time_ms=fields.integer("time_ms", 0, MAX_TIME_MS),
            prices=fields.each("prices", lambda row: _read_price(row, quote)),
            volatilities=fields.each("volatilities", _read_volatility),
            reports_digest=fields.hex_bytes("reports_digest", 32),
            provenance=_read_provenance(fields),
        )
        fields.done()
        return snapshot


def _price_json(price: AgreedPrice, quote: str) -> dict[str, Any]:
    return {
        "price": amount_text(price.price_e8, quote),
        "confidence": amount_text(price.confidence_e8, quote),
        "sources": list(price.sources),
        "outliers": list(price.outliers),
    }


def _volatility_json(volatility: AgreedVolatility) -> dict[str, Any]:
    return {
        "sigma": percent_text(volatility.sigma_ppm),
        "confidence": percent_text(volatility.confidence_ppm),
        "sources": list(volatility.sources),
        "outliers": list(volatility.outliers),
    }


def _read_price(row: Fields, quote: str) -> AgreedPrice:
    price_e8, confidence_e8 = row.amount("price", quote), row.amount("confidence", quote)
    try:
        return AgreedPrice(price_e8, confidence_e8, row.text_list("sources"), row.text_list("outliers"))
    except MarketDataError as problem:
        raise row.fail(problem.field, problem.reason) from None


def _read_volatility(row: Fields) -> AgreedVolatility:
    sigma_ppm, confidence_ppm = row.ratio_ppm("sigma"), row.ratio_ppm("confidence")
    try:
        return AgreedVolatility(sigma_ppm, confidence_ppm, row.text_list("sources"), row.text_list("outliers"))
    except MarketDataError as problem:
        raise row.fail(problem.field, problem.reason) from None


def _read_provenance(fields: Fields) -> Provenance:
    sequences = fields.inner("sequences")
    rejections = fields.entries("rejections")
    if len(rejections) > MAX_REJECTIONS:
        raise fields.fail("rejections", f"must be at most {MAX_REJECTIONS}")
    return Provenance(
        agreed_at_ms=fields.integer("agreed_at_ms", 0, MAX_TIME_MS),
        config_digest=fields.hex_bytes("config_digest", 32),
        previous_digest=fields.hex_bytes("previous_digest", 32),
        sequences={source: sequences.integer(source, 0, MAX_SEQUENCE) for source in sequences.names()},
        rejections=tuple(sorted(_read_rejection(row, index) for index, row in enumerate(rejections))),
    )


def _read_rejection(value: Any, index: int) -> Rejection:
    row = Fields(value, DOCUMENT, f"rejections[{index}]")
    source, sequence = row.text("source"), row.integer("sequence", 0, MAX_SEQUENCE)
    symbol = row.take("symbol")
    if type(symbol) is not str or len(symbol) > 64:
        raise row.fail("symbol", "must be a symbol, or empty for the whole report")
    reason = row.text("reason")
    row.done()
    return Rejection(source, sequence, symbol, reason)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
