"""The stream's one reader: nobody who follows, wherever they say they are, delays another or keeps a place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from zkmargin.verifier import LedgerError, MarginLedger
from zkmargin.verifier.ledger.async_ledger import AsyncMarginLedger
from zkmargin.verifier.service.feed import EventStream, LogFeed

from ..examples.venue import Venue
from .test_settling import assert_problem

BOUND_S, NEVER_S = 30.0, 1000.0
FAR = (1 << 63) - 1


def run(ledger: MarginLedger, story: Callable[[AsyncMarginLedger, LogFeed], Awaitable[None]]) -> None:
    async def whole() -> None:
        shared = AsyncMarginLedger(ledger)
        try:
            async with asyncio.timeout(BOUND_S):
                await story(shared, LogFeed(shared, 0.01, 2))
        finally:
            await shared.drain()

    asyncio.run(whole())


@pytest.mark.parametrize("elsewhere", [FAR, 0])
def test_a_follower_far_away_delays_nobody(ledger: MarginLedger, venue: Venue, elsewhere: int) -> None:
    async def story(shared: AsyncMarginLedger, feed: LogFeed) -> None:
        other, mine = feed.follow(elsewhere, NEVER_S), feed.follow(None, NEVER_S)
        assert await anext(other) is None
        assert await anext(mine) is None
        await shared.accept(venue.request(1))
        entry = await anext(mine)  # and no heartbeat comes first
        assert entry is not None
        assert entry.kind == "accepted"
        await other.aclose()
        await mine.aclose()
        assert feed.followers == 0

    run(ledger, story)


def test_who_leaves_makes_room_at_once(ledger: MarginLedger) -> None:
    async def story(shared: AsyncMarginLedger, feed: LogFeed) -> None:
        left, sent = asyncio.Event(), asyncio.Queue[Any]()

        async def receive() -> dict[str, Any]:
            await left.wait()
            return {"type": "http.disconnect"}

        stream = EventStream(feed.follow(None, NEVER_S), NEVER_S)
        following = asyncio.create_task(stream({"type": "http"}, receive, sent.put))
        assert (await sent.get())["status"] == 200
        assert feed.followers == 1
        left.set()
        await following
        assert feed.followers == 0

    run(ledger, story)


def test_a_stream_ends_in_order_when_the_database_is_away(
    ledger: MarginLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(shared: AsyncMarginLedger, feed: LogFeed) -> None:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(NEVER_S)
            raise AssertionError

        monkeypatch.setattr(ledger, "log", _lost)
        await EventStream(feed.follow(0, NEVER_S), NEVER_S)({"type": "http"}, receive, send)
        assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
        assert feed.followers == 0

    run(ledger, story)


def test_a_stream_that_cannot_begin_is_a_problem(
    client: TestClient, ledger: MarginLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "head", _lost)
    assert_problem(client.get("/v1/decisions/stream"), 503, "ledger-unavailable")


def _lost(*_: Any) -> Iterator[Any]:
    raise LedgerError("postgresql://db.internal/margin", "the server went away")
