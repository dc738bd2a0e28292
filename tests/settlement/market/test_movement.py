"""The breaker between snapshots, replays across them, and a snapshot computed again from its reports."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkmargin.settlement.errors import (
    DocumentError,
    MarketDataError,
    MovementRefused,
    NoConsensus,
    SnapshotMismatch,
    SnapshotOutOfOrder,
)
from zkmargin.settlement.market import (
    MarketSnapshot,
    QuoteRule,
    Rejection,
    ReportBundle,
    SignedReport,
    VolatilityQuote,
    agree,
    recompute,
)
from zkmargin.settlement.market.movement import allowed_move_ppm

from .market_case import CONFIG, E8, MIDS_E8, NOW_MS, SOURCES, all_signed, signed, unjudged

FIRST = agree(all_signed(), CONFIG, NOW_MS)


def later(elapsed_ms: int, moved_ppm: int, *, sequence: int = 6, volatility_ppm: int = 0) -> list[SignedReport]:
    """Every source's next report, all prices moved by the same part."""
    sigma = 580_000 + 580_000 * volatility_ppm // 1_000_000
    return [
        signed(
            source,
            MIDS_E8[source] + MIDS_E8[source] * moved_ppm // 1_000_000,
            sequence=sequence,
            time_ms=NOW_MS - 1_000 + elapsed_ms,
            volatilities=(VolatilityQuote("BTC-CALL", sigma, sigma + 40_000),),
        )
        for source in SOURCES
    ]


@pytest.mark.parametrize(
    ("elapsed_ms", "moved_ppm", "allowed_ppm"),
    [(60_000, 60_001, 60_000), (30_000, -30_001, 30_000), (3_600_000, 100_001, 100_000), (1, 10, 1)],
)
def test_a_move_beyond_rate_or_cap_is_refused(elapsed_ms: int, moved_ppm: int, allowed_ppm: int) -> None:
    with pytest.raises(MovementRefused) as caught:
        agree(later(elapsed_ms, moved_ppm), CONFIG, NOW_MS + elapsed_ms, FIRST)
    assert (caught.value.name, caught.value.moved_ppm) == ("BTC", abs(moved_ppm))
    assert (caught.value.allowed_ppm, caught.value.elapsed_ms) == (allowed_ppm, elapsed_ms)


@pytest.mark.parametrize(("elapsed_ms", "moved_ppm"), [(60_000, 60_000), (30_000, -30_000), (3_600_000, 100_000)])
def test_a_move_up_to_the_limit_is_taken(elapsed_ms: int, moved_ppm: int) -> None:
    second = agree(later(elapsed_ms, moved_ppm), CONFIG, NOW_MS + elapsed_ms, FIRST)
    assert second.prices["BTC"].price_e8 == 64_000 * E8 + 64_000 * E8 * moved_ppm // 1_000_000
    assert second.provenance.previous_digest == FIRST.digest()
    assert agree(later(elapsed_ms, 500_000), CONFIG, NOW_MS + elapsed_ms).provenance.previous_digest == bytes(32)


def test_volatilities_have_their_own_breaker() -> None:
    agree(later(60_000, 0, volatility_ppm=400_000), CONFIG, NOW_MS + 60_000, FIRST)
    with pytest.raises(MovementRefused, match="BTC-CALL moved by"):
        agree(later(60_000, 0, volatility_ppm=600_000), CONFIG, NOW_MS + 60_000, FIRST)


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=20), st.integers(1, 10**6), st.integers(1, 10**6))
def test_many_small_steps_are_allowed_no_more_than_one_long_one(steps: list[int], cap: int, rate: int) -> None:
    rule = QuoteRule(band_ppm=1, min_confidence_ppm=0, max_move_ppm=cap, max_move_ppm_per_minute=rate)
    assert sum(allowed_move_ppm(rule, step) for step in steps) <= rate * sum(steps) // 60_000
    assert all(allowed_move_ppm(rule, step) <= cap for step in steps)


def test_time_must_go_on() -> None:
    for elapsed_ms in (0, -1):
        with pytest.raises(SnapshotOutOfOrder, match="get newer reports"):
            agree(later(elapsed_ms, 0), CONFIG, NOW_MS, FIRST)


def test_a_report_older_than_the_last_one_used_is_a_replay() -> None:
    reports = [signed("a", sequence=4), *later(5_000, 0)[1:]]
    second = agree(reports, CONFIG, NOW_MS + 5_000, FIRST)
    assert second.provenance.rejections == (Rejection("a", 4, "", "replayed"),)
    assert second.provenance.sequences == {"a": 5, "b": 6, "c": 6, "d": 6}
    third = [signed("a", sequence=4, time_ms=NOW_MS), *later(6_000, 0, sequence=7)[1:]]
    assert agree(third, CONFIG, NOW_MS + 6_000, second).provenance.rejections == (Rejection("a", 4, "", "replayed"),)


def test_the_same_report_may_count_again_while_it_is_fresh() -> None:
    second = agree([all_signed()[0], *later(5_000, 0)[1:]], CONFIG, NOW_MS + 5_000, FIRST)
    assert second.prices["BTC"].sources == SOURCES


def test_another_markets_snapshot_is_no_predecessor() -> None:
    with pytest.raises(MarketDataError, match="another market"):
        agree(later(5_000, 0), CONFIG, NOW_MS + 5_000, replace(FIRST, market="perp"))


REPORTS = [*all_signed()[:3], unjudged("d", 7, 6)]
BUNDLE = ReportBundle(tuple(REPORTS))
SNAPSHOT = agree(REPORTS, CONFIG, NOW_MS)


def test_a_bundle_reads_back_as_written_in_one_order() -> None:
    written = json.dumps(BUNDLE.to_json())
    assert json.dumps(ReportBundle(BUNDLE.reports[::-1]).to_json()) == written
    again = ReportBundle.from_json(written)
    assert set(again.reports) == set(BUNDLE.reports)
    recompute(MarketSnapshot.from_json(SNAPSHOT.to_bytes()), again, CONFIG)


@pytest.mark.parametrize("field", ["format", "reports", "more"])
def test_a_malformed_bundle_is_refused(field: str) -> None:
    document = BUNDLE.to_json() | {field: {"format": "x"}}
    with pytest.raises(DocumentError, match=field):
        ReportBundle.from_json(json.dumps(document))


def test_every_change_of_a_snapshot_is_found() -> None:
    price = SNAPSHOT.prices["BTC"]
    volatility = SNAPSHOT.volatilities["BTC-CALL"]
    origin = SNAPSHOT.provenance
    for field, changed in (
        ("prices.BTC", replace(SNAPSHOT, prices={"BTC": replace(price, price_e8=price.price_e8 + 1)})),
        ("prices.BTC", replace(SNAPSHOT, prices={"BTC": replace(price, confidence_e8=0)})),
        ("prices.BTC", replace(SNAPSHOT, prices={"BTC": replace(price, sources=("a", "b", "d"))})),
        ("prices.ETH", replace(SNAPSHOT, prices={"BTC": price, "ETH": price})),
        ("volatilities.BTC-CALL", replace(SNAPSHOT, volatilities={})),
        ("volatilities.BTC-CALL", replace(SNAPSHOT, volatilities={"BTC-CALL": replace(volatility, sigma_ppm=1)})),
        ("time_ms", replace(SNAPSHOT, time_ms=NOW_MS)),
        ("reports_digest", replace(SNAPSHOT, reports_digest=bytes(32))),
        ("rejections", replace(SNAPSHOT, provenance=replace(origin, rejections=()))),
        ("sequences", replace(SNAPSHOT, provenance=replace(origin, sequences={}))),
        ("config_digest", replace(SNAPSHOT, provenance=replace(origin, config_digest=bytes(32)))),
        ("previous_digest", replace(SNAPSHOT, provenance=replace(origin, previous_digest=b"\1" * 32))),
    ):
        with pytest.raises(SnapshotMismatch) as caught:
            recompute(changed, BUNDLE, CONFIG)
        assert caught.value.field == field


def test_other_reports_or_another_configuration_make_another_snapshot() -> None:
    with pytest.raises(SnapshotMismatch):
        recompute(SNAPSHOT, ReportBundle(tuple(all_signed())), CONFIG)
    with pytest.raises(NoConsensus):
        recompute(SNAPSHOT, ReportBundle(tuple(REPORTS[:2])), CONFIG)
    with pytest.raises(SnapshotMismatch, match="config_digest"):
        recompute(SNAPSHOT, BUNDLE, replace(CONFIG, max_age_ms=9_999))


def test_a_chain_of_snapshots_is_checked_link_by_link() -> None:
    reports = later(5_000, 100)
    second = agree(reports, CONFIG, NOW_MS + 5_000, FIRST)
    bundle = ReportBundle(tuple(reports))
    recompute(second, bundle, CONFIG, FIRST)
    with pytest.raises(SnapshotMismatch, match="which is needed"):
        recompute(second, bundle, CONFIG)
    with pytest.raises(SnapshotMismatch, match="another snapshot"):
        recompute(second, bundle, CONFIG, SNAPSHOT)
