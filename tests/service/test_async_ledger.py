"""The ledger for an event loop: it never blocks it, batches what waits, and lets nothing get lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from zkmargin.verifier import LedgerError, MarginLedger, ProofRejected, Receipt
from zkmargin.verifier.errors import Overloaded
from zkmargin.verifier.ledger.async_ledger import AsyncMarginLedger

from ..examples.venue import Venue


class Gate:
    """Notes each batch and holds it until it is opened."""

    def __init__(self, ledger: MarginLedger, monkeypatch: pytest.MonkeyPatch) -> None:
        self.batches: list[int] = []
        self.open = threading.Event()
        real = ledger.accept_many

        def held(requests: Any) -> Any:
            opened = self.open
            self.batches.append(len(requests))
            assert opened.wait(60)
            return real(requests)

        monkeypatch.setattr(ledger, "accept_many", held)


@pytest.fixture
def gate(ledger: MarginLedger, monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(ledger, monkeypatch)


def run(ledger: MarginLedger, story: Callable[[AsyncMarginLedger], Awaitable[None]], **limits: int) -> None:
    async def whole() -> None:
        shared = AsyncMarginLedger(ledger, **limits)
        try:
            await story(shared)
        finally:
            await shared.drain()

    asyncio.run(whole())


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.001)


def test_the_loop_goes_on_while_a_request_is_decided(ledger: MarginLedger, gate: Gate, venue: Venue) -> None:
    async def story(shared: AsyncMarginLedger) -> None:
        deciding = asyncio.create_task(shared.accept(venue.request(1)))
        await until(lambda: gate.batches == [1])
        assert await shared.margin_of(1_000_001) == 0
        assert not deciding.done()
        gate.open.set()
        receipt = await deciding
        assert await shared.margin_of(receipt.account) == receipt.credit_e8
        assert await shared.receipt(receipt.settlement_id) == receipt

    run(ledger, story)


def test_what_waits_together_is_decided_together(ledger: MarginLedger, gate: Gate, venue: Venue) -> None:
    async def story(shared: AsyncMarginLedger) -> None:
        requests = [venue.request(number) for number in range(1, 11)]
        deciding = [asyncio.create_task(shared.accept(request)) for request in requests]
        await until(lambda: shared.waiting == 8)
        gate.open.set()
        receipts = await asyncio.gather(*deciding)
        assert [receipt.settlement_id for receipt in receipts] == [r.context.settlement_id for r in requests]

    run(ledger, story, batch_limit=5)
    assert sorted(gate.batches) == [1, 1, 3, 5]


def test_a_batch_stays_together_and_keeps_its_order(ledger: MarginLedger, venue: Venue) -> None:
    async def story(shared: AsyncMarginLedger) -> None:
        requests = [venue.request(number) for number in (3, 1, 2)]
        outcomes = await shared.accept_many(requests)
        assert [outcome.number for outcome in outcomes if isinstance(outcome, Receipt)] == [1, 2, 3]
        assert await shared.accept_many([]) == []

    run(ledger, story, batch_limit=2)


def test_a_refusal_reaches_its_own_caller_alone(ledger: MarginLedger, gate: Gate, venue: Venue) -> None:
    bad = venue.request(99)
    forged = venue.request(2).__class__(
        venue.request(2).context, venue.request(2).terms, venue.request(2).public_inputs, bad.proof
    )

    async def story(shared: AsyncMarginLedger) -> None:
        requests = (venue.request(1), venue.request(5), forged, venue.request(3))
        deciding = [asyncio.create_task(shared.accept(request)) for request in requests]
        await until(lambda: shared.waiting == 2)
        gate.open.set()
        results = await asyncio.gather(*deciding, return_exceptions=True)
        assert [type(result) for result in results] == [Receipt, Receipt, ProofRejected, Receipt]

    run(ledger, story)


def test_a_full_queue_refuses_and_does_nothing(ledger: MarginLedger, gate: Gate, venue: Venue) -> None:
    async def story(shared: AsyncMarginLedger) -> None:
        deciding = [asyncio.create_task(shared.accept(venue.request(number))) for number in range(1, 6)]
        await until(lambda: shared.waiting == 3)
        for requests in ([venue.request(9)], [venue.request(9)] * 2):
            with pytest.raises(Overloaded) as refused:
                await shared.accept_many(requests)
            assert (refused.value.waiting, refused.value.limit) == (3, 3)
        gate.open.set()
        await asyncio.gather(*deciding)

    run(ledger, story, queue_limit=3)
    assert len(ledger.receipts()) == 5


def test_who_leaves_the_queue_takes_the_request_back(ledger: MarginLedger, gate: Gate, venue: Venue) -> None:
    async def story(shared: AsyncMarginLedger) -> None:
        deciding = [asyncio.create_task(shared.accept(venue.request(number))) for number in range(1, 6)]
        await until(lambda: shared.waiting == 3)
        deciding[0].cancel()  # being decided: it is decided
        deciding[3].cancel()  # waiting: it never happens
        gate.open.set()
        results = await asyncio.gather(*deciding, return_exceptions=True)
        assert [isinstance(result, Receipt) for result in results] == [False, True, True, False, True]

    run(ledger, story)
    accounts = {receipt.account for receipt in ledger.receipts()}
    assert accounts == {1_000_001, 1_000_002, 1_000_003, 1_000_005}


def test_who_leaves_while_the_batch_is_decided_leaves_the_others_theirs(
    ledger: MarginLedger, gate: Gate, venue: Venue
) -> None:
    """One of a batch goes, however many requests it had sent: each of the rest still gets its own outcome."""

    async def story(shared: AsyncMarginLedger) -> None:
        first = asyncio.create_task(shared.accept(venue.request(1)))
        await until(lambda: gate.batches == [1])
        leaving = asyncio.create_task(shared.accept_many([venue.request(2), venue.request(3)]))
        staying = [asyncio.create_task(shared.accept(venue.request(number))) for number in (4, 5)]
        await until(lambda: shared.waiting == 4)
        before, gate.open = gate.open, threading.Event()
        before.set()
        await first
        await until(lambda: gate.batches == [1, 4])
        leaving.cancel()
        gate.open.set()
        receipts = await asyncio.gather(*staying)
        assert [receipt.account for receipt in receipts] == [1_000_004, 1_000_005]

    run(ledger, story, workers=1)
    assert len(ledger.receipts()) == 5


def test_a_lost_database_reaches_everybody_and_the_next_call_works(
    ledger: MarginLedger, monkeypatch: pytest.MonkeyPatch, venue: Venue
) -> None:
    def lost(_: Any) -> Any:
        raise LedgerError("somewhere", "the server went away: try again")

    async def story(shared: AsyncMarginLedger) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(ledger, "accept_many", lost)
            results = await asyncio.gather(
                *(shared.accept(venue.request(number)) for number in range(1, 5)), return_exceptions=True
            )
            assert {type(result) for result in results} == {LedgerError}
        assert (await shared.accept(venue.request(1))).number == 1

    run(ledger, story)


def test_a_drained_ledger_has_decided_all_and_takes_nothing(ledger: MarginLedger, gate: Gate, venue: Venue) -> None:
    async def story(shared: AsyncMarginLedger) -> None:
        deciding = [asyncio.create_task(shared.accept(venue.request(number))) for number in range(1, 8)]
        await until(lambda: shared.waiting == 5)
        draining = asyncio.create_task(shared.drain())
        await asyncio.sleep(0)
        with pytest.raises(LedgerError, match="closed"):
            await shared.accept(venue.request(9))
        gate.open.set()
        await draining
        assert [task.done() for task in deciding] == [True] * 7

    run(ledger, story)
    assert len(ledger.receipts()) == 7


def test_orders_have_a_lane_of_their_own(ledger: MarginLedger, gate: Gate, venue: Venue) -> None:
    async def story(shared: AsyncMarginLedger) -> None:
        deciding = [asyncio.create_task(shared.accept(venue.request(number))) for number in (1, 2, 3)]
        await until(lambda: shared.waiting == 1)
        await shared.release_account(1_000_001, 5)
        await shared.trip_breaker("a test")
        assert (await shared.breaker()).is_open
        await shared.reset_breaker("enough")
        gate.open.set()
        await asyncio.gather(*deciding, return_exceptions=True)

    run(ledger, story)


def test_orders_and_questions_that_pile_up_are_refused_too(
    ledger: MarginLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    monkeypatch.setattr("zkmargin.verifier.ledger.async_ledger.LANE_LIMIT", 2)

    async def story(shared: AsyncMarginLedger) -> None:
        for lane in (shared.ask, shared.order):
            under_way = [asyncio.create_task(lane(lambda _: go.wait(60))) for _ in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(Overloaded):
                await lane(lambda _: True)
            go.set()
            assert await asyncio.gather(*under_way) == [True, True]
            assert await lane(lambda _: 5) == 5
            go.clear()

    run(ledger, story)


def test_an_order_goes_on_without_its_caller_and_counts_until_it_is_done(
    ledger: MarginLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go = threading.Event(), threading.Event()
    done = []
    monkeypatch.setattr("zkmargin.verifier.ledger.async_ledger.LANE_LIMIT", 2)

    def slow(_: MarginLedger) -> None:
        began.set()
        assert go.wait(60)
        done.append("slow")

    async def story(shared: AsyncMarginLedger) -> None:
        orders = [
            asyncio.create_task(shared.order(slow)),
            asyncio.create_task(shared.order(lambda _: done.append("behind it"))),
        ]
        await until(began.is_set)
        for order in orders:
            order.cancel()
        await asyncio.gather(*orders, return_exceptions=True)
        with pytest.raises(Overloaded):
            await shared.order(lambda _: None)
        go.set()

    run(ledger, story)
    assert done == ["slow", "behind it"]


def test_opened_from_the_loop(venue: Venue) -> None:
    async def whole() -> None:
        async with await AsyncMarginLedger.open(
            venue.folder / "ledger.sqlite", venue.config, venue.world.trapdoor.key
        ) as shared:
            assert (await shared.accept(venue.request(1))).number == 1
        with pytest.raises(LedgerError):
            await shared.margin_of(1)

    asyncio.run(whole())
