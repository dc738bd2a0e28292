"""The float twin against the statement's exact integers, on real leaves, for every portfolio."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zkmargin.settlement.backtest import exact_check
from zkmargin.settlement.backtest.exact_check import agreement, exact_evaluation
from zkmargin.settlement.backtest.float_rules import balance_for, collateral, margins
from zkmargin.settlement.backtest.option_market import OptionMarket
from zkmargin.settlement.backtest.portfolio import PORTFOLIOS, STABLE, Portfolio, positions_e8
from zkmargin.settlement.backtest.table_series import TableSeries

E8, SCALE = 10**8, 2e34
BALANCES_E8 = np.array([3 * E8, 40 * E8, 700 * E8, 123_456 * E8])
CLOSE = {"rel": 1e-12, "abs": 1e-9}


@pytest.mark.parametrize("portfolio", PORTFOLIOS, ids=lambda portfolio: portfolio.name)
def test_the_twin_is_the_statement(
    portfolio: Portfolio, series: TableSeries, market: OptionMarket, places: list[int]
) -> None:
    by_venue = positions_e8(portfolio, series, market.path.prices_e8[0])
    margin = margins(series, by_venue.sum(axis=0))
    counted = collateral(series, np.tile(BALANCES_E8, (len(series.rows), 1)))
    for place in places:
        found = exact_evaluation(series, place, by_venue, tuple(BALANCES_E8.tolist()))
        count = len(series.symbols)
        assert margin.delta_gamma[place] == pytest.approx(
            [value / SCALE for value in found.delta_gamma_2e34[:count]], **CLOSE
        )
        assert margin.scenario[place] == pytest.approx(
            [value / SCALE for value in found.scenario_2e34[:count]], **CLOSE
        )
        assert margin.contingency[place] == pytest.approx(found.contingency_2e34 / SCALE, **CLOSE)
        assert margin.liquidity[place] == pytest.approx(found.liquidity_2e34 / SCALE, **CLOSE)
        assert margin.required[place] == pytest.approx(found.required_2e34 / SCALE, **CLOSE)
        assert counted[place] == pytest.approx(found.collateral_2e34 / SCALE, **CLOSE)


@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_twin_is_the_statement_for_any_positions(series: TableSeries, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(series.rows) - 1))
    units = st.integers(-(1 << 50), 1 << 50)
    held = np.zeros((1, len(series.rows), 3, 4), dtype=np.int64)
    held[0, place] = np.array(data.draw(st.lists(units, min_size=12, max_size=12))).reshape(3, 4)
    found, twin = exact_evaluation(series, place, held), margins(series, held[0])
    scale = np.abs(held[0, place] / E8 * (series.spot_e8[place, :, None] / E8)).sum()
    close = {"rel": 1e-9, "abs": 1e-12 * scale + 1e-9}
    assert twin.delta_gamma[place] == pytest.approx([value / SCALE for value in found.delta_gamma_2e34[:3]], **close)
    assert twin.scenario[place] == pytest.approx([value / SCALE for value in found.scenario_2e34[:3]], **close)
    assert twin.required[place] == pytest.approx(found.required_2e34 / SCALE, **close)


def test_the_agreement_counts_and_notices(
    series: TableSeries, market: OptionMarket, places: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = market.path.prices_e8[0]
    found = agreement(PORTFOLIOS[2], series, first, places)
    assert found.evaluations == len(places)
    assert found.largest_difference < 1e-12
    dearer = replace(series, settings=replace(series.settings, contingency_ppm=1_001))
    monkeypatch.setattr(exact_check, "margins", lambda _, held: margins(dearer, held))
    assert agreement(PORTFOLIOS[2], series, first, places).largest_difference > 1e-6


def test_rounding_costs_half_a_unit_for_every_unit_held(series: TableSeries, market: OptionMarket) -> None:
    held = positions_e8(PORTFOLIOS[0], series, market.path.prices_e8[0]).sum(axis=0)
    margin = margins(series, held)
    half_units = np.abs(held[:, 0].sum(axis=1)) / E8 * (series.value_unit_e16[:, 0] / 1e16) / 2
    assert (margin.rounding <= half_units * (1 + 1e-9)).all()
    assert (margin.rounding > 0).all()
    assert (margin.rounding < 0.02 * margin.larger).all()


def test_charges_and_tiers_are_at_work_in_these_tables(series: TableSeries, market: OptionMarket) -> None:
    short = next(portfolio for portfolio in PORTFOLIOS if portfolio.name == "coin-collateral")
    margin = margins(series, positions_e8(short, series, market.path.prices_e8[0]).sum(axis=0))
    assert margin.contingency.min() > 0
    assert margin.liquidity.min() > 0
    rows = len(series.rows)
    whole = collateral(series, np.tile(BALANCES_E8, (rows, 1)))
    split = sum(collateral(series, np.tile(BALANCES_E8 // 1000, (rows, 1))) for _ in range(1000))
    assert (split > whole).all(), "large holdings are discounted more than the same in small parts"


@pytest.mark.parametrize("asset", [0, 2, STABLE])
def test_a_balance_for_an_amount_counts_for_exactly_that(series: TableSeries, asset: int) -> None:
    wanted = np.linspace(0, 500_000, len(series.rows))
    balances = np.zeros(series.price_e8.shape)
    balances[:, asset] = balance_for(series, asset, wanted) * E8
    assert collateral(series, balances) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(("name", "cheaper"), [("hedged-short-gamma", 1), ("options-across-venues", 1_000_000)])
def test_a_delta_hedged_portfolio_has_no_delta_left(
    series: TableSeries, market: OptionMarket, name: str, cheaper: int
) -> None:
    hedged = next(portfolio for portfolio in PORTFOLIOS if portfolio.name == name)
    by_venue = positions_e8(hedged, series, market.path.prices_e8[0] // cheaper)
    delta = (by_venue.sum(axis=0) * series.delta_units.astype(np.float64)).sum(axis=2) * (series.value_unit_e16 / 1e16)
    gross = (np.abs(by_venue / E8).sum(axis=0) * series.spot_e8[:, :, None]).sum(axis=2)
    assert (np.abs(delta) <= 1e-3 * gross).all()
