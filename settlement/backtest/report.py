"""The report of a backtest: what was run and what was counted, in integers only.

Times are milliseconds, money is e8 of the quote currency, ratios are ppm, probabilities are e9.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import CoverageRejected


@dataclass(frozen=True)
class Setup:
    """What makes the report again: the path's origin and every setting."""

    source: str
    seeds: tuple[int, ...]
    symbols: tuple[str, ...]
    steps: int
    step_ms: int
    confidence_e4: int
    coverage_ppm: int
    significance_ppm: int
    contingency_ppm: int
    haircut_ppm: int


@dataclass(frozen=True)
class AssetFacts:
    """The shape of one symbol's returns over all paths, and the coverage of its haircut."""

    symbol: str
    volatility_ppm: int
    kurtosis_e4: int
    return_autocorrelation_ppm: int
    square_autocorrelation_ppm: int


@dataclass(frozen=True)
class Judged:
    """One margin of one portfolio: what it tied up and how often the loss exceeded it."""

    method: str
    average_e8: int
    peak_e8: int
    exceedances: int
    kupiec_p_e9: int
    independence_p_e9: int
    conditional_p_e9: int
    at_least_p_e9: int
    verdict: str
    worst_loss_ppm: int
    """The largest loss as a share of the margin held against it."""


@dataclass(frozen=True)
class PortfolioResult:
    """One portfolio at one horizon."""

    name: str
    title: str
    venues: int
    trials: int
    average_notional_e8: int
    methods: tuple[Judged, ...]
    account: Judged
    """Positions and collateral together: the account fails when both lose more than the collateral is worth."""
    rounding_average_e8: int
    """The part of the statement's margin that pays for the rounding of the table."""
    one_table_average_e8: int
    """The statement's margin under a table whose scenarios reach over the longest horizon of the report."""
    isolated_average_e8: int
    static_average_e8: int
    """A constant share of notional that in hindsight would have had the coverage asked for."""
    scaled_average_e8: int
    """The statement's margin, scaled by the constant that in hindsight would have had it too."""

    def method(self, name: str) -> Judged:
        return next(judged for judged in self.methods if judged.method == name)


@dataclass(frozen=True)
class HaircutResult:
    """One asset's haircut at one horizon: how often its price fell by more."""

    symbol: str
    trials: int
    beyond_latency: int
    """Falls beyond the part of the haircut that the horizon makes."""
    beyond_haircut: int
    """Falls beyond the whole haircut."""
    latency_average_ppm: int
    static_average_ppm: int
    """A constant haircut that in hindsight would have had the coverage asked for."""
    scaled_average_ppm: int
    """The latency haircut, scaled by the constant that in hindsight would have had it too."""


@dataclass(frozen=True)
class HorizonResult:
    """Everything at one horizon."""

    horizon_ms: int
    portfolios: tuple[PortfolioResult, ...]
    haircuts: tuple[HaircutResult, ...]


@dataclass(frozen=True)
class Calibration:
    """Losses beyond z standard deviations, among those of single perpetuals, long and short, at the first horizon."""

    confidence_e4: int
    asked_e9: int
    """The rate if returns, divided by the forecast, were normal."""
    trials: int
    exceedances: int


@dataclass(frozen=True)
class GapResult:
    """The largest loss beyond the margin within the shock, in 1e-4 basis points of notional."""

    books: str
    expiry_ms: int
    horizon_ms: int
    sigma_ppm: int
    delta_gamma_bp_e4: int
    scenario_bp_e4: int
    larger_bp_e4: int


@dataclass(frozen=True)
class ExactCheck:
    """Margins evaluated by the statement's exact integers too, and the largest difference, relative, in 1e-18."""

    evaluations: int
    largest_difference_e18: int


@dataclass(frozen=True)
class Timeline:
    """One portfolio through the first path, by day: shares of its notional, and the exceedances of that day."""

    name: str
    title: str
    day_ms: tuple[int, ...]
    margin_ppm: tuple[int, ...]
    worst_loss_ppm: tuple[int, ...]
    exceedances: tuple[int, ...]


@dataclass(frozen=True)
class Report:
    """All results. `horizons[0]` is the main one, which the calibration and the timelines are about."""

    setup: Setup
    assets: tuple[AssetFacts, ...]
    horizons: tuple[HorizonResult, ...]
    calibration: tuple[Calibration, ...]
    gaps: tuple[GapResult, ...]
    timelines: tuple[Timeline, ...]
    exact: ExactCheck

    def rejected(self) -> tuple[str, ...]:
        """The portfolios whose statement margin, or whose account, has too many exceedances; with the horizon."""
        return tuple(
            f"{portfolio.name} at {_duration(horizon.horizon_ms)}"
            for horizon in self.horizons
            for portfolio in horizon.portfolios
            if TOO_MANY in (portfolio.method("statement").verdict, portfolio.account.verdict)
        )

    def require_coverage(self) -> None:
        """Raise `CoverageRejected` if any portfolio fails."""
        if names := self.rejected():
            raise CoverageRejected(names, f"{self.setup.coverage_ppm / 10_000:g} %")


TOO_MANY = "too many exceedances"


def _duration(milliseconds: int) -> str:
    return f"{milliseconds / 60_000:g} min"
