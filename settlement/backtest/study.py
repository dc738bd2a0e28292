"""The backtest itself: tables, margins and losses along every path and over every horizon, made into one report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np
import numpy.typing as npt

from ..errors import StudyError
from .asset_moves import AssetMoves, asset_facts, calibration, haircut_results
from .exact_check import Agreement, agreement
from .judgement import judge_portfolio, significance_each
from .model import DAY_MS, HOUR_MS
from .option_market import OptionMarket
from .outcome import Outcome, Realised, horizon_rows, joined, outcome, required
from .path import MarketPath
from .portfolio import PORTFOLIOS, Portfolio
from .report import ExactCheck, GapResult, HorizonResult, Report, Setup, Timeline
from .table_series import TableSeries, build_tables
from .table_settings import TableSettings
from .undercoverage import Case, Gap, random_book_gap, short_option_gap

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Tell = Callable[[str, float], None]
"""Called with what is being done and how much of the whole is done."""
GAP_EXPIRIES_MS = (6 * HOUR_MS, DAY_MS)
GAP_SIGMA_PPM = 600_000
RANDOM_BOOKS = 1000
RANDOM_BOOKS_SEED = 1
PPM = 10**6


@dataclass(frozen=True)
class StudySettings:
    """What is asked of the margin and over which horizons; the first horizon is the main one."""

    horizons_ms: tuple[int, ...] = (600_000, 300_000, 1_800_000, 3_600_000)
    coverage_ppm: int = 999_000
    significance_ppm: int = 10_000
    """Of all verdicts of the study together: each test has its share."""
    table: TableSettings = field(default_factory=TableSettings)
    portfolios: tuple[Portfolio, ...] = PORTFOLIOS
    timelines: tuple[str, ...] = ("long-perp", "short-strangle")
    exact_rows: int = 10
    """Rows of each path and horizon at which the exact rules are run too."""

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

    @property
    def verdicts(self) -> int:
        """How many verdicts decide: margin and account of each portfolio at each horizon."""
        return 2 * len(self.portfolios) * len(self.horizons_ms)


def run_study(
    paths: Sequence[MarketPath], settings: StudySettings, source: str, seeds: tuple[int, ...], tell: Tell
) -> Report:
    """Backtest all portfolios along all paths, which must have the same symbols and step."""
    first = paths[0]
    if any((path.symbols, path.step_ms) != (first.symbols, first.step_ms) for path in paths):
        raise StudyError("paths", "must have the same symbols and steps")
    if len(set(seeds)) != len(seeds):
        raise StudyError("seeds", "must differ: the same path twice is no more evidence than once")
    horizons: list[HorizonResult] = []
    main: list[_Run] = []
    exact = Agreement()
    for place, horizon_ms in enumerate(settings.horizons_ms):
        runs = list(_runs(paths, settings, horizon_ms, place, tell))
        horizons.append(_horizon_result(first.symbols, runs, settings, horizon_ms))
        main = main or runs
        exact = reduce(Agreement.with_other, (run.exact for run in runs), exact)
    tell("largest gaps", len(settings.horizons_ms) / (len(settings.horizons_ms) + 1))
    return Report(
        setup=_setup(paths, settings, source, seeds),
        assets=asset_facts(paths),
        horizons=tuple(horizons),
        calibration=calibration([run.moves for run in main]),
        gaps=tuple(_gaps(settings)),
        exact=ExactCheck(exact.evaluations, round(exact.largest_difference * 10**18)),
        timelines=tuple(
            _timeline(main[0], portfolio) for portfolio in settings.portfolios if portfolio.name in settings.timelines
        ),
    )


@dataclass(frozen=True)
class _Run:
    """One path at one horizon. The tables are let go of: they are by far the largest part."""

    times_ms: Ints
    outcomes: dict[str, Outcome]
    one_table: dict[str, Floats]
    """The statement's margins under tables whose scenarios reach over the longest horizon."""
    moves: AssetMoves
    exact: Agreement

    @classmethod
    def over(cls, path: MarketPath, settings: StudySettings, horizon_ms: int) -> _Run:
        market, table = OptionMarket(path), replace(settings.table, horizon_ms=horizon_ms)
        longest = replace(table, scenario_horizon_ms=max(settings.horizons_ms))
        steps = settings.horizon_steps(path, horizon_ms)
        rows = horizon_rows(table.forecast.warmup_steps(path), len(path), steps)
        if len(rows) < 2:
            raise StudyError("horizons_ms", "leave fewer than two horizons on the path; make it longer")
        series = build_tables(market, table, rows)
        realised = Realised.after(market, series, steps)
        wide = series if longest.reach_ms == table.reach_ms else build_tables(market, longest, rows)
        return cls(
            times_ms=path.times_ms[rows],
            outcomes={p.name: outcome(p, series, realised, path.prices_e8[0]) for p in settings.portfolios},
            one_table={p.name: required(p, wide, path.prices_e8[0]) for p in settings.portfolios},
            moves=AssetMoves.of(series, realised),
            exact=_agreement(settings, series, path.prices_e8[0]),
        )


def _agreement(settings: StudySettings, series: TableSeries, first_prices_e8: Ints) -> Agreement:
    """Every portfolio's margin by the exact rules, at rows spread evenly over the path."""
    places = np.unique(np.linspace(0, len(series.rows) - 1, settings.exact_rows).astype(np.int64)).tolist()
    found = [agreement(portfolio, series, first_prices_e8, places) for portfolio in settings.portfolios]
    return reduce(Agreement.with_other, found, Agreement())


def _runs(
    paths: Sequence[MarketPath], settings: StudySettings, horizon_ms: int, place: int, tell: Tell
) -> Iterator[_Run]:
    for number, path in enumerate(paths):
        done = (place + number / len(paths)) / (len(settings.horizons_ms) + 1)
        tell(f"horizon {horizon_ms / 60_000:g} min, path {number + 1} of {len(paths)}", done)
        yield _Run.over(path, settings, horizon_ms)


def _horizon_result(
    symbols: Sequence[str], runs: Sequence[_Run], settings: StudySettings, horizon_ms: int
) -> HorizonResult:
    ends, asked_rate = np.cumsum([len(run.times_ms) for run in runs]).tolist(), 1 - settings.coverage_ppm / PPM
    results = [
        judge_portfolio(
            portfolio,
            joined([run.outcomes[portfolio.name] for run in runs]),
            one_table=np.concatenate([run.one_table[portfolio.name] for run in runs]),
            asked_rate=asked_rate,
            significance=significance_each(settings.significance_ppm / PPM, settings.verdicts),
            breaks=tuple(ends[:-1]),
        )
        for portfolio in settings.portfolios
    ]
    return HorizonResult(horizon_ms, tuple(results), haircut_results(symbols, [run.moves for run in runs], asked_rate))


def _gaps(settings: StudySettings) -> Iterator[GapResult]:
    """The largest gaps of every expiry and horizon."""
    confidence = settings.table.confidence_e4 / 10_000
    for expiry_ms in GAP_EXPIRIES_MS:
        for horizon_ms in sorted(settings.horizons_ms):
            if horizon_ms < expiry_ms:
                case = Case(expiry_ms, horizon_ms, GAP_SIGMA_PPM / PPM, confidence, settings.table.scenarios)
                yield _gap_result("short option", case, short_option_gap(case))
                yield _gap_result("random book", case, random_book_gap(case, RANDOM_BOOKS_SEED, RANDOM_BOOKS))


def _gap_result(books: str, case: Case, gap: Gap) -> GapResult:
    scaled = [round(value * 10_000) for value in (gap.delta_gamma, gap.scenario, gap.larger)]
    return GapResult(books, case.expiry_ms, case.horizon_ms, round(case.sigma * PPM), *scaled)


def _timeline(run: _Run, portfolio: Portfolio) -> Timeline:
    result, notional = run.outcomes[portfolio.name], run.outcomes[portfolio.name].gross_notional
    days, starts = np.unique(run.times_ms // DAY_MS * DAY_MS, return_index=True)
    margin = np.add.reduceat(result.statement / notional, starts) / np.diff([*starts, len(run.times_ms)])
    worst = np.maximum.reduceat(np.maximum(0.0, result.loss / notional), starts)
    exceeded = np.add.reduceat((result.loss > result.statement).astype(np.int64), starts)
    return Timeline(
        name=portfolio.name,
        title=portfolio.title,
        day_ms=tuple(days.tolist()),
        margin_ppm=tuple(np.rint(margin * PPM).astype(np.int64).tolist()),
        worst_loss_ppm=tuple(np.rint(worst * PPM).astype(np.int64).tolist()),
        exceedances=tuple(exceeded.tolist()),
    )


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
