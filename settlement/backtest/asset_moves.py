"""How single assets moved against what was forecast: their haircuts, their tails, and the shape of their returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from .facts import stylised_facts
from .judgement import hindsight_average
from .model import YEAR_MS
from .outcome import Realised
from .path import MarketPath
from .report import AssetFacts, Calibration, HaircutResult
from .table_series import TableSeries

Floats = npt.NDArray[np.float64]
E8, PPM = 10**8, 10**6
CALIBRATED_E4 = (16_449, 23_263, 30_902, 40_000)
"""Normal quantiles of 95 %, 99 % and 99.9 %, and the usual four."""


@dataclass(frozen=True)
class AssetMoves:
    """Of one path at one horizon, by row and symbol."""

    fall: Floats
    """Of the later price below the table's low price, as a share of it; negative for a rise."""
    shock: Floats
    haircut: float
    """The part of the haircut that does not depend on the horizon, of a small holding."""
    deviations: Floats
    """The move in units of the forecast deviation over the horizon."""

    @classmethod
    def of(cls, series: TableSeries, realised: Realised) -> AssetMoves:
        price, low = series.spot_e8 / E8, series.price_low_e8[:, :-1] / E8
        profit = realised.asset_profit[:, :-1]
        forecast = series.sigma_ppm[:, :-1] / PPM * np.sqrt(series.settings.horizon_ms / YEAR_MS)
        return cls(
            fall=1 - (price + profit) / low,
            shock=series.shocks[:, :-1],
            haircut=series.settings.haircut_ppm[0] / PPM,
            deviations=profit / price / forecast,
        )


def haircut_results(
    symbols: Sequence[str], moves: Sequence[AssetMoves], asked_rate: float
) -> tuple[HaircutResult, ...]:
    """How often each symbol fell by more than its haircut, over all paths, and what a constant one would cost."""
    fall, shock = (np.concatenate([getattr(part, name) for part in moves]) for name in ("fall", "shock"))
    latency, whole = fall > shock, fall > shock + moves[0].haircut
    return tuple(
        HaircutResult(
            symbol=symbol,
            trials=len(fall),
            beyond_latency=int(latency[:, place].sum()),
            beyond_haircut=int(whole[:, place].sum()),
            latency_average_ppm=round(float(shock[:, place].mean()) * PPM),
            static_average_ppm=_hindsight_ppm(fall[:, place], np.ones(len(fall)), asked_rate),
            scaled_average_ppm=_hindsight_ppm(fall[:, place], shock[:, place], asked_rate),
        )
        for place, symbol in enumerate(symbols)
    )


def _hindsight_ppm(fall: Floats, base: Floats, asked_rate: float) -> int:
    return round(hindsight_average(fall, base, asked_rate) * PPM)


def calibration(moves: Sequence[AssetMoves]) -> tuple[Calibration, ...]:
    """Moves of every symbol, up and down, against the normal tail."""
    deviations = np.concatenate([part.deviations.ravel() for part in moves])
    both_ways = np.concatenate([deviations, -deviations])
    return tuple(
        Calibration(
            confidence_e4=z_e4,
            asked_e9=round(NormalDist().cdf(-z_e4 / 10_000) * 1e9),
            trials=len(both_ways),
            exceedances=int((both_ways > z_e4 / 10_000).sum()),
        )
        for z_e4 in CALIBRATED_E4
    )


def asset_facts(paths: Sequence[MarketPath]) -> tuple[AssetFacts, ...]:
    """The shape of each symbol's returns over one step, over all paths."""
    returns = np.vstack([path.log_returns for path in paths])
    yearly = (YEAR_MS / paths[0].step_ms) ** 0.5
    return tuple(_facts(symbol, column, yearly) for symbol, column in zip(paths[0].symbols, returns.T, strict=True))


def _facts(symbol: str, returns: Floats, yearly: float) -> AssetFacts:
    facts = stylised_facts(returns)
    return AssetFacts(
        symbol=symbol,
        volatility_ppm=round(float(returns.std()) * yearly * PPM),
        kurtosis_e4=round(facts.kurtosis * 10_000),
        return_autocorrelation_ppm=round(facts.return_autocorrelation * PPM),
        square_autocorrelation_ppm=round(facts.square_autocorrelation * PPM),
    )
