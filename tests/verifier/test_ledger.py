"""Accepting: the checks in their order, all or nothing, and what margin an account has afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from zkmargin.algebra import PointError
from zkmargin.verifier import (
    BreakerOpen,
    ContextMismatch,
    CreditTooLarge,
    InflowCapExceeded,
    InvalidProof,
    MarginLedger,
    NullifierUsed,
    ProofRejected,
    Rejected,
    RequestExpired,
    SettlementIdUsed,
    StaleRiskTable,
    StaleRoot,
    StaleSequence,
    StatementError,
    Terms,
    UnattestedRiskTable,
    UnknownRoot,
    UnknownSettlement,
    WrongHorizon,
    WrongTarget,
)
from zkmargin.verifier.ledger.state import State

from .trapdoor import Trapdoor
from .world import (
    CHAIN,
    CONFIG,
    EXPIRY,
    NOW,
    ORACLE_TIME,
    OTHER_CHAIN,
    OTHER_ROOT,
    RISK_ROOT,
    ROOT,
    UNIT,
    Clock,
    World,
    limited,
)
from .world import attestation as attest


def last_entry(ledger: MarginLedger) -> int:
    return max((entry.number for entry in ledger.log(limit=10**6)), default=0)


def refusal(ledger: MarginLedger, request: Any, error: type[Exception]) -> None:
    """The request is refused for this reason, nothing has moved, and the log says why."""
    before, logged = ledger.receipts(), last_entry(ledger)
    with pytest.raises(error) as caught:
        ledger.accept(request)
    assert type(caught.value) is error
    assert ledger.receipts() == before
    (decision,) = ledger.decisions(after=logged)
    assert decision.outcome == caught.value.code  # type: ignore[attr-defined]
    assert decision.detail == str(caught.value)
    assert decision.request_digest == request.digest()


def test_an_honest_request_is_credited(world: World, ledger: MarginLedger) -> None:
    request = world.request(credit=250)
    receipt = ledger.accept(request)
    assert receipt.credit_e8 == 250 * UNIT
    assert receipt.replaced_e8 == 0
    assert receipt.account == 1_000_001
    assert receipt.request_digest == request.digest()
    assert (receipt.number, receipt.accepted_at_ms, receipt.expiry_ms) == (1, NOW, EXPIRY)
    assert ledger.margin_of(receipt.account) == 250 * UNIT
    assert ledger.receipt(request.context.settlement_id) == receipt
    assert [decision.outcome for decision in ledger.decisions()] == ["accepted"]


def test_the_same_request_again_returns_the_same_receipt(
    world: World, ledger: MarginLedger, clock: Clock, ledger_place: str
) -> None:
    """Even when it would be refused by now: expired, stale, the breaker open, and after a restart."""
    request = world.request()
    receipt = ledger.accept(request)
    clock.now_ms += 10_000_000
    ledger.trip_breaker("a test")
    assert ledger.accept(request) == receipt
    assert world.open(ledger_place, clock=clock, prepared=False).accept(request) == receipt
    assert len(ledger.receipts()) == 1


def test_the_checks_come_in_the_design_s_order(world: World, ledger: MarginLedger, clock: Clock) -> None:
    """A request with everything wrong, repaired one fault at a time: each refusal is the next of the list."""
    first = world.request(1, sequence=5)
    ledger.accept(first)
    used = first.named_inputs()
    ledger.trip_breaker("a test")
    ledger.attest_risk_root(attest(777, ORACLE_TIME - 90_000))
    ledger.observe_root(CHAIN, 8, 5151, NOW - 90_000)
    faults: dict[str, Any] = {"target": 5, "source_roots": (999,), "risk_root": 5, "context": 3}
    faults |= {"account": used.account, "nullifier": used.nullifier}
    shape: dict[str, Any] = {
        "settlement_id": first.context.settlement_id,
        "horizon_ms": 1,
        "sequence": 5,
        "expiry_ms": NOW - 1,
        "oracle_time_ms": ORACLE_TIME - 90_000,
        "credit": 2 * 10**10,
    }

    def attempt(error: type[Rejected]) -> None:
        request = world.request(2, signals=faults, **shape)
        if "proof" not in repaired:
            request = replace(request, proof=world.trapdoor.forge(request.public_inputs, constant=2))
        refusal(ledger, request, error)

    config = replace(CONFIG, max_credit_e8=10**9 * UNIT)
    ledger.config = config
    repaired: set[str] = set()
    attempt(BreakerOpen)
    ledger.reset_breaker("a test")
    attempt(WrongTarget)
    del faults["target"]
    attempt(ContextMismatch)
    del faults["context"]
    attempt(UnknownRoot)
    faults["source_roots"] = (5151,)
    attempt(StaleRoot)
    del faults["source_roots"]
    attempt(UnattestedRiskTable)
    faults["risk_root"] = 777
    attempt(StaleRiskTable)
    del faults["risk_root"], shape["oracle_time_ms"]
    attempt(WrongHorizon)
    del shape["horizon_ms"]
    attempt(RequestExpired)
    del shape["expiry_ms"]
    attempt(StaleSequence)
    shape["sequence"] = 6
    attempt(NullifierUsed)
    del faults["nullifier"]
    attempt(SettlementIdUsed)
    del shape["settlement_id"]
    attempt(CreditTooLarge)
    shape["credit"] = 10**8
    attempt(ProofRejected)
    repaired.add("proof")
    attempt(InflowCapExceeded)
    assert ledger.breaker().is_open
    ledger.reset_breaker("a test")
    shape["credit"] = 1
    assert ledger.accept(world.request(2, signals=faults, **shape)).credit_e8 == UNIT


@pytest.mark.parametrize(
    "change",
    [
        {"target": CONFIG.target + 1},
        {"source_roots": (ROOT + 1,)},
        {"source_roots": (0,)},
        {"risk_root": RISK_ROOT + 1},
        {"risk_root": 0},
        {"account": 5},
        {"nullifier": 5},
        {"terms": Terms(1, 2, 3).pack()},
        {"context": 5},
    ],
    ids=lambda change: next(iter(change)),
)
def test_no_public_input_can_be_changed_under_a_proof(
    world: World, ledger: MarginLedger, change: dict[str, Any]
) -> None:
    request = world.request()
    inputs = replace(request.named_inputs(), **change)
    with pytest.raises(Rejected):
        ledger.accept(replace(request, public_inputs=tuple(inputs.signals())))
    assert ledger.receipts() == []


@pytest.mark.parametrize(
    "change",
    [
        {"beneficiary": bytes([7]) * 20},
        {"settlement_id": bytes([7]) * 32},
        {"expiry_ms": EXPIRY + 1},
        {"oracle_time_ms": ORACLE_TIME - 1},
        {"source_chain_ids": (OTHER_CHAIN,)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_proof_cannot_be_moved_to_another_request(world: World, ledger: MarginLedger, change: dict[str, Any]) -> None:
    """Whoever sees a proof in flight cannot take it for a beneficiary of their own."""
    request = world.request()
    refusal(ledger, replace(request, context=replace(request.context, **change)), ContextMismatch)


def test_terms_cannot_be_changed_beside_the_proof(world: World, ledger: MarginLedger) -> None:
    request = world.request()
    for change in ({"credit_e8": 10**6 * UNIT}, {"sequence": 9}, {"horizon_ms": 5}):
        refusal(ledger, replace(request, terms=replace(request.terms, **change)), WrongHorizon)


def test_a_replay_with_another_proof_of_the_same_statement(world: World, ledger: MarginLedger) -> None:
    """Proof bytes can be changed at will (row V9), so they are not what stops a replay."""
    request = world.request()
    ledger.accept(request)
    again = replace(request, proof=world.trapdoor.forge(request.public_inputs, a=13, b=17))
    refusal(ledger, again, StaleSequence)
    refusal(ledger, world.request(signals={"account": 77}), NullifierUsed)


def test_an_older_or_equal_state_of_the_account(world: World, ledger: MarginLedger) -> None:
    ledger.accept(world.request(sequence=5))
    for sequence in (1, 4, 5):
        refusal(ledger, world.request(sequence=sequence, settlement_id=bytes(31) + b"\x99"), StaleSequence)
    newest = ledger.accept(world.request(sequence=(1 << 64) - 1, settlement_id=bytes(31) + b"\x99"))
    assert newest.sequence == (1 << 64) - 1


def test_a_root_counts_on_its_own_chain_only(world: World, ledger: MarginLedger) -> None:
    refusal(ledger, world.request(signals={"source_roots": (OTHER_ROOT,)}), UnknownRoot)


def test_a_route_that_was_closed(world: World, ledger_place: str) -> None:
    """The roots of a chain count no longer once the configuration has no route from it."""
    world.open(ledger_place).close()
    ledger = world.open(ledger_place, replace(CONFIG, routes={OTHER_CHAIN: 1}), prepared=False)
    refusal(ledger, world.request(), UnknownRoot)


@pytest.mark.parametrize(
    ("meanwhile", "error"),
    [
        (lambda world, other, _: other.trip_breaker("a test"), BreakerOpen),
        (lambda world, other, _: other.accept(world.request(2, signals={"nullifier": 5})), NullifierUsed),
        (lambda world, other, _: other.accept(world.request(2, signals={"account": 6})), StaleSequence),
        (lambda world, other, clock: clock.advance(10**6), StaleRoot),
    ],
)
def test_what_changes_during_the_pairing_counts(
    world: World, ledger: MarginLedger, ledger_place: str, clock: Clock, meanwhile: Any, error: type[Rejected]
) -> None:
    """The state is checked once more inside the writing transaction."""
    other = world.open(ledger_place, clock=clock, prepared=False)
    honest = ledger._verifier.verify

    class Slow:
        def verify(self, *arguments: Any) -> None:
            honest(*arguments)
            meanwhile(world, other, clock)

    ledger._verifier = Slow()  # type: ignore[assignment]
    with pytest.raises(error):
        ledger.accept(world.request(1, signals={"nullifier": 5, "account": 6}))


def test_accepted_by_another_process_during_the_pairing(world: World, ledger: MarginLedger, ledger_place: str) -> None:
    other, honest, request = world.open(ledger_place, prepared=False), ledger._verifier.verify, world.request()
    receipts = []

    class Slow:
        def verify(self, *arguments: Any) -> None:
            honest(*arguments)
            receipts.append(other.accept(request))

    ledger._verifier = Slow()  # type: ignore[assignment]
    assert [ledger.accept(request)] == receipts == ledger.receipts()


def test_freshness_ends_exactly(world: World, ledger: MarginLedger, clock: Clock) -> None:
    clock.now_ms = ORACLE_TIME + CONFIG.max_risk_age_ms + 1
    refusal(ledger, world.request(1), StaleRiskTable)
    clock.now_ms -= 1
    ledger.accept(world.request(1))
    ledger.attest_risk_root(attest(RISK_ROOT, clock.now_ms))
    clock.now_ms = NOW - 1_000 + CONFIG.max_root_age_ms
    ledger.attest_risk_root(attest(RISK_ROOT, clock.now_ms))
    ledger.accept(world.request(2, oracle_time_ms=clock.now_ms))
    clock.now_ms += 1
    ledger.attest_risk_root(attest(RISK_ROOT, clock.now_ms))
    refusal(ledger, world.request(3, oracle_time_ms=clock.now_ms), StaleRoot)


def test_a_clock_that_went_back_makes_nothing_fresh(world: World, ledger: MarginLedger, clock: Clock) -> None:
    clock.now_ms = NOW - 2_000
    refusal(ledger, world.request(), StaleRoot)


def test_expiry_is_exclusive(world: World, ledger: MarginLedger, clock: Clock) -> None:
    request = world.request(1, expiry_ms=NOW + 100)
    clock.now_ms = NOW + 100
    refusal(ledger, request, RequestExpired)
    clock.now_ms = NOW + 99
    ledger.accept(request)


def test_the_horizon_is_the_longer_of_latency_and_expiry(world: World, ledger: MarginLedger) -> None:
    soon = NOW + 100
    refusal(ledger, world.request(1, expiry_ms=soon, horizon_ms=soon - ORACLE_TIME), WrongHorizon)
    ledger.accept(world.request(1, expiry_ms=soon))
    too_long = ORACLE_TIME + CONFIG.max_horizon_ms + 1
    refusal(ledger, world.request(2, expiry_ms=too_long), WrongHorizon)
    ledger.accept(world.request(2, expiry_ms=too_long - 1))


def test_a_table_attested_at_another_time(world: World, ledger: MarginLedger) -> None:
    refusal(ledger, world.request(oracle_time_ms=ORACLE_TIME + 1), UnattestedRiskTable)
    refusal(ledger, world.request(oracle_time_ms=1 << 63, expiry_ms=(1 << 63) + 1), UnattestedRiskTable)


def test_a_proof_that_does_not_hold_is_also_an_invalid_proof(world: World, ledger: MarginLedger) -> None:
    request = world.request()
    forged = Trapdoor(world.engine, 7, seed=9_000).forge(request.public_inputs)
    refusal(ledger, replace(request, proof=forged), ProofRejected)
    with pytest.raises(InvalidProof):
        ledger.accept(replace(request, proof=forged))
    off_curve = replace(request.proof, a=(3).to_bytes(32, "little") * 2)
    refusal(ledger, replace(request, proof=off_curve), PointError)


def test_a_newer_credit_replaces_the_older_one(world: World, ledger: MarginLedger) -> None:
    """Each proof shows the same reservation again: adding the credits up would count it twice."""
    ids = [bytes([9] * 31 + [i]) for i in range(3)]
    receipts = [
        ledger.accept(world.request(1, credit=credit, sequence=s + 1, settlement_id=ids[s]))
        for s, credit in enumerate((10, 10, 4))
    ]
    account = receipts[0].account
    assert [receipt.replaced_e8 // UNIT for receipt in receipts] == [0, 10, 10]
    assert ledger.margin_of(account) == 4 * UNIT
    assert ledger.release(ids[0]) == 4 * UNIT
    assert ledger.release(ids[2]) == 0
    assert ledger.margin_of(account) == 0


def test_a_released_account_needs_a_state_newer_than_the_release(world: World, ledger: MarginLedger) -> None:
    """A proof made earlier, of a state the source has meanwhile freed, must not be credited."""
    account = ledger.accept(world.request(1, credit=10, sequence=1)).account
    ledger.trip_breaker("release must not depend on it")
    assert ledger.release_account(account, 5) == 0
    assert ledger.release_account(account, 3) == 0
    ledger.reset_breaker("a test")
    refusal(ledger, world.request(1, credit=10, sequence=5, settlement_id=bytes([8]) * 32), StaleSequence)
    ledger.accept(world.request(1, credit=7, sequence=6, settlement_id=bytes([9]) * 32))
    assert ledger.release_account(account, 5) == 7 * UNIT
    assert ledger.margin_of(account) == 7 * UNIT


def test_an_account_without_a_credit_can_be_released(world: World, ledger: MarginLedger) -> None:
    request = world.request(1, sequence=4)
    assert ledger.release_account(request.named_inputs().account, 4) == 0
    refusal(ledger, request, StaleSequence)
    for account, sequence in ((-1, 0), (1, -1), (1, 2**64), (2**254, 1), (True, 1)):
        with pytest.raises(StatementError):
            ledger.release_account(account, sequence)


def test_an_account_released_through_the_last_sequence_is_never_credited_again(
    world: World, ledger: MarginLedger
) -> None:
    account = ledger.accept(world.request(1, credit=10, sequence=1)).account
    assert ledger.release_account(account, 2**64 - 1) == 0
    for number, sequence in ((8, 2), (9, 2**64 - 1)):
        request = world.request(1, credit=10, sequence=sequence, settlement_id=bytes([number]) * 32)
        refusal(ledger, request, StaleSequence)
    assert ledger.margin_of(account) == 0


def test_margin_ends_when_the_newest_credit_expires(world: World, ledger: MarginLedger, clock: Clock) -> None:
    account = ledger.accept(world.request(1, credit=10, sequence=1, expiry_ms=EXPIRY + 1_000)).account
    ledger.accept(world.request(1, credit=20, sequence=2, settlement_id=bytes([9]) * 32))
    clock.now_ms = EXPIRY - 1
    assert ledger.margin_of(account) == 20 * UNIT
    clock.now_ms = EXPIRY
    assert ledger.margin_of(account) == 0
    assert ledger.margin_of(5) == 0


def test_only_what_is_added_counts_towards_the_inflow_cap(world: World, ledger_place: str, clock: Clock) -> None:
    ledger = world.open(ledger_place, limited(inflow_cap_e8=150 * UNIT), clock)
    for sequence in (1, 2):
        ledger.accept(world.request(1, sequence=sequence, settlement_id=bytes([sequence]) * 32))
    ledger.accept(world.request(1, credit=150, sequence=3, settlement_id=bytes([3]) * 32))
    refusal(ledger, world.request(1, credit=151, sequence=4, settlement_id=bytes([4]) * 32), InflowCapExceeded)


def test_release_works_with_the_breaker_open(world: World, ledger: MarginLedger) -> None:
    receipt = ledger.accept(world.request())
    ledger.trip_breaker("a test")
    assert ledger.release(receipt.settlement_id) == 0
    with pytest.raises(UnknownSettlement):
        ledger.release(bytes(32))


def test_a_released_state_cannot_be_used_again(world: World, ledger: MarginLedger) -> None:
    ledger.release(ledger.accept(world.request()).settlement_id)
    refusal(ledger, world.request(settlement_id=bytes([5]) * 32), StaleSequence)


def test_the_inflow_cap_trips_the_breaker(world: World, ledger_place: str, clock: Clock) -> None:
    ledger = world.open(ledger_place, limited(inflow_cap_e8=250 * UNIT), clock)
    ledger.accept(world.request(1))
    ledger.accept(world.request(2))
    refusal(ledger, world.request(3), InflowCapExceeded)
    assert ledger.breaker().is_open
    refusal(ledger, world.request(4, credit=1), BreakerOpen)
    ledger.reset_breaker("looked into, all honest")
    assert ledger.accept(world.request(3)).number == 3


def test_the_inflow_cap_is_exact(world: World, ledger_place: str) -> None:
    cap = limited(inflow_cap_e8=100 * UNIT)
    assert world.open(ledger_place, cap).accept(world.request(1)).number == 1
    below = world.open(ledger_place, limited(inflow_cap_e8=200 * UNIT - 1), prepared=False)
    refusal(below, world.request(2), InflowCapExceeded)


def test_the_inflow_window_moves_on(world: World, ledger_place: str, clock: Clock) -> None:
    ledger = world.open(ledger_place, limited(inflow_cap_e8=100 * UNIT, inflow_window_ms=1_000), clock)
    ledger.accept(world.request(1))
    clock.now_ms += 1_000
    ledger.accept(world.request(2))


def test_nobody_without_a_valid_proof_can_trip_the_breaker(world: World, ledger: MarginLedger) -> None:
    request = world.request(credit=10**9)
    bad = replace(request, proof=world.trapdoor.forge(request.public_inputs, constant=2))
    refusal(ledger, bad, ProofRejected)
    assert not ledger.breaker().is_open


def test_the_breaker_needs_a_reason_and_outlives_the_process(
    world: World, ledger: MarginLedger, ledger_place: str
) -> None:
    for reason in ("", " ", "two\nlines", "x" * 201):
        with pytest.raises(StatementError):
            ledger.trip_breaker(reason)
    ledger.trip_breaker("oracle outage")
    ledger.close()
    again = world.open(ledger_place)
    with pytest.raises(BreakerOpen, match="oracle outage") as caught:
        again.accept(world.request())
    assert caught.value.reason == "oracle outage"


def test_two_venues_in_one_proof(best_engine: Any, ledger_place: str) -> None:
    """Each root on its chain, the horizon of the slower route."""
    both = World(best_engine, venues=2)
    ledger = both.open(ledger_place)
    refusal(ledger, both.request(1, signals={"source_roots": (OTHER_ROOT, ROOT)}), UnknownRoot)
    refusal(ledger, both.request(1, horizon_ms=EXPIRY - ORACLE_TIME), WrongHorizon)
    assert ledger.accept(both.request(1)).credit_e8 == 100 * UNIT
    single = World(best_engine).request(2)
    refusal(ledger, single, ContextMismatch)


def test_a_failing_write_leaves_nothing_behind(
    world: World, ledger: MarginLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something goes wrong after everything was saved and before the end of the transaction."""
    save = State.save

    def failing(state: State) -> None:
        save(state)
        raise OSError("disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(State, "save", failing)
        with pytest.raises(OSError, match="disk is full"):
            ledger.accept(world.request())
    assert ledger.receipts() == []
    assert ledger.accept(world.request()).number == 1


def test_several_questions_are_answered_from_one_moment(
    ledger: MarginLedger, world: World, ledger_place: str, clock: Clock
) -> None:
    ledger.observe_root(CHAIN, 100, ROOT + 1, NOW)
    with ledger.at_one_moment() as then, world.open(ledger_place, clock=clock) as elsewhere:
        before = then.head()
        elsewhere.observe_root(CHAIN, 101, ROOT + 2, NOW)
        elsewhere.trip_breaker("a test")
        clock.now_ms += 5
        assert then.head() == then.overview().head == before
        assert then.overview().now_ms == clock.now_ms - 5
        assert [entry.number for entry in then.log(after=before.number)] == []
        root = then.newest_root(CHAIN)
        assert root is not None
        assert root.epoch == 100
        assert then.breaker().reason == ""
        assert then.account(1).margin_e8 == 0
        after = elsewhere.head()
    assert ledger.head() == after != before
