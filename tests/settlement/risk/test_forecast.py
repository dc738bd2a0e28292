"""Volatility: both recursions, the fit, the regimes, and a forecast that is never below its floor."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext
from types import SimpleNamespace

import numpy as np
import pytest

from zkmargin.settlement.errors import ForecastError
from zkmargin.settlement.risk import garch
from zkmargin.settlement.risk.ewma import ewma_sigmas, ewma_variances
from zkmargin.settlement.risk.exact_numbers import EXACT
from zkmargin.settlement.risk.forecast import AssetModel, Forecast, ForecastModel, forecast
from zkmargin.settlement.risk.garch import Garch, fit_garch
from zkmargin.settlement.risk.regime import Multipliers, Regime, RegimeRule
from zkmargin.settlement.risk.returns import Return, annual_sigma_ppm, exact_returns, float_returns

HOUR_MS = 3_600_000
STEP_YEARS = 1 / 8760
YEAR_MS = 31_536_000_000
MULTIPLIERS = {
    Regime.CALM: Multipliers(900_000, 1_000_000),
    Regime.NORMAL: Multipliers(1_000_000, 1_000_000),
    Regime.TURBULENT: Multipliers(1_500_000, 2_000_000),
}
RULE = RegimeRule(900_000, 990_000, 500_000, 700_000, 1_300_000, 1_600_000, 6_000_000, 3, MULTIPLIERS)
MODEL = ForecastModel(500, 50, 20, 940_000, 2 * HOUR_MS, RULE)
GARCH = Garch(HOUR_MS, 2 * 10**12, 80_000, 900_000)
FLOOR = AssetModel(200_000)


def prices(sigmas: np.ndarray, seed: int = 5) -> list[int]:
    """Hourly prices whose returns have the given annual volatilities."""
    steps = np.random.Generator(np.random.PCG64(seed)).standard_normal(len(sigmas)) * sigmas * STEP_YEARS**0.5
    return [round(p) for p in 64_000e8 * np.exp(np.concatenate([[0.0], np.cumsum(steps)]))]


def times(count: int) -> list[int]:
    return [HOUR_MS * i for i in range(count)]


WALK = prices(np.full(400, 0.6))
TIMES = times(len(WALK))
NOW = TIMES[-1] + HOUR_MS


def at_now(model: ForecastModel = MODEL, asset: AssetModel = FLOOR, walk: list[int] = WALK, now: int = NOW) -> Forecast:
    return forecast(times(len(walk)), walk, model, asset, time_ms=now, horizon_ms=HOUR_MS)


def test_ewma_by_hand() -> None:
    steps = [Return(Decimal(n), 10) for n in (1, 3, 2, 4)]
    # The mean of 0.1 and 0.9 is 0.5; then 0.75 * 0.5 + 0.25 * 0.4 and 0.75 * 0.475 + 0.25 * 1.6.
    assert ewma_variances(steps, 750_000, 2) == (Decimal("0.5"), Decimal("0.475"), Decimal("0.75625"))


def test_ewma_in_decimals_is_ewma_in_floats() -> None:
    exact = ewma_variances(exact_returns(TIMES, WALK), 940_000, 20)
    rough = ewma_sigmas(np.array(WALK, dtype=float), STEP_YEARS, 940_000, 20)
    assert [float(v) * YEAR_MS for v in exact] == pytest.approx(list(rough**2), rel=1e-9)
    two = ewma_sigmas(np.array([WALK, WALK[::-1]], dtype=float).T, STEP_YEARS, 940_000, 20)
    assert two.shape == (len(WALK) - 20, 2)
    assert list(two[:, 0]) == pytest.approx(list(rough), rel=1e-12)


def test_unequal_steps_count_by_their_time() -> None:
    doubled = ewma_variances([Return(Decimal(2), 20), Return(Decimal(2), 20)], 900_000, 1)
    assert doubled[-1] == Decimal("0.2")
    assert annual_sigma_ppm(Decimal("0.9999999999") / YEAR_MS) == 1_000_000
    assert annual_sigma_ppm(Decimal("1.0000000001") / YEAR_MS) == 1_000_001


def test_garch_in_decimals_is_garch_in_floats() -> None:
    returns = exact_returns(TIMES, WALK)
    rough = GARCH.sigmas(np.array(WALK, dtype=float), STEP_YEARS)
    assert len(rough) == len(WALK)
    assert float(GARCH.next_variance(returns)) / STEP_YEARS == pytest.approx(rough[-1] ** 2, rel=1e-9)


def test_a_garch_forecast_returns_to_the_long_run() -> None:
    returns = exact_returns(TIMES[:3], [10**8, 2 * 10**8, 10**8])
    with localcontext(EXACT):
        near, far = (GARCH.variance_per_ms(returns, steps * HOUR_MS) * HOUR_MS for steps in (1, 50))
    assert abs(near - GARCH.next_variance(returns)) < Decimal("1e-55")
    long_run, variance, total = float(GARCH.long_run()), float(near), 0.0
    for _ in range(50):
        total += variance
        variance = 2e-6 + 0.98 * variance
    assert float(far) == pytest.approx(total / 50, rel=1e-12)
    assert long_run < float(far) < float(near)
    # A step begun counts in full.
    assert GARCH.variance_per_ms(returns, HOUR_MS + 1) == GARCH.variance_per_ms(returns, 2 * HOUR_MS)


def test_garch_refuses_gaps() -> None:
    with pytest.raises(ForecastError, match="steps"):
        GARCH.next_variance(exact_returns([0, HOUR_MS, 3 * HOUR_MS], [1, 2, 3]))


@pytest.mark.parametrize(
    "numbers", [(0, 1, 1, 1), (1, 0, 1, 1), (1, 1, -1, 1), (1, 1, 1, -1), (1, 1, 500_000, 500_000)]
)
def test_garch_parameters_without_a_long_run_are_refused(numbers: tuple[int, ...]) -> None:
    with pytest.raises(ForecastError):
        Garch(*numbers)


def test_the_fit_finds_the_parameters_it_was_given() -> None:
    truth = Garch(HOUR_MS, 2 * 10**12, 100_000, 850_000)
    noise = np.random.Generator(np.random.PCG64(1)).standard_normal(3000)
    variance, logs = float(truth.long_run()), []
    for shock in noise:
        logs.append(shock * variance**0.5)
        variance = 2e-6 + 0.1 * logs[-1] ** 2 + 0.85 * variance
    found = fit_garch(np.exp(np.cumsum([0.0, *logs])), HOUR_MS)
    assert abs(found.alpha_ppm - truth.alpha_ppm) < 40_000
    assert abs(found.beta_ppm - truth.beta_ppm) < 70_000
    assert float(found.long_run()) == pytest.approx(float(truth.long_run()), rel=0.25)


@pytest.mark.parametrize("bad", [np.ones(100), np.ones(400), np.array([1.0, np.nan]), np.array([1.0, 0.0])])
def test_nothing_to_fit_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(ForecastError):
        fit_garch(bad, HOUR_MS)


def test_a_fit_that_does_not_settle_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unsettled:
        convergence_flag = 9

    arch = SimpleNamespace(arch_model=lambda *_, **__: SimpleNamespace(fit=lambda **_: Unsettled()))
    monkeypatch.setattr(garch, "require", lambda *_: arch)
    with pytest.raises(ForecastError, match="gives no GARCH fit"):
        fit_garch(np.array(WALK, dtype=float), HOUR_MS)


def test_rounding_a_fit_leaves_it_a_long_run(monkeypatch: pytest.MonkeyPatch) -> None:
    params = {"omega": 0.0, "alpha[1]": 0.1, "beta[1]": 0.95}
    fitted = SimpleNamespace(convergence_flag=0, params=params)
    arch = SimpleNamespace(arch_model=lambda *_, **__: SimpleNamespace(fit=lambda **_: fitted))
    monkeypatch.setattr(garch, "require", lambda *_: arch)
    assert fit_garch(np.array(WALK, dtype=float), HOUR_MS) == Garch(HOUR_MS, 1, 100_000, 899_999)


def test_a_garch_without_memory_is_its_long_run() -> None:
    flat = Garch(HOUR_MS, 10**12, 0, 0)
    assert flat.next_variance(exact_returns(TIMES, WALK)) == flat.long_run() == Decimal("0.000001")


@pytest.mark.parametrize("bad", [[1.0, float("nan")], [1.0, float("inf")], [1.0, 0.0], [-1.0, 1.0]])
def test_float_returns_refuse_what_is_no_price(bad: list[float]) -> None:
    with pytest.raises(ForecastError):
        float_returns(bad)


@pytest.mark.parametrize(
    ("at", "of"), [([0, 0], [1, 1]), ([1, 0], [1, 1]), ([0, 1], [1, 0]), ([0, 1], [1, -1]), ([0], [1, 1])]
)
def test_a_history_out_of_order_or_without_prices_is_refused(at: list[int], of: list[int]) -> None:
    with pytest.raises(ForecastError):
        exact_returns(at, of)


def regimes(logs: list[float], warmup: int = 4) -> list[Regime]:
    steps = [Return(Decimal(str(x)), 1) for x in logs]
    return list(RULE.path(steps, warmup))


def test_regimes_have_hysteresis() -> None:
    quiet, loud = [0.3] * 40, [1.9] * 60
    path = regimes([1.0] * 4 + [1.0] * 10 + quiet + [1.0] * 6 + loud + [1.0] * 80)
    order = [r for i, r in enumerate(path) if i == 0 or r is not path[i - 1]]
    assert order[:4] == [Regime.NORMAL, Regime.CALM, Regime.NORMAL, Regime.TURBULENT]
    # The same ratio of volatilities is calm on the way out and normal on the way in.
    left = path.index(Regime.TURBULENT)
    assert Regime.TURBULENT not in path[-20:]
    assert left < len(path) - 20


def test_the_border_between_entering_and_leaving_keeps_the_regime() -> None:
    long, between = Decimal(1), Decimal("0.6") ** 2
    assert RULE._settled(Regime.CALM, 0, between, long) is Regime.CALM
    assert RULE._settled(Regime.NORMAL, 0, between, long) is Regime.NORMAL
    above = Decimal("1.4") ** 2
    assert RULE._settled(Regime.TURBULENT, 0, above, long) is Regime.TURBULENT
    assert RULE._settled(Regime.NORMAL, 0, above, long) is Regime.NORMAL


def test_a_jump_is_turbulence_that_lasts() -> None:
    path = regimes([1.0] * 30 + [6.0] + [0.0] * 60)
    jump = 30 - 4 + 1
    assert path[jump - 1] is Regime.NORMAL
    assert path[jump : jump + RULE.hold] == [Regime.TURBULENT] * RULE.hold
    assert path[-1] is Regime.CALM


def test_the_newest_return_counts_at_once() -> None:
    assert regimes([1.0] * 30 + [5.9])[-1] is Regime.TURBULENT
    # 0.9^n / 0.99^n falls below (50 %)^2 at n = 15.
    assert regimes([1.0] * 30 + [0.0] * 14)[-1] is Regime.NORMAL
    assert regimes([1.0] * 30 + [0.0] * 15)[-1] is Regime.CALM


def test_turbulence_holds_as_many_observations_as_it_says() -> None:
    steps = [Return(Decimal(str(x)), 1) for x in [1.0] * 30 + [6.0] + [0.5] * 60]
    path, jump = replace(RULE, hold=20).path(steps, 4), 30 - 4 + 1
    # The ratio stays above the border for two more observations, the last causes of turbulence.
    assert set(path[jump : jump + 22]) == {Regime.TURBULENT}
    assert path[jump + 22] is not Regime.TURBULENT


def test_a_market_that_never_moves_is_normal_and_any_move_in_it_a_jump() -> None:
    assert set(regimes([0.0] * 30)) == {Regime.NORMAL}
    assert regimes([0.0] * 30 + [0.001])[-1] is Regime.TURBULENT


@pytest.mark.parametrize(
    "change",
    [
        {"calm_enter_ppm": 700_000},
        {"calm_leave_ppm": 1_000_001},
        {"turbulent_leave_ppm": 999_999},
        {"turbulent_enter_ppm": 1_300_000},
        {"short_decay_ppm": 990_000},
        {"long_decay_ppm": 1_000_000},
        {"jump_ppm": 1_000_000},
        {"hold": -1},
        {"multipliers": {Regime.CALM: Multipliers(1, 1)}},
        {"multipliers": MULTIPLIERS | {Regime.CALM: Multipliers(1_100_000, 1)}},
        {"multipliers": MULTIPLIERS | {Regime.TURBULENT: Multipliers(1_500_000, 999_999)}},
        {"multipliers": MULTIPLIERS | {Regime.CALM: Multipliers(0, 1)}},
    ],
)
def test_a_regime_rule_that_contradicts_itself_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ForecastError):
        replace(RULE, **change)  # type: ignore[arg-type]


def test_the_limits_of_a_regime_rule_are_allowed() -> None:
    flat = {regime: Multipliers(1, 1) for regime in Regime}
    edge = replace(RULE, calm_enter_ppm=0, calm_leave_ppm=10**6, turbulent_leave_ppm=10**6, hold=0, multipliers=flat)
    assert edge.path([Return(Decimal(1), 1)] * 5, 4) == (Regime.NORMAL, Regime.NORMAL)


def test_a_forecast_takes_the_largest() -> None:
    plain, with_garch = at_now(), at_now(asset=replace(FLOOR, garch=GARCH))
    assert plain.garch_ppm == 0 < with_garch.garch_ppm
    assert plain.sigma_ppm == plain.ewma_ppm
    assert with_garch.sigma_ppm == max(with_garch.ewma_ppm, with_garch.garch_ppm) > plain.sigma_ppm
    assert 400_000 < plain.sigma_ppm < 800_000
    assert at_now(asset=AssetModel(3_000_000)).sigma_ppm == 3_000_000


def test_turbulence_raises_the_forecast() -> None:
    loud = at_now(walk=prices(np.concatenate([np.full(340, 0.4), np.full(60, 2.0)])))
    assert loud.regime is Regime.TURBULENT
    assert loud.sigma_ppm == -(-loud.ewma_ppm * 3 // 2)


def test_a_history_may_be_as_old_as_the_policy_says() -> None:
    assert at_now(now=TIMES[-1] + MODEL.max_age_ms) == at_now(now=TIMES[-1])
    assert at_now(model=replace(MODEL, max_age_ms=0), asset=AssetModel(1), now=TIMES[-1]) == at_now()


def test_a_market_that_never_moved_has_its_floor() -> None:
    assert at_now(walk=[10**8] * 100, now=99 * HOUR_MS).sigma_ppm == FLOOR.floor_ppm


def test_only_the_window_counts() -> None:
    short = replace(MODEL, window=100, minimum_returns=100)
    assert at_now(model=short) == at_now(model=short, walk=[1] * 300 + WALK[-101:], now=400 * HOUR_MS)


@pytest.mark.parametrize(
    ("walk", "now", "reason"),
    [
        (WALK[:50], 50 * HOUR_MS, "49 returns"),
        (WALK, TIMES[-1] - 1, "after"),
        (WALK, TIMES[-1] + 2 * HOUR_MS + 1, "before"),
        ([], 0, "empty"),
    ],
)
def test_too_short_too_old_or_from_the_future_is_refused(walk: list[int], now: int, reason: str) -> None:
    with pytest.raises(ForecastError, match=reason):
        at_now(walk=walk, now=now)


@pytest.mark.parametrize(
    "change",
    [
        {"window": 49},
        {"window": 20_001},
        {"warmup": 0},
        {"warmup": 51},
        {"decay_ppm": 0},
        {"decay_ppm": 1_000_000},
        {"max_age_ms": -1},
    ],
)
def test_a_model_that_contradicts_itself_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(ForecastError):
        replace(MODEL, **change)


def test_a_floor_of_nothing_and_a_warmup_without_returns_are_refused() -> None:
    with pytest.raises(ForecastError):
        AssetModel(0)
    with pytest.raises(ForecastError):
        ewma_variances([], 940_000, 1)
    with pytest.raises(ForecastError):
        ewma_variances([Return(Decimal(1), 1)], 1_000_000, 1)
