"""Is the coverage what was asked for? Tests of a sequence of exceedances, with a verdict.

Kupiec (1995), "Techniques for verifying the accuracy of risk measurement models": is the rate of exceedances the one
asked for? Christoffersen (1998), "Evaluating interval forecasts": does an exceedance make the next one likelier, and
both questions at once. Each statistic is a likelihood ratio and asymptotically chi-squared; the few exceedances of a
high coverage are judged by the exact binomial tail beside it.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zkmargin.algebra.extras import require

from ..errors import StudyError

Flags = npt.NDArray[np.bool_]


class Verdict(enum.Enum):
    """What the number of exceedances says about the coverage."""

    COVERED = "covered"
    """As asked for, as far as this sample can tell."""
    TOO_MANY = "too many exceedances"
    TOO_FEW = "more than asked for"
    """The margin covers more than was asked for: safe, and dearer than needed."""


@dataclass(frozen=True)
class Ratio:
    """A likelihood-ratio statistic and the probability of one at least as large where the hypothesis holds."""

    statistic: float
    p_value: float


@dataclass(frozen=True)
class CoverageTest:
    """Exceedances of one margin over one path, held against the rate asked for."""

    trials: int
    exceedances: int
    asked_rate: float
    kupiec: Ratio
    independence: Ratio
    conditional: Ratio
    p_at_least: float
    """The exact binomial probability of at least this many exceedances at the rate asked for."""

    @property
    def rate(self) -> float:
        return self.exceedances / self.trials

    def verdict(self, significance: float) -> Verdict:
        """`TOO_MANY` by the exact tail; `TOO_FEW` by Kupiec's ratio; anything else is `COVERED`."""
        if self.p_at_least < significance:
            return Verdict.TOO_MANY
        if self.rate < self.asked_rate and self.kupiec.p_value < significance:
            return Verdict.TOO_FEW
        return Verdict.COVERED


def coverage_test(exceeded: Flags, asked_rate: float, breaks: tuple[int, ...] = ()) -> CoverageTest:
    """Test a sequence of exceedances. `breaks` are the places where a new path starts: no pair spans them."""
    if not 0 < asked_rate < 1:
        raise StudyError("asked_rate", "must be between 0 and 1")
    if exceeded.ndim != 1 or len(exceeded) < 2:
        raise StudyError("path", "has fewer than two horizons to judge; make it longer")
    trials, failures = len(exceeded), int(exceeded.sum())
    kupiec = kupiec_statistic(trials, failures, asked_rate)
    independence = independence_statistic(transition_counts(exceeded, breaks))
    return CoverageTest(
        trials=trials,
        exceedances=failures,
        asked_rate=asked_rate,
        kupiec=Ratio(kupiec, _chi_squared_tail(kupiec, 1)),
        independence=Ratio(independence, _chi_squared_tail(independence, 1)),
        conditional=Ratio(kupiec + independence, _chi_squared_tail(kupiec + independence, 2)),
        p_at_least=_binomial_at_least(failures, trials, asked_rate),
    )


def kupiec_statistic(trials: int, failures: int, rate: float) -> float:
    """-2 ln of the likelihood at the asked rate over that at the observed rate."""
    observed = failures / trials
    return _ratio(_log_likelihood(failures, trials, rate), _log_likelihood(failures, trials, observed))


def transition_counts(exceeded: Flags, breaks: tuple[int, ...] = ()) -> tuple[tuple[int, int], tuple[int, int]]:
    """How often (quiet, exceeded) was followed by (quiet, exceeded)."""
    before, after = exceeded[:-1], exceeded[1:]
    kept = np.ones(len(before), dtype=bool)
    kept[[place - 1 for place in breaks if 0 < place < len(exceeded)]] = False
    codes = np.bincount(2 * before[kept] + after[kept], minlength=4)
    return (int(codes[0]), int(codes[1])), (int(codes[2]), int(codes[3]))


def independence_statistic(counts: tuple[tuple[int, int], tuple[int, int]]) -> float:
    """-2 ln of the likelihood of one common rate over that of a rate after each of the two states."""
    (n00, n01), (n10, n11) = counts
    quiet, hit, total = n00 + n01, n10 + n11, n00 + n01 + n10 + n11
    if not quiet or not hit:
        return 0.0
    common = _log_likelihood(n01 + n11, total, (n01 + n11) / total)
    apart = _log_likelihood(n01, quiet, n01 / quiet) + _log_likelihood(n11, hit, n11 / hit)
    return _ratio(common, apart)


def _log_likelihood(failures: int, trials: int, rate: float) -> float:
    """ln(rate^failures * (1 - rate)^(trials - failures)) with 0 ln 0 = 0."""
    successes = trials - failures
    hits = failures * math.log(rate) if failures else 0.0
    return hits + (successes * math.log1p(-rate) if successes else 0.0)


def _ratio(restricted: float, free: float) -> float:
    return max(0.0, 2 * (free - restricted))


def _chi_squared_tail(statistic: float, degrees: int) -> float:
    return float(require("scipy.special", "risk").chdtrc(degrees, statistic))


def _binomial_at_least(failures: int, trials: int, rate: float) -> float:
    """P(X >= failures), by the regularised incomplete beta function."""
    if failures == 0:
        return 1.0
    return float(require("scipy.special", "risk").betainc(failures, trials - failures + 1, rate))
