"""The volatility forecast of one asset: the largest of what its history says, scaled by the regime, and its floor.

    sigma = max(floor, multiplier(regime) * max(EWMA, GARCH))

in ppm per year, every step rounded up. The table takes the larger of this and the implied volatility.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkmargin.algebra import ceil_div

from ..errors import ForecastError
from .ewma import ewma_variances
from .exact_numbers import PPM
from .garch import Garch
from .regime import Regime, RegimeRule
from .returns import Return, annual_sigma_ppm, exact_returns

MAX_WINDOW = 20_000


@dataclass(frozen=True)
class ForecastModel:
    """How much history counts, how old it may be, and the parameters of the recursions."""

    window: int
    minimum_returns: int
    warmup: int
    decay_ppm: int
    max_age_ms: int
    regime: RegimeRule

    def __post_init__(self) -> None:
        if not 0 < self.warmup <= self.minimum_returns <= self.window <= MAX_WINDOW:
            raise ForecastError(
                "volatility model", f"needs 0 < warmup <= minimum_returns <= window <= {MAX_WINDOW} returns"
            )
        if not 0 < self.decay_ppm < PPM:
            raise ForecastError("decay", "must be above 0 % and below 100 %")
        if self.max_age_ms < 0:
            raise ForecastError("max_age_ms", "must not be negative")


@dataclass(frozen=True)
class AssetModel:
    """One asset's floor, whether its history counts, and its GARCH parameters where it has them."""

    floor_ppm: int
    from_history: bool = True
    garch: Garch | None = None

    def __post_init__(self) -> None:
        if self.floor_ppm < 1:
            raise ForecastError("sigma floor", "must be above 0 %")


@dataclass(frozen=True)
class Forecast:
    """Annualised `sigma_ppm` and where it comes from; `ewma_ppm` and `garch_ppm` are 0 where they were not used."""

    sigma_ppm: int
    regime: Regime
    ewma_ppm: int = 0
    garch_ppm: int = 0
    returns: int = 0

    @classmethod
    def fixed(cls, sigma_ppm: int) -> Forecast:
        """An asset that has no history, such as a stablecoin."""
        return cls(sigma_ppm, Regime.NORMAL)


def forecast(
    times_ms: Sequence[int],
    prices_e8: Sequence[int],
    model: ForecastModel,
    asset: AssetModel,
    *,
    time_ms: int,
    horizon_ms: int,
) -> Forecast:
    """The forecast made at `time_ms`; `ForecastError` where the history is too short, too old or from the future."""
    returns = _recent(times_ms, prices_e8, model, time_ms)
    ewma_ppm = annual_sigma_ppm(ewma_variances(returns, model.decay_ppm, model.warmup)[-1])
    garch_ppm = 0 if asset.garch is None else annual_sigma_ppm(asset.garch.variance_per_ms(returns, horizon_ms))
    regime = model.regime.path(returns, model.warmup)[-1]
    scaled_ppm = ceil_div(max(ewma_ppm, garch_ppm) * model.regime.multipliers[regime].sigma_ppm, PPM)
    return Forecast(max(asset.floor_ppm, scaled_ppm), regime, ewma_ppm, garch_ppm, len(returns))


def _recent(
    times_ms: Sequence[int], prices_e8: Sequence[int], model: ForecastModel, time_ms: int
) -> tuple[Return, ...]:
    if not times_ms:
        raise ForecastError("history", "is empty")
    if times_ms[-1] > time_ms:
        raise ForecastError("history", f"ends {times_ms[-1] - time_ms} ms after the time of the forecast")
    if time_ms - times_ms[-1] > model.max_age_ms:
        raise ForecastError(
            "history", f"ends {time_ms - times_ms[-1]} ms before the forecast; at most {model.max_age_ms} are allowed"
        )
    returns = exact_returns(times_ms[-model.window - 1 :], prices_e8[-model.window - 1 :])
    if len(returns) < model.minimum_returns:
        raise ForecastError("history", f"has {len(returns)} returns; the policy asks for {model.minimum_returns}")
    return returns
