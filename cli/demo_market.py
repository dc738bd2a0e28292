"""The demo's market: five sources that sign what they quote, one of them a liar, and the snapshot they agree on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec

from zkmargin.algebra.keccak import keccak256
from zkmargin.settlement.market import (
    MarketConfig,
    MarketReport,
    MarketSnapshot,
    PriceQuote,
    QuoteRule,
    ReportBundle,
    ReportDomain,
    Scheme,
    Signer,
    SigningKey,
    VolatilityQuote,
    agree,
)
from zkmargin.settlement.risk.example import example_snapshot
from zkmargin.settlement.risk.policy import RiskPolicy

PPM = 1_000_000
OFFSETS_PPM = {"crow": 0, "finch": -350, "heron": -80, "lark": 120, "wren": 400}
"""The sources, and how far each one's mid is from the market's."""
SOURCES, LIAR = tuple(OFFSETS_PPM), "crow"
LIE_PRICE_PERCENT, LIE_SIGMA_PERCENT = 110, 135
QUORUM = 4
SPREAD_PPM = 200
REPORT_DELAY_MS = 150
CRASH_PERCENT, TURMOIL_PERCENT = 30, 150
CONTRACT = keccak256(b"zkmargin demo")[:20]
PRICE_RULE = QuoteRule(20_000, 100, 350_000, 20_000)
VOLATILITY_RULE = QuoteRule(200_000, 10_000, 1_000_000, 50_000)


@dataclass(frozen=True)
class Quotes:
    """What the market is at one time: mids by symbol, implied volatilities by instrument."""

    prices_e8: Mapping[str, int]
    sigmas_ppm: Mapping[str, int]

    @classmethod
    def at_start(cls, shape_name: str, time_ms: int) -> Quotes:
        """The example's."""
        example = example_snapshot(shape_name, time_ms)
        return cls(
            {name: price.price_e8 for name, price in example.prices.items()},
            {name: sigma.sigma_ppm for name, sigma in example.volatilities.items()},
        )

    def crashed(self, policy: RiskPolicy) -> Quotes:
        """What has a history of moving falls by CRASH_PERCENT, and volatilities rise."""
        falling = {asset.name for asset in policy.assets if asset.model.from_history}
        return Quotes(
            {n: p * (100 - CRASH_PERCENT) // 100 if n in falling else p for n, p in self.prices_e8.items()},
            {name: sigma * TURMOIL_PERCENT // 100 for name, sigma in self.sigmas_ppm.items()},
        )

    def seen_by(self, source: str) -> Quotes:
        """A source's own view: a little off, and the liar's first price and volatility far off."""
        factor_ppm = PPM + OFFSETS_PPM[source]
        prices = {name: price * factor_ppm // PPM for name, price in self.prices_e8.items()}
        sigmas = {name: sigma * factor_ppm // PPM for name, sigma in self.sigmas_ppm.items()}
        if source == LIAR:
            prices |= _first_changed(prices, LIE_PRICE_PERCENT)
            sigmas |= _first_changed(sigmas, LIE_SIGMA_PERCENT)
        return Quotes(prices, sigmas)


@dataclass(frozen=True)
class Agreed:
    """A snapshot and all that it takes to compute it again."""

    snapshot: MarketSnapshot
    reports: ReportBundle
    previous: MarketSnapshot | None


@dataclass
class Market:
    """The sources' keys and the configuration that trusts them; `sequence` counts the rounds of reports."""

    policy: RiskPolicy
    chain_id: int
    keys: Mapping[str, SigningKey] = field(default_factory=lambda: _drawn_keys(), repr=False)
    sequence: int = 0

    def __post_init__(self) -> None:
        policy = self.policy
        self.config = MarketConfig(
            domain=ReportDomain(self.chain_id, CONTRACT),
            market=policy.market,
            quote=policy.quote,
            signers=tuple(Signer(source, key.scheme, key.identity()) for source, key in self.keys.items()),
            quorum=QUORUM,
            max_age_ms=10_000,
            max_future_ms=500,
            symbols=tuple(asset.name for asset in policy.assets),
            instruments=tuple(row.name for row in policy.instruments if row.kind.is_option),
            price_rule=PRICE_RULE,
            volatility_rule=VOLATILITY_RULE,
        )

    def schemes(self) -> dict[str, int]:
        """How many sources sign with which scheme."""
        used = [key.scheme.value for key in self.keys.values()]
        return {scheme: used.count(scheme) for scheme in sorted(set(used))}

    def agree(self, quotes: Quotes, now_ms: int, previous: MarketSnapshot | None = None) -> Agreed:
        """Every source signs what it sees; the snapshot that a quorum of them makes."""
        self.sequence += 1
        signed = [
            key.sign(self._report(source, quotes.seen_by(source), now_ms - REPORT_DELAY_MS * place))
            for place, (source, key) in enumerate(self.keys.items(), 1)
        ]
        reports = ReportBundle(tuple(signed))
        return Agreed(agree(reports.reports, self.config, now_ms, previous), reports, previous)

    def _report(self, source: str, seen: Quotes, time_ms: int) -> MarketReport:
        return MarketReport(
            domain=self.config.domain,
            source=source,
            market=self.config.market,
            quote=self.config.quote,
            time_ms=time_ms,
            sequence=self.sequence,
            prices=tuple(PriceQuote(name, *_sides(seen.prices_e8[name])) for name in sorted(seen.prices_e8)),
            volatilities=tuple(
                VolatilityQuote(name, *_sides(seen.sigmas_ppm[name])) for name in sorted(seen.sigmas_ppm)
            ),
        )


def _drawn_keys() -> dict[str, SigningKey]:
    """Fresh keys, of both schemes where the package for Ed25519 is installed, else of secp256k1 alone."""
    schemes = (Scheme.SECP256K1, Scheme.ED25519 if find_spec("cryptography") else Scheme.SECP256K1)
    return {source: SigningKey.generate(schemes[place % 2]) for place, source in enumerate(SOURCES)}


def _first_changed(values: Mapping[str, int], percent: int) -> dict[str, int]:
    name, value = next(iter(values.items()))
    return {name: value * percent // 100}


def _sides(mid: int) -> tuple[int, int]:
    half = max(1, mid * SPREAD_PPM // PPM // 2)
    return mid - half, mid + half
