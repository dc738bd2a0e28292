"""For whoever runs the service: is the process there, can it accept, what does it measure."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from zkmargin.algebra import ZkMarginError

from ..bodies import Refused
from ..core import TheCore
from ..metrics import MEDIA_TYPE
from ..openapi import METRICS_ANSWER, answers
from ..problems import Problem

ROUTER = APIRouter(tags=["health"])


@ROUTER.get("/healthz", summary="Whether the process answers", responses=answers("Alive"))
async def healthz() -> JSONResponse:
    """Asks nothing of the database: a process is not to be restarted because its database is away."""
    return JSONResponse({"alive": True})


@ROUTER.get("/readyz", summary="Whether requests can be accepted", responses=answers("Ready", "not-ready"))
async def readyz(core: TheCore) -> JSONResponse:
    """The database answers and the newest risk table is young enough. The key was judged before the service began.

    Readiness is about accepting. Releases and repayments work as long as the database does.
    """
    try:
        overview = await core.ledger.overview()
    except ZkMarginError:
        raise Refused(Problem("not-ready", "the database does not answer", {"check": "database"})) from None
    limit_ms = core.settings.stale_after_ms or core.ledger.config.max_risk_age_ms
    newest_ms = overview.newest_risk_table_ms
    age_ms = overview.now_ms - (newest_ms or 0)
    if newest_ms is None or age_ms > limit_ms:
        detail = "no risk table is known" if newest_ms is None else f"the newest risk table is {age_ms} ms old"
        raise Refused(Problem("not-ready", f"{detail}; {limit_ms} ms are allowed", {"check": "oracle"}))
    return JSONResponse({"ready": True, "oracle_age_ms": age_ms})


@ROUTER.get(
    "/metrics",
    summary="Measurements in Prometheus's text format",
    responses=METRICS_ANSWER | answers(None, "overloaded", "ledger-unavailable"),
    response_class=Response,
)
async def metrics(core: TheCore) -> Response:
    overview = await core.ledger.overview()
    text = core.metrics.text(overview, core.ledger.waiting, core.feed.followers)
    return Response(text, media_type=MEDIA_TYPE)
