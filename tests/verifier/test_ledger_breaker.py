"""The breaker at work in a ledger: each limit trips what it should, says why in the log, and stops no release."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zkmargin.verifier import (
    AccountCapExceeded,
    AttestationRejected,
    BreakerOpen,
    ConfigError,
    InflowCapExceeded,
    LedgerConfig,
    MarginLedger,
    MarketHealth,
    ProofRejected,
    Rejected,
    SettlementRequest,
    StatementError,
    WrongHorizon,
)
from zkmargin.verifier.ledger import Position

from .world import (
    CHAIN,
    CONFIG,
    NOW,
    ORACLE_TIME,
    OTHER_CHAIN,
    RISK_ROOT,
    UNIT,
    Clock,
    World,
    attestation,
    limited,
    root_attestation,
)

MINUTE = 60_000


def opened(world: World, place: str, clock: Clock, **limits: object) -> MarginLedger:
    return world.open(place, limited(**limits), clock)


def refused(ledger: MarginLedger, request: SettlementRequest, error: type[Rejected]) -> Rejected:
    receipts = ledger.receipts()
    with pytest.raises(error) as caught:
        ledger.accept(request)
    assert type(caught.value) is error
    assert ledger.receipts() == receipts
    ledger.verify_log()
    return caught.value


def moves(ledger: MarginLedger) -> list[tuple[str, str, str]]:
    """(scope, position, who) of every move in the log."""
    bodies = [entry.members() for entry in ledger.log() if entry.kind == "breaker"]
    return [(body["scope"], body["position"], body["who"]) for body in bodies]


def test_a_source_s_cap_stops_that_source_alone(world: World, ledger_place: str, clock: Clock) -> None:
    ledger = opened(world, ledger_place, clock, source_caps_e8={CHAIN: 150 * UNIT})
    receipt = ledger.accept(world.request(1))
    problem = refused(ledger, world.request(2), InflowCapExceeded)
    assert isinstance(problem, InflowCapExceeded)
    assert (problem.source, problem.cap) == (CHAIN, "source")
    assert "the breaker of chain 1 is open now" in str(problem)
    assert [(state.source, state.is_open) for state in ledger.breakers()] == [
        (None, False),
        (CHAIN, True),
        (OTHER_CHAIN, False),
    ]
    stopped = refused(ledger, world.request(3, credit=1), BreakerOpen)
    assert isinstance(stopped, BreakerOpen)
    assert stopped.source == CHAIN
    assert ledger.repay(receipt.settlement_id, 5) == 5
    assert ledger.release(receipt.settlement_id) == 0
    ledger.reset_breaker("all honest", CHAIN)
    assert ledger.accept(world.request(2)).number == 2
    assert moves(ledger) == [(str(CHAIN), "open", "ledger"), (str(CHAIN), "closed", "operator")]


def test_inflow_counts_for_each_source_of_a_request(world: World, ledger_place: str, clock: Clock) -> None:
    both = World(world.engine, venues=2)
    ledger = opened(both, ledger_place, clock, source_caps_e8={OTHER_CHAIN: 150 * UNIT})
    ledger.accept(both.request(1))
    ledger.trip_breaker("a test", CHAIN)
    refused(ledger, both.request(2), BreakerOpen)
    ledger.reset_breaker("a test", CHAIN)
    problem = refused(ledger, both.request(2), InflowCapExceeded)
    assert isinstance(problem, InflowCapExceeded)
    assert problem.source == OTHER_CHAIN


def test_an_account_s_cap_refuses_and_trips_nothing(world: World, ledger_place: str, clock: Clock) -> None:
    ledger = opened(world, ledger_place, clock, account_cap_e8=150 * UNIT)
    ledger.accept(world.request(1))
    more = world.request(1, credit=251, sequence=2, settlement_id=bytes([9]) * 32)
    refused(ledger, more, AccountCapExceeded)
    assert not any(state.is_open for state in ledger.breakers())
    ledger.accept(world.request(1, credit=150, sequence=3, settlement_id=bytes([8]) * 32))
    ledger.accept(world.request(2, credit=150))


def renew(ledger: MarginLedger, clock: Clock) -> None:
    """A risk table of now."""
    ledger.attest_risk_root(attestation(RISK_ROOT, clock.now_ms))


def test_the_account_s_cap_drains(world: World, ledger_place: str, clock: Clock) -> None:
    ledger = opened(world, ledger_place, clock, account_cap_e8=150 * UNIT)
    ledger.accept(world.request(1, credit=150))
    clock.advance(20_000)
    renew(ledger, clock)
    now = {"oracle_time_ms": clock.now_ms}
    refused(ledger, world.request(1, credit=201, sequence=2, settlement_id=bytes([9]) * 32, **now), AccountCapExceeded)
    ledger.accept(world.request(1, credit=200, sequence=3, settlement_id=bytes([8]) * 32, **now))


def test_the_relative_cap_grows_with_what_is_outstanding(world: World, ledger_place: str, clock: Clock) -> None:
    limits = {"inflow_cap_ppm": 500_000, "relative_floor_e8": 100 * UNIT, "inflow_window_ms": 1_000}
    ledger = opened(world, ledger_place, clock, **limits)
    ledger.accept(world.request(1, credit=100))
    refused(ledger, world.request(2, credit=1), InflowCapExceeded)
    ledger.reset_breaker("a test")
    ledger.accept(world.request(2, credit=100))
    ledger.reset_breaker("a test")
    ledger.accept(world.request(3, credit=100))
    ledger.reset_breaker("300 are outstanding, so 150 may come in")
    refused(ledger, world.request(4, credit=151), InflowCapExceeded)
    ledger.reset_breaker("a test")
    ledger.accept(world.request(4, credit=150))


def test_margin_that_ended_is_not_outstanding(world: World, ledger_place: str, clock: Clock) -> None:
    limits = {"inflow_cap_ppm": 500_000, "relative_floor_e8": UNIT, "inflow_window_ms": 1_000}
    ledger = opened(world, ledger_place, clock, **limits, inflow_cap_e8=10**9 * UNIT)
    with world.open(ledger_place, clock=clock, prepared=False) as without_limit:
        for number, expiry in ((1, NOW + 500), (2, NOW + MINUTE), (3, NOW + MINUTE)):
            without_limit.accept(world.request(number, credit=100, expiry_ms=expiry))
        without_limit.reset_breaker("a test")
    ledger.release((3).to_bytes(32, "big"))
    ledger.repay((2).to_bytes(32, "big"), 80 * UNIT)
    clock.advance(500)
    refused(ledger, world.request(4, credit=41), InflowCapExceeded)
    ledger.reset_breaker("a test")
    ledger.accept(world.request(4, credit=40))
    assert ledger.verify_log().outstanding_e8 == 120 * UNIT


def test_a_source_that_fell_silent(world: World, ledger_place: str, clock: Clock) -> None:
    ledger = opened(world, ledger_place, clock, max_root_silence_ms=5_000)
    clock.now_ms = NOW + 4_000
    renew(ledger, clock)
    ledger.accept(world.request(1, oracle_time_ms=clock.now_ms))
    clock.advance(1)
    assert [state.is_open for state in ledger.breakers()] == [False, True, True], "as a request would find it"
    assert moves(ledger) == []
    problem = refused(ledger, world.request(2, oracle_time_ms=NOW + 4_000), BreakerOpen)
    assert "no new root" in str(problem)
    assert moves(ledger) == [(str(CHAIN), "open", "ledger")]
    ledger.observe_root(CHAIN, 8, 4243, clock.now_ms)
    refused(ledger, world.request(2, oracle_time_ms=NOW + 4_000), BreakerOpen)
    ledger.reset_breaker("the relay is back", CHAIN)
    ledger.accept(world.request(2, oracle_time_ms=NOW + 4_000))


def test_a_silence_nobody_asked_about_is_noticed_when_it_ends(world: World, ledger_place: str, clock: Clock) -> None:
    ledger = opened(world, ledger_place, clock, max_root_silence_ms=5_000)
    clock.now_ms = NOW + 10_000
    ledger.observe_root(CHAIN, 8, 4243, clock.now_ms)
    assert ledger.breaker(CHAIN).is_open
    assert not ledger.breaker().is_open
    ledger.verify_log()


@pytest.mark.parametrize(
    ("limit", "market"),
    [
        ("max_disagreement_ppm", MarketHealth(NOW, 1_001, 0)),
        ("max_price_gap_ppm", MarketHealth(NOW, 0, 1_001)),
    ],
)
def test_an_unhealthy_market(world: World, ledger_place: str, clock: Clock, limit: str, market: MarketHealth) -> None:
    ledger = opened(world, ledger_place, clock, **{limit: 1_000})
    ledger.observe_market(replace(market, disagreement_ppm=min(1_000, market.disagreement_ppm), price_gap_ppm=1_000))
    assert not ledger.breaker().is_open
    ledger.observe_market(market)
    assert "1001 ppm, 1000 are allowed" in ledger.breaker().reason
    refused(ledger, world.request(1), BreakerOpen)
    ledger.observe_market(MarketHealth(NOW, 0, 0))
    assert ledger.breaker().is_open, "good news never closes it"


@pytest.mark.parametrize("field", ["oracle_time_ms", "disagreement_ppm", "price_gap_ppm"])
@pytest.mark.parametrize("value", [-1, 1 << 64, 1.5, True])
def test_a_market_report_that_cannot_be(ledger: MarginLedger, field: str, value: object) -> None:
    with pytest.raises((StatementError, AttestationRejected)):
        ledger.observe_market(replace(MarketHealth(NOW, 0, 0), **{field: value}))  # type: ignore[arg-type]


def test_two_signed_tables_for_one_time_stop_the_ledger(world: World, ledger: MarginLedger, clock: Clock) -> None:
    other = attestation(RISK_ROOT + 1)
    with pytest.raises(AttestationRejected, match="breaker is open now"):
        ledger.attest_risk_root(other)
    refused(ledger, world.request(1), BreakerOpen)
    ledger.reset_breaker("one oracle was replaced")
    clock.now_ms = ORACLE_TIME + CONFIG.max_risk_age_ms + 1
    with pytest.raises(AttestationRejected):
        ledger.attest_risk_root(other)
    assert not ledger.breaker().is_open, "the pair can be shown for ever, and would stop the ledger for ever"


def test_a_storm_of_refusals(world: World, ledger_place: str, clock: Clock) -> None:
    ledger = opened(world, ledger_place, clock, reject_storm=3, reject_window_ms=1_000)
    honest = world.request(1)
    bad = replace(honest, proof=world.trapdoor.forge(honest.public_inputs, constant=2))
    for _ in range(3):
        refused(ledger, bad, ProofRejected)
    clock.advance(1_000)
    for _ in range(3):
        refused(ledger, bad, ProofRejected)
    assert not ledger.breaker().is_open
    refused(ledger, bad, ProofRejected)
    assert "3 refusals" in ledger.breaker().reason
    *_, counted, storm = [entry.members() for entry in ledger.log()]
    assert counted["scopes"] == {}, "the storm is an entry of its own"
    assert (storm["scope"], storm["position"]) == ("whole", "open")
    refused(ledger, honest, BreakerOpen)


def test_a_cap_that_is_met_in_a_storm_is_what_opened_the_breaker(world: World, ledger_place: str, clock: Clock) -> None:
    ledger = opened(world, ledger_place, clock, reject_storm=1, inflow_cap_e8=50 * UNIT)
    honest = world.request(1)
    refused(ledger, replace(honest, proof=world.trapdoor.forge(honest.public_inputs, constant=2)), ProofRejected)
    refused(ledger, honest, InflowCapExceeded)
    assert ledger.breaker().reason.startswith("inflow cap exceeded")
    assert moves(ledger) == [("whole", "open", "ledger")]


def test_a_refusal_without_a_limit_on_refusals_changes_no_breaker(world: World, ledger: MarginLedger) -> None:
    refused(ledger, world.request(1, horizon_ms=3), WrongHorizon)
    assert ledger.log()[-1].members()["scopes"] == {}


def test_a_breaker_tries_again_by_itself(world: World, ledger_place: str, clock: Clock) -> None:
    trial = {"half_open_after_ms": 1_000, "trial_cap_e8": 30 * UNIT, "trial_accepts": 2}
    ledger = opened(world, ledger_place, clock, inflow_cap_e8=100 * UNIT, inflow_window_ms=1_000, **trial)
    refused(ledger, world.request(1, credit=101), InflowCapExceeded)
    clock.advance(999)
    refused(ledger, world.request(1, credit=10), BreakerOpen)
    clock.advance(1)
    assert ledger.breaker().position is Position.HALF_OPEN
    problem = refused(ledger, world.request(1, credit=31), InflowCapExceeded)
    assert isinstance(problem, InflowCapExceeded)
    assert problem.cap == "trial"
    clock.advance(1_000)
    ledger.accept(world.request(2, credit=10))
    assert (ledger.breaker().trial_accepts, ledger.breaker().trial_inflow_e8) == (1, 10 * UNIT)
    ledger.accept(world.request(3, credit=20))
    assert ledger.breaker().position is Position.CLOSED
    ledger.accept(world.request(4, credit=70))
    assert [position for _, position, _ in moves(ledger)] == ["open", "half-open", "open", "half-open", "closed"]
    ledger.verify_log()


def test_an_operator_s_trip_waits_for_the_operator(world: World, ledger_place: str, clock: Clock) -> None:
    ledger = opened(world, ledger_place, clock, half_open_after_ms=1_000, trial_cap_e8=100 * UNIT)
    ledger.trip_breaker("a drill")
    clock.advance(2_000)
    refused(ledger, world.request(1), BreakerOpen)
    ledger.probe_breaker("the drill is over")
    ledger.accept(world.request(1))
    assert ledger.breaker().position is Position.CLOSED
    assert moves(ledger) == [("whole", "open", "operator"), ("whole", "half-open", "operator"),
                             ("whole", "closed", "ledger")]  # fmt: skip


def test_a_retracted_root_counts_no_more(world: World, ledger: MarginLedger, clock: Clock) -> None:
    receipt = ledger.accept(world.request(1))
    ledger.retract_root(CHAIN, 7, "block 5 vanished")
    assert "block 5 vanished" in ledger.breaker(CHAIN).reason
    assert ledger.margin_of(receipt.account) == receipt.credit_e8, "what was credited stays"
    ledger.reset_breaker("a test", CHAIN)
    with pytest.raises(Rejected) as caught:
        ledger.accept(world.request(2))
    assert caught.value.code == "unknown-root"
    ledger.observe_root(CHAIN, 7, 4244, NOW)
    ledger.accept(world.request(2, signals={"source_roots": (4244,)}))
    ledger.verify_log()


def test_retracting_takes_newer_epochs_and_leaves_older_ones(world: World, ledger: MarginLedger) -> None:
    for epoch in range(8, 12):
        ledger.observe_root(CHAIN, epoch, 9_000 + epoch, NOW)
    ledger.retract_root(CHAIN, 9, "a fork")
    ledger.reset_breaker("a test", CHAIN)
    ledger.accept(world.request(1))
    ledger.accept(world.request(2, signals={"source_roots": (9_008,)}))
    for epoch in range(9, 12):
        with pytest.raises(Rejected) as caught:
            ledger.accept(world.request(3, signals={"source_roots": (9_000 + epoch,)}))
        assert caught.value.code == "unknown-root"
    ledger.observe_root(CHAIN, 9, 9_011, NOW)
    ledger.observe_root(CHAIN, 10, 9_010, NOW)
    ledger.verify_log()


def test_retracting_what_was_never_observed_changes_nothing(world: World, ledger_place: str, clock: Clock) -> None:
    with world.open(ledger_place, clock=clock, prepared=False) as ledger:
        before = ledger.head()
        ledger.retract_root(CHAIN, 0, "a fork of a chain that has not begun")
        ledger.observe_root(CHAIN, 7, 4_007, NOW)
        observed = ledger.head()
        ledger.retract_root(CHAIN, 8, "a fork beyond what was observed")
        assert (observed.number, ledger.head()) == (before.number + 1, observed)
        assert not any(breaker.is_open for breaker in ledger.breakers())


def test_a_signature_from_before_a_retraction_brings_no_root_back(ledger: MarginLedger, clock: Clock) -> None:
    """Whoever kept the attestation could otherwise undo what the operator did."""
    kept = root_attestation(8, 9_008)
    ledger.attest_source_root(kept)
    clock.advance(10)
    ledger.retract_root(CHAIN, 8, "a fork")
    for old in (kept, root_attestation(8, 9_009, observed_at_ms=clock.now_ms)):
        with pytest.raises(AttestationRejected, match="retracted"):
            ledger.attest_source_root(old)
    ledger.attest_source_root(root_attestation(2**32, 5, observed_at_ms=clock.now_ms, chain_id=OTHER_CHAIN))
    clock.advance(1)
    ledger.attest_source_root(root_attestation(8, 9_008, observed_at_ms=clock.now_ms))
    ledger.verify_log()


def test_a_clock_that_was_set_back_lets_no_older_signature_in(ledger: MarginLedger, clock: Clock) -> None:
    ledger.observe_root(CHAIN, 8, 9_008, NOW)
    ledger.retract_root(CHAIN, 8, "a fork")
    clock.advance(-300)
    ledger.retract_root(CHAIN, 7, "a longer one")
    clock.advance(10)
    with pytest.raises(AttestationRejected, match="retracted"):
        ledger.attest_source_root(root_attestation(8, 9_008, observed_at_ms=clock.now_ms))
    ledger.verify_log()


def test_a_source_without_a_route_has_no_breaker(ledger: MarginLedger) -> None:
    for call in (ledger.trip_breaker, ledger.probe_breaker, ledger.reset_breaker):
        with pytest.raises(StatementError):
            call("a test", 77)
        with pytest.raises(StatementError):
            call("a\ntest")
    with pytest.raises(StatementError):
        ledger.breaker(77)
    with pytest.raises(StatementError):
        ledger.retract_root(CHAIN, 1, "")


def test_a_cap_for_a_source_without_a_route() -> None:
    with pytest.raises(ConfigError) as caught:
        limited(source_caps_e8={77: 1})
    assert caught.value.field == "source_caps_e8"


def test_repaying(world: World, ledger: MarginLedger, clock: Clock) -> None:
    receipt = ledger.accept(world.request(1, credit=100))
    ledger.trip_breaker("repaying must not depend on it")
    assert ledger.repay(receipt.settlement_id, 200 * UNIT) == 100 * UNIT, "it never raises"
    assert ledger.repay(receipt.settlement_id, 40 * UNIT) == 40 * UNIT
    logged = ledger.head()
    assert ledger.repay(receipt.settlement_id, 40 * UNIT) == 40 * UNIT
    assert ledger.repay(receipt.settlement_id, 70 * UNIT) == 40 * UNIT
    assert ledger.head() == logged, "nothing happened"
    ledger.reset_breaker("a test")
    newer = ledger.accept(world.request(1, credit=60, sequence=2, settlement_id=bytes([9]) * 32))
    assert newer.replaced_e8 == 40 * UNIT
    assert ledger.repay(receipt.settlement_id, 0) == 60 * UNIT, "another credit has taken its place"
    assert ledger.repay(newer.settlement_id, 0) == 0
    for amount in (-1, 1 << 64, True):
        with pytest.raises(StatementError):
            ledger.repay(newer.settlement_id, amount)
    clock.now_ms = newer.expiry_ms
    assert ledger.repay(newer.settlement_id, 5) == 0
    ledger.verify_log()


def test_the_configuration_names_the_limits(ledger: MarginLedger) -> None:
    config: LedgerConfig = ledger.config
    body = ledger.log()[0].members()["config"]
    assert body["limits"]["inflow_cap_e8"] == str(config.limits.inflow_cap_e8)
    assert body["market"] == config.market
