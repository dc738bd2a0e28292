"""A ledger's configuration as a document: every limit comes back, and what contradicts itself is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from zkmargin.algebra import EncodingError
from zkmargin.settlement.errors import DocumentError
from zkmargin.settlement.ledger_document import LedgerDocument
from zkmargin.verifier import BreakerLimits, ConfigError, LedgerConfig

E8 = 10**8
CONFIG = LedgerConfig(
    target_chain_id=2,
    ledger="beta",
    circuit_digest=bytes(32),
    market="margin",
    routes={1: 5, 10: 7},
    max_root_age_ms=1_000,
    max_risk_age_ms=2_000,
    max_horizon_ms=3_000,
    oracle_signers=(bytes([1] * 20), bytes([2] * 20)),
    oracle_quorum=2,
    root_signers=(bytes([3] * 20),),
    root_quorum=1,
    limits=BreakerLimits(
        inflow_cap_e8=1_000 * E8,
        inflow_window_ms=60_000,
        inflow_cap_ppm=250_000,
        relative_floor_e8=100 * E8,
        source_caps_e8={1: 400 * E8, 10: E8 // 2},
        account_cap_e8=50 * E8,
        max_root_silence_ms=30_000,
        max_disagreement_ppm=5_000,
        max_price_gap_ppm=100_001,
        reject_storm=100,
        reject_window_ms=1_000,
        trial_cap_e8=20 * E8,
        trial_accepts=3,
        half_open_after_ms=9_000,
    ),
)
PLAIN = replace(CONFIG, limits=BreakerLimits(inflow_cap_e8=E8, inflow_window_ms=5))


@pytest.mark.parametrize("config", [CONFIG, PLAIN], ids=["every-limit", "none-but-the-cap"])
def test_a_configuration_comes_back(config: LedgerConfig) -> None:
    document = LedgerDocument(config, "USD").to_json()
    assert LedgerDocument.from_json(json.dumps(document)) == LedgerDocument(config, "USD")


def test_every_limit_is_in_the_document() -> None:
    """One that is added to `BreakerLimits` and forgotten here would be off without a word."""
    limits = CONFIG.limits
    for field in fields(BreakerLimits):
        assert getattr(limits, field.name) != getattr(PLAIN.limits, field.name), "the example sets each limit"
    assert LedgerDocument(PLAIN, "USD").to_json()["breaker"] == {"inflow_cap": "1 USD", "inflow_window_ms": 5}


def with_breaker(**members: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["breaker"].update(members)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda document: document.pop("breaker"), DocumentError),
        (lambda document: document["breaker"].pop("inflow_cap"), DocumentError),
        (with_breaker(inflow_cap="5 EUR"), DocumentError),
        (with_breaker(inflow_cap_share="5"), DocumentError),
        (with_breaker(acount_cap="5 USD"), DocumentError),
        (with_breaker(source_caps=[{"chain_id": 1, "cap": "5 USD"}] * 2), DocumentError),
        (with_breaker(source_caps=[{"chain_id": 1, "cap": "5 USD", "more": 1}]), DocumentError),
        (with_breaker(source_caps=[{"chain_id": 99, "cap": "5 USD"}]), ConfigError),
        (with_breaker(relative_floor="0 USD"), ConfigError),
        (with_breaker(trial_cap="0 USD"), ConfigError),
        (with_breaker(trial_accepts=0), ConfigError),
        (with_breaker(reject_storm="5"), DocumentError),
        (lambda document: document.update(format="zkmargin.ledger-config/1"), DocumentError),
    ],
)
def test_what_cannot_be_meant(change: Callable[[dict[str, Any]], Any], error: type[Exception]) -> None:
    document = LedgerDocument(CONFIG, "USD").to_json()
    change(document)
    with pytest.raises((error, EncodingError) if error is DocumentError else error):
        LedgerDocument.from_json(json.dumps(document))
