"""The snapshot: one spelling, read back as written, every malformed field named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from zkmargin.algebra import EncodingError
from zkmargin.settlement.errors import DocumentError, MarketDataError
from zkmargin.settlement.market import AgreedPrice, AgreedVolatility, MarketSnapshot, Provenance, Rejection

E8 = 10**8
SNAPSHOT = MarketSnapshot(
    market="alpha",
    quote="USD",
    time_ms=1_800_000_000_000,
    prices={
        "ETH": AgreedPrice(3_200 * E8, E8, ("a", "b")),
        "BTC": AgreedPrice(64_000 * E8 + 1, 10 * E8, ("a",), ("b",)),
    },
    volatilities={"BTC-CALL-70K": AgreedVolatility(600_000, 20_000, ("a", "b"))},
    reports_digest=bytes(range(32)),
    provenance=Provenance(
        agreed_at_ms=1_800_000_000_500,
        config_digest=b"\1" * 32,
        sequences={"b": 2, "a": 1},
        rejections=(Rejection("z", 1, "", "stale"), Rejection("b", 2, "SOL", "crossed")),
    ),
)


def test_a_snapshot_reads_back_as_written() -> None:
    again = MarketSnapshot.from_json(SNAPSHOT.to_bytes())
    assert again.to_bytes() == SNAPSHOT.to_bytes()
    assert again.prices == SNAPSHOT.prices
    assert again.volatilities == SNAPSHOT.volatilities
    assert set(again.provenance.rejections) == set(SNAPSHOT.provenance.rejections)
    assert SNAPSHOT.to_json()["prices"]["BTC"]["price"] == "64000.00000001 USD"
    assert SNAPSHOT.to_json()["volatilities"]["BTC-CALL-70K"]["sigma"] == "60 %"


def test_the_order_of_the_mappings_does_not_show() -> None:
    turned = MarketSnapshot.from_json(json.dumps(dict(reversed(list(SNAPSHOT.to_json().items())))))
    assert turned.digest() == SNAPSHOT.digest()


def test_every_value_is_in_the_digest() -> None:
    document = json.loads(SNAPSHOT.to_bytes())
    document["prices"]["BTC"]["confidence"] = "11 USD"
    assert MarketSnapshot.from_json(json.dumps(document)).digest() != SNAPSHOT.digest()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "zkmargin.market-snapshot/2"),
        ("time_ms", -1),
        ("time_ms", "1"),
        ("reports_digest", "0x00"),
        ("prices.BTC.price", "NaN USD"),
        ("prices.BTC.price", "inf USD"),
        ("prices.BTC.price", "-1 USD"),
        ("prices.BTC.price", "0 USD"),
        ("prices.BTC.price", "1 EUR"),
        ("prices.BTC.price", "184467440738 USD"),
        ("prices.BTC.sources", "a"),
        ("prices.BTC.sources", [1]),
        ("prices.BTC.more", 1),
        ("volatilities.BTC-CALL-70K.sigma", "0 %"),
        ("volatilities.BTC-CALL-70K.sigma", "60"),
        ("sequences.a", -1),
        ("rejections", [{"source": "a", "sequence": 1, "symbol": 5, "reason": "stale"}]),
        ("market", "two words"),
    ],
)
def test_a_malformed_snapshot_is_refused(path: str, value: Any) -> None:
    document = json.loads(SNAPSHOT.to_bytes())
    *way, last = path.split(".")
    place = document
    for step in way:
        place = place[step]
    place[last] = value
    with pytest.raises((DocumentError, MarketDataError)):
        MarketSnapshot.from_json(json.dumps(document))


@pytest.mark.parametrize(
    ("kind", "name", "member", "value", "field"),
    [
        ("prices", "BTC", "price", "0 USD", "prices.BTC.price_e8"),
        ("prices", "ETH", "confidence", "184467440738 USD", "prices.ETH.confidence_e8"),
        ("volatilities", "BTC-CALL-70K", "sigma", "0 %", "volatilities.BTC-CALL-70K.sigma_ppm"),
    ],
)
def test_a_value_out_of_range_is_named(kind: str, name: str, member: str, value: str, field: str) -> None:
    document = json.loads(SNAPSHOT.to_bytes())
    document[kind][name][member] = value
    with pytest.raises(DocumentError) as caught:
        MarketSnapshot.from_json(json.dumps(document))
    assert caught.value.field == field


def test_floats_are_not_even_parsed() -> None:
    with pytest.raises(EncodingError):
        MarketSnapshot.from_json(SNAPSHOT.to_bytes().replace(b'"time_ms":1800000000000', b'"time_ms":1.8e12'))
