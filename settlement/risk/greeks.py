"""Price and Greeks of every instrument in a policy, as decimal text for people to read."""

from __future__ import annotations

from decimal import Decimal

from zkmargin.algebra import format_decimal

from ..errors import PricingError
from ..market.snapshot import MarketSnapshot
from .exact_numbers import nearest
from .policy import RiskPolicy
from .table import quoted

DIGITS = {"price": 8, "delta": 8, "gamma": 12, "vega": 6, "theta": 4}
"""How many digits after the point are shown; the table is not made from these."""


def instrument_greeks(policy: RiskPolicy, snapshot: MarketSnapshot) -> dict[str, dict[str, str]]:
    """Per unit: price, delta, gamma, vega per 100 points of volatility, theta per year."""
    rows = {}
    for instrument in policy.instruments:
        try:
            value = quoted(policy, snapshot, instrument).value()
        except PricingError as problem:
            raise PricingError(f"instrument {instrument.name}: {problem.name}", problem.reason) from None
        rows[instrument.name] = {name: _text(getattr(value, name), digits) for name, digits in DIGITS.items()}
    return rows


def _text(value: Decimal, digits: int) -> str:
    return format_decimal(nearest(value, digits), digits)
