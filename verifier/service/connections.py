"""One connection to the service: its limits below HTTP, where no handler can set any.

A head must come in time. What is answered must be taken in time: a reader that takes nothing would hold its
connection, and the memory of what it was answered, for as long as it likes. Beyond `max_connections` a connection is
told so and closed at once, without waiting for what it wants. What is not HTTP is answered with a problem document.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .guard import SECURITY_HEADERS
from .problems import Problem
from .settings import ServiceSettings

LINGER_S = 1.0
"""How long a refused connection stays half open, so that its sender can read why."""
SPARE = 256
"""So many connections beyond the limit are told that it is reached; more are dropped without a word."""


class LimitedConnection(H11Protocol):
    """uvicorn's HTTP/1.1 with these limits."""

    def __init__(self, *args: Any, settings: ServiceSettings, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._settings = settings
        self._refused = False
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Whatever the system does not take at once counts as not taken by the reader.
        transport.set_write_buffer_limits(high=0)
        beyond = len(self.connections) - self._settings.max_connections
        if beyond > SPARE:
            self._drop()
        elif beyond > 0:
            self._refuse(Problem("overloaded", f"{self._settings.max_connections} connections are open"))
        else:
            self._limit("head", self._settings.header_timeout_s)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._unlimited("head")
        elif "head" not in self._timers:
            self._limit("head", self._settings.header_timeout_s)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._limit("answer", self._settings.answer_timeout_s)

    def resume_writing(self) -> None:
        self._unlimited("answer")
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        for name in list(self._timers):
            self._unlimited(name)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Of what cannot be read as HTTP/1.1."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._refuse(Problem("malformed", "this is no request of HTTP/1.1", {"kind": "http"}))
        else:  # in the middle of an answer there is no place for another
            self._drop()

    def _refuse(self, problem: Problem) -> None:
        self._refused = True
        if self.cycle is not None:  # a handler that still waits for the body is let go
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        body = problem.body()
        headers = {**SECURITY_HEADERS, **problem.headers(), "Content-Length": str(len(body)), "Connection": "close"}
        lines = [f"HTTP/1.1 {problem.status} {problem.kind.title}", *(f"{k}: {v}" for k, v in headers.items())]
        self.transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        self.transport.write_eof()
        self._limit("linger", LINGER_S)

    def _limit(self, name: str, seconds: float) -> None:
        self._unlimited(name)
        self._timers[name] = asyncio.get_running_loop().call_later(seconds, self._drop)

    def _unlimited(self, name: str) -> None:
        if timer := self._timers.pop(name, None):
            timer.cancel()

    def _drop(self) -> None:
        """Without waiting for the reader to take what is left."""
        self.transport.abort()
