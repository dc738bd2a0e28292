"""Black-76 in floats against QuantLib, and at its edges."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import QuantLib as ql

from zkmargin.algebra import extras
from zkmargin.algebra.errors import MissingExtra
from zkmargin.settlement.errors import PricingError
from zkmargin.settlement.risk.instrument import Kind
from zkmargin.settlement.risk.pricing import delta, gamma, price, theta, value, vega

FORWARDS = (1e-3, 1.0, 64_000.0)
MONEYNESS = (1e-3, 0.3, 0.9, 0.999, 1.0, 1.001, 1.2, 4.0, 1e3)
YEARS = (1e-7, 1 / 8760, 0.02, 0.5, 3.0)
SIGMAS = (1e-4, 0.05, 0.6, 2.5, 10.0)
GRID = tuple(itertools.product(FORWARDS, MONEYNESS, YEARS, SIGMAS))
QUANTLIB = {Kind.CALL: ql.Option.Call, Kind.PUT: ql.Option.Put}


@pytest.mark.parametrize("kind", [Kind.CALL, Kind.PUT])
def test_prices_and_greeks_are_quantlibs(kind: Kind) -> None:
    f, ratio, t, s = (np.array(column) for column in zip(*GRID, strict=True))
    ours = value(kind, f, f * ratio, t, s)
    for i, (forward, moneyness, years, sigma) in enumerate(GRID):
        payoff = ql.PlainVanillaPayoff(QUANTLIB[kind], forward * moneyness)
        theirs = ql.BlackCalculator(payoff, forward, sigma * math.sqrt(years), 1.0)
        assert abs(ours.price[i] - theirs.value()) <= 1e-8 * forward
        assert abs(ours.delta[i] - theirs.deltaForward()) <= 1e-8
        # QuantLib's gamma and vega come from differences of distribution values; relative to their own scale.
        scale = 1 / (forward * sigma * math.sqrt(years))
        assert abs(ours.gamma[i] - theirs.gammaForward()) <= 1e-8 * scale
        assert abs(ours.vega[i] - theirs.vega(years)) <= 1e-8 * forward * math.sqrt(years)


def test_theta_is_the_slope_in_time() -> None:
    step = 1e-6
    for kind in (Kind.CALL, Kind.PUT):
        later, sooner = (price(kind, 100.0, 105.0, 0.25 + d, 0.8) for d in (step, -step))
        assert theta(kind, 100.0, 105.0, 0.25, 0.8) == pytest.approx(-(later - sooner) / (2 * step), rel=1e-6)


def test_futures_and_perpetuals_are_linear() -> None:
    for kind in (Kind.FUTURE, Kind.PERPETUAL):
        found = value(kind, np.array([3.0, 5.0]))
        assert [list(v) for v in (found.price, found.delta, found.gamma, found.vega, found.theta)] == [
            [3, 5],
            [1, 1],
            [0, 0],
            [0, 0],
            [0, 0],
        ]


@pytest.mark.parametrize(("years", "sigma"), [(0.0, 0.5), (0.5, 0.0), (0.0, 0.0)])
def test_without_time_or_volatility_the_limits_hold(years: float, sigma: float) -> None:
    f = np.array([90.0, 110.0])
    assert list(price(Kind.CALL, f, 100.0, years, sigma)) == [0, 10]
    assert list(price(Kind.PUT, f, 100.0, years, sigma)) == [10, 0]
    assert list(delta(Kind.CALL, f, 100.0, years, sigma)) == [0, 1]
    assert list(delta(Kind.PUT, f, 100.0, years, sigma)) == [-1, 0]
    assert list(gamma(Kind.CALL, f, 100.0, years, sigma)) == [0, 0]
    assert list(vega(Kind.CALL, f, 100.0, years, sigma)) == [0, 0]
    assert list(theta(Kind.CALL, f, 100.0, years, sigma)) == [0, 0]
    assert float(price(Kind.CALL, 100.0, 100.0, years, sigma)) == 0
    assert float(delta(Kind.CALL, 100.0, 100.0, years, sigma)) == 0.5
    with pytest.raises(PricingError):
        gamma(Kind.CALL, 100.0, 100.0, years, sigma)


@pytest.mark.parametrize("function", [price, delta, gamma, vega, theta])
@pytest.mark.parametrize(
    ("place", "bad", "name"),
    [
        (0, math.nan, "forward"),
        (0, math.inf, "forward"),
        (0, 0.0, "forward"),
        (0, -1.0, "forward"),
        (1, 0.0, "strike"),
        (1, -math.inf, "strike"),
        (2, -1e-9, "years"),
        (2, math.nan, "years"),
        (3, -0.1, "sigma"),
        (3, math.inf, "sigma"),
    ],
)
def test_numbers_that_are_no_market_are_refused(function: object, place: int, bad: float, name: str) -> None:
    numbers = [100.0, 100.0, 0.5, 0.5]
    numbers[place] = bad
    with pytest.raises(PricingError) as refused:
        function(Kind.CALL, *numbers)  # type: ignore[operator]
    assert refused.value.name == name


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(extras, "import_module", missing)
    with pytest.raises(MissingExtra, match=r"scipy: pip install 'zkmargin\[risk\]'") as refused:
        price(Kind.CALL, 1.0, 1.0, 1.0, 1.0)
    assert (refused.value.package, refused.value.extra) == ("scipy", "risk")
