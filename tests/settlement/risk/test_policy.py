"""The policy document: it reads back as written, and what contradicts itself is refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from zkmargin.circuits.margin import SHAPES
from zkmargin.settlement.errors import DocumentError, TableError
from zkmargin.settlement.risk.example import example_policy, example_snapshot
from zkmargin.settlement.risk.policy_document import policy_json, read_policy

STANDARD = policy_json(example_policy("standard"))


def changed(path: str, value: Any) -> str:
    """The standard example with one field replaced, or removed for None."""
    copy = json.loads(json.dumps(STANDARD))
    *way, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    place = copy
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return json.dumps(copy)


@pytest.mark.parametrize("shape", list(SHAPES))
def test_a_policy_reads_back_as_written(shape: str) -> None:
    policy = example_policy(shape)
    assert read_policy(json.dumps(policy_json(policy))) == policy
    assert {instrument.name for instrument in policy.instruments if instrument.kind.is_option} == set(
        example_snapshot(shape).volatilities
    )


def test_there_is_no_example_of_other_shapes() -> None:
    with pytest.raises(TableError, match="small, standard"):
        example_policy("tiny")


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("format", "zkmargin.risk-policy/2", "format"),
        ("shape", "tiny", "shape"),
        ("shape", "small", "assets"),
        ("market", None, "market"),
        ("confidence", "0", "confidence"),
        ("confidence", "NaN", "confidence"),
        ("price_confidence", "-1", "price_confidence"),
        ("horizon_ms", 0, "horizon_ms"),
        ("minimum_time_ms", 0, "minimum_time_ms"),
        ("minimum_time_ms", "60000", "minimum_time_ms"),
        ("max_snapshot_age_ms", 1 << 40, "max_snapshot_age_ms"),
        ("clock_skew_ms", -1, "clock_skew_ms"),
        ("colour", "red", "colour"),
        ("assets.0.name", "ETH", "assets[0].tiers[0].above"),
        ("assets.7.name", "USDC", "assets[7].tiers[0].above"),
        ("assets.0.tiers", [], "asset BTC tiers"),
        ("assets.0.tiers.0.above", "1 BTC", "asset BTC tiers"),
        ("assets.0.tiers.1.above", "0 BTC", "asset BTC tiers"),
        ("assets.0.tiers.1.haircut", "4.9999 %", "asset BTC tiers"),
        ("assets.0.tiers.1.haircut", "100.0001 %", "asset BTC tiers"),
        ("assets.0.tiers.1.above", f"{1 << 64} BTC", "asset BTC tiers"),
        ("assets.0.sigma_floor", "0 %", "sigma floor"),
        ("assets.0.from_history", 1, "assets[0].from_history"),
        ("assets.0.garch.alpha", "9 %", "garch alpha and beta"),
        ("assets.0.garch.omega", "0", "garch omega"),
        ("assets.0.garch.gamma", "0", "assets[0].garch.gamma"),
        ("underlyings.0.asset", "ETH", "underlyings"),
        ("underlyings.0.contingency", "101 %", "underlying BTC"),
        ("underlyings.0.liquidity", "101 %", "underlying BTC"),
        ("underlyings.0.liquidity_free", f"{1 << 64} units", "underlying BTC"),
        ("instruments.0.kind", "swap", "instruments[0].kind"),
        ("instruments.0.expiry_ms", 5, "BTC-PERP"),
        ("instruments.1.strike", "0 USD", "BTC-CALL-7D"),
        ("instruments.1.strike", None, "BTC-CALL-7D"),
        ("instruments.1.underlying", "ETH", "instrument BTC-CALL-7D"),
        ("instruments.1.name", "BTC-PERP", "assets and instruments"),
        ("instruments.1.name", "BTC", "assets and instruments"),
        ("scenarios", [], "scenarios"),
        ("scenarios.0.cover", "0 %", "scenario cover"),
        ("scenarios.0.volatility", "-100 %", "scenario volatility"),
        ("forecast.warmup", 0, "volatility model"),
        ("forecast.decay", "100 %", "decay"),
        ("forecast.regime.hold", -1, "forecast.regime.hold"),
        ("forecast.regime.turbulent_enter", "130 %", "regime ratios"),
        ("forecast.regime.multipliers.panic", {}, "forecast.regime.multipliers.panic"),
        ("forecast.regime.multipliers.calm.sigma", "120 %", "regime multipliers"),
        ("latency.quantile", "89 %", "quantile"),
        ("latency.floor_ms", 0, "floor and cap"),
        ("latency.more", 0, "latency.more"),
    ],
)
def test_a_malformed_policy_names_the_field(path: str, value: Any, field: str) -> None:
    with pytest.raises(DocumentError) as refused:
        read_policy(changed(path, value))
    assert refused.value.field == field


def test_a_third_tier_has_no_room() -> None:
    tiers = [*STANDARD["assets"][0]["tiers"], {"above": "900 BTC", "haircut": "50 %"}]
    with pytest.raises(DocumentError, match="room for 2"):
        read_policy(changed("assets.0.tiers", tiers))


def test_an_asset_that_is_not_there_is_named() -> None:
    with pytest.raises(TableError, match="asset DOGE is not in the policy"):
        example_policy().asset("DOGE")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("assets.0.tiers.1.haircut", "5 %"),
        ("assets.0.tiers.0.haircut", "0 %"),
        ("assets.7.tiers.1.haircut", "100 %"),
        ("assets.0.tiers.1.above", "184467440737.09551615 BTC"),
        ("underlyings.0.contingency", "0 %"),
        ("underlyings.0.contingency", "100 %"),
        ("underlyings.0.liquidity", "0 %"),
        ("underlyings.0.liquidity", "100 %"),
        ("underlyings.0.liquidity_free", "0 units"),
        ("max_snapshot_age_ms", 0),
        ("price_confidence", "0"),
    ],
)
def test_the_limits_themselves_are_allowed(path: str, value: Any) -> None:
    assert policy_json(read_policy(changed(path, value))) == json.loads(changed(path, value))
