"""Black-76 in decimals: equal to the floats, the same digits in any context, and exact where mathematics says so."""

from __future__ import annotations

import decimal
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from zkmargin.settlement.errors import PricingError
from zkmargin.settlement.risk import pricing
from zkmargin.settlement.risk.exact_numbers import nearest, normal_distribution, rounded_up, scaled
from zkmargin.settlement.risk.exact_pricing import Quoted, exact_price, exact_value
from zkmargin.settlement.risk.instrument import Instrument, Kind

D = Decimal
OPTIONS = st.sampled_from([Kind.CALL, Kind.PUT])


@settings(max_examples=150, deadline=None)
@given(
    OPTIONS,
    st.integers(1, 10**15),
    st.integers(1, 5000),
    st.integers(1, 4 * 31_536_000_000),
    st.integers(100, 10**7),
)
def test_the_decimals_are_the_floats(kind: Kind, forward: int, ratio: int, time_ms: int, sigma_ppm: int) -> None:
    strike = max(1, forward * ratio // 1000)
    exact = Quoted(kind, forward, strike, time_ms, sigma_ppm).value()
    numbers = (forward / 1e8, strike / 1e8, time_ms / 31_536_000_000, sigma_ppm / 1e6)
    rough = pricing.value(kind, *numbers)
    deviation = numbers[3] * numbers[2] ** 0.5
    # The float's own conditioning: an ulp of ln(F / K) moves d1 by an ulp over the deviation.
    tolerance = 1e-12 + 1e-14 / deviation
    assert abs(float(exact.price) - rough.price) <= tolerance * max(numbers[:2])
    assert abs(float(exact.delta) - rough.delta) <= tolerance
    assert abs(float(exact.gamma) - rough.gamma) <= tolerance / (numbers[0] * deviation)
    assert abs(float(exact.vega) - rough.vega) <= tolerance * numbers[0] * numbers[2] ** 0.5
    assert abs(float(exact.theta) - rough.theta) <= tolerance * numbers[0] * numbers[3] / numbers[2] ** 0.5


@pytest.mark.parametrize("x", ["-17.9", "-9", "-3.3", "-0.001", "0", "0.5", "2", "8.25", "17.99", "18", "-40"])
def test_the_normal_distribution(x: str) -> None:
    assert float(normal_distribution(D(x))) == pytest.approx(float(ndtr(float(x))), rel=1e-14, abs=1e-40)
    assert abs(normal_distribution(D(x)) + normal_distribution(-D(x)) - 1) < D("1e-55")


def test_the_normal_distribution_to_forty_digits() -> None:
    # 1/2 erfc(-1/sqrt(2)), from the series of the error function summed with 200-digit rationals.
    wanted = _distribution_by_rationals(1)
    assert abs(normal_distribution(D(1)) - wanted) < D("1e-50")


def _distribution_by_rationals(x: int) -> Decimal:
    """1/2 + (1/sqrt(2 pi)) * sum (-1)^n x^(2n+1) / (n! 2^n (2n+1)): another series, at another precision."""
    with decimal.localcontext() as context:
        context.prec = 120
        total, factor = D(0), D(x)
        for n in range(120):
            total += factor / (2 * n + 1)
            factor = -factor * x * x / (2 * (n + 1))
        pi = D("3.141592653589793238462643383279502884197169399375105820974944592307816406286208998628034825342117")
        return D("0.5") + total / (2 * pi).sqrt()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10**14), st.integers(1, 10**14), st.integers(1, 10**11), st.integers(1, 10**7))
def test_put_call_parity_holds_to_forty_digits(forward: int, strike: int, time_ms: int, sigma_ppm: int) -> None:
    call, put = (Quoted(kind, forward, strike, time_ms, sigma_ppm).value() for kind in (Kind.CALL, Kind.PUT))
    error = D("1e-40") * max(forward, strike)
    assert abs(call.price - put.price - scaled(forward - strike, 8)) <= error
    assert abs(call.delta - put.delta - 1) <= D("1e-50")
    assert call.gamma == put.gamma


def test_the_callers_context_changes_nothing() -> None:
    quoted = Quoted(Kind.CALL, 64_000 * 10**8, 70_000 * 10**8, 10**10, 600_000)
    usual = quoted.value()
    with decimal.localcontext(decimal.Context(prec=5, rounding=decimal.ROUND_UP)):
        assert quoted.value() == usual
    assert len(usual.price.as_tuple().digits) > 50


@pytest.mark.parametrize(("years", "sigma"), [("0", "0.5"), ("0.5", "0"), ("0", "0")])
def test_without_time_or_volatility_the_limits_hold(years: str, sigma: str) -> None:
    edge = (D(100), D(years), D(sigma))
    assert exact_value(Kind.CALL, D(110), *edge).delta == 1
    assert exact_value(Kind.CALL, D(110), *edge).price == 10
    assert exact_value(Kind.CALL, D(90), *edge).delta == 0
    assert exact_value(Kind.PUT, D(90), *edge).delta == -1
    assert exact_value(Kind.PUT, D(90), *edge).gamma == 0
    assert exact_price(Kind.PUT, D(100), *edge) == 0
    with pytest.raises(PricingError):
        exact_value(Kind.CALL, D(100), *edge)


@pytest.mark.parametrize(
    ("place", "bad", "name"),
    [
        (0, "NaN", "forward"),
        (0, "Infinity", "forward"),
        (0, "0", "forward"),
        (1, "-1", "strike"),
        (1, "1e41", "strike"),
        (2, "-1e-9", "years"),
        (3, "NaN", "sigma"),
        (3, "-0.1", "sigma"),
    ],
)
def test_numbers_that_are_no_market_are_refused(place: int, bad: str, name: str) -> None:
    numbers = [D(100), D(100), D("0.5"), D("0.5")]
    numbers[place] = D(bad)
    with pytest.raises(PricingError) as refused:
        exact_price(Kind.PUT, *numbers)
    assert refused.value.name == name


def test_linear_instruments_need_no_strike() -> None:
    value = Quoted(Kind.PERPETUAL, 5 * 10**8).value()
    assert (value.price, value.delta, value.gamma) == (5, 1, 0)


def test_rounding() -> None:
    assert [nearest(D(text), 1) for text in ("0.25", "0.35", "-0.25", "-0.24", "0.05")] == [3, 4, -3, -2, 1]
    assert [rounded_up(D(text), 1) for text in ("0.2", "0.21", "-0.29")] == [2, 3, -2]


@pytest.mark.parametrize(
    ("kind", "strike_e8", "expiry_ms"),
    [(Kind.CALL, None, 5), (Kind.CALL, 0, 5), (Kind.CALL, 7, None), (Kind.FUTURE, 7, 5), (Kind.PERPETUAL, None, 5)],
)
def test_an_instrument_that_contradicts_itself_is_refused(
    kind: Kind, strike_e8: int | None, expiry_ms: int | None
) -> None:
    with pytest.raises(PricingError):
        Instrument("X", "BTC", kind, "BTC", strike_e8, expiry_ms)


def test_time_left_has_a_floor_and_ends_at_expiry() -> None:
    call = Instrument("X", "BTC", Kind.CALL, "BTC", 7, expiry_ms=1000)
    assert [call.time_left_ms(t, 60) for t in (0, 939, 941, 999)] == [1000, 61, 60, 60]
    for time_ms in (1000, 1001):
        with pytest.raises(PricingError, match="expired"):
            call.time_left_ms(time_ms, 60)
    assert Instrument("P", "BTC", Kind.PERPETUAL, "BTC").time_left_ms(5, 60) == 0
