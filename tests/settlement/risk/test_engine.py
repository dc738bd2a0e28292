"""The engine gives the same table from the same inputs, and tells a table that is not theirs."""

from __future__ import annotations

import decimal
import json
from dataclasses import replace

import pytest

from zkmargin.settlement.errors import ForecastError, TableMismatch
from zkmargin.settlement.market.history import PriceHistory
from zkmargin.settlement.risk.engine import (
    RiskInputs,
    forecast_assets,
    latency_multiplier_ppm,
    run_engine,
    verify_table,
)
from zkmargin.settlement.risk.example import EXAMPLE_TIME_MS, HOUR_MS, example_policy, example_snapshot
from zkmargin.settlement.risk.forecast import Forecast
from zkmargin.settlement.risk.latency import RouteTimes
from zkmargin.settlement.risk.regime import Multipliers, Regime

POLICY, SNAPSHOT = example_policy(), example_snapshot()
SLOW = {7: RouteTimes((2 * HOUR_MS,) * 400)}


@pytest.fixture
def inputs(history: PriceHistory) -> RiskInputs:
    return RiskInputs(POLICY, SNAPSHOT, history, {7: RouteTimes((90_000,) * 400)})


def test_the_same_inputs_give_the_same_bytes(inputs: RiskInputs) -> None:
    with decimal.localcontext(decimal.Context(prec=9, rounding=decimal.ROUND_UP)):
        elsewhere = run_engine(inputs)
    here = run_engine(inputs)
    assert json.dumps(elsewhere.document.to_json()) == json.dumps(here.document.to_json())
    assert elsewhere.document.root() == here.document.root()
    verify_table(here.document, inputs)


def test_what_the_run_says_on_the_way(inputs: RiskInputs) -> None:
    run = run_engine(inputs)
    assert list(run.forecasts) == ["BTC", "ETH", "SOL", "USDC"]
    assert run.forecasts["BTC"].returns == 299
    assert run.forecasts["BTC"].garch_ppm > 0 == run.forecasts["SOL"].garch_ppm
    assert run.forecasts["USDC"].sigma_ppm == 5_000
    assert (run.latencies[7].latency_ms, run.document.oracle_time_ms) == (90_000, EXAMPLE_TIME_MS)


def test_a_slower_route_reaches_the_table_only_where_there_are_scenarios(inputs: RiskInputs) -> None:
    policy = example_policy("standard")
    standard = replace(inputs, policy=policy, snapshot=example_snapshot("standard"))
    patient = replace(policy.latency, cap_ms=10 * HOUR_MS)
    slow = replace(
        standard, policy=replace(policy, latency=patient), settlement_times={7: RouteTimes((HOUR_MS * 2,) * 400)}
    )
    assert run_engine(standard).document != run_engine(slow).document


def test_turbulence_makes_routes_slower(inputs: RiskInputs, history: PriceHistory) -> None:
    rows = list(history.prices_e8)
    rows[-1] = (rows[-1][0] * 11 // 10, *rows[-1][1:])
    jumped = replace(inputs, history=replace(history, prices_e8=tuple(rows)))
    run = run_engine(jumped)
    assert run.forecasts["BTC"].regime is Regime.TURBULENT
    assert run.latencies[7].latency_ms == 180_000


def test_assets_without_history_do_not_hide_a_calm_market() -> None:
    rule = POLICY.forecast.regime
    multipliers = {
        Regime.CALM: Multipliers(1, 5),
        Regime.NORMAL: Multipliers(1, 6),
        Regime.TURBULENT: Multipliers(1, 7),
    }
    policy = replace(POLICY, forecast=replace(POLICY.forecast, regime=replace(rule, multipliers=multipliers)))
    calm, fixed = Forecast(600_000, Regime.CALM, returns=9), Forecast.fixed(5_000)
    assert latency_multiplier_ppm(policy, {"BTC": calm, "USDC": fixed}) == 5
    assert latency_multiplier_ppm(policy, {"USDC": fixed}) == latency_multiplier_ppm(policy, {}) == 6
    rough = replace(calm, regime=Regime.TURBULENT)
    assert latency_multiplier_ppm(policy, {"BTC": calm, "ETH": rough}) == 7


def test_an_asset_without_history_is_named(history: PriceHistory) -> None:
    fewer = PriceHistory(("BTC",), history.times_ms, tuple(row[:1] for row in history.prices_e8))
    for given, name in ((None, "asset BTC"), (fewer, "asset ETH")):
        with pytest.raises(ForecastError) as refused:
            forecast_assets(POLICY, given, EXAMPLE_TIME_MS)
        assert refused.value.name == name


def test_a_stale_history_is_named(history: PriceHistory) -> None:
    with pytest.raises(ForecastError, match="asset BTC: history ends"):
        forecast_assets(POLICY, history, EXAMPLE_TIME_MS + 3 * HOUR_MS)


def test_another_table_is_told_by_its_first_number_that_differs(inputs: RiskInputs) -> None:
    true = run_engine(inputs).document
    eth = replace(true.table.assets[1], sigma_ppm=true.table.assets[1].sigma_ppm - 1)
    false = replace(true, table=replace(true.table, assets=(true.table.assets[0], eth, *true.table.assets[2:])))
    with pytest.raises(TableMismatch, match=r"assets\[1\]\.sigma is ") as differs:
        verify_table(false, inputs)
    assert differs.value.name == "assets[1].sigma"
    assert differs.value.expected != differs.value.found


def test_a_table_of_another_shape_or_time_is_told(inputs: RiskInputs, history: PriceHistory) -> None:
    standard = RiskInputs(example_policy("standard"), example_snapshot("standard"), history)
    with pytest.raises(TableMismatch, match="shape"):
        verify_table(run_engine(standard).document, inputs)
    with pytest.raises(TableMismatch, match="oracle_time_ms"):
        verify_table(replace(run_engine(inputs).document, oracle_time_ms=1), inputs)
