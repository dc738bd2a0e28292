"""The simulator: one path of a market model, decided by its seed."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ..errors import PathError, StudyError
from .model import MarketModel
from .path import MarketPath, TermStructure
from .randomness import Purpose, stream

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

START_MS = 1_767_225_600_000
"""Midnight UTC, 1 January 2026: only the hour of the day matters, as options expire by the clock."""
MAX_STEPS = 2_000_000
JUMP_FEEDBACK_CAP = 250.0
"""The largest squared jump, in units of one step's normal variance, that feeds into later volatility."""
MAX_PRICE_E8 = float(1 << 62)


def simulate(model: MarketModel, seed: int, steps: int) -> MarketPath:
    """A path of `steps` steps, so of `steps + 1` prices, with what an option market would know beside it."""
    if not 0 < steps <= MAX_STEPS:
        raise StudyError("steps", f"must be between 1 and {MAX_STEPS}")
    levels = regime_levels(model, seed, steps)
    shocks = innovations(model, seed, steps)
    jumps = jump_returns(model, seed, steps)
    normal_variance = np.array([asset.volatility**2 for asset in model.assets])
    relative = _variance_path(model, shocks, jumps, levels, normal_variance)
    variance = relative * normal_variance
    returns = np.sqrt(variance[:-1] * model.step_years) * shocks + jumps
    return MarketPath(
        symbols=model.symbols,
        times_ms=START_MS + model.step_ms * np.arange(steps + 1, dtype=np.int64),
        prices_e8=_prices(model, returns),
        expected=TermStructure(
            short_variance=variance,
            long_variance=levels[:, None] * normal_variance,
            half_life_ms=model.memory_hours * 3_600_000,
        ),
    )


def innovations(model: MarketModel, seed: int, steps: int) -> Floats:
    """Student's t with variance 1, one common factor, and tails that come together."""
    normal = stream(seed, Purpose.INNOVATIONS).standard_normal((steps, len(model.assets) + 1))
    mixed = math.sqrt(model.correlation) * normal[:, :1] + math.sqrt(1 - model.correlation) * normal[:, 1:]
    degrees = model.tail_degrees
    squares = stream(seed, Purpose.TAILS).chisquare(degrees, (steps, 1))
    shocks: Floats = mixed * np.sqrt((degrees - 2) / squares)
    return shocks


def jump_returns(model: MarketModel, seed: int, steps: int) -> Floats:
    """The jumps of the market and of each asset, less what they are worth on average; at most one each a step."""
    market = _double_exponential(
        stream(seed, Purpose.MARKET_JUMPS),
        (steps, 1),
        np.array([model.market_jumps_per_year * model.step_years]),
        np.array([model.market_jump_mean]),
        model.down_probability,
    )
    own = _double_exponential(
        stream(seed, Purpose.OWN_JUMPS),
        (steps, len(model.assets)),
        np.array([asset.jumps_per_year * model.step_years for asset in model.assets]),
        np.array([asset.jump_mean for asset in model.assets]),
        model.down_probability,
    )
    betas = np.array([asset.market_beta for asset in model.assets])
    jumps: Floats = market * betas + own
    return jumps


def _double_exponential(
    draw: np.random.Generator, size: tuple[int, int], intensity: Floats, mean: Floats, down: float
) -> Floats:
    happens = draw.random(size) < -np.expm1(-intensity)
    signs = np.where(draw.random(size) < down, -1.0, 1.0)
    sizes = draw.standard_exponential(size) * mean
    drift = -np.expm1(-intensity) * mean * (1 - 2 * down)
    jumps: Floats = np.where(happens, signs * sizes, 0.0) - drift
    return jumps


def regime_levels(model: MarketModel, seed: int, steps: int) -> Floats:
    """The level of relative variance at each time: the square of the factor of the regime in force."""
    draw = stream(seed, Purpose.REGIMES)
    factors = [regime.volatility_factor**2 for regime in model.regimes]
    levels = np.empty(steps + 1)
    current, place = int(draw.integers(len(factors))), 0
    while place <= steps:
        mean_steps = model.regimes[current].mean_days * 86_400_000 / model.step_ms
        stay = 1 + int(draw.exponential(mean_steps))
        levels[place : place + stay] = factors[current]
        place += stay
        if len(factors) > 1:
            current = (current + 1 + int(draw.integers(len(factors) - 1))) % len(factors)
    return levels


def _variance_path(model: MarketModel, shocks: Floats, jumps: Floats, levels: Floats, normal: Floats) -> Floats:
    """h of every asset at every time, known one step ahead."""
    persistence = model.persistence
    factor = model.arch * shocks**2 + (persistence - model.arch)
    feedback = model.arch * np.minimum(jumps**2 / (normal * model.step_years), JUMP_FEEDBACK_CAP)
    added = (1 - persistence) * levels[:-1, None] + feedback
    path = np.empty((len(shocks) + 1, shocks.shape[1]))
    for asset in range(shocks.shape[1]):
        path[:, asset] = _recursion(float(levels[0]), factor[:, asset].tolist(), added[:, asset].tolist())
    return path


def _recursion(start: float, factors: list[float], added: list[float]) -> list[float]:
    """x' = factor * x + added, from its start to its end."""
    path = [start]
    for factor, extra in zip(factors, added, strict=True):
        start = factor * start + extra
        path.append(start)
    return path


def _prices(model: MarketModel, returns: Floats) -> Ints:
    logs = np.vstack([np.zeros(returns.shape[1]), np.cumsum(returns, axis=0)])
    prices = np.array([float(asset.price_e8) for asset in model.assets]) * np.exp(logs)
    if not (np.isfinite(prices).all() and prices.min() >= 1 and prices.max() < MAX_PRICE_E8):
        raise PathError("the simulated prices left the range of e8 prices: shorten the path or calm the model")
    rounded: Ints = np.rint(prices).astype(np.int64)
    return rounded
