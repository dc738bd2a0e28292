"""The application: its life, its routes, and what becomes of every error.

ZKMARGIN_LEDGER=ledger uvicorn --app-dir examples --factory fastapi_margin_service.app:create_app
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from zkmargin.algebra import ZkMarginError
from zkmargin.settlement.ledger_folder import LedgerFolder
from zkmargin.verifier.aio import AsyncMarginLedger
from zkmargin.verifier.service import Problem, problem_of

from . import orders, settlements
from .order_book import OrderBook

QUEUE_LIMIT = 1024
log = logging.getLogger(__name__)


def create_app(folder: str | None = None, *, queue_limit: int = QUEUE_LIMIT) -> FastAPI:
    """The venue over the ledger in `folder`, or in $ZKMARGIN_LEDGER."""
    place = folder or os.environ.get("ZKMARGIN_LEDGER", "ledger")

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        """Opening judges the key, which takes a moment: in a thread. Closing decides what still waits."""
        ledger = await asyncio.to_thread(lambda: LedgerFolder.read(place).open(os.environ.get("ZKMARGIN_DATABASE")))
        async with AsyncMarginLedger(ledger, queue_limit=queue_limit) as app.state.ledger:
            app.state.orders = OrderBook()
            yield

    app = FastAPI(title="A venue with cross-venue margin", lifespan=life)
    app.include_router(settlements.router)
    app.include_router(orders.router)
    app.add_exception_handler(ZkMarginError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    """The verifier's errors: each with its stable code, and with the status that the ready service gives it."""
    problem = problem_of(error)
    if problem.status >= 500:  # ours, and for our log: a problem document does not say what outsiders need not know
        log.error("%s: %s", problem.code, error)
    return _answer(problem)


async def _malformed(request: Request, error: Exception) -> Response:
    """FastAPI's own report would send the input back; this names the places alone."""
    places = [".".join(map(str, item["loc"])) for item in getattr(error, "errors", list)()]
    return _answer(Problem("malformed", f"not as it should be: {', '.join(places)[:200]}"))


async def _http(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    return _answer(Problem({404: "not-found", 405: "method-not-allowed"}.get(status, "malformed")))


def _answer(problem: Problem) -> Response:
    return Response(problem.body(), problem.status, problem.headers())
