"""The service as a FastAPI application: its layers, its routes, its page."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from zkmargin.algebra import ZkMarginError

from ..errors import LedgerError
from ..ledger.async_ledger import AsyncMarginLedger
from ..ledger.margin_ledger import MarginLedger
from .bodies import Refused
from .core import Core, Room
from .feed import LogFeed
from .guard import Exchange, Guard
from .idempotency import IdempotencyKeys
from .logs import FIELDS, LOGGER
from .metrics import ServiceMetrics
from .openapi import describe
from .page import PAGE_ROUTER
from .problems import Problem, problem_of
from .routes import ROUTERS
from .settings import ServiceSettings

OPENAPI_PATH = "/v1/openapi.json"
UNREAD = frozenset({"too-large", "slow-body"})
_OF_STATUS = {404: "not-found", 405: "method-not-allowed"}

log = logging.getLogger(LOGGER)


def build(ledger: MarginLedger | AsyncMarginLedger, settings: ServiceSettings) -> FastAPI:
    """See `zkmargin.verifier.service.create_app`."""
    ours = isinstance(ledger, MarginLedger)
    shared = AsyncMarginLedger(ledger, queue_limit=settings.queue_limit) if isinstance(ledger, MarginLedger) else ledger
    metrics = ServiceMetrics()
    feed = LogFeed(shared, settings.follow_interval_s, settings.max_streams)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        feed.stop()
        if ours:
            await shared.drain()

    app = FastAPI(lifespan=lifespan, openapi_url=OPENAPI_PATH, docs_url=None, redoc_url=None, redirect_slashes=False)
    keys = IdempotencyKeys(settings.idempotency_keys)
    app.state.core = Core(shared, settings, keys, metrics, feed, Room(settings.max_batches))
    for router in ROUTERS:
        app.include_router(router)
    if settings.page:
        app.include_router(PAGE_ROUTER)
    _describe(app)
    _answer_problems(app)

    def observe(exchange: Exchange) -> None:
        metrics.observe(exchange)
        _tell(exchange)

    app.add_middleware(Guard, settings=settings, observe=observe)
    return app


def _describe(app: FastAPI) -> None:
    described: list[dict[str, Any]] = []

    def openapi() -> dict[str, Any]:
        if not described:
            described.append(describe(app, _version()))
        return described[0]

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend its description


def _answer_problems(app: FastAPI) -> None:
    """Whatever a handler raises becomes a problem document; what remains is the guard's."""

    async def refused(request: Request, error: Exception) -> JSONResponse:
        return _answer(request, _problem_of(error))

    for kind in (Refused, ZkMarginError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, refused)


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, Refused):
        return error.problem
    if isinstance(error, RequestValidationError):
        place = error.errors()[0]
        return Problem("malformed", f"{'/'.join(map(str, place['loc']))}: {place['msg']}", {"kind": "parameter"})
    if isinstance(error, HTTPException):
        return Problem(_OF_STATUS.get(error.status_code, "malformed"))
    if isinstance(error, LedgerError):
        log.error("ledger unavailable", extra={FIELDS: {"code": error.code, "reason": str(error)}})
    return problem_of(error)


def _answer(request: Request, problem: Problem) -> JSONResponse:
    problem = problem.at(request.state.instance)
    # The rest of a body that is refused is not waited for.
    headers = problem.headers() | ({"Connection": "close"} if problem.code in UNREAD else {})
    return JSONResponse(problem.to_json(), problem.status, headers)


def _tell(exchange: Exchange) -> None:
    fields: dict[str, Any] = {
        "method": exchange.method[:10],
        "route": exchange.route,
        "status": exchange.status,
        "ms": round(exchange.seconds * 1000, 2),
        "instance": exchange.instance,
    }
    if exchange.failure:
        fields["failure"] = exchange.failure
    log.log(logging.ERROR if exchange.failure else logging.INFO, "request", extra={FIELDS: fields})


def _version() -> str:
    try:
        return metadata.version("zkmargin")
    except metadata.PackageNotFoundError:
        return "0"
