"""The outermost layer of the service: what is refused before a handler runs, what every answer carries, what is told.

It refuses a URL, headers or a declared body over their limits before any of the body is read, adds security headers,
turns whatever escapes a handler into a problem document, and reports each exchange to an observer. The observer gets
the route's template and never the path, the query, a header or a body: they may hold what is nobody's business.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from .problems import Problem, problem_of
from .settings import ServiceSettings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

NO_ROUTE = "(none)"
BATCH_SUFFIX = "/batch"

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""On every answer that does not set its own. There are no CORS headers: other origins read nothing here."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, as much of it as may be told. `failure` is the class of an error of the service."""

    method: str
    route: str
    status: int
    seconds: float
    instance: str
    failure: str = ""


class Guard:
    """ASGI middleware."""

    def __init__(self, app: App, settings: ServiceSettings, observe: Callable[[Exchange], None]) -> None:
        self._app = app
        self._settings = settings
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        instance = uuid.uuid4().urn
        scope.setdefault("state", {})["instance"] = instance
        answer = _Answer(send)
        failure = ""
        problem = self._refusal(scope)
        try:
            if problem is None:
                await self._app(scope, receive, answer)
        except Exception as error:  # whatever escapes a handler is ours to answer
            problem, failure = problem_of(error), _place(error)
        if problem is not None and answer.status == 0:
            await send_problem(answer, problem.at(instance), close=True)
        route = getattr(scope.get("route"), "path", NO_ROUTE)
        self._observe(Exchange(scope["method"], route, answer.status, time.perf_counter() - began, instance, failure))

    def _refusal(self, scope: Scope) -> Problem | None:
        settings = self._settings
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > settings.max_url_bytes:
            return Problem("url-too-long", f"at most {settings.max_url_bytes} bytes")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > settings.max_header_bytes:
            return Problem("headers-too-large", f"at most {settings.max_header_bytes} bytes together")
        if {b"content-length", b"transfer-encoding"} <= {name for name, _ in scope["headers"]}:
            # A proxy in front may go by the one and we by the other, and disagree on where the next request begins.
            return Problem("malformed", "Content-Length and Transfer-Encoding contradict each other", {"kind": "http"})
        limit = body_limit(settings, scope["path"])
        for name, value in scope["headers"]:
            if name == b"content-length" and (not value.isdigit() or len(value) > 18 or int(value) > limit):
                return Problem("too-large", f"at most {limit} bytes")
        return None


class _Answer:
    """`send`, with the security headers added and the status noted."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = {name.lower() for name, _ in message.get("headers", ())}
            added = [
                (name.lower().encode(), value.encode())
                for name, value in SECURITY_HEADERS.items()
                if name.lower().encode() not in given
            ]
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await self._send(message)


def body_limit(settings: ServiceSettings, path: str) -> int:
    """How long a body may be at this path."""
    return settings.max_batch_bytes if path.endswith(BATCH_SUFFIX) else settings.max_body_bytes


async def send_problem(send: Send, problem: Problem, *, close: bool = False) -> None:
    """Answer with a problem; `close` where the request has not been read to its end."""
    body = problem.body()
    headers = problem.headers() | {"Content-Length": str(len(body))} | ({"Connection": "close"} if close else {})
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


def _place(error: Exception) -> str:
    """The class of an error and the line it comes from; its text could hold anything."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    name = type(error).__name__
    return name if trace is None else f"{name} at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
