"""Latency: the bound is the order statistic it says it is, and what cannot be promised is refused."""

from __future__ import annotations

import json
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import EncodingError
from zkmargin.settlement.errors import DocumentError, LatencyError
from zkmargin.settlement.risk.latency import (
    LatencyRule,
    RouteLatency,
    RouteTimes,
    all_latencies,
    latency_bound_ms,
    route_latency,
    slowest_left_out,
    worst_latency_ms,
)
from zkmargin.settlement.risk.settlement_times import read_settlement_times, settlement_times_json

RULE = LatencyRule(950_000, 990_000, 1_000, 600_000)


@settings(deadline=None)
@given(st.integers(1, 120), st.sampled_from([900_000, 950_000, 990_000, 999_000]), st.integers(500_000, 999_999))
def test_as_many_are_left_out_as_the_binomial_allows(count: int, quantile: int, confidence: int) -> None:
    p, allowed = Fraction(10**6 - quantile, 10**6), 1 - Fraction(confidence, 10**6)

    def at_most(m: int) -> Fraction:
        return sum((comb(count, j) * p**j * (1 - p) ** (count - j) for j in range(m + 1)), Fraction(0))

    found = slowest_left_out(count, quantile, confidence)
    assert found is None or at_most(found) <= allowed
    assert at_most(0 if found is None else found + 1) > allowed


def test_published_sample_sizes() -> None:
    # Wilks: 59 observations for 95/95, 93 for two-from-the-top, 459 for 99/99 are textbook values.
    assert LatencyRule(950_000, 950_000, 1, 2).fewest() == 59
    assert slowest_left_out(93, 950_000, 950_000) == 1
    assert slowest_left_out(92, 950_000, 950_000) == 0
    assert LatencyRule(990_000, 990_000, 1, 2).fewest() == 459


def test_the_bound_covers_as_often_as_promised() -> None:
    """Over many samples of a skewed distribution, the bound lies above the true quantile often enough."""
    generator, samples, size = np.random.Generator(np.random.PCG64(3)), 2000, 400
    rule = LatencyRule(950_000, 900_000, 1, 10**9)
    draws = np.round(generator.lognormal(10, 0.7, (samples, size))).astype(int)
    truth = np.exp(10 + 0.7 * 1.6448536269514722)
    covered = sum(latency_bound_ms(RouteTimes(tuple(row)), rule) >= truth for row in draws.tolist())
    assert covered >= 0.88 * samples


def test_the_order_of_observations_does_not_matter() -> None:
    times = tuple(range(1000, 3000, 10))
    bound = latency_bound_ms(RouteTimes(times), RULE)
    assert bound == latency_bound_ms(RouteTimes(times[::-1]), RULE)
    left_out = slowest_left_out(200, 950_000, 990_000)
    assert left_out is not None
    assert bound == times[-1 - left_out]


def test_what_is_still_under_way_counts_as_slowest() -> None:
    times = tuple(range(1000, 3000, 10))
    left_out = slowest_left_out(200, 950_000, 990_000)
    assert left_out is not None
    assert latency_bound_ms(RouteTimes(times[:-left_out], left_out), RULE) == times[-1 - left_out]
    with pytest.raises(LatencyError, match="under way"):
        latency_bound_ms(RouteTimes(times[: -left_out - 1], left_out + 1), RULE)


def test_too_few_observations_say_how_many_it_takes() -> None:
    with pytest.raises(LatencyError, match=r"are 89; .* need 90"):
        latency_bound_ms(RouteTimes((5,) * 89), RULE)
    assert latency_bound_ms(RouteTimes((5,) * 90), RULE) == 5


@pytest.mark.parametrize("times", [RouteTimes(()), RouteTimes((-1,) * 100), RouteTimes((1,) * 100, -1)])
def test_what_is_no_observation_is_refused(times: RouteTimes) -> None:
    with pytest.raises(LatencyError):
        latency_bound_ms(times, RULE)


def test_floor_regime_and_cap() -> None:
    times = RouteTimes((400_000,) * 100)
    assert route_latency(1, RouteTimes((7,) * 100), RULE) == RouteLatency(100, 0, 7, 1_000)
    assert route_latency(1, times, RULE, 1_500_000).latency_ms == 600_000
    assert route_latency(1, RouteTimes((333_333,) * 100), RULE, 1_000_001).latency_ms == 333_334
    with pytest.raises(LatencyError, match="route 1 needs 600001 ms"):
        route_latency(1, times, RULE, 1_500_001)
    with pytest.raises(LatencyError, match="route 7: observations"):
        route_latency(7, RouteTimes((1,)), RULE)
    with pytest.raises(LatencyError, match="multiplier"):
        route_latency(1, times, RULE, 0)


def test_the_worst_route_counts() -> None:
    found = all_latencies({2: RouteTimes((9_000,) * 100), 1: RouteTimes((5_000,) * 100)}, RULE)
    assert list(found) == [1, 2]
    assert worst_latency_ms(list(found.values())) == 9_000
    assert worst_latency_ms([]) == 0


@pytest.mark.parametrize(
    "numbers",
    [
        (899_999, 990_000, 1, 2),
        (10**6, 990_000, 1, 2),
        (950_000, 499_999, 1, 2),
        (950_000, 10**6, 1, 2),
        (950_000, 990_000, 0, 2),
        (950_000, 990_000, 3, 2),
        (950_000, 990_000, 1, 1 << 40),
    ],
)
def test_a_rule_that_promises_too_much_or_nothing_is_refused(numbers: tuple[int, int, int, int]) -> None:
    with pytest.raises(LatencyError):
        LatencyRule(*numbers)


def test_a_quantile_that_no_sample_reaches_is_refused() -> None:
    with pytest.raises(LatencyError, match="lower them"):
        LatencyRule(999_999, 999_999, 1, 2).fewest()


def test_both_formats_read_the_same() -> None:
    entries = [(7, 100, 350), (7, 200, None), (8, 0, 0)]
    wanted = {7: RouteTimes((250,), 1), 8: RouteTimes((0,))}
    assert read_settlement_times(json.dumps(settlement_times_json(entries))) == wanted
    assert read_settlement_times(b"chain_id,started_ms,settled_ms\n7,100,350\r\n7,200,\n\n8,0,0\n") == wanted
    assert read_settlement_times("\ufeffchain_id,started_ms,settled_ms\n7,100,350\n7,200,\n8,0,0".encode()) == wanted


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "line 1"),
        ("chain,started_ms,settled_ms\n", "line 1"),
        ("chain_id,started_ms,settled_ms\n", "the document"),
        ("chain_id,started_ms,settled_ms\n1,2\n", "line 2"),
        ("chain_id,started_ms,settled_ms\n1,2,3\n1,2,nan\n", "line 3"),
        ("chain_id,started_ms,settled_ms\n1,-2,3\n", "line 2"),
        ("chain_id,started_ms,settled_ms\n1,2.5,3\n", "line 2"),
        ("chain_id,started_ms,settled_ms\n1,20,3\n", "line 2"),
        (f"chain_id,started_ms,settled_ms\n1,2,{2**41}\n", "line 2"),
        (f"chain_id,started_ms,settled_ms\n{2**64},2,3\n", "line 2"),
        ('chain_id,started_ms,settled_ms\n1,2,"3\n', "line 2"),
        ("chain_id,started_ms,settled_ms\n" + "".join(f"{n},2,3\n" for n in range(65)), "line 66"),
        ('{"format": "zkmargin.settlement-times/2"}', "format"),
        ('{"format": "zkmargin.settlement-times/1", "settlements": [], "more": 1}', "more"),
        ('{"format": "zkmargin.settlement-times/1", "settlements": [{"chain_id": 1}]}', "settlements[0].started_ms"),
        (
            '{"format": "zkmargin.settlement-times/1", "settlements": [{"chain_id": 1, "started_ms": 1, "end": 1}]}',
            "settlements[0].end",
        ),
    ],
)
def test_a_malformed_file_names_the_place(text: str, field: str) -> None:
    with pytest.raises(DocumentError) as refused:
        read_settlement_times(text)
    assert refused.value.field == field


@pytest.mark.parametrize("data", [b"\xff\xfe", b'{"format": 1.5}'])
def test_bytes_that_are_no_text_or_hold_floats_are_refused(data: bytes) -> None:
    with pytest.raises(EncodingError):
        read_settlement_times(data)


def test_more_settlements_of_a_route_than_are_counted_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zkmargin.settlement.risk.settlement_times.MAX_OBSERVATIONS", 2)
    with pytest.raises(DocumentError, match="line 4"):
        read_settlement_times("chain_id,started_ms,settled_ms\n1,1,1\n1,1,\n1,1,1\n")


def test_an_endless_file_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zkmargin.settlement.risk.settlement_times.MAX_BYTES", 40)
    with pytest.raises(DocumentError, match="more than 40 bytes"):
        read_settlement_times("chain_id,started_ms,settled_ms\n" + "1,1,1\n" * 2)
