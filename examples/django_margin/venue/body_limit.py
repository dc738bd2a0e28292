"""A bound on bodies under ASGI, where Django stores the whole of a body of unknown length before any view is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from zkmargin.verifier.service import Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def limited(app: App, limit: int) -> App:
    """The application, asked only with a whole body of at most `limit` bytes."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        short = announced.isdigit() and len(announced) <= 9 and int(announced) <= limit
        body = await _read(receive, limit) if short else None
        if body is None:
            return await _refuse(send, limit)
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return messages.pop() if messages else await receive()

        return await app(scope, replay, send)

    return application


async def _read(receive: Receive, limit: int) -> bytes | None:
    """The body; None once it is longer than the limit, the rest unread."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > limit:
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def _refuse(send: Send, limit: int) -> None:
    problem = Problem("too-large", f"a settlement request has at most {limit} bytes")
    headers = {**problem.headers(), "Connection": "close"}
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": lines})
    await send({"type": "http.response.body", "body": problem.body()})
