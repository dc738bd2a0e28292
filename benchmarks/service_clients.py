"""Clients of the service that never give up: each sends one request after another until it has a receipt for it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

HEAD = b"POST /v1/settlements HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
AGAIN_S = 0.05
ONE_IN = 20
"""One in so many requests is one that has its receipt already."""


@dataclass
class Tally:
    """What the clients saw."""

    receipts: dict[bytes, bytes] = field(default_factory=dict)
    """By the request's body."""
    seconds: list[float] = field(default_factory=list)
    """Of each answered attempt."""
    broken: int = 0
    put_off: int = 0
    refused: list[bytes] = field(default_factory=list)
    changed: int = 0


class Client:
    """One connection that sends one request after another."""

    def __init__(self, port: int, tally: Tally, dice: random.Random) -> None:
        self._port = port
        self._tally = tally
        self._dice = dice
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def work(self, bodies: Iterator[bytes], until: float) -> None:
        while time.monotonic() < until:
            known = self._dice.randrange(ONE_IN) == 0 and self._tally.receipts
            request = self._dice.choice(list(self._tally.receipts)[-100:]) if known else next(bodies, None)
            if request is None:
                break
            await self._settle(request)
        self._hang_up()

    async def _settle(self, request: bytes) -> None:
        """Until there is a receipt, or a refusal that is no matter of time."""
        while True:
            began = time.perf_counter()
            try:
                status, answer = await self._send(request)
            except (OSError, EOFError, ValueError):
                self._tally.broken += 1
                self._hang_up()
                await asyncio.sleep(AGAIN_S)
                continue
            self._tally.seconds.append(time.perf_counter() - began)
            if status == 200:
                self._tally.changed += self._tally.receipts.setdefault(request, answer) != answer
                return
            if status != 503:
                self._tally.refused.append(answer)
                return
            self._tally.put_off += 1
            await asyncio.sleep(AGAIN_S)

    async def _send(self, request: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(HEAD + str(len(request)).encode() + b"\r\n\r\n" + request)
        answer = await reader.readuntil(b"\r\n\r\n")
        lines = answer.lower().split(b"\r\n")
        length = next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:"))
        content = await reader.readexactly(length)
        if b"connection: close" in lines:
            self._hang_up()
        return int(lines[0].split()[1]), content

    def _hang_up(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
