"""The market configuration: one that could not keep its promise is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from zkmargin.settlement.errors import DocumentError, MarketDataError
from zkmargin.settlement.market import MarketConfig

from .market_case import CONFIG

DOCUMENT = CONFIG.to_json()


def test_a_configuration_reads_back_as_written() -> None:
    again = MarketConfig.from_json(json.dumps(DOCUMENT))
    assert again == CONFIG
    assert again.digest == CONFIG.digest
    assert replace(CONFIG, signers=CONFIG.signers[::-1]).digest == CONFIG.digest
    assert replace(CONFIG, max_age_ms=1).digest != CONFIG.digest


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "zkmargin.market-config/2"),
        ("verifying_contract", "0x" + "00" * 20),
        ("verifying_contract", "11" * 20),
        ("chain_id", -1),
        ("market", ""),
        ("signers", []),
        ("signers.0.source", "b"),
        ("signers.0.identity", DOCUMENT["signers"][1]["identity"]),
        ("signers.0.identity", "0x" + "00" * 32),
        ("signers.0.identity", "0x" + "11" * 20),
        ("signers.3.identity", "0x" + "00" * 20),
        ("signers.0.scheme", "rsa"),
        ("signers.0.not_after_ms", -1),
        ("signers.0.weight", 2),
        ("quorum", 0),
        ("quorum", 2),
        ("quorum", 5),
        ("quorum", True),
        ("max_age_ms", 0),
        ("max_future_ms", -1),
        ("symbols", []),
        ("symbols", ["BTC", "BTC"]),
        ("symbols", ["B T C"]),
        ("instruments", ["X"] * 2),
        ("price_rule.band", "0 %"),
        ("price_rule.band", "101 %"),
        ("price_rule.band", "NaN %"),
        ("price_rule.band", "2"),
        ("price_rule.max_move", "0 %"),
        ("price_rule.max_move_per_minute", "0 %"),
        ("price_rule.min_confidence", "-1 %"),
        ("volatility_rule.more", "1 %"),
        ("more", 1),
    ],
)
def test_a_configuration_that_cannot_keep_its_promise_is_refused(path: str, value: Any) -> None:
    document = json.loads(json.dumps(DOCUMENT))
    *way, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    place = document
    for step in way:
        place = place[step]
    place[last] = value
    with pytest.raises((DocumentError, MarketDataError)):
        MarketConfig.from_json(json.dumps(document))


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(MarketDataError, match="not_after_ms"):
        replace(CONFIG.signers[0], not_before_ms=2, not_after_ms=1)
