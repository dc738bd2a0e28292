"""The stream of what happens: one reader of the log for everybody who follows it.

The log is the source, not this process's own work: what other processes decide on the same ledger is streamed too.
While nobody follows, nothing is read.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import suppress

from starlette.responses import Response

from zkmargin.algebra import ZkMarginError

from ..errors import Overloaded
from ..ledger.async_ledger import AsyncMarginLedger
from ..ledger.log import DECISIONS, LogEntry, decision
from .documents import change_document, decision_document
from .guard import Receive, Scope, Send

KEPT = 1024
PAGE = 256


class LogFeed:
    """Hands each follower every entry after the number it names, in order and without a gap."""

    def __init__(self, ledger: AsyncMarginLedger, interval_s: float, max_followers: int) -> None:
        self._ledger = ledger
        self._interval_s = interval_s
        self._max_followers = max_followers
        self._kept: deque[LogEntry] = deque()
        self._floor = 0
        """Followers that have seen this number need nothing older than what is kept."""
        self._news = asyncio.Event()
        self._poke = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._stopped = False
        self.followers = 0

    def poke(self) -> None:
        """This process has decided something: look now."""
        if self.followers:
            self._poke.set()

    def stop(self) -> None:
        """End every stream, so that a service that stops does not wait for its readers."""
        self._stopped = True
        self._news.set()
        self._poke.set()

    def check_room(self) -> None:
        """`Overloaded` where as many follow as may."""
        if self.followers >= self._max_followers:
            raise Overloaded(self.followers, self._max_followers)

    async def follow(self, after: int | None, heartbeat_s: float) -> AsyncGenerator[LogEntry | None, None]:
        """Entries numbered above `after`, or those still to come; None once at first, and when nothing came for a
        heartbeat. Ends when the ledger cannot be read: the reader comes again, and says where it was."""
        self.check_room()
        self.followers += 1
        try:
            head = (await self._ledger.head()).number
            self._start(head)
            after = head if after is None else after
            yield None
            while not self._stopped:
                news = self._news
                found = await self._since(after)
                for entry in found:
                    after = entry.number
                    yield entry
                if not found and not await _is_set(news, heartbeat_s):
                    yield None
        finally:
            self.followers -= 1
            if not self.followers and self._reader is not None:
                self._reader.cancel()
                self._reader = None

    async def _since(self, after: int) -> list[LogEntry]:
        if after < self._floor:
            return await self._ledger.log(after, PAGE)
        return [entry for entry in self._kept if entry.number > after]

    def _start(self, head: int) -> None:
        """The reader begins at the end of the log, wherever its first follower is: that may be far behind or ahead."""
        if self._reader is None:
            self._kept.clear()
            self._floor = head
            self._reader = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        while not self._stopped:
            self._poke.clear()
            newest = self._kept[-1].number if self._kept else self._floor
            try:
                found = await self._ledger.log(newest, PAGE)
            except ZkMarginError:
                found = []  # the database is away, or busy: what was missed is read when it is back
            if found:
                self._keep(found)
                news, self._news = self._news, asyncio.Event()
                news.set()
            else:
                await _is_set(self._poke, self._interval_s)

    def _keep(self, found: list[LogEntry]) -> None:
        self._kept.extend(found)
        while len(self._kept) > KEPT:
            self._floor = self._kept.popleft().number


async def _is_set(event: asyncio.Event, within_s: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), within_s)
    except TimeoutError:
        return False
    return True


class EventStream(Response):
    """An ASGI answer of server-sent events. A reader that takes nothing for `timeout_s` is dropped."""

    def __init__(self, entries: AsyncGenerator[LogEntry | None, None], timeout_s: float) -> None:
        super().__init__(media_type="text/event-stream")
        self._entries = entries
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await anext(self._entries)  # what is wrong now still gets an answer of its own
            async with asyncio.TaskGroup() as both:
                sending = both.create_task(self._tell(send))
                # Whoever leaves makes room at once, and not only when there is something to send.
                listening = both.create_task(_until_disconnected(receive))
                await asyncio.wait((sending, listening), return_when=asyncio.FIRST_COMPLETED)
                sending.cancel()
                listening.cancel()
        finally:
            await self._entries.aclose()

    async def _tell(self, send: Send) -> None:
        """Sends the head at once, so that a reader knows that it is connected before anything happens."""
        headers = [(b"content-type", b"text/event-stream"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        with suppress(TimeoutError):
            await self._send(send, b"retry: 1000\n: following\n\n")
            with suppress(ZkMarginError):
                async for entry in self._entries:
                    await self._send(send, _encoded(entry))
            await self._send(send, b"", more=False)

    async def _send(self, send: Send, data: bytes, more: bool = True) -> None:
        async with asyncio.timeout(self._timeout_s):
            await send({"type": "http.response.body", "body": data, "more_body": more})


def _encoded(entry: LogEntry | None) -> bytes:
    if entry is None:
        return b": nothing new\n\n"
    decided = entry.kind in DECISIONS
    document = decision_document(decision(entry)) if decided else change_document(entry)
    event = "decision" if decided else "change"
    return f"id: {entry.number}\nevent: {event}\ndata: {json.dumps(document)}\n\n".encode()


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
