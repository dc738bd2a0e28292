"""A market report: what one source quotes at one time, and the canonical bytes that it signs.

The bytes are those of EIP-712, whatever the signature's scheme: the domain is one chain and one contract, so a report
made for another deployment carries no valid signature here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zkmargin.algebra.keccak import keccak256

from ..errors import MarketDataError
from ..fields import Fields
from .names import MAX_CURRENCY_CHARACTERS, check_currency, check_integer, check_name
from .quotes import (
    PriceQuote,
    Quote,
    VolatilityQuote,
    check_ascending,
    fault_of,
    prices_json,
    read_prices,
    read_volatilities,
    volatilities_json,
)
from .snapshot import MAX_SEQUENCE
from .typed_data import TypedData

MAX_REPORT_TIME_MS = 1 << 63
UINT64 = 1 << 64
ADDRESS_BYTES = 20
DOMAIN_NAME = "zkmargin market report"
DOMAIN_VERSION = "1"

TYPES = TypedData(
    {
        "MarketReport": (
            ("source", "string"),
            ("market", "string"),
            ("quote", "string"),
            ("timeMs", "uint64"),
            ("sequence", "uint64"),
            ("prices", "PriceQuote[]"),
            ("volatilities", "VolatilityQuote[]"),
        ),
        "PriceQuote": (("symbol", "string"), ("bidE8", "uint64"), ("askE8", "uint64")),
        "VolatilityQuote": (("instrument", "string"), ("bidPpm", "uint32"), ("askPpm", "uint32")),
    }
)


@dataclass(frozen=True)
class ReportDomain:
    """The deployment that reports are made for: a chain, and the contract that would check them there."""

    chain_id: int
    verifying_contract: bytes

    def __post_init__(self) -> None:
        check_integer("chain_id", self.chain_id, 0, UINT64)
        if type(self.verifying_contract) is not bytes or len(self.verifying_contract) != ADDRESS_BYTES:
            raise MarketDataError("verifying_contract", f"must be {ADDRESS_BYTES} bytes")

    def typed(self) -> dict[str, Any]:
        """As EIP-712 hashes it."""
        return {
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": self.chain_id,
            "verifyingContract": self.verifying_contract,
        }


@dataclass(frozen=True)
class MarketReport:
    """Quotes of one source for one market; `sequence` grows with every report of the source."""

    domain: ReportDomain
    source: str
    market: str
    quote: str
    time_ms: int
    sequence: int
    prices: tuple[PriceQuote, ...]
    """Ascending by symbol, none twice."""
    volatilities: tuple[VolatilityQuote, ...] = ()
    """Ascending by instrument, none twice."""

    def __post_init__(self) -> None:
        for field, name in (("source", self.source), ("market", self.market)):
            check_name(field, name)
        check_currency(self.quote)
        check_integer("time_ms", self.time_ms, 0, MAX_REPORT_TIME_MS)
        check_integer("sequence", self.sequence, 0, MAX_SEQUENCE)
        check_ascending("prices", [quote.symbol for quote in self.prices])
        check_ascending("volatilities", [quote.instrument for quote in self.volatilities])

    @cached_property
    def message(self) -> bytes:
        """The canonical bytes: 0x19 0x01, the domain's separator, the report's struct hash."""
        return TYPES.message(self.domain.typed(), "MarketReport", self._typed())

    @cached_property
    def digest(self) -> bytes:
        """keccak256 of the canonical bytes: what an EVM contract recovers the signer from."""
        return keccak256(self.message)

    def require_quotable(self) -> None:
        """Raise `MarketDataError` at the first quote that no consensus would take: nobody should sign one."""
        quotes: list[Quote] = [*self.prices, *self.volatilities]
        for quote in quotes:
            fault = fault_of(quote)
            if fault is not None:
                raise MarketDataError(quote.name, f"is {fault}: quote two sides above zero, the bid not above the ask")

    def members(self) -> dict[str, Any]:
        """The report's members in its JSON document."""
        return {
            "chain_id": self.domain.chain_id,
            "verifying_contract": "0x" + self.domain.verifying_contract.hex(),
            "source": self.source,
            "market": self.market,
            "quote": self.quote,
            "time_ms": self.time_ms,
            "sequence": self.sequence,
            "prices": prices_json(self.prices, self.quote),
            "volatilities": volatilities_json(self.volatilities),
        }

    @classmethod
    def read(cls, fields: Fields) -> MarketReport:
        """Take the members from a document."""
        quote = fields.text("quote", max_length=MAX_CURRENCY_CHARACTERS)
        return cls(
            domain=ReportDomain(fields.integer("chain_id", 0, UINT64), fields.hex_bytes("verifying_contract", 20)),
            source=fields.text("source"),
            market=fields.text("market"),
            quote=quote,
            time_ms=fields.integer("time_ms", 0, MAX_REPORT_TIME_MS),
            sequence=fields.integer("sequence", 0, MAX_SEQUENCE),
            prices=read_prices(fields, quote),
            volatilities=read_volatilities(fields),
        )

    def _typed(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "market": self.market,
            "quote": self.quote,
            "timeMs": self.time_ms,
            "sequence": self.sequence,
            "prices": [{"symbol": q.symbol, "bidE8": q.bid_e8, "askE8": q.ask_e8} for q in self.prices],
            "volatilities": [
                {"instrument": q.instrument, "bidPpm": q.bid_ppm, "askPpm": q.ask_ppm} for q in self.volatilities
            ],
        }
