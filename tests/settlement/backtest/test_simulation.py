"""The simulator: the same for the same seed, shaped like real returns, and nothing left of it when switched off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from zkmargin.settlement.backtest.facts import StylisedFacts, stylised_facts
from zkmargin.settlement.backtest.model import E8, AssetModel, MarketModel, Regime, crypto_model
from zkmargin.settlement.backtest.path import MarketPath, TermStructure
from zkmargin.settlement.backtest.simulation import innovations, jump_returns, regime_levels, simulate
from zkmargin.settlement.errors import ModelError, PathError, StudyError

MODEL = crypto_model()
STEPS = 20_000


@pytest.fixture(scope="module")
def path() -> MarketPath:
    return simulate(MODEL, 1, STEPS)


def plain_model() -> MarketModel:
    """No jumps, no fat tails, no clusters, one regime: a geometric random walk."""
    return MarketModel(
        assets=(AssetModel("AAA", 100 * E8, 0.5, 0, 0, 0), AssetModel("BBB", 100 * E8, 0.5, 0, 0, 0)),
        correlation=0.6,
        tail_degrees=1000,
        arch=0.0,
        memory_hours=24,
        market_jumps_per_year=0,
        market_jump_mean=0,
        down_probability=0.5,
        regimes=(Regime("only", 1.0, 10),),
        step_ms=300_000,
    )


def test_the_seed_decides_everything(path: MarketPath) -> None:
    again, other = simulate(MODEL, 1, STEPS), simulate(MODEL, 2, STEPS)
    assert (path.prices_e8 == again.prices_e8).all()
    assert (path.expected.short_variance == again.expected.short_variance).all()
    assert (path.prices_e8[1:] != other.prices_e8[1:]).mean() > 0.99


def test_a_longer_path_does_not_change_what_it_is_made_of() -> None:
    assert (simulate(MODEL, 3, 500).times_ms == simulate(MODEL, 3, 900).times_ms[:501]).all()
    quiet = replace(MODEL, market_jumps_per_year=0.0)
    assert (innovations(quiet, 3, 500) == innovations(MODEL, 3, 500)).all()


def test_stylised_facts(path: MarketPath) -> None:
    for column in path.log_returns.T:
        facts = stylised_facts(column)
        assert facts.kurtosis > 6
        assert facts.square_autocorrelation > 0.03
        assert abs(facts.return_autocorrelation) < 0.05
        assert facts.largest_in_deviations > 7
    later = stylised_facts(np.clip(path.log_returns[:, 0], -0.01, 0.01), lag=24)
    assert later.square_autocorrelation > 0.05, "clusters last for hours"


def test_the_facts_come_from_the_parts_that_make_them() -> None:
    returns = simulate(plain_model(), 1, STEPS).log_returns
    facts = stylised_facts(returns[:, 0])
    assert facts.kurtosis == pytest.approx(3, abs=0.15)
    assert abs(facts.square_autocorrelation) < 0.03
    yearly = returns.std(axis=0) * np.sqrt(31_536_000_000 / 300_000)
    assert yearly == pytest.approx([0.5, 0.5], rel=0.03)
    assert np.corrcoef(returns.T)[0, 1] == pytest.approx(0.6, abs=0.03)


def test_a_price_that_never_moves_has_no_shape() -> None:
    assert stylised_facts(np.zeros(100)) == StylisedFacts(0.0, 0.0, 0.0, 0.0)
    evenly = stylised_facts(np.resize([0.5, -0.5], 100))
    assert (evenly.kurtosis, evenly.square_autocorrelation) == (1.0, 0.0), "every square is the same"


def test_jumps_have_their_rate_and_no_drift() -> None:
    model = replace(plain_model(), market_jumps_per_year=2000.0, market_jump_mean=0.01, down_probability=0.8)
    model = replace(model, assets=tuple(replace(asset, market_beta=1.5) for asset in model.assets))
    jumps = jump_returns(model, 5, 50_000)
    assert (jumps[:, 0] == jumps[:, 1]).all(), "a jump of the market hits every asset"
    large = np.abs(jumps[:, 0]) > 1e-3
    assert large.mean() == pytest.approx(2000 / 105_120, rel=0.15)
    assert jumps.mean() == pytest.approx(0, abs=6 * jumps[:, 0].std() / 50_000**0.5)


def test_regimes_last_as_long_as_they_say() -> None:
    model = replace(MODEL, regimes=(Regime("calm", 0.5, 1), Regime("wild", 2, 3)))
    levels = regime_levels(model, 1, 288 * 2000)
    assert set(np.unique(levels)) == {0.25, 4.0}
    assert (levels == 4.0).mean() == pytest.approx(0.75, abs=0.04)


def test_expected_variance_runs_from_the_short_to_the_long_level() -> None:
    expected = TermStructure(np.full((1, 1), 4.0), np.full((1, 1), 1.0), half_life_ms=1000.0)
    assert expected.average(np.array([[1]]))[0, 0] == pytest.approx(4, rel=1e-3)
    assert expected.average(np.array([[10**9]]))[0, 0] == pytest.approx(1, rel=1e-3)
    assert 1 < expected.average(np.array([[1000]]))[0, 0] < 4


@pytest.mark.parametrize(
    ("field", "value"),
    [("correlation", 1.0), ("tail_degrees", 2.0), ("arch", 1.0), ("step_ms", 0), ("regimes", ()), ("assets", ())],
)
def test_a_model_that_makes_no_market_is_refused(field: str, value: object) -> None:
    with pytest.raises(ModelError) as problem:
        replace(MODEL, **{field: value})  # type: ignore[arg-type]
    assert problem.value.field == field


@pytest.mark.parametrize(("seed", "steps"), [(-1, 10), (1 << 63, 10), (1, 0), (1, 10**9)])
def test_seeds_and_lengths_are_bounded(seed: int, steps: int) -> None:
    with pytest.raises(StudyError):
        simulate(MODEL, seed, steps)


def test_prices_that_leave_their_range_are_an_error() -> None:
    wild = replace(plain_model(), step_ms=86_400_000, regimes=(Regime("wild", 10, 10),), memory_hours=2400)
    wild = replace(wild, assets=(AssetModel("AAA", 1, 5.0, 0, 0, 0),))
    with pytest.raises(PathError, match="range"):
        simulate(wild, 1, 2000)


@pytest.mark.parametrize(
    ("times", "prices"),
    [((0, 1), (1, 1)), ((0, 1, 3), (1, 1, 1)), ((0, 0, 0), (1, 1, 1)), ((0, 1, 2), (1, 0, 1)), ((0, 1, 2), (1, 1))],
)
def test_a_path_is_even_and_positive(times: tuple[int, ...], prices: tuple[int, ...]) -> None:
    flat = TermStructure(np.ones((len(times), 1)), np.ones((len(times), 1)), 1.0)
    with pytest.raises(PathError):
        MarketPath(("AAA",), np.array(times), np.array(prices)[:, None], flat)
