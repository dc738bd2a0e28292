"""The demo's tables fit a terminal, and show both forms of the margin only where there are scenarios."""

from __future__ import annotations

import pytest

from zkmargin.circuits.margin import Evaluation
from zkmargin.circuits.margin.rules import FROM_E8
from zkmargin.cli.demo_tables import claim_lines, price_lines, route_line, scheme_line
from zkmargin.settlement.market import AgreedPrice, MarketSnapshot
from zkmargin.settlement.risk.engine import RiskRun
from zkmargin.settlement.risk.latency import RouteLatency

DOLLAR_2E34 = 10**8 * FROM_E8
EVALUATION = Evaluation(
    shocks_e9=(0, 0),
    kept_e9=(),
    collateral_2e34=100_000 * DOLLAR_2E34,
    delta_gamma_2e34=(1_500 * DOLLAR_2E34, 0),
    scenario_2e34=(2_250 * DOLLAR_2E34, 0),
    margins_2e34=(2_250 * DOLLAR_2E34, 0),
    contingency_2e34=0,
    liquidity_2e34=0,
    debts_2e34=0,
    reserved_2e34=0,
    scenarios_reach=True,
)
SIDES = dict.fromkeys(("collateral", "contingency", "liquidity", "debts", "reserved", "surplus"), 123_456 * 10**8)


@pytest.mark.parametrize("scenarios", [0, 16])
def test_both_forms_of_the_margin_are_shown_where_there_are_scenarios(scenarios: int) -> None:
    lines = list(claim_lines(EVALUATION, SIDES, ("BTC", "ETH", "USDC"), scenarios))
    (margin,) = (line for line in lines if line.startswith("margin"))
    assert margin.endswith("2,250.00")
    assert ("delta-gamma  1,500.00, worst scenario  2,250.00" in margin) is bool(scenarios)
    assert len({len(line) for line in lines}) == 1


def test_an_outlier_stands_beside_the_price_it_was_too_far_from() -> None:
    prices = {
        "BTC": AgreedPrice(64_000 * 10**8, 10**8, ("finch", "heron"), ("crow",)),
        "USDC": AgreedPrice(99_990_000, 10_000, ("finch",)),
    }
    _, bitcoin, dollar = price_lines(MarketSnapshot("example", "USD", 1, prices, {}, bytes(32)))
    assert bitcoin.split() == ["BTC", "64,000.00", "1.0000", "crow"]
    assert dollar.split() == ["USDC", "0.9999", "0.0001"]


def test_who_has_one_scheme_only_is_told_of_the_other() -> None:
    assert scheme_line({"ed25519": 2, "secp256k1": 3}) == "2 sign with ed25519 and 3 sign with secp256k1"
    assert "zkmargin[market]" in scheme_line({"secp256k1": 5})


def test_settlements_still_under_way_are_said() -> None:
    run = RiskRun(document=None, forecasts={}, latencies={7: RouteLatency(500, 1, 90_000, 95_000)})  # type: ignore[arg-type]
    assert route_line(run, "Alpha", 7) == (
        "route from Alpha (chain 7): 500 settlements observed, 1 still under way; latency 95.0 s"
    )
