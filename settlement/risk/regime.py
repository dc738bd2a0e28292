"""Regimes: calm, normal or turbulent, told from how recent volatility stands to long-run volatility, and from jumps.

A regime is entered at one ratio and left at another, nearer to normal, so that noise at the border does not switch it
back and forth; turbulence also lasts a number of observations. The answer depends on the returns alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from ..errors import ForecastError
from .ewma import ewma_variances
from .exact_numbers import PPM, exactly
from .returns import Return


class Regime(StrEnum):
    """How the market behaves now."""

    CALM = "calm"
    NORMAL = "normal"
    TURBULENT = "turbulent"


@dataclass(frozen=True)
class Multipliers:
    """What a regime does to the forecast volatility and to the latency allowance."""

    sigma_ppm: int
    latency_ppm: int


@dataclass(frozen=True)
class RegimeRule:
    """Ratios of short to long volatility in ppm; a jump is a return of `jump_ppm` long-run deviations or more."""

    short_decay_ppm: int
    long_decay_ppm: int
    calm_enter_ppm: int
    calm_leave_ppm: int
    turbulent_leave_ppm: int
    turbulent_enter_ppm: int
    jump_ppm: int
    hold: int
    multipliers: Mapping[Regime, Multipliers]

    def __post_init__(self) -> None:
        ratios = (self.calm_enter_ppm, self.calm_leave_ppm, self.turbulent_leave_ppm, self.turbulent_enter_ppm)
        if ratios[0] < 0 or not ratios[0] < ratios[1] <= PPM <= ratios[2] < ratios[3]:
            raise ForecastError(
                "regime ratios",
                "must ascend: calm enter < calm leave <= 100 % <= turbulent leave < turbulent enter",
            )
        if not 0 < self.short_decay_ppm < self.long_decay_ppm < PPM:
            raise ForecastError("regime decays", "must ascend: 0 < short < long < 100 %")
        if self.jump_ppm <= PPM or self.hold < 0:
            raise ForecastError("regime jump and hold", "must be above one deviation, and not negative")
        if set(self.multipliers) != set(Regime):
            raise ForecastError("regime multipliers", "must name calm, normal and turbulent")
        rows = [self.multipliers[regime] for regime in Regime]
        for values in ([row.sigma_ppm for row in rows], [row.latency_ppm for row in rows]):
            if values[0] < 1 or values != sorted(values):
                raise ForecastError("regime multipliers", "must be above zero and not fall from calm to turbulent")

    @exactly
    def path(self, returns: Sequence[Return], warmup: int) -> tuple[Regime, ...]:
        """The regime after the warmup and after each return that follows it; it starts as normal."""
        return tuple(self._walk(returns, warmup))

    def _walk(self, returns: Sequence[Return], warmup: int) -> Iterator[Regime]:
        short = ewma_variances(returns, self.short_decay_ppm, warmup)
        long = ewma_variances(returns, self.long_decay_ppm, warmup)
        regime, held = Regime.NORMAL, 0
        yield regime
        for i, step in enumerate(returns[warmup:]):
            jumped = _at_least(step.variance_per_ms(), self.jump_ppm, long[i])
            entered = jumped or _at_least(short[i + 1], self.turbulent_enter_ppm, long[i + 1])
            held = self.hold if entered else max(0, held - 1)
            regime = Regime.TURBULENT if entered else self._settled(regime, held, short[i + 1], long[i + 1])
            yield regime

    def _settled(self, regime: Regime, held: int, short: Decimal, long: Decimal) -> Regime:
        """The regime when nothing new makes it turbulent."""
        if regime is Regime.TURBULENT and (held > 0 or _at_least(short, self.turbulent_leave_ppm, long)):
            return Regime.TURBULENT
        calm_below = self.calm_leave_ppm if regime is Regime.CALM else self.calm_enter_ppm
        return Regime.NORMAL if _at_least(short, calm_below, long) else Regime.CALM


def _at_least(variance: Decimal, ratio_ppm: int, reference: Decimal) -> bool:
    """Whether the volatility is `ratio_ppm` of the reference's or more; a market that never moved is at 100 %."""
    if not variance and not reference:
        return ratio_ppm <= PPM
    return variance * PPM * PPM >= reference * ratio_ppm * ratio_ppm
