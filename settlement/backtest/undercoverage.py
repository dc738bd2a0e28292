"""How far a margin can fall short of the worst move it is meant to cover: no chance in it, only Black-76.

The move is anything up to the shock z * sigma * sqrt(T), up or down, over the horizon T, at constant volatility. The
margin is computed without rounding or charges, so that what is seen is the method's own error: a parabola in place of
the option's value (delta-gamma), a grid in place of all moves (scenarios).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import StudyError
from ..risk import pricing
from ..risk.instrument import Kind
from ..risk.scenarios import Scenario, default_scenarios
from .model import YEAR_MS
from .randomness import Purpose, stream

Floats = npt.NDArray[np.float64]
Formula = Callable[[Kind, Any, Any, Any, Any], Floats]
PPM = 1e6
BASIS_POINTS = 1e4
LEAST_PRICE = 1e-12
"""A fall of the whole price and beyond is priced as almost the whole of it."""
MOVES = 101
"""Moves of the price that are tried, evenly from -shock to +shock."""
STRIKES = 61
STRIKE_DEVIATIONS = 3.0
"""Strikes that are tried, evenly in standard deviations until expiry, on either side of the price."""


@dataclass(frozen=True)
class Case:
    """One underlying at price 1, options of one expiry, and the margin's horizon."""

    expiry_ms: int
    horizon_ms: int
    sigma: float = 0.6
    confidence: float = 4.0
    scenarios: tuple[Scenario, ...] = default_scenarios(16)

    def __post_init__(self) -> None:
        if not 0 < self.horizon_ms < self.expiry_ms:
            raise StudyError("horizon_ms", "must be shorter than the time to expiry")

    @property
    def shock(self) -> float:
        return self.confidence * self.sigma * math.sqrt(self.horizon_ms / YEAR_MS)


@dataclass(frozen=True)
class Gap:
    """The largest loss beyond the margin, in basis points of the underlying's value per unit held; 0 where covered."""

    delta_gamma: float
    scenario: float
    larger: float


def short_option_gap(case: Case) -> Gap:
    """The worst over short calls and short puts of all strikes, each on its own."""
    strikes = _strikes(case)
    gaps = []
    for kind in (Kind.CALL, Kind.PUT):
        book = _Book(case, (kind,), strikes[:, None], np.array([[-1.0]]))
        gaps.append(book.gaps())
    return _worst(gaps)


def random_book_gap(case: Case, seed: int, books: int, options: int = 4) -> Gap:
    """The worst over random books of calls, puts and the underlying, long and short, per unit of options held."""
    draw = stream(seed, Purpose.PORTFOLIOS)
    kinds = tuple(Kind.CALL if place % 2 else Kind.PUT for place in range(options))
    strikes = np.exp(draw.uniform(-1, 1, (books, options)) * 2 * case.shock)
    held = draw.uniform(-1, 1, (books, options + 1))
    book = _Book(case, (*kinds, Kind.PERPETUAL), np.hstack([strikes, np.ones((books, 1))]), held)
    return _worst([book.gaps()])


@dataclass(frozen=True)
class _Book:
    """Many books at once: one row each, one column per instrument."""

    case: Case
    kinds: Sequence[Kind]
    strikes: Floats
    held: Floats

    def gaps(self) -> tuple[Floats, Floats, Floats]:
        """Loss beyond each margin, of each book."""
        worst, delta_gamma, scenario = self._worst_loss(), self._delta_gamma(), self._scenario()
        size = np.abs(self.held).sum(axis=1)
        margins = (delta_gamma, scenario, np.maximum(delta_gamma, scenario))
        first, second, third = (np.maximum(0.0, worst - margin) / size for margin in margins)
        return first, second, third

    def _worst_loss(self) -> Floats:
        moves = np.linspace(-self.case.shock, self.case.shock, MOVES)
        left_ms = self.case.expiry_ms - self.case.horizon_ms
        losses = [-self._profit(float(move), left_ms, self.case.sigma) for move in moves]
        worst: Floats = np.maximum(0.0, np.max(losses, axis=0))
        return worst

    def _delta_gamma(self) -> Floats:
        delta, gamma = self._sum(pricing.delta), self._sum(pricing.gamma)
        shock = self.case.shock
        loss: Floats = np.abs(delta) * shock + np.maximum(0.0, -gamma) * shock**2 / 2
        return loss

    def _scenario(self) -> Floats:
        losses = [-self._scenario_profit(scenario) for scenario in self.case.scenarios]
        worst: Floats = np.maximum(0.0, np.max(losses, axis=0))
        return worst

    def _scenario_profit(self, scenario: Scenario) -> Floats:
        left_ms = self.case.expiry_ms - self.case.horizon_ms * scenario.elapsed_ppm // PPM
        sigma = self.case.sigma * (1 + scenario.volatility_ppm / PPM)
        return self._profit(self.case.shock * scenario.move_ppm / PPM, left_ms, sigma) * (scenario.cover_ppm / PPM)

    def _profit(self, move: float, left_ms: float, sigma: float) -> Floats:
        return self._total(pricing.price, max(1 + move, LEAST_PRICE), left_ms, sigma) - self._now

    @cached_property
    def _now(self) -> Floats:
        return self._sum(pricing.price)

    def _sum(self, number: Formula) -> Floats:
        return self._total(number, 1.0, self.case.expiry_ms, self.case.sigma)

    def _total(self, number: Formula, forward: float, left_ms: float, sigma: float) -> Floats:
        columns = [
            number(kind, forward, self.strikes[:, place], left_ms / YEAR_MS, sigma)
            for place, kind in enumerate(self.kinds)
        ]
        total: Floats = (np.stack(columns, axis=1) * self.held).sum(axis=1)
        return total


def _strikes(case: Case) -> Floats:
    deviation = case.sigma * math.sqrt(case.expiry_ms / YEAR_MS)
    strikes: Floats = np.exp(np.linspace(-STRIKE_DEVIATIONS, STRIKE_DEVIATIONS, STRIKES) * deviation)
    return strikes


def _worst(gaps: Sequence[tuple[Floats, Floats, Floats]]) -> Gap:
    return Gap(*(BASIS_POINTS * max(float(part[place].max()) for part in gaps) for place in range(3)))
