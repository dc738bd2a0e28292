"""The consensus: order does not show, liars do not count, every report left out is named."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from zkmargin.settlement.errors import MarketDataError, NoConsensus
from zkmargin.settlement.market import (
    MarketConfig,
    PriceQuote,
    QuoteRule,
    Rejection,
    ReportDomain,
    VolatilityQuote,
    agree,
)
from zkmargin.settlement.market.consensus import agree_on, reports_digest

from .market_case import CONFIG, E8, MIDS_E8, NOW_MS, STRANGER, all_signed, report, signed, unjudged

WIDE = QuoteRule(band_ppm=999_999, min_confidence_ppm=0, max_move_ppm=1, max_move_ppm_per_minute=1)


def test_four_sources_agree_on_the_lower_median() -> None:
    snapshot = agree(all_signed(), CONFIG, NOW_MS)
    price, volatility = snapshot.prices["BTC"], snapshot.volatilities["BTC-CALL"]
    assert (price.price_e8, price.confidence_e8) == (64_000 * E8, 30 * E8)
    assert (price.sources, price.outliers) == (("a", "b", "c", "d"), ())
    assert (volatility.sigma_ppm, volatility.confidence_ppm) == (600_000, 20_000)
    assert (snapshot.time_ms, snapshot.provenance.agreed_at_ms) == (NOW_MS - 1_000, NOW_MS)
    assert snapshot.provenance.rejections == ()
    assert snapshot.provenance.sequences == {"a": 5, "b": 5, "c": 5, "d": 5}


def test_any_order_gives_the_same_bytes() -> None:
    reports = [*all_signed(), unjudged("b", 7, 6), signed("a", sequence=4), signed("a", key=STRANGER, sequence=9)]
    expected = agree(reports, CONFIG, NOW_MS).to_bytes()
    for turn in range(1, len(reports)):
        assert agree(reports[turn:] + reports[:turn], CONFIG, NOW_MS).to_bytes() == expected
    assert agree(reports[::-1], CONFIG, NOW_MS).to_bytes() == expected


def test_other_reports_give_another_digest() -> None:
    digests = {agree(some, CONFIG, NOW_MS).reports_digest for some in itertools.combinations(all_signed(), 3)}
    assert len(digests) == 4


def test_the_digest_of_reports_does_not_show_their_order() -> None:
    reports = [signed.report for signed in all_signed()]
    assert len({reports_digest(reports[turn:] + reports[:turn]) for turn in range(4)}) == 1


def test_an_outlier_is_named_and_left_out() -> None:
    snapshot = agree([*all_signed()[:3], signed("d", 70_000 * E8)], CONFIG, NOW_MS)
    price = snapshot.prices["BTC"]
    assert (price.price_e8, price.sources, price.outliers) == (64_000 * E8, ("a", "b", "c"), ("d",))
    assert price.confidence_e8 == 20 * E8


def test_the_band_is_inclusive() -> None:
    quotes = {"a": (1_000_000, 1_000_000), "b": (1_000_000, 1_000_000), "c": (1_020_000, 1_020_000)}
    rule = replace(WIDE, band_ppm=20_000)
    at_the_edge = agree_on(quotes, rule, 3)
    assert at_the_edge is not None
    assert at_the_edge.confidence == 20_000
    assert agree_on({**quotes, "c": (1_020_001, 1_020_001)}, rule, 3) is None


def test_outliers_may_not_eat_up_the_quorum() -> None:
    with pytest.raises(NoConsensus, match="BTC: fewer than 3 of 3 usable quotes") as caught:
        agree([signed("a"), signed("b"), signed("d", 70_000 * E8)], CONFIG, NOW_MS)
    assert caught.value.failures == ["BTC: fewer than 3 of 3 usable quotes are close enough"]


def test_the_confidence_covers_spread_distance_and_floor() -> None:
    close = {"a": (100, 100), "b": (101, 101), "c": (99, 99)}
    assert agree_on(close, WIDE, 3).confidence == 1  # type: ignore[union-attr]
    # mids 100, 100 and 109 (rounded down); the half spreads are rounded up to 10, 11 and 0
    spread = agree_on({"a": (90, 110), "b": (90, 111), "c": (109, 109)}, WIDE, 3)
    assert spread is not None
    assert (spread.value, spread.confidence) == (100, 10)
    floor = agree_on(close, replace(WIDE, min_confidence_ppm=10_001), 3)
    assert floor is not None
    assert floor.confidence == 2  # 1.0001, rounded up


def test_an_even_number_of_sources_takes_the_lower_middle() -> None:
    four = agree_on({"a": (10, 10), "b": (20, 20), "c": (15, 15), "d": (12, 13)}, WIDE, 3)
    assert four is not None
    assert four.value == 12


@given(st.data())
def test_fewer_than_a_third_of_liars_never_leave_the_honest_range(data: st.DataObject) -> None:
    signers = data.draw(st.integers(1, 12))
    liars = data.draw(st.integers(0, (signers - 1) // 3))
    quorum = data.draw(st.integers(2 * signers // 3 + 1, signers))
    heard = data.draw(st.integers(quorum, signers))
    bid = st.integers(10**6, data.draw(st.sampled_from([1_001, 1_100, 3_000, 10**6])) * 10**3)
    honest = [
        (b, b + data.draw(st.integers(0, 1_000))) for b in data.draw(st.lists(bid, min_size=heard, max_size=heard))
    ]
    for place in range(min(liars, heard)):
        low = data.draw(st.integers(1, 2**63))
        honest[place] = (low, low + data.draw(st.integers(0, 2**62)))
    quotes = {f"s{index:02}": quote for index, quote in enumerate(honest)}
    rule = replace(WIDE, band_ppm=data.draw(st.integers(10_000, 999_999)))
    found = agree_on(quotes, rule, quorum)
    assume(found is not None)
    assert found is not None
    true = {f"s{index:02}" for index in range(min(liars, heard), heard)} & set(found.sources)
    mids = [sum(quotes[source]) // 2 for source in true]
    assert min(mids) <= found.value <= max(mids)
    assert all(abs(mid - found.value) <= found.confidence for mid in mids)
    assert len(found.sources) >= quorum
    assert set(found.sources) | set(found.outliers) == set(quotes)


@pytest.mark.parametrize("band_ppm", [100_000, 400_000, 999_999])
def test_no_lie_moves_a_small_market(band_ppm: int) -> None:
    """Every market of four sources that quote 1 to 6, whichever of them lies, whichever report is withheld."""
    rule = replace(WIDE, band_ppm=band_ppm)
    for mids, withheld in itertools.product(itertools.product(range(1, 7), repeat=4), (None, 0, 1, 2, 3)):
        quotes = {str(place): (mid, mid) for place, mid in enumerate(mids) if place != withheld}
        found = agree_on(quotes, rule, 3)
        if found is not None:
            for liar in map(str, range(4)):
                honest = [quotes[source][0] for source in found.sources if source != liar]
                assert min(honest) <= found.value <= max(honest), (mids, withheld, liar)
                assert max(abs(mid - found.value) for mid in honest) <= found.confidence


@given(st.data())
def test_liars_who_know_the_honest_quotes_gain_nothing(data: st.DataObject) -> None:
    """They quote just inside and outside of the honest range and of the band, all of them together."""
    liars = data.draw(st.integers(1, 4))
    signers = 3 * liars + 1
    quorum = 2 * signers // 3 + 1
    spread = data.draw(st.integers(0, 3_000))
    heard = data.draw(st.integers(quorum - liars, signers - liars))
    honest = data.draw(st.lists(st.integers(100_000, 100_000 + spread), min_size=heard, max_size=heard))
    rule = replace(WIDE, band_ppm=data.draw(st.sampled_from([10_000, 20_000, 50_000])))
    reach = rule.band_ppm * min(honest) // 10**6
    aims = [aim + d for mid in honest for aim in (mid - reach, mid, mid + reach) for d in (-1, 0, 1)]
    lies = data.draw(st.lists(st.sampled_from(aims), min_size=liars, max_size=liars))
    quotes = {f"h{i}": (mid, mid) for i, mid in enumerate(honest)} | {f"l{i}": (mid, mid) for i, mid in enumerate(lies)}
    found = agree_on(quotes, rule, quorum)
    if found is not None:
        mids = [quotes[source][0] for source in found.sources if source.startswith("h")]
        assert min(mids) <= found.value <= max(mids)
        assert max(abs(mid - found.value) for mid in mids) <= found.confidence <= 2 * reach + spread


@given(st.integers(1, 12), st.data())
def test_liars_cannot_stop_honest_sources_that_are_close(signers: int, data: st.DataObject) -> None:
    liars = (signers - 1) // 3
    honest = {f"h{index}": data.draw(st.integers(10_000, 10_100)) for index in range(signers - liars)}
    lies = {f"l{index}": data.draw(st.integers(1, 2**63)) for index in range(liars)}
    rule = replace(WIDE, band_ppm=10_000)
    found = agree_on({name: (mid, mid) for name, mid in (honest | lies).items()}, rule, 2 * signers // 3 + 1)
    assert found is not None
    assert set(honest) <= set(found.sources)


@pytest.mark.parametrize("count", range(1, 13))
def test_a_quorum_that_a_third_could_outvote_is_refused(count: int) -> None:
    signer = CONFIG.signers[0]
    signers = tuple(replace(signer, source=f"s{index}", identity=bytes([index + 1]) * 32) for index in range(count))
    for quorum in range(count + 2):
        if 2 * count < 3 * quorum <= 3 * count:
            assert replace(CONFIG, signers=signers, quorum=quorum).quorum == quorum
        else:
            with pytest.raises(MarketDataError, match="more than two thirds"):
                replace(CONFIG, signers=signers, quorum=quorum)


def test_one_source_less_than_the_quorum_is_too_few() -> None:
    agree(all_signed()[:3], CONFIG, NOW_MS)
    with pytest.raises(NoConsensus, match="2 reports count and 3 are needed; left out: c stale") as caught:
        agree([*all_signed()[:2], signed("c", time_ms=1)], CONFIG, NOW_MS)
    assert caught.value.rejections == ["c stale"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (lambda: signed("d", time_ms=NOW_MS - 10_001), "stale"),
        (lambda: signed("d", time_ms=NOW_MS + 501), "future"),
        (lambda: signed("d", key=STRANGER), "bad-signature"),
        (lambda: replace(signed("d"), report=report("d", 64_000 * E8)), "bad-signature"),
        (lambda: signed("d", domain=ReportDomain(2003, b"\x11" * 20)), "wrong-domain"),
        (lambda: signed("d", domain=ReportDomain(2002, b"\x12" * 20)), "wrong-domain"),
        (lambda: signed("d", market="perp"), "wrong-market"),
        (lambda: signed("d", quote="EUR"), "wrong-market"),
    ],
)
def test_a_report_that_does_not_count_is_named(bad: object, reason: str) -> None:
    assert callable(bad)
    snapshot = agree([*all_signed()[:3], bad()], CONFIG, NOW_MS)
    assert snapshot.provenance.rejections == (Rejection("d", 5, "", reason),)
    assert snapshot.prices["BTC"].sources == ("a", "b", "c")


def test_ages_at_the_edge_count() -> None:
    reports = [signed("a", time_ms=NOW_MS - 10_000), signed("b"), signed("d", time_ms=NOW_MS + 500)]
    assert agree(reports, CONFIG, NOW_MS).provenance.rejections == ()


def test_an_unknown_source_is_named_and_does_not_make_a_quorum() -> None:
    outsider = STRANGER.sign(replace(report("a"), source="z"))
    snapshot = agree([*all_signed(), outsider], CONFIG, NOW_MS)
    assert snapshot.provenance.rejections == (Rejection("z", 5, "", "unknown-source"),)
    with pytest.raises(NoConsensus, match="z unknown-source"):
        agree([*all_signed()[:2], outsider], CONFIG, NOW_MS)


def test_a_signer_counts_in_its_window_only() -> None:
    def with_window(not_before_ms: int, not_after_ms: int) -> MarketConfig:
        old = CONFIG.signers[3]
        limited = replace(old, not_before_ms=not_before_ms, not_after_ms=not_after_ms)
        return replace(CONFIG, signers=(*CONFIG.signers[:3], limited))

    open_windows = [(0, NOW_MS), (NOW_MS - 1_000, NOW_MS)]
    # The third: the key has expired, and somebody dates a report back into its window.
    closed_windows = [(0, NOW_MS - 1_001), (NOW_MS - 999, NOW_MS + 1), (0, NOW_MS - 1)]
    for window in open_windows:
        assert agree(all_signed(), with_window(*window), NOW_MS).provenance.rejections == ()
    for window in closed_windows:
        snapshot = agree(all_signed(), with_window(*window), NOW_MS)
        assert snapshot.provenance.rejections == (Rejection("d", 5, "", "signer-not-valid"),)


def test_the_same_report_twice_is_one_voice() -> None:
    twice = all_signed()[:3] + all_signed()[:3]
    assert agree(twice, CONFIG, NOW_MS).to_bytes() == agree(twice[:3], CONFIG, NOW_MS).to_bytes()
    with pytest.raises(NoConsensus, match="2 reports count"):
        agree([signed("a")] * 5 + [signed("b")], CONFIG, NOW_MS)


def test_the_newest_report_of_a_source_counts() -> None:
    snapshot = agree([*all_signed(), signed("a", 64_020 * E8, sequence=6)], CONFIG, NOW_MS)
    assert snapshot.provenance.rejections == (Rejection("a", 5, "", "superseded"),)
    assert snapshot.provenance.sequences["a"] == 6
    assert snapshot.prices["BTC"].price_e8 == 64_010 * E8


def test_a_source_that_says_two_things_at_once_does_not_count() -> None:
    snapshot = agree([*all_signed(), signed("a", 64_020 * E8)], CONFIG, NOW_MS)
    assert snapshot.provenance.rejections == (Rejection("a", 5, "", "equivocation"),)
    assert snapshot.prices["BTC"].sources == ("b", "c", "d")


def test_an_old_equivocation_is_not_held_against_a_source_for_ever() -> None:
    old = [signed("a", 1_000 * E8, sequence=3, time_ms=1), signed("a", 2_000 * E8, sequence=3, time_ms=1)]
    snapshot = agree([*all_signed(), *old], CONFIG, NOW_MS)
    assert "a" in snapshot.prices["BTC"].sources
    assert snapshot.provenance.rejections == (Rejection("a", 3, "", "stale"),)


@pytest.mark.parametrize(("bid", "ask", "reason"), [(0, 0, "zero"), (0, 5, "zero"), (5, 0, "zero"), (7, 6, "crossed")])
@pytest.mark.parametrize("source", ["c", "d"])
def test_a_quote_that_cannot_be_a_market_is_named(source: str, bid: int, ask: int, reason: str) -> None:
    others = [signed(other) for other in ("a", "b", "c", "d") if other != source]
    snapshot = agree([*others, unjudged(source, bid, ask)], CONFIG, NOW_MS)
    assert snapshot.provenance.rejections == (Rejection(source, 5, "BTC", reason),)
    assert source not in snapshot.prices["BTC"].sources
    assert source in snapshot.volatilities["BTC-CALL"].sources


def test_holes_and_strangers_among_the_symbols_are_named() -> None:
    strange = signed("d", prices=(PriceQuote("DOGE", 1, 1),))
    snapshot = agree([*all_signed()[:3], strange], CONFIG, NOW_MS)
    assert snapshot.provenance.rejections == (
        Rejection("d", 5, "BTC", "missing"),
        Rejection("d", 5, "DOGE", "unlisted"),
    )
    assert set(snapshot.prices) == {"BTC"}
    with pytest.raises(NoConsensus, match=r"BTC-CALL: fewer than 3 of 2 usable quotes.*, c missing, d missing"):
        agree([*all_signed()[:2], signed("c", volatilities=()), signed("d", volatilities=())], CONFIG, NOW_MS)


def test_volatilities_have_their_own_band() -> None:
    far = signed("d", volatilities=(VolatilityQuote("BTC-CALL", 900_000, 900_000),))
    volatility = agree([*all_signed()[:3], far], CONFIG, NOW_MS).volatilities["BTC-CALL"]
    assert (volatility.sources, volatility.outliers) == (("a", "b", "c"), ("d",))


def test_a_few_clocks_cannot_set_the_time() -> None:
    reports = [signed("a", time_ms=NOW_MS + 500), *all_signed()[1:]]
    assert agree(reports, CONFIG, NOW_MS).time_ms == NOW_MS - 1_000
    reports = [signed("a", time_ms=NOW_MS - 10_000), *all_signed()[1:]]
    assert agree(reports, CONFIG, NOW_MS).time_ms == NOW_MS - 1_000


def test_endless_reports_are_refused_before_any_is_checked() -> None:
    with pytest.raises(MarketDataError, match="at most 512"):
        agree([signed("a")] * 513, CONFIG, NOW_MS)
    with pytest.raises(MarketDataError, match="now_ms"):
        agree(all_signed(), CONFIG, -1)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_one_liar_of_four_may_sign_whatever_it_likes(data: st.DataObject) -> None:
    lies = []
    for _ in range(data.draw(st.integers(0, 3))):
        prices = data.draw(st.dictionaries(st.sampled_from(["BTC", "X"]), st.integers(1, 2**63), max_size=2))
        lies.append(
            signed(
                "b",
                sequence=data.draw(st.integers(4, 6)),
                time_ms=NOW_MS + data.draw(st.sampled_from([-20_000, -10_000, -1_000, 0, 500, 501])),
                prices=tuple(PriceQuote(symbol, mid, mid) for symbol, mid in sorted(prices.items())),
                volatilities=(),
            )
        )
    honest = [signed(source) for source in ("a", "c", "d")]
    snapshot = agree(data.draw(st.permutations([*honest, *lies])), CONFIG, NOW_MS)
    assert snapshot.to_bytes() == agree([*honest, *lies], CONFIG, NOW_MS).to_bytes()
    mids = [MIDS_E8[source] for source in ("a", "c", "d")]
    assert min(mids) <= snapshot.prices["BTC"].price_e8 <= max(mids)
    assert snapshot.time_ms == NOW_MS - 1_000
    assert {"a", "c", "d"} <= set(snapshot.prices["BTC"].sources)
    assert {r.source for r in snapshot.provenance.rejections} <= {"b"}
