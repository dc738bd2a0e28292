"""Black-76 in decimals, for one instrument at a time: what the risk table is made from.

The formulas and the edges are those of `pricing`; `exact_numbers` says why they are computed twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from zkmargin.circuits.margin.risk_table import YEAR_MS

from ..errors import PricingError
from .exact_numbers import HALF, exactly, normal_density, normal_distribution, scaled
from .instrument import Kind

ZERO, ONE = Decimal(0), Decimal(1)
MAX_DECIMAL_EXPONENT = 40
"""Inputs are within 1e-40 to 1e40, far beyond any market, so that nothing can overflow inside."""


@dataclass(frozen=True)
class ExactValuation:
    """Per unit: price, delta, gamma, vega (per 1.00 of volatility) and theta (per year)."""

    price: Decimal
    delta: Decimal
    gamma: Decimal
    vega: Decimal
    theta: Decimal


@exactly
def years_of(time_ms: int) -> Decimal:
    """Milliseconds in years of 365 days, the statement's year."""
    return Decimal(time_ms) / YEAR_MS


@exactly
def exact_price(kind: Kind, forward: Decimal, strike: Decimal, years: Decimal, sigma: Decimal) -> Decimal:
    """Value of one unit; never below the intrinsic value."""
    _check(kind, forward, strike, years, sigma)
    if not kind.is_option:
        return forward
    sign = _sign(kind)
    d1, d2, deviation = _d1_d2(forward, strike, years, sigma)
    intrinsic = max(ZERO, sign * (forward - strike))
    if not deviation:
        return intrinsic
    return max(intrinsic, sign * (forward * normal_distribution(sign * d1) - strike * normal_distribution(sign * d2)))


@exactly
def exact_value(kind: Kind, forward: Decimal, strike: Decimal, years: Decimal, sigma: Decimal) -> ExactValuation:
    """Price and Greeks; at the strike of an option without time or volatility, where gamma has no bound, refused."""
    price = exact_price(kind, forward, strike, years, sigma)
    if not kind.is_option:
        return ExactValuation(price, ONE, ZERO, ZERO, ZERO)
    sign = _sign(kind)
    d1, _, deviation = _d1_d2(forward, strike, years, sigma)
    if not deviation:
        if forward == strike:
            raise PricingError("gamma", "has no bound at the strike without time or volatility: set a floor for them")
        return ExactValuation(price, sign if sign * (forward - strike) > 0 else ZERO, ZERO, ZERO, ZERO)
    density, root = normal_density(d1), years.sqrt()
    return ExactValuation(
        price=price,
        delta=sign * normal_distribution(sign * d1),
        gamma=density / (forward * deviation),
        vega=forward * density * root,
        theta=-forward * density * sigma / (2 * root),
    )


@dataclass(frozen=True)
class Quoted:
    """The integers one instrument is valued on. `strike_e8`, `time_left_ms` and `sigma_ppm` are 0 for linear kinds."""

    kind: Kind
    forward_e8: int
    strike_e8: int = 0
    time_left_ms: int = 0
    sigma_ppm: int = 0

    def value(self) -> ExactValuation:
        """Price and Greeks now."""
        return exact_value(self.kind, *self._numbers())

    def price(self) -> Decimal:
        """Price now."""
        return exact_price(self.kind, *self._numbers())

    def price_at(self, forward: Decimal) -> Decimal:
        """Price if the forward were another."""
        return exact_price(self.kind, forward, *self._numbers()[1:])

    def _numbers(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        strike = scaled(self.strike_e8, 8) if self.kind.is_option else ONE
        return scaled(self.forward_e8, 8), strike, years_of(self.time_left_ms), scaled(self.sigma_ppm, 6)


def _sign(kind: Kind) -> Decimal:
    return ONE if kind is Kind.CALL else -ONE


def _d1_d2(f: Decimal, k: Decimal, t: Decimal, s: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """d1, d2 and sigma * sqrt(T); zeros where there is no deviation."""
    deviation = s * t.sqrt()
    if not deviation:
        return ZERO, ZERO, ZERO
    ratio = (f / k).ln() / deviation
    return ratio + deviation * HALF, ratio - deviation * HALF, deviation


def _check(kind: Kind, forward: Decimal, strike: Decimal, years: Decimal, sigma: Decimal) -> None:
    for name, number in (("forward", forward), ("strike", strike), ("years", years), ("sigma", sigma)):
        if not number.is_finite():
            raise PricingError(name, "is not a finite number")
        if number < 0 or (name in ("forward", "strike") and not number):
            raise PricingError(name, "must be above zero" if name in ("forward", "strike") else "must not be negative")
        if number and abs(number.adjusted()) > MAX_DECIMAL_EXPONENT:
            raise PricingError(name, f"must be within 1e-{MAX_DECIMAL_EXPONENT} and 1e{MAX_DECIMAL_EXPONENT}")
