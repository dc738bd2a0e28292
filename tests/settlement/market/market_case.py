"""A market of four sources, three with Ed25519 keys and one with an Ethereum key, for the tests of this folder."""

from __future__ import annotations

from typing import Any

from zkmargin.settlement.market import (
    MarketConfig,
    MarketReport,
    PriceQuote,
    QuoteRule,
    ReportDomain,
    Scheme,
    SignedReport,
    Signer,
    SigningKey,
    VolatilityQuote,
)

E8 = 10**8
NOW_MS = 1_800_000_000_000
DOMAIN = ReportDomain(2002, b"\x11" * 20)
SOURCES = ("a", "b", "c", "d")
KEYS = {
    source: SigningKey(Scheme.SECP256K1 if source == "d" else Scheme.ED25519, bytes([number]) * 32)
    for number, source in enumerate(SOURCES, start=1)
}
STRANGER = SigningKey(Scheme.ED25519, b"\x55" * 32)
CONFIG = MarketConfig(
    domain=DOMAIN,
    market="spot",
    quote="USD",
    signers=tuple(Signer(source, key.scheme, key.identity()) for source, key in KEYS.items()),
    quorum=3,
    max_age_ms=10_000,
    max_future_ms=500,
    symbols=("BTC",),
    instruments=("BTC-CALL",),
    price_rule=QuoteRule(band_ppm=20_000, min_confidence_ppm=100, max_move_ppm=100_000, max_move_ppm_per_minute=60_000),
    volatility_rule=QuoteRule(
        band_ppm=200_000, min_confidence_ppm=10_000, max_move_ppm=500_000, max_move_ppm_per_minute=600_000
    ),
)
MIDS_E8 = {"a": 64_000 * E8, "b": 64_010 * E8, "c": 63_980 * E8, "d": 64_030 * E8}


def report(source: str, mid_e8: int | None = None, **changed: Any) -> MarketReport:
    """A source's report around a mid, 5 USD to each side; any member can be replaced."""
    mid_e8 = MIDS_E8[source] if mid_e8 is None else mid_e8
    members: dict[str, Any] = {
        "domain": DOMAIN,
        "source": source,
        "market": "spot",
        "quote": "USD",
        "time_ms": NOW_MS - 1_000,
        "sequence": 5,
        "prices": (PriceQuote("BTC", mid_e8 - 5 * E8, mid_e8 + 5 * E8),),
        "volatilities": (VolatilityQuote("BTC-CALL", 580_000, 620_000),),
    }
    return MarketReport(**(members | changed))


def signed(source: str, mid_e8: int | None = None, *, key: SigningKey | None = None, **changed: Any) -> SignedReport:
    """The same, signed by the source or by another key."""
    return (key or KEYS[source]).sign(report(source, mid_e8, **changed))


def unjudged(source: str, bid_e8: int, ask_e8: int) -> SignedReport:
    """A report with a price nobody honest would sign."""
    from zkmargin.verifier.signatures import sign_digest

    made = report(source, prices=(PriceQuote("BTC", bid_e8, ask_e8),))
    key = KEYS[source]
    if key.scheme is Scheme.SECP256K1:
        return SignedReport(made, key.scheme, sign_digest(key.secret, made.digest))
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return SignedReport(made, key.scheme, Ed25519PrivateKey.from_private_bytes(key.secret).sign(made.message))


def all_signed() -> list[SignedReport]:
    return [signed(source) for source in SOURCES]
