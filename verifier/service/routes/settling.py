"""For traders: hand in settlement requests and get receipts. No token: a proof is what entitles."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse

from zkmargin.algebra import EncodingError, ZkMarginError, load_json

from ...receipt import Receipt
from ...request import SettlementRequest
from ..bodies import read_body
from ..core import Core, TheCore
from ..openapi import BATCH_BODY, SETTLEMENT_BODY, answers
from ..problems import Problem, problem_of

ROUTER = APIRouter(prefix="/v1/settlements", tags=["settlements"])
ACCEPTED = "accepted"
BATCH = "settlement batch"

LEDGER_REFUSES = (
    *("wrong-target", "context-mismatch", "wrong-horizon", "credit-too-large", "proof-rejected"),
    *("unknown-root", "stale-root", "unattested-risk-table", "stale-risk-table", "request-expired"),
    *("stale-sequence", "nullifier-used", "settlement-id-used", "account-cap-exceeded"),
    *("breaker-open", "inflow-cap-exceeded", "overloaded", "ledger-unavailable"),
)

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="1 to 255 visible ASCII characters. The same key with another request is refused.",
    ),
]


@ROUTER.post(
    "",
    summary="Check a proof and credit margin",
    responses=answers("Receipt", *LEDGER_REFUSES, "idempotency-key-reused", body=True),
    openapi_extra=SETTLEMENT_BODY,
)
async def settle(request: Request, core: TheCore, key: Key = None) -> JSONResponse:
    """The same request again, now or years later, under whatever key, answers the receipt of the first time."""
    settlement = SettlementRequest.from_json(await read_body(request, core.settings))
    if key is None:
        (outcome,) = await _decided(core, [settlement])
    else:
        outcome = await _decided_under(key, core, settlement)
    return JSONResponse(_document(outcome)) if isinstance(outcome, Receipt) else _refused(request, outcome)


@ROUTER.post(
    "/batch",
    summary="Check many proofs and credit margin for each that holds",
    responses=answers("BatchResult", "overloaded", "ledger-unavailable", body=True),
    openapi_extra=BATCH_BODY,
)
async def settle_many(request: Request, core: TheCore) -> JSONResponse:
    """Each request gets its own receipt or problem, in order, as if they had been sent one after another."""
    body = await read_body(request, core.settings)
    with core.batches:
        # Some hundred documents take a while to read, and other requests must not wait for that.
        most = min(core.settings.max_batch, core.ledger.queue_limit)
        parsed = await asyncio.to_thread(_parse_batch, body, most, core.settings.max_batch_bytes)
        outcomes = iter(await _decided(core, [item for item in parsed if isinstance(item, SettlementRequest)]))
    results = [next(outcomes) if isinstance(item, SettlementRequest) else item for item in parsed]
    return JSONResponse({"results": [_result(outcome) for outcome in results]})


async def _decided_under(key: str, core: Core, settlement: SettlementRequest) -> Receipt | ZkMarginError:
    digest, outcome = settlement.digest(), None
    core.keys.begin(key, digest)
    try:
        (outcome,) = await _decided(core, [settlement])
    finally:
        core.keys.end(key, digest, isinstance(outcome, Receipt))
    return outcome


async def _decided(core: Core, settlements: list[SettlementRequest]) -> list[Receipt | ZkMarginError]:
    try:
        outcomes = await core.ledger.accept_many(settlements)
    except ZkMarginError as problem:
        core.metrics.settled(problem_of(problem).code)
        raise
    for outcome in outcomes:
        core.metrics.settled(ACCEPTED if isinstance(outcome, Receipt) else problem_of(outcome).code)
    core.feed.poke()
    return outcomes


def _parse_batch(body: bytes, most: int, max_bytes: int) -> list[SettlementRequest | EncodingError]:
    value = load_json(body, BATCH, max_bytes=max_bytes)
    if not isinstance(value, dict) or set(value) != {"requests"} or not isinstance(value["requests"], list):
        raise EncodingError(f"{BATCH}: not an object with the one member requests, a list", what=BATCH)
    if not 1 <= len(value["requests"]) <= most:
        raise EncodingError(f"{BATCH}: not 1 to {most} requests", what=BATCH)
    return [_parsed(item) for item in value["requests"]]


def _parsed(item: Any) -> SettlementRequest | EncodingError:
    if not isinstance(item, dict):  # text would be parsed a second time
        return EncodingError(f"{BATCH}: a request is not an object", what=BATCH)
    try:
        return SettlementRequest.from_json(item)
    except EncodingError as problem:
        return problem


def _document(receipt: Receipt) -> dict[str, Any]:
    return receipt.to_json()


def _result(outcome: Receipt | ZkMarginError) -> dict[str, Any]:
    if isinstance(outcome, Receipt):
        return {"receipt": _document(outcome)}
    return {"problem": problem_of(outcome).to_json()}


def _refused(request: Request, error: ZkMarginError) -> JSONResponse:
    problem: Problem = problem_of(error).at(request.state.instance)
    return JSONResponse(problem.to_json(), problem.status, problem.headers())
