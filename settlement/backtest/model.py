"""A market model: the numbers a simulated market is drawn from.

These are parameters of a random experiment and not money, so they are floats: rates a year, volatilities a
square root of a year, jump sizes in logarithms of the price.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import ModelError

E8 = 10**8
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
YEAR_MS = 365 * DAY_MS


@dataclass(frozen=True)
class AssetModel:
    """One asset: where it starts, how much it moves in normal times, and its jumps beside the market's."""

    symbol: str
    price_e8: int
    volatility: float
    market_beta: float
    """How much of a jump of the whole market it takes part in."""
    jumps_per_year: float
    jump_mean: float
    """Mean size of an own jump, up or down."""

    def __post_init__(self) -> None:
        _require("price_e8", 0 < self.price_e8 < 1 << 62, "must be positive and below 2^62")
        _require("volatility", 0 < self.volatility <= 5, "must be in (0, 5]")
        _require("market_beta", 0 <= self.market_beta <= 5, "must be in [0, 5]")
        _require("jumps_per_year", 0 <= self.jumps_per_year <= 10_000, "must be in [0, 10000]")
        _require("jump_mean", 0 <= self.jump_mean <= 0.5, "must be in [0, 0.5]")


@dataclass(frozen=True)
class Regime:
    """A state of the market that lasts for an exponentially distributed time."""

    name: str
    volatility_factor: float
    mean_days: float

    def __post_init__(self) -> None:
        _require("volatility_factor", 0 < self.volatility_factor <= 10, "must be in (0, 10]")
        _require("mean_days", 0 < self.mean_days <= 3650, "must be in (0, 3650]")


@dataclass(frozen=True)
class MarketModel:
    """Assets driven by correlated innovations with fat tails, clustering volatility, jumps and regimes.

    Per step and asset the return is `volatility * sqrt(step) * sqrt(h) * z + jumps`; z is Student's t with
    `tail_degrees` degrees of freedom and variance 1, and h follows GARCH(1,1): `h' = level + (arch * z^2 + garch) * h
    + arch * jump^2` in units of the asset's normal variance, where the level draws h towards the square of the regime's
    factor. Jump sizes are double exponential (Kou 2002); market jumps hit every asset by its beta.
    """

    assets: tuple[AssetModel, ...]
    correlation: float
    tail_degrees: float
    arch: float
    memory_hours: float
    """Half-life of a volatility shock; together with `arch` it gives the GARCH coefficient."""
    market_jumps_per_year: float
    market_jump_mean: float
    down_probability: float
    regimes: tuple[Regime, ...]
    step_ms: int

    def __post_init__(self) -> None:
        _require("assets", 0 < len(self.assets) <= 64, "must number 1 to 64")
        _require(
            "assets", len({asset.symbol for asset in self.assets}) == len(self.assets), "must have distinct symbols"
        )
        _require("correlation", 0 <= self.correlation < 1, "must be in [0, 1)")
        _require("tail_degrees", 2.1 <= self.tail_degrees <= 1000, "must be in [2.1, 1000]")
        _require("market_jumps_per_year", 0 <= self.market_jumps_per_year <= 10_000, "must be in [0, 10000]")
        _require("market_jump_mean", 0 <= self.market_jump_mean <= 0.5, "must be in [0, 0.5]")
        _require("down_probability", 0 <= self.down_probability <= 1, "must be in [0, 1]")
        _require("regimes", 0 < len(self.regimes) <= 16, "must number 1 to 16")
        _require("step_ms", 1000 <= self.step_ms <= DAY_MS, "must be between one second and one day")
        _require("memory_hours", self.memory_hours > 0, "must be positive")
        _require("arch", 0 <= self.arch <= self.persistence, "must be in [0, persistence of the memory]")

    @property
    def persistence(self) -> float:
        """arch + garch: what is left of a shock to the variance after one step."""
        return math.exp(-math.log(2) * self.step_ms / (self.memory_hours * HOUR_MS))

    @property
    def step_years(self) -> float:
        return self.step_ms / YEAR_MS

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(asset.symbol for asset in self.assets)


def crypto_model(step_ms: int = 300_000) -> MarketModel:
    """Three large coins as they have moved in recent years, in round numbers; fitted to no data set."""
    return MarketModel(
        assets=(
            AssetModel("BTC", 64_000 * E8, 0.50, 1.0, 20, 0.012),
            AssetModel("ETH", 3_200 * E8, 0.65, 1.2, 25, 0.015),
            AssetModel("SOL", 150 * E8, 0.90, 1.5, 40, 0.020),
        ),
        correlation=0.7,
        tail_degrees=5,
        arch=0.02,
        memory_hours=24,
        market_jumps_per_year=60,
        market_jump_mean=0.010,
        down_probability=0.6,
        regimes=(Regime("calm", 0.6, 12), Regime("normal", 1.0, 15), Regime("turbulent", 2.0, 4)),
        step_ms=step_ms,
    )


def _require(field: str, holds: bool, reason: str) -> None:
    if not holds:
        raise ModelError(field, reason)
