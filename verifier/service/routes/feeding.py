"""For relays and oracles: source roots, risk tables, the health of the market.

What carries a quorum's signatures needs no token: whoever brings it, the signatures are what counts.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from zkmargin.algebra import EncodingError, load_json

from ...attestation import RiskAttestation, SourceRootAttestation
from ...json_members import check_members, read_decimal
from ...ledger.breaker import MarketHealth
from ..bodies import read_body
from ..core import ForFeeder, TheCore, require_token
from ..openapi import MARKET_BODY, RISK_BODY, ROOT_BODY, answers

ROUTER = APIRouter(prefix="/v1", tags=["feeding"])
ROOT, MARKET = "source root", "market health"


@ROUTER.post(
    "/roots",
    summary="Report a source root",
    responses=answers(
        "Noted", "root-rejected", "attestation-rejected", "unauthorised", "overloaded", "ledger-unavailable", body=True
    ),
    openapi_extra=ROOT_BODY,
)
async def root(request: Request, core: TheCore) -> JSONResponse:
    """With the relay's token, or as an attestation that a quorum of root signers signed and that needs none."""
    body = await read_body(request, core.settings)
    value = _object(body, ROOT)
    if "format" in value:
        attestation = SourceRootAttestation.from_json(value)
        await core.ledger.attest_source_root(attestation)
        return _noted(chain_id=attestation.chain_id, epoch=attestation.epoch)
    require_token(request, core.settings.relay_token, core.settings.operator_token)
    check_members(value, {"chain_id", "epoch", "root", "observed_at_ms"}, set(), ROOT)
    chain_id, epoch, observed_at_ms = value["chain_id"], value["epoch"], value["observed_at_ms"]
    await core.ledger.observe_root(chain_id, epoch, read_decimal(value["root"], f"{ROOT} root"), observed_at_ms)
    return _noted(chain_id=chain_id, epoch=epoch)


@ROUTER.post(
    "/risk-roots",
    summary="Report a risk table that a quorum of oracles signed",
    responses=answers("Noted", "attestation-rejected", "overloaded", "ledger-unavailable", body=True),
    openapi_extra=RISK_BODY,
)
async def risk_root(request: Request, core: TheCore) -> JSONResponse:
    attestation = RiskAttestation.from_json(await read_body(request, core.settings))
    await core.ledger.attest_risk_root(attestation)
    return _noted(oracle_time_ms=attestation.oracle_time_ms)


@ROUTER.post(
    "/market",
    summary="Report how far the oracles disagree and prices jumped",
    responses=answers("Noted", "unauthorised", "overloaded", "ledger-unavailable", body=True),
    openapi_extra=MARKET_BODY,
    dependencies=[ForFeeder],
)
async def market(request: Request, core: TheCore) -> JSONResponse:
    """May open the breaker, never closes it."""
    value = _object(await read_body(request, core.settings), MARKET)
    check_members(value, {"oracle_time_ms", "disagreement_ppm", "price_gap_ppm"}, set(), MARKET)
    await core.ledger.observe_market(MarketHealth(**value))
    return _noted(oracle_time_ms=value["oracle_time_ms"])


def _object(body: bytes, what: str) -> dict[str, Any]:
    value = load_json(body, what)
    if not isinstance(value, dict):
        raise EncodingError(f"{what}: not a JSON object", what=what)
    return value


def _noted(**members: int) -> JSONResponse:
    return JSONResponse({"noted": True, **members})
