"""The coverage tests: values worked out by hand, the papers' limits, and their size where the hypothesis holds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkmargin.settlement.backtest.coverage import (
    Verdict,
    coverage_test,
    independence_statistic,
    kupiec_statistic,
    transition_counts,
)
from zkmargin.settlement.errors import StudyError


def flags(*places: int, length: int) -> np.ndarray:
    row = np.zeros(length, dtype=bool)
    row[list(places)] = True
    return row


def test_kupiec_by_hand() -> None:
    # 8 failures in 250 at 1 %: 2 * (8 ln(0.032/0.01) + 242 ln(0.968/0.99))
    by_hand = 2 * (8 * math.log(3.2) + 242 * math.log(0.968 / 0.99))
    assert kupiec_statistic(250, 8, 0.01) == pytest.approx(by_hand, abs=1e-12)
    assert by_hand == pytest.approx(7.7336, abs=1e-4)
    assert kupiec_statistic(100, 0, 0.01) == pytest.approx(-200 * math.log(0.99))
    assert kupiec_statistic(200, 2, 0.01) == 0.0


def test_independence_by_hand() -> None:
    # 90 quiet-quiet, 5 quiet-hit, 4 hit-quiet, 1 hit-hit
    free = 90 * math.log(90 / 95) + 5 * math.log(5 / 95) + 4 * math.log(0.8) + math.log(0.2)
    common = 94 * math.log(0.94) + 6 * math.log(0.06)
    assert independence_statistic(((90, 5), (4, 1))) == pytest.approx(2 * (free - common), abs=1e-12)
    assert independence_statistic(((99, 0), (0, 0))) == 0.0


def test_pairs_do_not_span_two_paths() -> None:
    row = flags(2, 3, length=6)
    assert transition_counts(row) == ((2, 1), (1, 1))
    assert transition_counts(row, breaks=(3,)) == ((2, 1), (1, 0))


@pytest.mark.parametrize(
    ("failures", "verdict"),
    [(0, Verdict.TOO_FEW), (10, Verdict.COVERED), (30, Verdict.TOO_MANY)],
)
def test_the_verdict_says_which_side(failures: int, verdict: Verdict) -> None:
    row = flags(*range(0, 7 * failures, 7), length=1000)
    test = coverage_test(row, 0.01)
    assert test.verdict(0.01) is verdict
    assert test.exceedances == failures


def test_clusters_fail_independence_and_not_the_rate() -> None:
    clustered = coverage_test(flags(*range(500, 510), length=1000), 0.01)
    scattered = coverage_test(flags(*range(0, 1000, 100), length=1000), 0.01)
    assert clustered.kupiec.p_value > 0.9
    assert clustered.independence.p_value < 1e-6
    assert clustered.conditional.p_value < 1e-6
    assert scattered.conditional.p_value > 0.5


def test_the_size_is_the_significance_where_the_hypothesis_holds() -> None:
    draw = np.random.Generator(np.random.PCG64(7))
    tests = [coverage_test(draw.random(2000) < 0.1, 0.1) for _ in range(1500)]
    for statistic in ("kupiec", "independence", "conditional"):
        rejected = np.mean([getattr(test, statistic).p_value < 0.05 for test in tests])
        assert 0.03 < rejected < 0.07, statistic
    assert np.mean([test.p_at_least < 0.05 for test in tests]) < 0.065


@given(st.integers(2, 400), st.data())
def test_p_values_are_probabilities_and_the_binomial_tail_is_exact(length: int, data: st.DataObject) -> None:
    failures = data.draw(st.integers(0, length))
    test = coverage_test(flags(*range(failures), length=length), 0.1)
    for ratio in (test.kupiec, test.independence, test.conditional):
        assert ratio.statistic >= 0
        assert 0 <= ratio.p_value <= 1
    exact = sum(math.comb(length, k) * 0.1**k * 0.9 ** (length - k) for k in range(failures, length + 1))
    assert test.p_at_least == pytest.approx(exact, rel=1e-6, abs=1e-200)


@pytest.mark.parametrize(("row", "rate"), [(flags(length=1), 0.1), (flags(length=9), 0.0), (flags(length=9), 1.0)])
def test_nothing_to_judge_is_an_error(row: np.ndarray, rate: float) -> None:
    with pytest.raises(StudyError):
        coverage_test(row, rate)
