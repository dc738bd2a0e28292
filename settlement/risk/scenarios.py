"""Scenarios: the profit or loss of one unit by full revaluation when price and volatility move together.

The range of an underlying is z * sigma * sqrt(T), the statement's own shock. A scenario moves the price by a share of
the range and the volatility by a share of itself, may let time pass, and counts in full or in part. The usual sixteen
follow CME's SPAN: seven prices times volatility up and down, and two extreme moves of which a part counts.

Time passes where volatility falls and stands still where it rises: the former hurts who is long options, the latter
who is short.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from ..errors import PricingError
from .exact_numbers import PPM, exactly, scaled
from .exact_pricing import Quoted
from .instrument import Kind

RANGE_SCALE = 9
MAX_MOVE_PPM = 10 * PPM
EXTREME_MOVE_PPM = 2 * PPM
EXTREME_COVER_PPM = 350_000
VOLATILITY_SHIFT_PPM = 250_000


@dataclass(frozen=True)
class Scenario:
    """`move_ppm` of the range, `volatility_ppm` of the volatility, `elapsed_ppm` of the horizon; `cover_ppm` counts."""

    move_ppm: int
    volatility_ppm: int
    elapsed_ppm: int = 0
    cover_ppm: int = PPM

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("move", self.move_ppm, -MAX_MOVE_PPM, MAX_MOVE_PPM),
            ("volatility", self.volatility_ppm, 1 - PPM, MAX_MOVE_PPM),
            ("elapsed", self.elapsed_ppm, 0, PPM),
            ("cover", self.cover_ppm, 1, PPM),
        ):
            if not low <= value <= high:
                raise PricingError(f"scenario {name}", f"must be within {low} and {high} ppm")


def default_scenarios(count: int, volatility_shift_ppm: int = VOLATILITY_SHIFT_PPM) -> tuple[Scenario, ...]:
    """A grid of any size: prices spread evenly over the range, volatility up and down, and two extremes from eight on.

    An odd one left over is a rise in volatility alone.
    """
    extremes = 2 if count >= 8 else 0
    points = (count - extremes) // 2
    up, down = (0, volatility_shift_ppm), (PPM, -volatility_shift_ppm)
    grid = [Scenario(move, shift, elapsed_ppm=elapsed) for move in _spread(points) for elapsed, shift in (up, down)]
    if (count - extremes) % 2:
        grid.append(Scenario(0, 2 * volatility_shift_ppm))
    if extremes:
        grid += [Scenario(sign * EXTREME_MOVE_PPM, 0, cover_ppm=EXTREME_COVER_PPM) for sign in (1, -1)]
    return tuple(grid)


def _spread(points: int) -> list[int]:
    """Shares of the range from the middle outwards, up before down."""
    if points < 2:
        return [0] * points
    shares = [round(PPM * (2 * i - (points - 1)) / (points - 1)) for i in range(points)]
    return sorted(shares, key=lambda share: (abs(share), -share))


@dataclass(frozen=True)
class Revaluation:
    """What every instrument of one underlying is revalued under."""

    range_e9: int
    horizon_ms: int
    minimum_time_ms: int
    scenarios: tuple[Scenario, ...]

    @exactly
    def profits(self, quoted: Quoted) -> tuple[Decimal, ...]:
        """Profit of one unit held long in each scenario, in quote units."""
        now = quoted.price()
        return tuple(self._profit(quoted, now, scenario) for scenario in self.scenarios)

    def _profit(self, quoted: Quoted, now: Decimal, scenario: Scenario) -> Decimal:
        factor = 1 + scaled(scenario.move_ppm * self.range_e9, 6 + RANGE_SCALE)
        moved, forward = self._moved(quoted, scenario), scaled(quoted.forward_e8, 8) * factor
        then = moved.price_at(forward) if factor > 0 else worth_at_zero(quoted)
        return (then - now) * scenario.cover_ppm / PPM

    def _moved(self, quoted: Quoted, scenario: Scenario) -> Quoted:
        """The instrument with its volatility and remaining time as the scenario leaves them."""
        if not quoted.kind.is_option:
            return quoted
        elapsed_ms = self.horizon_ms * scenario.elapsed_ppm // PPM
        left_ms = max(quoted.time_left_ms - elapsed_ms, min(quoted.time_left_ms, self.minimum_time_ms))
        sigma_ppm = quoted.sigma_ppm * (PPM + scenario.volatility_ppm) // PPM
        return replace(quoted, time_left_ms=left_ms, sigma_ppm=max(1, sigma_ppm))


def worth_at_zero(quoted: Quoted) -> Decimal:
    """What one unit is worth when the underlying is worth nothing: a move of the whole price and beyond."""
    return scaled(quoted.strike_e8, 8) if quoted.kind is Kind.PUT else Decimal(0)
