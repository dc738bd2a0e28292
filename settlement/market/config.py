"""Whom a market trusts and how far: signers, quorum, ages, bands and breakers, `zkmargin.market-config/1`.

The quorum must be more than two thirds of all signers. With fewer than a third of them lying, every quorum then has an
honest majority; what follows from that is proven in `consensus.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zkmargin.algebra import Buffer, load_json

from ..errors import MarketDataError
from ..fields import Fields, percent_text
from .canonical import document_digest
from .names import MAX_CURRENCY_CHARACTERS, check_currency, check_integer, check_name
from .report import ADDRESS_BYTES, UINT64, ReportDomain
from .signing import Scheme, read_scheme
from .snapshot import MAX_TIME_MS

FORMAT = "zkmargin.market-config/1"
DOCUMENT = "market configuration"
MAX_JSON_BYTES = 1 << 18
MAX_SIGNERS = 64
MAX_SYMBOLS = 256
ONE_PPM = 1_000_000
MAX_RATIO_PPM = 100 * ONE_PPM


@dataclass(frozen=True)
class Signer:
    """A source's key, and the time in which it counts (both ends included)."""

    source: str
    scheme: Scheme
    identity: bytes
    """A public key of Ed25519, or an Ethereum address."""
    not_before_ms: int = 0
    not_after_ms: int = MAX_TIME_MS - 1

    def __post_init__(self) -> None:
        check_name("source", self.source)
        if type(self.identity) is not bytes or len(self.identity) != self.scheme.identity_bytes:
            raise MarketDataError(f"{self.source} identity", f"must be {self.scheme.identity_bytes} bytes")
        if not any(self.identity):
            raise MarketDataError(f"{self.source} identity", "must not be zero")
        check_integer("not_before_ms", self.not_before_ms, 0, MAX_TIME_MS)
        check_integer("not_after_ms", self.not_after_ms, self.not_before_ms, MAX_TIME_MS)

    def is_valid_at(self, time_ms: int) -> bool:
        return self.not_before_ms <= time_ms <= self.not_after_ms


@dataclass(frozen=True)
class QuoteRule:
    """How far quotes may lie apart, how sure the result is at best, and how fast it may move."""

    band_ppm: int
    """A mid further from the median than this is an outlier."""
    min_confidence_ppm: int
    """The confidence is at least this part of the value."""
    max_move_ppm: int
    """From one snapshot to the next, however long ago that was."""
    max_move_ppm_per_minute: int

    def __post_init__(self) -> None:
        check_integer("band", self.band_ppm, 1, ONE_PPM)
        check_integer("min_confidence", self.min_confidence_ppm, 0, ONE_PPM)
        check_integer("max_move", self.max_move_ppm, 1, MAX_RATIO_PPM)
        check_integer("max_move_per_minute", self.max_move_ppm_per_minute, 1, MAX_RATIO_PPM)


@dataclass(frozen=True)
class MarketConfig:
    """Everything that an agreement depends on besides the reports, the clock and the snapshot before."""

    domain: ReportDomain
    market: str
    quote: str
    signers: tuple[Signer, ...]
    quorum: int
    max_age_ms: int
    max_future_ms: int
    """How far a source's clock may be ahead."""
    symbols: tuple[str, ...]
    """Each must be agreed on."""
    instruments: tuple[str, ...]
    """Each must have an agreed implied volatility."""
    price_rule: QuoteRule
    volatility_rule: QuoteRule

    def __post_init__(self) -> None:
        if not any(self.domain.verifying_contract):
            raise MarketDataError("verifying_contract", "must not be zero: name the deployment these reports are for")
        check_name("market", self.market)
        check_currency(self.quote)
        self._check_signers()
        check_integer("max_age_ms", self.max_age_ms, 1, MAX_TIME_MS)
        check_integer("max_future_ms", self.max_future_ms, 0, MAX_TIME_MS)
        if not self.symbols:
            raise MarketDataError("symbols", "must name one at least")
        _check_names("symbols", self.symbols)
        _check_names("instruments", self.instruments)

    @cached_property
    def signer_of(self) -> dict[str, Signer]:
        """The signers by source."""
        return {signer.source: signer for signer in self.signers}

    @cached_property
    def digest(self) -> bytes:
        """keccak256 of the canonical document."""
        return document_digest(self.to_json())

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "chain_id": self.domain.chain_id,
            "verifying_contract": "0x" + self.domain.verifying_contract.hex(),
            "market": self.market,
            "quote": self.quote,
            "signers": [_signer_json(signer) for signer in sorted(self.signers, key=lambda signer: signer.source)],
            "quorum": self.quorum,
            "max_age_ms": self.max_age_ms,
            "max_future_ms": self.max_future_ms,
            "symbols": sorted(self.symbols),
            "instruments": sorted(self.instruments),
            "price_rule": _rule_json(self.price_rule),
            "volatility_rule": _rule_json(self.volatility_rule),
        }

    @classmethod
    def from_json(cls, data: Buffer | str) -> MarketConfig:
        """Read a configuration; one that could not keep its promise is a `MarketDataError`."""
        fields = Fields(load_json(data, DOCUMENT, max_bytes=MAX_JSON_BYTES), DOCUMENT)
        fields.expect("format", FORMAT)
        config = cls(
            domain=ReportDomain(
                fields.integer("chain_id", 0, UINT64), fields.hex_bytes("verifying_contract", ADDRESS_BYTES)
            ),
            market=fields.text("market"),
            quote=fields.text("quote", max_length=MAX_CURRENCY_CHARACTERS),
            signers=tuple(fields.objects("signers", _read_signer)),
            quorum=fields.integer("quorum", 1, UINT64),
            max_age_ms=fields.integer("max_age_ms", 1, MAX_TIME_MS),
            max_future_ms=fields.integer("max_future_ms", 0, MAX_TIME_MS),
            symbols=fields.text_list("symbols"),
            instruments=fields.text_list("instruments"),
            price_rule=_read_rule(fields.inner("price_rule")),
            volatility_rule=_read_rule(fields.inner("volatility_rule")),
        )
        fields.done()
        return config

    def _check_signers(self) -> None:
        count = len(self.signers)
        if not 0 < count <= MAX_SIGNERS:
            raise MarketDataError("signers", f"must be 1 to {MAX_SIGNERS}")
        if len({signer.source for signer in self.signers}) != count:
            raise MarketDataError("signers", "names a source twice")
        if len({signer.identity for signer in self.signers}) != count:
            raise MarketDataError("signers", "names a key twice: one key is one voice")
        if type(self.quorum) is not int or not 2 * count < 3 * self.quorum <= 3 * count:
            raise MarketDataError(
                "quorum", f"must be {2 * count // 3 + 1} to {count}: more than two thirds of the {count} signers"
            )


def _check_names(field: str, names: tuple[str, ...]) -> None:
    for name in names:
        check_name(field, name)
    if len(set(names)) != len(names) or len(names) > MAX_SYMBOLS:
        raise MarketDataError(field, f"must be at most {MAX_SYMBOLS} different names")


def _signer_json(signer: Signer) -> dict[str, Any]:
    return {
        "source": signer.source,
        "scheme": signer.scheme.value,
        "identity": "0x" + signer.identity.hex(),
        "not_before_ms": signer.not_before_ms,
        "not_after_ms": signer.not_after_ms,
    }


def _read_signer(row: Fields) -> Signer:
    scheme = read_scheme(row)
    return Signer(
        source=row.text("source"),
        scheme=scheme,
        identity=row.hex_bytes("identity", scheme.identity_bytes),
        not_before_ms=row.integer("not_before_ms", 0, MAX_TIME_MS),
        not_after_ms=row.integer("not_after_ms", 0, MAX_TIME_MS),
    )


def _rule_json(rule: QuoteRule) -> dict[str, str]:
    return {
        "band": percent_text(rule.band_ppm),
        "min_confidence": percent_text(rule.min_confidence_ppm),
        "max_move": percent_text(rule.max_move_ppm),
        "max_move_per_minute": percent_text(rule.max_move_ppm_per_minute),
    }


def _read_rule(row: Fields) -> QuoteRule:
    rule = QuoteRule(
        band_ppm=row.ratio_ppm("band"),
        min_confidence_ppm=row.ratio_ppm("min_confidence"),
        max_move_ppm=row.ratio_ppm("max_move"),
        max_move_ppm_per_minute=row.ratio_ppm("max_move_per_minute"),
    )
    row.done()
    return rule
