"""For the operator: what lowers the ledger's exposure, and its breaker. Every route needs the operator's token.

Releases and repayments work whatever the breaker says and however full the queue is.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from zkmargin.algebra import EncodingError, load_json, parse_decimal

from ...json_members import check_members
from ..bodies import read_body
from ..core import Core, ForOperator, TheCore
from ..documents import AMOUNT_SCALE, amount
from ..openapi import NO_BODY, REASON_BODY, REPAY_BODY, RETRACT_BODY, THROUGH_BODY, answers
from .reading import Pseudonym, SettlementId

ROUTER = APIRouter(prefix="/v1", tags=["operator"], dependencies=[ForOperator])
ORDER = "order"
ALWAYS = ("unauthorised", "overloaded", "ledger-unavailable")


@ROUTER.post(
    "/settlements/{settlement_id}/release",
    summary="End a credit before it expires",
    responses=answers("Left", "unknown-settlement", *ALWAYS),
    openapi_extra=NO_BODY,
)
async def release(core: TheCore, settlement_id: SettlementId) -> JSONResponse:
    """Before a source frees the reservation the account is to be released: see /v1/accounts/{account}/release."""
    return _left(await core.ledger.release(bytes.fromhex(settlement_id[2:])))


@ROUTER.post(
    "/settlements/{settlement_id}/repay",
    summary="Lower a credit",
    responses=answers("Left", "unknown-settlement", *ALWAYS, body=True),
    openapi_extra=REPAY_BODY,
)
async def repay(request: Request, core: TheCore, settlement_id: SettlementId) -> JSONResponse:
    """To at most `remaining`. Never raises a credit; doing it again changes nothing."""
    value = await _order(request, core, {"remaining"})
    remaining_e8 = parse_decimal(value["remaining"], AMOUNT_SCALE)
    return _left(await core.ledger.repay(bytes.fromhex(settlement_id[2:]), remaining_e8))


@ROUTER.post(
    "/accounts/{account}/release",
    summary="Let no state of an account up to a sequence back a credit",
    responses=answers("Left", *ALWAYS, body=True),
    openapi_extra=THROUGH_BODY,
)
async def release_account(request: Request, core: TheCore, account: Pseudonym) -> JSONResponse:
    """What a source asks for before it frees the reservation."""
    value = await _order(request, core, {"through_sequence"})
    return _left(await core.ledger.release_account(int(account), value["through_sequence"]))


@ROUTER.post(
    "/breaker/trip",
    summary="Accept nothing",
    responses=answers("Done", *ALWAYS, body=True),
    openapi_extra=REASON_BODY,
)
async def trip(request: Request, core: TheCore) -> JSONResponse:
    """Of the whole ledger, or of one source, until it is reset or probed."""
    reason, source = await _reason(request, core)
    await core.ledger.trip_breaker(reason, source)
    return _done(core)


@ROUTER.post(
    "/breaker/probe",
    summary="Accept a little, on trial",
    responses=answers("Done", *ALWAYS, body=True),
    openapi_extra=REASON_BODY,
)
async def probe(request: Request, core: TheCore) -> JSONResponse:
    """The breaker closes by itself when the trial ends well, and opens again when it does not."""
    reason, source = await _reason(request, core)
    await core.ledger.probe_breaker(reason, source)
    return _done(core)


@ROUTER.post(
    "/breaker/reset",
    summary="Accept again",
    responses=answers("Done", *ALWAYS, body=True),
    openapi_extra=REASON_BODY,
)
async def reset(request: Request, core: TheCore) -> JSONResponse:
    """What came in before no longer counts towards the caps of this breaker."""
    reason, source = await _reason(request, core)
    await core.ledger.reset_breaker(reason, source)
    return _done(core)


@ROUTER.post(
    "/roots/retract",
    summary="Take back a source root that a reorganisation took away",
    responses=answers("Done", "root-rejected", *ALWAYS, body=True),
    openapi_extra=RETRACT_BODY,
)
async def retract(request: Request, core: TheCore) -> JSONResponse:
    """With it go all newer epochs of its chain, and the breaker of that source opens."""
    value = await _order(request, core, {"chain_id", "epoch", "reason"})
    await core.ledger.retract_root(value["chain_id"], value["epoch"], _text(value["reason"]))
    return _done(core)


async def _reason(request: Request, core: Core) -> tuple[str, int | None]:
    value = await _order(request, core, {"reason"}, {"source"})
    source = value.get("source")
    if source is not None and type(source) is not int:
        raise EncodingError(f"{ORDER}: source is not a chain id", what=ORDER)
    return _text(value["reason"]), source


async def _order(request: Request, core: Core, members: set[str], optional: set[str] | None = None) -> dict[str, Any]:
    value = load_json(await read_body(request, core.settings), ORDER)
    if not isinstance(value, dict):
        raise EncodingError(f"{ORDER}: not a JSON object", what=ORDER)
    check_members(value, members, optional or set(), ORDER)
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise EncodingError(f"{ORDER}: reason is not a text", what=ORDER)
    return value


def _left(margin_e8: int) -> JSONResponse:
    return JSONResponse({"margin": amount(margin_e8)})


def _done(core: Core) -> JSONResponse:
    core.feed.poke()
    return JSONResponse({"done": True})
