"""Losses by full revaluation, collateral that just suffices, and what venues cost apart."""

from __future__ import annotations

import numpy as np
import pytest

from zkmargin.settlement.backtest.asset_moves import AssetMoves, haircut_results
from zkmargin.settlement.backtest.judgement import hindsight_average, judge, significance_each
from zkmargin.settlement.backtest.listing import NEAR_CALL, PERPETUAL
from zkmargin.settlement.backtest.option_market import OptionMarket
from zkmargin.settlement.backtest.outcome import Outcome, Realised, horizon_rows, joined, outcome
from zkmargin.settlement.backtest.portfolio import PORTFOLIOS, STABLE, Leg, Portfolio
from zkmargin.settlement.backtest.table_series import TableSeries
from zkmargin.settlement.risk import pricing
from zkmargin.settlement.risk.instrument import Kind

YEAR_MS = 31_536_000_000


def found(portfolio: Portfolio, market: OptionMarket, series: TableSeries, realised: Realised) -> Outcome:
    return outcome(portfolio, series, realised, market.path.prices_e8[0])


def test_horizons_do_not_overlap_and_end_within_the_path() -> None:
    assert horizon_rows(5, 12, 3).tolist() == [5, 8]
    assert horizon_rows(0, 4, 1).tolist() == [0, 1, 2]


def test_what_a_long_perpetual_loses_a_short_one_gains(
    market: OptionMarket, series: TableSeries, realised: Realised
) -> None:
    long, short = (found(portfolio, market, series, realised) for portfolio in PORTFOLIOS[:2])
    assert long.loss == pytest.approx(-short.loss)
    first, rows = market.path.prices[0, 0], series.rows
    moves = market.path.prices[rows + 2, 0] - market.path.prices[rows, 0]
    assert long.loss == pytest.approx(-1_000_000 / first * moves, rel=1e-6, abs=1e-3)


def test_options_are_revalued_with_their_later_volatility_and_time(market: OptionMarket, series: TableSeries) -> None:
    realised, place = Realised.after(market, series, 2), 7
    row, later = series.rows[place], series.rows[place] + 2
    contract = series.listed[1][NEAR_CALL]
    strike_e8, expiry_ms = contract.strikes_e8[place], contract.expiries_ms[place]

    def worth(at: int) -> float:
        left_ms = np.array([expiry_ms - market.path.times_ms[at]])
        sigma = market.implied_volatility(1, np.array([at]), np.array([strike_e8]), left_ms)
        price = market.path.prices[at, 1]
        return float(pricing.price(Kind.CALL, price, strike_e8 / 1e8, left_ms / YEAR_MS, sigma)[0])

    assert realised.unit_profit[place, 1, NEAR_CALL] == pytest.approx(worth(later) - worth(row))


def test_an_account_in_the_stablecoin_fails_when_its_positions_lose_its_worth(
    market: OptionMarket, series: TableSeries, realised: Realised
) -> None:
    result = found(PORTFOLIOS[0], market, series, realised)
    assert (result.collateral_loss == 0).all()
    assert (result.collateral > result.statement).all(), "a haircut is taken off"
    assert result.collateral == pytest.approx(result.statement, rel=0.08)


def test_wrong_way_collateral_falls_with_the_position(
    market: OptionMarket, series: TableSeries, realised: Realised
) -> None:
    wrong_way = next(portfolio for portfolio in PORTFOLIOS if portfolio.name == "wrong-way")
    result = found(wrong_way, market, series, realised)
    moved = np.abs(result.loss) > 1
    assert (np.sign(result.collateral_loss[moved]) == np.sign(result.loss[moved])).all()


def test_netting_never_costs_more_and_opposite_legs_cost_nothing(
    market: OptionMarket, series: TableSeries, realised: Realised
) -> None:
    legs = (Leg(0, PERPETUAL, 500_000),), (Leg(0, PERPETUAL, -500_000),)
    flat = found(Portfolio("flat", "flat", legs), market, series, realised)
    assert (flat.statement == 0).all()
    assert (flat.isolated > 0).all()
    for portfolio in PORTFOLIOS:
        result = found(portfolio, market, series, realised)
        assert (result.statement <= result.isolated * (1 + 1e-12)).all()
        if len(portfolio.venues) == 1:
            assert (result.statement == result.isolated).all()


def test_assets_wrap_around_where_a_path_has_fewer(
    market: OptionMarket, series: TableSeries, realised: Realised
) -> None:
    here, wrapped = (Portfolio("x", "x", ((Leg(asset, PERPETUAL, 1000),),), ((STABLE, 100),)) for asset in (1, 4))
    assert (found(here, market, series, realised).loss == found(wrapped, market, series, realised).loss).all()


def test_outcomes_join_in_order(market: OptionMarket, series: TableSeries, realised: Realised) -> None:
    one = found(PORTFOLIOS[0], market, series, realised)
    both = joined([one, found(PORTFOLIOS[1], market, series, realised)])
    assert (both.loss[: len(one.loss)] == one.loss).all()
    assert len(both.statement) == 2 * len(one.statement)


def test_a_constant_in_hindsight_allows_just_so_many_exceedances() -> None:
    loss, base = np.array([1.0, 2.0, 3.0, 4.0, -5.0]), np.full(5, 2.0)
    assert hindsight_average(loss, base, 0.0) == 4.0
    assert hindsight_average(loss, base, 0.2) == 3.0
    assert hindsight_average(-np.abs(loss), base, 0.2) == 0.0


def test_a_margin_is_judged_by_its_exceedances() -> None:
    loss = np.zeros(1000)
    loss[::50] = 3.0
    judged = judge("x", loss, np.full(1000, 2.0), asked_rate=0.001, significance=0.01, breaks=())
    assert (judged.exceedances, judged.verdict) == (20, "too many exceedances")
    assert (judged.average_e8, judged.worst_loss_ppm) == (200_000_000, 1_500_000)
    equal = judge("x", loss, np.full(1000, 3.0), asked_rate=0.001, significance=0.01, breaks=())
    assert (equal.exceedances, equal.verdict) == (0, "covered"), "a loss of exactly the margin is covered"
    assert significance_each(0.01, 20) == 0.0005


def test_a_constant_haircut_costs_more_than_one_that_follows_the_market() -> None:
    # Calm for nine tenths of the time: moves of 1 %, and of 10 % after that; the shock is always twice the move.
    size = np.where(np.arange(1000) < 900, 0.01, 0.1)[:, None]
    moves = AssetMoves(fall=size, shock=2 * size, haircut=0.02, deviations=size)
    (found,) = haircut_results(("BTC",), [moves], 0.001)
    assert (found.static_average_ppm, found.scaled_average_ppm) == (100_000, 19_000)
    assert (found.latency_average_ppm, found.beyond_latency) == (38_000, 0)
