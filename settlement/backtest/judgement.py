"""A portfolio's outcome judged: exceedances of every margin, their tests, and the capital each margin ties up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .coverage import coverage_test
from .outcome import METHODS, Outcome
from .portfolio import Portfolio
from .report import Judged, PortfolioResult

Floats = npt.NDArray[np.float64]
E8, PPM, E9 = 1e8, 1e6, 1e9
LARGEST_RATIO = 1e6
"""A loss against no margin at all is written as this many times the margin."""


def significance_each(significance: float, tests: int) -> float:
    """Bonferroni: that none of so many true hypotheses is rejected has the significance asked for."""
    return significance / tests


def judge_portfolio(
    portfolio: Portfolio,
    result: Outcome,
    *,
    one_table: Floats,
    asked_rate: float,
    significance: float,
    breaks: tuple[int, ...],
) -> PortfolioResult:
    """The report's entry of one portfolio at one horizon."""

    def judged(method: str, loss: Floats, margin: Floats) -> Judged:
        return judge(method, loss, margin, asked_rate=asked_rate, significance=significance, breaks=breaks)

    return PortfolioResult(
        name=portfolio.name,
        title=portfolio.title,
        venues=len(portfolio.venues),
        trials=len(result.loss),
        average_notional_e8=_e8(result.gross_notional.mean()),
        methods=tuple(judged(method, result.loss, getattr(result, method)) for method in METHODS),
        account=judged("account", result.account_loss, result.collateral),
        rounding_average_e8=_e8(result.rounding.mean()),
        one_table_average_e8=_e8(one_table.mean()),
        isolated_average_e8=_e8(result.isolated.mean()),
        static_average_e8=_e8(hindsight_average(result.loss, result.gross_notional, asked_rate)),
        scaled_average_e8=_e8(hindsight_average(result.loss, result.statement, asked_rate)),
    )


def judge(
    method: str, loss: Floats, margin: Floats, *, asked_rate: float, significance: float, breaks: tuple[int, ...]
) -> Judged:
    """One margin against the losses it was held for."""
    test = coverage_test(loss > margin, asked_rate, breaks)
    return Judged(
        method=method,
        average_e8=_e8(margin.mean()),
        peak_e8=_e8(margin.max()),
        exceedances=test.exceedances,
        kupiec_p_e9=_e9(test.kupiec.p_value),
        independence_p_e9=_e9(test.independence.p_value),
        conditional_p_e9=_e9(test.conditional.p_value),
        at_least_p_e9=_e9(test.p_at_least),
        verdict=test.verdict(significance).value,
        worst_loss_ppm=round(min(LARGEST_RATIO, _largest_ratio(loss, margin)) * PPM),
    )


def hindsight_average(loss: Floats, base: Floats, asked_rate: float) -> float:
    """The average of `base` times the least constant under which losses exceed it no more often than asked."""
    allowed = int(len(loss) * asked_rate)
    usable = base > 0
    ratios = np.sort(loss[usable] / base[usable])
    constant = max(0.0, float(ratios[-1 - min(allowed, len(ratios) - 1)]))
    return constant * float(base.mean())


def _largest_ratio(loss: Floats, margin: Floats) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(loss > 0, loss / margin, 0.0)
    return float(np.max(ratios))


def _e8(value: float) -> int:
    return round(float(value) * E8)


def _e9(probability: float) -> int:
    return round(probability * E9)
