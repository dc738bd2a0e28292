"""Delta-gamma falls short of short options near the money; scenarios do not, and leave less between their points."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zkmargin.settlement.backtest.undercoverage import Case, random_book_gap, short_option_gap
from zkmargin.settlement.errors import StudyError
from zkmargin.settlement.risk import pricing
from zkmargin.settlement.risk.instrument import Kind

HOUR_MS = 3_600_000
YEAR_MS = 365 * 24 * HOUR_MS


def test_the_gap_of_delta_gamma_is_known_and_scenarios_close_it() -> None:
    ten_minutes = short_option_gap(Case(6 * HOUR_MS, HOUR_MS // 6, sigma=0.55))
    one_hour = short_option_gap(Case(6 * HOUR_MS, HOUR_MS, sigma=0.55))
    assert ten_minutes.delta_gamma == pytest.approx(1.0, abs=0.15)
    assert one_hour.delta_gamma == pytest.approx(18, abs=1.5)
    for gap in (ten_minutes, one_hour):
        assert gap.scenario == gap.larger == 0


def test_one_gap_by_hand() -> None:
    # A short call struck one deviation above, over one hour: the worst move is the whole shock upwards.
    case = Case(6 * HOUR_MS, HOUR_MS)
    strike = math.exp(case.sigma * math.sqrt(6 * HOUR_MS / YEAR_MS))
    now = (Kind.CALL, 1.0, strike, 6 * HOUR_MS / YEAR_MS, case.sigma)
    later = pricing.price(Kind.CALL, 1 + case.shock, strike, 5 * HOUR_MS / YEAR_MS, case.sigma)
    margin = pricing.delta(*now) * case.shock + pricing.gamma(*now) * case.shock**2 / 2
    by_hand = 1e4 * float(later - pricing.price(*now) - margin)
    assert by_hand > 10
    assert short_option_gap(case).delta_gamma >= by_hand


def test_the_gap_grows_with_the_horizon_and_shrinks_with_the_expiry() -> None:
    gaps = [short_option_gap(Case(6 * HOUR_MS, minutes * 60_000)).delta_gamma for minutes in (1, 10, 30, 60)]
    assert gaps == sorted(gaps)
    assert short_option_gap(Case(168 * HOUR_MS, HOUR_MS)).delta_gamma < 1


def test_a_grid_misses_little_between_its_points() -> None:
    gap = random_book_gap(Case(6 * HOUR_MS, HOUR_MS // 6), seed=1, books=200)
    assert 0 < gap.scenario < 2
    assert gap.larger <= min(gap.scenario, gap.delta_gamma)
    again = random_book_gap(Case(6 * HOUR_MS, HOUR_MS // 6), seed=1, books=200)
    assert gap == again


def test_a_shock_of_more_than_the_whole_price_is_a_fall_of_the_whole() -> None:
    case = Case(24 * HOUR_MS, 4 * HOUR_MS, confidence=100.0)
    assert case.shock > 1
    assert short_option_gap(case).scenario >= 0
    assert random_book_gap(case, seed=1, books=20).larger >= 0


def test_the_horizon_ends_before_the_expiry() -> None:
    with pytest.raises(StudyError):
        Case(HOUR_MS, HOUR_MS)
    assert np.isclose(Case(2 * HOUR_MS, HOUR_MS).shock, 4 * 0.6 * math.sqrt(HOUR_MS / YEAR_MS))
