"""Listed contracts, implied volatilities and forecasts along a path."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkmargin.settlement.backtest.forecast import ForecastSettings, forecast_sigma, forecast_variance
from zkmargin.settlement.backtest.listing import HOUR_MS, NEAR_CALL, NEAR_PUT, SLOTS, contracts, strike_steps_e8
from zkmargin.settlement.backtest.model import YEAR_MS, crypto_model
from zkmargin.settlement.backtest.option_market import OptionMarket, Smile
from zkmargin.settlement.backtest.path import MarketPath
from zkmargin.settlement.backtest.simulation import simulate
from zkmargin.settlement.errors import PathError, StudyError
from zkmargin.settlement.risk.instrument import Kind

E8 = 10**8


@pytest.fixture(scope="module")
def path() -> MarketPath:
    return simulate(crypto_model(), 11, 4000)


@given(st.integers(1000, 10**15), st.integers(0, 10**12), st.sampled_from([slot for slot in SLOTS if slot.period_ms]))
def test_contracts_stand_on_their_grid_and_side(spot_e8: int, time_ms: int, slot: object) -> None:
    spots, times = np.array([spot_e8]), np.array([time_ms])
    listed = contracts(slot, times, spots)  # type: ignore[arg-type]
    step, strike = int(strike_steps_e8(spots)[0]), int(listed.strikes_e8[0])
    assert strike % step == 0
    assert step <= max(1, spot_e8 // 200)
    if listed.kind is Kind.CALL:
        assert strike > spot_e8
    else:
        assert 0 < strike <= spot_e8
    left = int(listed.left_ms(times)[0])
    assert slot.minimum_ms <= left < slot.minimum_ms + slot.period_ms  # type: ignore[attr-defined]
    assert int(listed.expiries_ms[0]) % slot.period_ms == 0  # type: ignore[attr-defined]


def test_strikes_as_an_exchange_would_list_them() -> None:
    assert strike_steps_e8(np.array([64_000 * E8, 3_200 * E8, 150 * E8])).tolist() == [200 * E8, 10 * E8, E8 // 2]
    near = contracts(SLOTS[NEAR_CALL], np.array([0]), np.array([64_050 * E8]))
    assert near.strikes_e8.tolist() == [64_200 * E8]
    near = contracts(SLOTS[NEAR_PUT], np.array([0]), np.array([64_050 * E8]))
    assert near.strikes_e8.tolist() == [64_000 * E8]


def test_an_option_is_not_valued_beyond_its_expiry(path: MarketPath) -> None:
    rows = np.array([100])
    listed = contracts(SLOTS[NEAR_CALL], path.times_ms[rows], path.prices_e8[rows, 0])
    with pytest.raises(StudyError, match="expiry"):
        OptionMarket(path).value(0, rows + 12 * HOUR_MS // path.step_ms, listed)


def test_implied_volatility_follows_what_is_to_be_expected(path: MarketPath) -> None:
    rows = np.arange(600, 4000)
    spot, left = path.prices_e8[rows, 0], np.full(len(rows), 6 * HOUR_MS)
    flat = OptionMarket(path, Smile(premium=0.0, skew=0.0, curvature=0.0))
    implied = flat.implied_volatility(0, rows, spot, left)
    assert np.corrcoef(implied, np.sqrt(path.expected.short_variance[rows, 0]))[0, 1] > 0.95
    smiling = OptionMarket(path)
    below, above = (
        smiling.implied_volatility(0, rows, (spot * share).astype(np.int64), left) for share in (0.95, 1.05)
    )
    assert (below > above).all(), "puts far below cost more volatility than calls far above"
    assert (above > implied).all()


def test_the_forecast_halves_its_weights_and_looks_at_nothing_later(path: MarketPath) -> None:
    start, hours = 600, 2.0
    variance = forecast_variance(path, hours, start)
    decay = 0.5 ** (path.step_ms / (hours * HOUR_MS))
    squares = path.log_returns**2 * (YEAR_MS / path.step_ms)
    assert variance[start] == pytest.approx(squares[:start].mean(axis=0), rel=1e-9)
    assert variance[start + 1] == pytest.approx(decay * variance[start] + (1 - decay) * squares[start], rel=1e-3)
    settings = ForecastSettings()
    cut = 2000
    short = MarketPath(path.symbols, path.times_ms[:cut], path.prices_e8[:cut], path.expected.until(cut))
    assert (forecast_sigma(path, settings)[:cut] == forecast_sigma(short, settings)).all()
    assert forecast_sigma(path, ForecastSettings(floor_ppm=9_000_000)).min() == 9.0


def test_a_path_must_outlast_the_warm_up() -> None:
    with pytest.raises(PathError, match="48 hours"):
        ForecastSettings().warmup_steps(simulate(crypto_model(), 1, 500))
