"""The backtest itself: tables, margins and losses along every path and over every horizon, made into one report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ..errors import StudyError
from .facts import stylised_facts
from .judgement import judge_portfolio, significance_each
from .model import DAY_MS, YEAR_MS
from .option_market import OptionMarket
from .outcome import Outcome, Realised, horizon_rows, joined, outcome
from .path import MarketPath
from .portfolio import PORTFOLIOS, Portfolio
from .report import (
    AssetFacts,
    Calibration,
    GapResult,
    HaircutResult,
    HorizonResult,
    Report,
    Setup,
    Timeline,
)
from .table_series import TableSeries, build_tables
from .table_settings import TableSettings
from .undercoverage import Case, Gap, random_book_gap, short_option_gap

Floats = npt.NDArray[np.float64]
Tell = Callable[[str, float], None]
"""Called with what is being done and how much of the whole is done."""
CALIBRATED_E4 = (16_449, 23_263, 30_902, 40_000)
"""Normal quantiles of 95 %, 99 % and 99.9 %, and the usual four."""
GAP_EXPIRIES_MS = (6 * 3_600_000, DAY_MS)
GAP_SIGMA_PPM = 600_000
RANDOM_BOOKS = 1000
E8, PPM = 10**8, 10**6


@dataclass(frozen=True)
class StudySettings:
    """What is asked of the margin and over which horizons; the first horizon is the main one."""

    horizons_ms: tuple[int, ...] = (600_000, 300_000, 1_800_000, 3_600_000)
    coverage_ppm: int = 999_000
    significance_ppm: int = 10_000
    table: TableSettings = field(default_factory=TableSettings)
    portfolios: tuple[Portfolio, ...] = PORTFOLIOS
    timelines: tuple[str, ...] = ("long-perp", "short-strangle")

    def __post_init__(self) -> None:
        if not self.horizons_ms or len(set(self.horizons_ms)) != len(self.horizons_ms):
            raise StudyError("horizons_ms", "must be one or more different horizons")
        if not 0 < self.coverage_ppm < PPM:
            raise StudyError("coverage_ppm", "must be between 0 % and 100 %")
        if not 0 < self.significance_ppm < PPM:
            raise StudyError("significance_ppm", "must be between 0 % and 100 %")

    def horizon_steps(self, path: MarketPath, horizon_ms: int) -> int:
        steps, left = divmod(horizon_ms, path.step_ms)
        if left or not steps:
            raise StudyError("horizons_ms", f"must be multiples of the path's step, {path.step_ms} ms")
        return steps


def run_study(
    paths: Sequence[MarketPath], settings: StudySettings, source: str, seeds: tuple[int, ...], tell: Tell
) -> Report:
    """Backtest all portfolios along all paths, which must have the same symbols and step."""
    first = paths[0]
    if any(path.symbols != first.symbols or path.step_ms != first.step_ms for path in paths):
        raise StudyError("paths", "must have the same symbols and steps")
    horizons: list[HorizonResult] = []
    main: list[_Run] = []
    for place, horizon_ms in enumerate(settings.horizons_ms):
        runs = []
        for number, path in enumerate(paths):
            done = (place + number / len(paths)) / (len(settings.horizons_ms) + 1)
            tell(f"horizon {horizon_ms / 60_000:g} min, path {number + 1} of {len(paths)}", done)
            runs.append(_Run.over(path, settings, horizon_ms))
        horizons.append(_horizon_result(runs, settings, horizon_ms))
        main = main or runs
    tell("largest gaps", len(settings.horizons_ms) / (len(settings.horizons_ms) + 1))
    return Report(
        setup=_setup(paths, settings, source, seeds),
        assets=_asset_facts(paths),
        horizons=tuple(horizons),
        calibration=_calibration(main),
        gaps=_gaps(settings),
        timelines=tuple(
            _timeline(main[0], portfolio, settings)
            for portfolio in settings.portfolios
            if portfolio.name in settings.timelines
        ),
    )


@dataclass(frozen=True)
class _Run:
    """One path at one horizon."""

    path: MarketPath
    series: TableSeries
    realised: Realised
    outcomes: dict[str, Outcome]

    @classmethod
    def over(cls, path: MarketPath, settings: StudySettings, horizon_ms: int) -> _Run:
        market, table = OptionMarket(path), replace(settings.table, horizon_ms=horizon_ms)
        steps = settings.horizon_steps(path, horizon_ms)
        rows = horizon_rows(table.forecast.warmup_steps(path), len(path), steps)
        series = build_tables(market, table, rows)
        realised = Realised.after(market, series, steps)
        outcomes = {p.name: outcome(p, series, realised, path.prices_e8[0]) for p in settings.portfolios}
        return cls(path, series, realised, outcomes)


def _horizon_result(runs: Sequence[_Run], settings: StudySettings, horizon_ms: int) -> HorizonResult:
    lengths = np.cumsum([len(run.series.rows) for run in runs])
    breaks = tuple(int(end) for end in lengths[:-1])
    significance = significance_each(
        settings.significance_ppm / PPM, 2 * len(settings.portfolios) * len(settings.horizons_ms)
    )
    return HorizonResult(
        horizon_ms=horizon_ms,
        portfolios=tuple(
            judge_portfolio(
                portfolio,
                joined([run.outcomes[portfolio.name] for run in runs]),
                asked_rate=1 - settings.coverage_ppm / PPM,
                significance=significance,
                breaks=breaks,
            )
            for portfolio in settings.portfolios
        ),
        haircuts=tuple(_haircut(runs, asset) for asset in range(len(runs[0].path.symbols))),
    )


def _haircut(runs: Sequence[_Run], asset: int) -> HaircutResult:
    """How often one unit's later price was below what it had counted for, by the horizon's part and by the whole."""
    falls, shocks, wholes = [], [], []
    for run in runs:
        low, price = run.series.price_low_e8[:, asset], run.series.price_e8[:, asset]
        later = price / E8 + run.realised.asset_profit[:, asset]
        falls.append(1 - later / (low / E8))
        shocks.append(run.series.shocks[:, asset])
        wholes.append(run.series.shocks[:, asset] + run.series.settings.haircut_ppm[0] / PPM)
    fall, shock, whole = (np.concatenate(part) for part in (falls, shocks, wholes))
    return HaircutResult(
        symbol=runs[0].path.symbols[asset],
        trials=len(fall),
        beyond_latency=int((fall > shock).sum()),
        beyond_haircut=int((fall > whole).sum()),
        latency_average_ppm=round(float(shock.mean()) * PPM),
    )


def _calibration(runs: Sequence[_Run]) -> tuple[Calibration, ...]:
    """Moves of every underlying, both ways, in units of the forecast deviation, against the normal tail."""
    from statistics import NormalDist

    parts = []
    for run in runs:
        deviations = run.series.sigma_ppm[:, :-1] / PPM * np.sqrt(run.series.settings.horizon_ms / YEAR_MS)
        moves = run.realised.asset_profit[:, :-1] / (run.series.spot_e8 / E8) / deviations
        parts.append(np.concatenate([moves.ravel(), -moves.ravel()]))
    moves = np.concatenate(parts)
    return tuple(
        Calibration(
            confidence_e4=z_e4,
            asked_e9=round(NormalDist().cdf(-z_e4 / 10_000) * 1e9),
            trials=len(moves),
            exceedances=int((moves > z_e4 / 10_000).sum()),
        )
        for z_e4 in CALIBRATED_E4
    )


def _gaps(settings: StudySettings) -> tuple[GapResult, ...]:
    results = []
    for expiry_ms in GAP_EXPIRIES_MS:
        for horizon_ms in sorted(settings.horizons_ms):
            if horizon_ms >= expiry_ms:
                continue
            case = Case(
                expiry_ms,
                horizon_ms,
                GAP_SIGMA_PPM / PPM,
                settings.table.confidence_e4 / 10_000,
                settings.table.scenarios,
            )
            results.append(_gap_result("short option", case, short_option_gap(case)))
            results.append(_gap_result("random book", case, random_book_gap(case, 1, RANDOM_BOOKS)))
    return tuple(results)


def _gap_result(books: str, case: Case, gap: Gap) -> GapResult:
    scaled = [round(value * 10_000) for value in (gap.delta_gamma, gap.scenario, gap.larger)]
    return GapResult(books, case.expiry_ms, case.horizon_ms, round(case.sigma * PPM), *scaled)


def _timeline(run: _Run, portfolio: Portfolio, settings: StudySettings) -> Timeline:
    result = run.outcomes[portfolio.name]
    times = run.path.times_ms[run.series.rows]
    days, starts = np.unique(times // DAY_MS * DAY_MS, return_index=True)
    notional = result.gross_notional
    margin = np.add.reduceat(result.statement / notional, starts) / np.diff([*starts, len(times)])
    worst = np.maximum.reduceat(np.maximum(0.0, result.loss / notional), starts)
    exceeded = np.add.reduceat((result.loss > result.statement).astype(np.int64), starts)
    return Timeline(
        name=portfolio.name,
        title=portfolio.title,
        day_ms=tuple(days.tolist()),
        margin_ppm=_ppm(margin),
        worst_loss_ppm=_ppm(worst),
        exceedances=tuple(exceeded.tolist()),
    )


def _asset_facts(paths: Sequence[MarketPath]) -> tuple[AssetFacts, ...]:
    returns = np.vstack([path.log_returns for path in paths])
    results = []
    for symbol, column in zip(paths[0].symbols, returns.T, strict=True):
        facts = stylised_facts(column)
        results.append(
            AssetFacts(
                symbol=symbol,
                volatility_ppm=round(float(column.std()) * (YEAR_MS / paths[0].step_ms) ** 0.5 * PPM),
                kurtosis_e4=round(facts.kurtosis * 10_000),
                return_autocorrelation_ppm=round(facts.return_autocorrelation * PPM),
                square_autocorrelation_ppm=round(facts.square_autocorrelation * PPM),
            )
        )
    return tuple(results)


def _setup(paths: Sequence[MarketPath], settings: StudySettings, source: str, seeds: tuple[int, ...]) -> Setup:
    return Setup(
        source=source,
        seeds=seeds,
        symbols=paths[0].symbols,
        steps=len(paths[0]) - 1,
        step_ms=paths[0].step_ms,
        confidence_e4=settings.table.confidence_e4,
        coverage_ppm=settings.coverage_ppm,
        significance_ppm=settings.significance_ppm,
        contingency_ppm=settings.table.contingency_ppm,
        haircut_ppm=settings.table.haircut_ppm[0],
    )


def _ppm(values: Floats) -> tuple[int, ...]:
    return tuple(np.rint(values * PPM).astype(np.int64).tolist())
