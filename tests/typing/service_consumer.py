"""The ready service mounted in somebody's own application, and its answers to errors used without it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import assert_type

from fastapi import FastAPI

from zkmargin.algebra import ZkMarginError
from zkmargin.settlement.ledger_folder import LedgerFolder
from zkmargin.verifier.aio import AsyncMarginLedger
from zkmargin.verifier.service import MEDIA_TYPE, Problem, ServiceSettings, create_app, problem_of


def own_application(folder: Path) -> FastAPI:
    """The ledger's service below /ledger; the ledger stays ours to close."""
    ledger = LedgerFolder.read(folder).open()
    shared = AsyncMarginLedger(ledger)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncGenerator[None]:
        async with shared:
            yield

    app = FastAPI(lifespan=life)
    service = create_app(shared, ServiceSettings(page=False, queue_limit=64))
    assert_type(service, FastAPI)
    app.mount("/ledger", service)
    return app


def answer(error: ZkMarginError) -> tuple[int, dict[str, str], bytes]:
    """For a framework of any kind."""
    problem = problem_of(error)
    assert_type(problem, Problem)
    return problem.status, {"Content-Type": MEDIA_TYPE, **problem.headers()}, problem.body()
