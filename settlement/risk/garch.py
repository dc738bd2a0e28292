"""GARCH(1,1): parameters fitted offline once, a filter over the returns that anyone can repeat digit by digit.

T. Bollerslev, Generalized autoregressive conditional heteroskedasticity (1986): per step of a fixed length

    v[t+1] = omega + alpha * r[t]^2 + beta * v[t],      v = omega / (1 - alpha - beta) in the long run.

`fit_garch` needs the package `arch` and uses floats; its result is rounded into the policy, and from there on only
integers and decimals count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from zkmargin.algebra.extras import require

from ..errors import ForecastError
from .exact_numbers import PPM, exactly, scaled
from .returns import Return, float_returns

if TYPE_CHECKING:
    from .returns import FloatArray

OMEGA_SCALE = 18
MINIMUM_RETURNS_TO_FIT = 250
FIT_SCALE = 1000.0
"""Returns are multiplied by this before fitting: the optimiser wants numbers of about one."""


@dataclass(frozen=True)
class Garch:
    """omega in 1e-18 of variance per step, alpha and beta in ppm; alpha + beta < 1 so that a long run exists."""

    step_ms: int
    omega_e18: int
    alpha_ppm: int
    beta_ppm: int

    def __post_init__(self) -> None:
        if self.step_ms < 1:
            raise ForecastError("garch step", "must be at least a millisecond")
        if self.omega_e18 < 1:
            raise ForecastError("garch omega", "must be above zero")
        if self.alpha_ppm < 0 or self.beta_ppm < 0 or self.alpha_ppm + self.beta_ppm >= PPM:
            raise ForecastError("garch alpha and beta", "must not be negative, and together below 1")

    @exactly
    def long_run(self) -> Decimal:
        """Variance per step that forecasts return to."""
        return scaled(self.omega_e18, OMEGA_SCALE) * PPM / (PPM - self.alpha_ppm - self.beta_ppm)

    @exactly
    def next_variance(self, returns: Sequence[Return]) -> Decimal:
        """Variance of the step after the last return; the filter starts from the long run."""
        if any(step.elapsed_ms != self.step_ms for step in returns):
            raise ForecastError("history", f"has steps that are not {self.step_ms} ms: fill the gaps or fit again")
        omega, variance = scaled(self.omega_e18, OMEGA_SCALE), self.long_run()
        for step in returns:
            variance = omega + (self.alpha_ppm * step.log * step.log + self.beta_ppm * variance) / PPM
        return variance

    @exactly
    def variance_per_ms(self, returns: Sequence[Return], horizon_ms: int) -> Decimal:
        """Average variance per millisecond over the steps that the horizon touches."""
        excess, kept = self.next_variance(returns) - self.long_run(), Decimal(self.alpha_ppm + self.beta_ppm) / PPM
        steps = max(1, -(-horizon_ms // self.step_ms))
        # 1 + kept + ... + kept^(steps-1), by the closed form.
        weight = (1 - _power(kept, steps)) / (1 - kept)
        return (self.long_run() + excess * weight / steps) / self.step_ms

    def sigmas(self, prices: Any, step_years: float) -> FloatArray:
        """The filter in floats: annualised sigma of the next step, known after each row of `prices`."""
        import numpy as np

        returns = float_returns(prices)
        omega, alpha, beta = self.omega_e18 / 10**OMEGA_SCALE, self.alpha_ppm / PPM, self.beta_ppm / PPM
        start = np.full_like(returns[:1], float(self.long_run()))
        lfilter = require("scipy.signal", "risk").lfilter
        later, _ = lfilter([1.0], [1, -beta], omega + alpha * returns**2, axis=0, zi=beta * start)
        return np.asarray(np.sqrt(np.concatenate([start, later]) / step_years), dtype=np.float64)


def fit_garch(prices: Any, step_ms: int) -> Garch:
    """Maximum likelihood with Student's t innovations; `ForecastError` if there is too little or it does not settle."""
    returns = float_returns(prices)
    if returns.ndim != 1 or len(returns) < MINIMUM_RETURNS_TO_FIT:
        raise ForecastError("history", f"needs one series of at least {MINIMUM_RETURNS_TO_FIT} returns to fit GARCH")
    if not returns.any():
        raise ForecastError("history", "never moves, so there is nothing to fit")
    model = require("arch", "risk").arch_model(
        returns * FIT_SCALE, mean="Zero", vol="GARCH", p=1, q=1, dist="t", rescale=False
    )
    fitted = model.fit(disp="off", show_warning=False)
    if fitted.convergence_flag != 0:
        raise ForecastError("history", "gives no GARCH fit: take a longer history, or forecast without GARCH")
    found = fitted.params
    alpha_ppm, beta_ppm = round(found["alpha[1]"] * PPM), round(found["beta[1]"] * PPM)
    # Rounding must not push the persistence to one.
    beta_ppm = min(beta_ppm, PPM - 1 - alpha_ppm)
    return Garch(step_ms, max(1, round(found["omega"] / FIT_SCALE**2 * 10**OMEGA_SCALE)), alpha_ppm, beta_ppm)


def _power(base: Decimal, exponent: int) -> Decimal:
    """By squaring: `**` is not promised to be correctly rounded."""
    result = Decimal(1)
    while exponent:
        if exponent & 1:
            result *= base
        base, exponent = base * base, exponent >> 1
    return result
