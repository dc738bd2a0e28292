"""Bodies: read within their limit and their time, and only as JSON."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from .guard import body_limit
from .problems import Problem
from .settings import ServiceSettings

MEDIA_TYPE = "application/json"


class Refused(Exception):
    """Raised by a handler to answer with this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


async def read_body(request: Request, settings: ServiceSettings) -> bytes:
    """The whole body. A body without a declared length is counted while it is read and refused when it is too long.

    Only `application/json` is taken: a page of another origin cannot send that without asking first, and is refused
    when it asks.
    """
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared != MEDIA_TYPE:
        raise Refused(Problem("unsupported-media-type", f"Content-Type must be {MEDIA_TYPE}"))
    limit = body_limit(settings, request.scope["path"])  # not of its URL, which has the Host header in it
    body = bytearray()
    try:
        async with asyncio.timeout(settings.body_timeout_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise Refused(Problem("too-large", f"at most {limit} bytes"))
    except TimeoutError:
        raise Refused(Problem("slow-body", f"the body must be here within {settings.body_timeout_s:g} s")) from None
    except ClientDisconnect:
        raise Refused(Problem("slow-body", "the connection ended before the body did")) from None
    return bytes(body)
