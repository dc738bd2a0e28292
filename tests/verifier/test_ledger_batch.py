"""A batch: the same decisions in the same order as one by one, and all of it or none on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zkmargin.algebra import Engine, PointError, ZkMarginError
from zkmargin.verifier import (
    BreakerOpen,
    InflowCapExceeded,
    MarginLedger,
    NullifierUsed,
    ProofRejected,
    Receipt,
    SettlementIdUsed,
    SettlementRequest,
    StaleSequence,
    WrongTarget,
)

from .world import CONFIG, NOW, UNIT, Clock, World, limited


def kinds(outcomes: Sequence[Receipt | ZkMarginError]) -> list[type]:
    return [type(outcome) for outcome in outcomes]


def spoiled(world: World, request: SettlementRequest) -> SettlementRequest:
    return replace(request, proof=world.trapdoor.forge(request.public_inputs, constant=2))


def test_a_batch_of_honest_requests(world: World, ledger: MarginLedger) -> None:
    requests = [world.request(number, credit=number) for number in range(1, 9)]
    outcomes = ledger.accept_many(requests)
    assert outcomes == ledger.receipts()
    assert [receipt.number for receipt in ledger.receipts()] == list(range(1, 9))
    assert ledger.accept_many(requests) == outcomes, "a batch again is the same receipts"
    assert ledger.accept_many([]) == []
    assert ledger.verify_log().outstanding_e8 == 36 * UNIT


def test_the_same_request_twice_in_one_batch(world: World, ledger: MarginLedger) -> None:
    once, other = world.request(1), world.request(2)
    first, second, third = ledger.accept_many([once, other, once])
    assert first == third
    assert ledger.receipts() == [first, second]
    assert len(ledger.decisions()) == 2


def test_each_request_sees_what_came_before_it(world: World, ledger: MarginLedger) -> None:
    """Requests that fight for a sequence, a nullifier, a settlement id; and the replacement of a credit."""
    newer = world.request(1, credit=30, sequence=2, settlement_id=bytes([9]) * 32)
    outcomes = ledger.accept_many(
        [
            world.request(1),
            newer,
            world.request(1, sequence=2, settlement_id=bytes([8]) * 32, signals={"nullifier": 5}),
            world.request(2, signals={"nullifier": newer.named_inputs().nullifier}),
            world.request(3, settlement_id=bytes([9]) * 32),
            world.request(4, signals={"target": 5}),
        ]
    )
    assert kinds(outcomes) == [Receipt, Receipt, StaleSequence, NullifierUsed, SettlementIdUsed, WrongTarget]
    assert isinstance(outcomes[1], Receipt)
    assert outcomes[1].replaced_e8 == 100 * UNIT
    ledger.verify_log()


def test_the_culprits_are_named_and_the_others_credited(world: World, ledger: MarginLedger) -> None:
    requests = [world.request(number) for number in range(1, 12)]
    requests[3] = spoiled(world, requests[3])
    requests[7] = replace(requests[7], proof=replace(requests[7].proof, a=(3).to_bytes(32, "little") * 2))
    outcomes = ledger.accept_many(requests)
    found = kinds(outcomes)
    assert found[3] is ProofRejected
    assert found[7] is PointError
    assert found.count(Receipt) == 9
    codes = [decision.outcome for decision in ledger.decisions()]
    assert codes == ["accepted"] * 3 + ["proof-rejected"] + ["accepted"] * 3 + ["point-error"] + ["accepted"] * 3


def test_a_cap_met_in_the_middle_stops_the_rest(world: World, ledger_place: str) -> None:
    ledger = world.open(ledger_place, limited(inflow_cap_e8=250 * UNIT))
    outcomes = ledger.accept_many([world.request(number) for number in range(1, 6)])
    assert kinds(outcomes) == [Receipt, Receipt, InflowCapExceeded, BreakerOpen, BreakerOpen]
    ledger.verify_log()


def test_a_batch_that_cannot_be_written_leaves_nothing(
    world: World, ledger: MarginLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [world.request(number) for number in range(1, 5)]
    head = ledger.head()
    with monkeypatch.context() as patch:
        patch.setattr("zkmargin.verifier.ledger.deciding.record_accepted", fail_at_third())
        with pytest.raises(OSError, match="disk"):
            ledger.accept_many(requests)
    assert (ledger.receipts(), ledger.head()) == ([], head)
    assert kinds(ledger.accept_many(requests)) == [Receipt] * 4


def fail_at_third() -> Any:
    from zkmargin.verifier.ledger.entries import record_accepted

    calls: list[int] = []

    def failing(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise OSError("disk is full")
        record_accepted(*arguments)

    return failing


def test_a_batch_with_what_was_accepted_meanwhile(world: World, ledger: MarginLedger, ledger_place: str) -> None:
    """Between the examination and the lock somebody else has credited some of it."""
    other, honest = world.open(ledger_place, prepared=False), ledger._verifier.verify_many
    requests = [world.request(number) for number in range(1, 5)]
    meanwhile: list[Receipt] = []

    class Slow:
        def verify_many(self, items: Any) -> Any:
            found = honest(items)
            meanwhile.append(other.accept(requests[2]))
            return found

    ledger._verifier = Slow()  # type: ignore[assignment]
    outcomes = ledger.accept_many(requests)
    assert outcomes[2] == meanwhile[0]
    assert kinds(outcomes) == [Receipt] * 4
    assert len(ledger.receipts()) == 4


def test_time_goes_on_within_a_batch(world: World, ledger_place: str) -> None:
    """What expires between two of its requests is written off before the second."""
    times = iter([NOW] * 3 + [NOW + 2_000] * 90)
    with world.open(ledger_place) as ledger:
        ledger.accept(world.request(1, expiry_ms=NOW + 1_000))
        ledger._clock = lambda: next(times)
        assert kinds(ledger.accept_many([world.request(2), world.request(3)])) == [Receipt] * 2
        assert ledger.overview().outstanding_e8 == 200 * UNIT
        ledger.verify_log()


def test_a_receipt_that_is_gone_again_is_not_given_without_a_proof(world: World, path: Path) -> None:
    """What the examination saw is on another branch of the database's history than what is written to."""
    with world.open(path) as ledger, world.open(path.with_name("other.sqlite")) as other:
        receipt = other.accept(world.request(1))
        ledger._store.reading = other._store.reading  # type: ignore[method-assign]
        assert ledger.accept_many([world.request(1), world.request(2)])[0] == receipt
        with ledger._store.writing() as rows:
            assert [kept.account for kept in rows.receipts(0, 9)] == [world.request(2).named_inputs().account]


FAULTS: list[dict[str, Any]] = [
    {},
    {"sequence": 2},
    {"sequence": 3, "credit": 40},
    {"signals": {"target": 5}},
    {"signals": {"nullifier": 12345}},
    {"signals": {"source_roots": (9,)}},
    {"settlement_id": bytes([7]) * 32},
    {"horizon_ms": 3},
    {"credit": 400},
]
CHOICES = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, len(FAULTS) - 1), st.booleans()), min_size=1, max_size=10
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(choices=CHOICES, cut=st.integers(0, 10))
def test_a_batch_decides_as_one_by_one(
    best_engine: Engine, tmp_path_factory: pytest.TempPathFactory, choices: list[tuple[int, int, bool]], cut: int
) -> None:
    """Whatever is in it, and wherever it is cut in two; with a cap low enough to be met."""
    world = World(best_engine)
    requests = []
    for place, (account, fault, good) in enumerate(choices):
        change = {"settlement_id": (100 + place).to_bytes(32, "big"), **FAULTS[fault]}
        request = world.request(account, **change)
        requests.append(request if good else spoiled(world, request))
    folder = tmp_path_factory.mktemp("twins")
    single, batched = opened(world, folder / "single.sqlite"), opened(world, folder / "batched.sqlite")
    with single, batched:
        one_by_one = [outcome_of(single, request) for request in requests]
        at_once = [*batched.accept_many(requests[:cut]), *batched.accept_many(requests[cut:])]
        assert [described(outcome) for outcome in at_once] == [described(outcome) for outcome in one_by_one]
        assert batched.head() == single.head()
        assert batched.verify_log() == single.verify_log()


def opened(world: World, path: Path) -> MarginLedger:
    return world.open(path, replace(CONFIG, limits=replace(CONFIG.limits, inflow_cap_e8=450 * UNIT)), Clock())


def outcome_of(ledger: MarginLedger, request: SettlementRequest) -> Receipt | ZkMarginError:
    try:
        return ledger.accept(request)
    except ZkMarginError as problem:
        return problem


def described(outcome: Receipt | ZkMarginError) -> object:
    return outcome if isinstance(outcome, Receipt) else (type(outcome), str(outcome))
