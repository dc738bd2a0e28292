"""Signed reports: canonical bytes, two schemes, and what is no report.

The EIP-712 values were computed with eth-account 0.14.0 (PyPI) from the type string in docs/market-data.md:
`encode_typed_data(full_message=...)`, its header and body, and `Account.sign_message` with the key 0x07...07.
"""

from __future__ import annotations

import json
import pickle
import sys
from dataclasses import replace
from typing import Any

import pytest

from zkmargin.algebra.errors import MissingExtra
from zkmargin.settlement.errors import DocumentError, MarketDataError, SignatureRefused
from zkmargin.settlement.market import (
    MarketReport,
    PriceQuote,
    ReportDomain,
    Scheme,
    SignedReport,
    SigningKey,
    VolatilityQuote,
)
from zkmargin.settlement.market.report import TYPES

REPORT = MarketReport(
    domain=ReportDomain(2002, b"\x11" * 20),
    source="alpha",
    market="spot",
    quote="USD",
    time_ms=1_800_000_000_000,
    sequence=7,
    prices=(
        PriceQuote("BTC", 6_399_000_000_000, 6_401_000_000_001),
        PriceQuote("ETH", 320_000_000_000, 320_100_000_000),
    ),
    volatilities=(VolatilityQuote("BTC-CALL-70K", 580_000, 620_000),),
)
KEYS = {scheme: SigningKey(scheme, b"\7" * 32) for scheme in Scheme}
EVM_SIGNATURE = bytes.fromhex(
    "c832ec49ddd81ea174a9902592369b1bf3d886a39322460e3f53308e03ea1087"
    "3a3f002118ba2197eb62a00eb23981dd66e5178942c0c881fcdd826d5cd7af8a1c"
)


def test_the_type_is_the_documented_one() -> None:
    assert TYPES.encode_type("MarketReport") == (
        "MarketReport(string source,string market,string quote,uint64 timeMs,uint64 sequence,"
        "PriceQuote[] prices,VolatilityQuote[] volatilities)"
        "PriceQuote(string symbol,uint64 bidE8,uint64 askE8)"
        "VolatilityQuote(string instrument,uint32 bidPpm,uint32 askPpm)"
    )


def test_the_canonical_bytes_are_those_of_eth_account() -> None:
    assert REPORT.message.hex() == (
        "190173818e49141abb6006538187887180f5e6dffcce5159bca6dbe4efa3c0301771"
        "42ccf9e3ff443a4c5a945cfa5578315522f4f7e66da991859fd620336e0a9941"
    )
    assert REPORT.digest.hex() == "54038c7e8ad68200f224b57850e447550e0eef43fe8415d4cbe68026130bebfd"
    empty = replace(REPORT, prices=(), volatilities=())
    assert empty.digest.hex() == "58bb94ea24256dde386401e0e0acb97c9a9c48139b79894fcf7f2423ddb479ad"


def test_a_secp256k1_signature_is_that_of_eth_account() -> None:
    key = KEYS[Scheme.SECP256K1]
    assert key.identity().hex() == "4a62316623ad457f02cdc5d997ded67a383ec569"
    assert key.sign(REPORT).signature == EVM_SIGNATURE


@pytest.mark.parametrize("scheme", Scheme)
def test_a_signature_holds_for_its_signer_and_its_report_only(scheme: Scheme) -> None:
    key = KEYS[scheme]
    signed = key.sign(REPORT)
    signed.require_signed_by(scheme, key.identity())
    stranger = SigningKey(scheme, b"\x09" * 32).identity()
    with pytest.raises(SignatureRefused, match="report of alpha"):
        signed.require_signed_by(scheme, stranger)
    for other in (
        replace(REPORT, domain=ReportDomain(2003, b"\x11" * 20)),
        replace(REPORT, domain=ReportDomain(2002, b"\x12" * 20)),
        replace(REPORT, source="beta"),
        replace(REPORT, market="perp"),
        replace(REPORT, quote="EUR"),
        replace(REPORT, time_ms=REPORT.time_ms + 1),
        replace(REPORT, sequence=8),
        replace(REPORT, prices=REPORT.prices[:1]),
        replace(REPORT, prices=(replace(REPORT.prices[0], bid_e8=1), REPORT.prices[1])),
        replace(REPORT, volatilities=()),
    ):
        with pytest.raises(SignatureRefused):
            replace(signed, report=other).require_signed_by(scheme, key.identity())
    swapped = next(other for other in Scheme if other is not scheme)
    with pytest.raises(SignatureRefused, match="signs with"):
        signed.require_signed_by(swapped, KEYS[swapped].identity())


def test_a_malformed_signature_is_refused_and_not_an_error_of_another_room() -> None:
    key = KEYS[Scheme.SECP256K1]
    for signature in (bytes(65), EVM_SIGNATURE[:64] + b"\x1d", b"\xff" * 65):
        with pytest.raises(SignatureRefused, match="malformed"):
            SignedReport(REPORT, Scheme.SECP256K1, signature).require_signed_by(Scheme.SECP256K1, key.identity())
    with pytest.raises(MarketDataError, match="65 bytes"):
        SignedReport(REPORT, Scheme.SECP256K1, bytes(64))
    with pytest.raises(SignatureRefused):
        SignedReport(REPORT, Scheme.ED25519, bytes(64)).require_signed_by(Scheme.ED25519, b"\xff" * 32)


@pytest.mark.parametrize("scheme", Scheme)
def test_a_report_and_a_key_read_back_as_written(scheme: Scheme) -> None:
    signed = KEYS[scheme].sign(REPORT)
    assert SignedReport.from_json(json.dumps(signed.to_json())) == signed
    fresh = SigningKey.generate(scheme)
    assert SigningKey.from_json(json.dumps(fresh.to_json())) == fresh
    assert fresh != SigningKey.generate(scheme)
    assert fresh.secret.hex() not in repr(fresh)
    assert str(list(fresh.secret))[1:-1] not in repr(fresh)


def test_a_key_cannot_be_pickled() -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(KEYS[Scheme.ED25519])


def test_a_key_that_is_not_its_identity_is_refused() -> None:
    document = KEYS[Scheme.SECP256K1].to_json()
    for field, value in (
        ("identity", "0x" + "00" * 20),
        ("secret", "0x" + "00" * 32),
        ("secret", "0x" + "ff" * 32),
        ("secret", "0x00"),
        ("scheme", "rsa"),
        ("format", "zkmargin.market-key/2"),
        ("more", 1),
    ):
        with pytest.raises((DocumentError, MarketDataError)):
            SigningKey.from_json(json.dumps({**document, field: value}))


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize(("bid", "ask", "reason"), [(0, 5, "zero"), (5, 0, "zero"), (6, 5, "crossed")])
def test_nobody_signs_what_cannot_be_a_market(scheme: Scheme, bid: int, ask: int, reason: str) -> None:
    with pytest.raises(MarketDataError, match=f"BTC is {reason}"):
        KEYS[scheme].sign(replace(REPORT, prices=(PriceQuote("BTC", bid, ask),)))
    with pytest.raises(MarketDataError, match=f"CALL is {reason}"):
        KEYS[scheme].sign(replace(REPORT, volatilities=(VolatilityQuote("CALL", bid, ask),)))


def test_quotes_have_one_order() -> None:
    for prices in (REPORT.prices[::-1], REPORT.prices[:1] * 2):
        with pytest.raises(MarketDataError, match="ascending"):
            replace(REPORT, prices=prices)
    with pytest.raises(MarketDataError, match="at most 256"):
        replace(REPORT, prices=tuple(PriceQuote(f"S{index:03}", 1, 1) for index in range(257)))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "zkmargin.market-report/2"),
        ("chain_id", -1),
        ("chain_id", 1 << 64),
        ("verifying_contract", "0x11"),
        ("source", "two words"),
        ("source", ""),
        ("market", "x" * 33),
        ("time_ms", "now"),
        ("sequence", -1),
        ("sequence", 1 << 64),
        ("prices", []),
        ("prices.BTC.bid", "NaN USD"),
        ("prices.BTC.bid", "inf USD"),
        ("prices.BTC.bid", "-Infinity USD"),
        ("prices.BTC.bid", "-1 USD"),
        ("prices.BTC.bid", "1e5 USD"),
        ("prices.BTC.bid", "0.000000001 USD"),
        ("prices.BTC.bid", "63990 EUR"),
        ("prices.BTC.bid", 63990),
        ("prices.BTC.ask", "184467440737.09551616 USD"),
        ("prices.BTC.last", "1 USD"),
        ("prices.B C", {"bid": "1 USD", "ask": "1 USD"}),
        ("volatilities.BTC-CALL-70K.bid", "NaN %"),
        ("volatilities.BTC-CALL-70K.ask", "-1 %"),
        ("volatilities.BTC-CALL-70K.ask", "429497 %"),
        ("scheme", "rsa"),
        ("signature", "0x00"),
        ("more", 1),
    ],
)
def test_a_malformed_report_is_refused(path: str, value: Any) -> None:
    document = json.loads(json.dumps(KEYS[Scheme.SECP256K1].sign(REPORT).to_json()))
    *way, last = path.split(".")
    place = document
    for step in way:
        place = place[step]
    place[last] = value
    with pytest.raises((DocumentError, MarketDataError)):
        SignedReport.from_json(json.dumps(document))


def test_without_cryptography_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    signed = KEYS[Scheme.ED25519].sign(REPORT)
    for name in [name for name in sys.modules if name.split(".")[0] == "cryptography"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    for act in (
        lambda: KEYS[Scheme.ED25519].sign(REPORT),
        lambda: signed.require_signed_by(Scheme.ED25519, bytes(32)),
    ):
        with pytest.raises(MissingExtra, match=r"zkmargin\[market\]"):
            act()
    assert KEYS[Scheme.SECP256K1].sign(REPORT).signature == EVM_SIGNATURE
