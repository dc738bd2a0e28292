"""Black-76 in float64, over whole arrays: for backtests and pictures, never for a published table.

F. Black, The pricing of commodity contracts (1976), undiscounted: margin is held in the quote currency and earns
nothing over the minutes that a horizon has. `exact_pricing` has the same formulas in decimals and makes the table.

Edges, the same in both modules:
- no time or no volatility: the price is the intrinsic value, delta is 0 or 1 (1/2 at the strike), vega is 0 off the
  strike; gamma is 0 off the strike, and at the strike, where it has no bound, a `PricingError`;
- NaN, infinity, negative time or volatility, forward or strike not above zero: a `PricingError`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zkmargin.algebra.extras import require

from ..errors import PricingError
from .instrument import Kind

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]

INVERSE_ROOT_TWO_PI = 0.3989422804014327


@dataclass(frozen=True)
class Valuation:
    """Per unit: price, delta, gamma, vega (per 1.00 of volatility) and theta (per year)."""

    price: FloatArray
    delta: FloatArray
    gamma: FloatArray
    vega: FloatArray
    theta: FloatArray


def price(kind: Kind, forward: Any, strike: Any = 1.0, years: Any = 0.0, sigma: Any = 0.0) -> FloatArray:
    """Value of one unit; the four numbers broadcast against each other as numpy arrays do."""
    import numpy as np

    f, k, t, s = _checked(forward, strike, years, sigma)
    if not kind.is_option:
        return f.copy()
    d1, d2, _ = _d1_d2(f, k, t, s)
    sign = 1.0 if kind is Kind.CALL else -1.0
    ndtr = require("scipy.special", "risk").ndtr
    with np.errstate(invalid="ignore", over="ignore"):
        black = sign * (f * ndtr(sign * d1) - k * ndtr(sign * d2))
    # Cancellation may leave a few ulps below what no arbitrage allows.
    return np.asarray(np.maximum(black, np.maximum(sign * (f - k), 0.0)), dtype=np.float64)


def delta(kind: Kind, forward: Any, strike: Any = 1.0, years: Any = 0.0, sigma: Any = 0.0) -> FloatArray:
    """Change of the price per unit of the forward."""
    import numpy as np

    f, k, t, s = _checked(forward, strike, years, sigma)
    if not kind.is_option:
        return np.ones_like(f)
    d1, _, _ = _d1_d2(f, k, t, s)
    ndtr = require("scipy.special", "risk").ndtr
    return np.asarray(ndtr(d1) if kind is Kind.CALL else -ndtr(-d1), dtype=np.float64)


def gamma(kind: Kind, forward: Any, strike: Any = 1.0, years: Any = 0.0, sigma: Any = 0.0) -> FloatArray:
    """Change of delta per unit of the forward; refused at the strike of an option without time or volatility."""
    import numpy as np

    f, k, t, s = _checked(forward, strike, years, sigma)
    if not kind.is_option:
        return np.zeros_like(f)
    d1, _, deviation = _d1_d2(f, k, t, s)
    if np.any((deviation == 0) & (f == k)):
        raise PricingError("gamma", "has no bound at the strike without time or volatility: set a floor for them")
    safe = np.where(deviation > 0, deviation, 1.0)
    return np.asarray(np.where(deviation > 0, _density(d1) / (f * safe), 0.0), dtype=np.float64)


def vega(kind: Kind, forward: Any, strike: Any = 1.0, years: Any = 0.0, sigma: Any = 0.0) -> FloatArray:
    """Change of the price per 1.00 (100 points) of volatility."""
    import numpy as np

    f, k, t, s = _checked(forward, strike, years, sigma)
    if not kind.is_option:
        return np.zeros_like(f)
    d1, _, _ = _d1_d2(f, k, t, s)
    return np.asarray(f * _density(d1) * np.sqrt(t), dtype=np.float64)


def theta(kind: Kind, forward: Any, strike: Any = 1.0, years: Any = 0.0, sigma: Any = 0.0) -> FloatArray:
    """Change of the price per year that passes; 0 without time or volatility, where the price has stopped moving."""
    import numpy as np

    f, k, t, s = _checked(forward, strike, years, sigma)
    if not kind.is_option:
        return np.zeros_like(f)
    d1, _, deviation = _d1_d2(f, k, t, s)
    safe = np.where(t > 0, t, 1.0)
    return np.asarray(np.where(deviation > 0, -f * _density(d1) * s / (2 * np.sqrt(safe)), 0.0), dtype=np.float64)


def value(kind: Kind, forward: Any, strike: Any = 1.0, years: Any = 0.0, sigma: Any = 0.0) -> Valuation:
    """Price and Greeks at once."""
    of = (kind, forward, strike, years, sigma)
    return Valuation(price(*of), delta(*of), gamma(*of), vega(*of), theta(*of))


def _checked(*numbers: Any) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    import numpy as np

    forward, strike, years, sigma = np.broadcast_arrays(*(np.asarray(number, dtype=np.float64) for number in numbers))
    for name, values in (("forward", forward), ("strike", strike), ("years", years), ("sigma", sigma)):
        if not np.all(np.isfinite(values)):
            raise PricingError(name, "is not a finite number")
        if np.any(values < 0) or (name in ("forward", "strike") and np.any(values == 0)):
            raise PricingError(name, "must be above zero" if name in ("forward", "strike") else "must not be negative")
    return forward, strike, years, sigma


def _d1_d2(f: FloatArray, k: FloatArray, t: FloatArray, s: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """d1, d2 and sigma * sqrt(T); without deviation the limits, minus or plus infinity or, at the strike, zero."""
    import numpy as np

    deviation = s * np.sqrt(t)
    log_moneyness = np.log(f) - np.log(k)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(log_moneyness == 0, 0.0, log_moneyness / deviation)
    return ratio + deviation / 2, ratio - deviation / 2, deviation


def _density(x: FloatArray) -> FloatArray:
    import numpy as np

    with np.errstate(over="ignore"):
        return np.asarray(INVERSE_ROOT_TWO_PI * np.exp(-x * x / 2), dtype=np.float64)
