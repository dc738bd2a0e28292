"""The demo's sources and oracles: a liar is named, a doctored table or snapshot is not signed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zkmargin.cli.demo_files import _broken
from zkmargin.cli.demo_market import LIAR, Agreed, Market, Quotes
from zkmargin.cli.demo_oracles import Oracles, RiskDesk, doctored
from zkmargin.settlement.errors import SnapshotMismatch, TableMismatch
from zkmargin.settlement.market import AgreedPrice
from zkmargin.settlement.risk.example import EXAMPLE_TIME_MS, example_policy

POLICY = example_policy("small")
NOW_MS = EXAMPLE_TIME_MS + 60_000


@pytest.fixture(scope="module")
def market() -> Market:
    return Market(POLICY, 2002)


@pytest.fixture(scope="module")
def agreed(market: Market) -> Agreed:
    return market.agree(Quotes.at_start("small", NOW_MS), NOW_MS)


@pytest.fixture(scope="module")
def oracles(market: Market) -> Oracles:
    return Oracles(RiskDesk.at(POLICY, EXAMPLE_TIME_MS), market.config)


def test_the_liar_is_named_where_it_lies_and_nowhere_else(agreed: Agreed) -> None:
    outliers = {name: price.outliers for name, price in agreed.snapshot.prices.items()}
    assert outliers == {"BTC": (LIAR,), "ETH": (), "SOL": (), "USDC": ()}
    assert agreed.snapshot.volatilities["BTC-CALL-7D"].outliers == (LIAR,)
    assert agreed.snapshot.provenance.rejections == ()


def test_both_schemes_sign_where_both_are_installed(market: Market) -> None:
    pytest.importorskip("cryptography", reason="without it the demo's sources all sign with secp256k1")
    assert market.schemes() == {"ed25519": 2, "secp256k1": 3}


def test_what_moves_falls_and_a_stablecoin_does_not() -> None:
    before = Quotes.at_start("small", NOW_MS)
    after = before.crashed(POLICY)
    assert after.prices_e8["BTC"] * 10 == before.prices_e8["BTC"] * 7
    assert after.prices_e8["USDC"] == before.prices_e8["USDC"]
    assert after.sigmas_ppm["ETH-CALL-7D"] > before.sigmas_ppm["ETH-CALL-7D"]


def test_a_quorum_signs_a_true_table(oracles: Oracles, agreed: Agreed) -> None:
    risk = oracles.desk.table(agreed, NOW_MS).document
    oracles.attest(risk, agreed).require_quorum(oracles.addresses, 3)


def test_no_oracle_signs_a_doctored_table(oracles: Oracles, agreed: Agreed) -> None:
    risk = oracles.desk.table(agreed, NOW_MS).document
    with pytest.raises(TableMismatch, match=r"assets\[0\].price_low"):
        oracles.attest(doctored(risk), agreed)


def test_no_oracle_signs_a_table_of_a_doctored_snapshot(oracles: Oracles, agreed: Agreed) -> None:
    """The table follows from the snapshot; the snapshot does not follow from the reports."""
    price = agreed.snapshot.prices["ETH"]
    prices = agreed.snapshot.prices | {"ETH": AgreedPrice(price.price_e8 + 1, price.confidence_e8, price.sources)}
    forged = replace(agreed, snapshot=replace(agreed.snapshot, prices=prices))
    risk = oracles.desk.table(forged, NOW_MS).document
    with pytest.raises(SnapshotMismatch, match="ETH"):
        oracles.attest(risk, forged)


def test_a_long_command_is_broken_between_options() -> None:
    words = "zkmargin risk verify " + " ".join(f"--option{n} 'a b{'x' * 20}'" for n in range(9)) + " --flag"
    lines = _broken(words)
    assert all(len(line) <= 100 for line in lines)
    assert all(line.endswith(" \\") for line in lines[:-1])
    assert all(line.split()[0].startswith("--option") for line in lines[1:])
    assert " ".join(line.removesuffix(" \\").strip() for line in lines) == words
