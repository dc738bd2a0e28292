"""For everybody who may reach the port: what the ledger holds and has decided. Nothing here changes anything."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import JSONResponse

from ...errors import UnknownSettlement
from ...ledger.margin_ledger import MarginLedger
from ...ledger.records import AccountView
from ..core import TheCore
from ..documents import account_document, decision_document, log_document
from ..feed import EventStream
from ..openapi import STREAM_ANSWER, answers
from ..overview import breaker_documents, status_document
from ..problems import PROBLEMS, TYPE_PREFIX

ROUTER = APIRouter(prefix="/v1", tags=["reading"])
MAX_NUMBER = (1 << 63) - 1
UNREADABLE = ("overloaded", "ledger-unavailable")

SettlementId = Annotated[str, Path(pattern="^0x[0-9a-f]{64}$", description="32 bytes: 0x and 64 hex digits")]
Pseudonym = Annotated[
    str, Path(pattern="^(0|[1-9][0-9]{0,76})$", description="The account's pseudonym at this ledger, in decimal")
]
After = Annotated[int, Query(ge=0, le=MAX_NUMBER, description="Only what is numbered above this")]
Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many")]


@ROUTER.get("/status", summary="The ledger at one glance", responses=answers("Status", *UNREADABLE))
async def status(core: TheCore) -> JSONResponse:
    return JSONResponse(status_document(core.ledger.config, await core.ledger.overview()))


@ROUTER.get("/settlements", summary="Receipts in order", responses=answers("Receipts", *UNREADABLE))
async def receipts(core: TheCore, after: After = 0, limit: Limit = 100) -> JSONResponse:
    found = await core.ledger.receipts(after, limit)
    return JSONResponse({"receipts": [receipt.to_json() for receipt in found]})


@ROUTER.get(
    "/settlements/{settlement_id}",
    summary="The receipt of a settlement",
    responses=answers("Receipt", "unknown-settlement", *UNREADABLE),
)
async def receipt(core: TheCore, settlement_id: SettlementId) -> JSONResponse:
    wanted = bytes.fromhex(settlement_id[2:])
    found = await core.ledger.receipt(wanted)
    if found is None:
        raise UnknownSettlement(wanted)
    return JSONResponse(found.to_json())


@ROUTER.get("/accounts", summary="Accounts with their margins", responses=answers("Accounts", *UNREADABLE))
async def accounts(
    core: TheCore,
    order: Annotated[
        Literal["pseudonym", "newest"], Query(description="newest: those credited last, by the newest `limit` receipts")
    ] = "pseudonym",
    after: Annotated[
        str | None, Query(pattern="^(0|[1-9][0-9]{0,76})$", description="Only pseudonyms above this")
    ] = None,
    limit: Limit = 100,
) -> JSONResponse:
    if order == "newest":
        found = await core.ledger.ask(lambda ledger: _credited_last(ledger, limit))
    else:
        found = await core.ledger.accounts(-1 if after is None else int(after), limit)
    return JSONResponse({"accounts": [account_document(view) for view in found]})


def _credited_last(ledger: MarginLedger, limit: int) -> list[AccountView]:
    with ledger.at_one_moment() as now:
        receipts = now.receipts(max(0, now.overview().last_receipt - limit), limit)
        return [now.account(account) for account in dict.fromkeys(receipt.account for receipt in reversed(receipts))]


@ROUTER.get("/accounts/{account}", summary="An account's margin", responses=answers("Account", *UNREADABLE))
async def account(core: TheCore, account: Pseudonym) -> JSONResponse:
    """A pseudonym that the ledger has never seen has no margin; that is an answer and not an error."""
    return JSONResponse(account_document(await core.ledger.account(int(account))))


@ROUTER.get("/breaker", summary="Every breaker with its reason", responses=answers("Breakers", *UNREADABLE))
async def breaker(core: TheCore) -> JSONResponse:
    return JSONResponse({"breakers": breaker_documents(await core.ledger.breakers())})


@ROUTER.get("/decisions", summary="What was accepted and refused", responses=answers("Decisions", *UNREADABLE))
async def decisions(
    core: TheCore,
    order: Annotated[
        Literal["oldest", "newest"], Query(description="newest: the last `limit` of them, whatever `after` is")
    ] = "oldest",
    after: After = 0,
    limit: Limit = 100,
) -> JSONResponse:
    """In the order in which they were decided, either way."""
    newest = order == "newest"
    found = await (core.ledger.newest_decisions(limit) if newest else core.ledger.decisions(after, limit))
    return JSONResponse({"decisions": [decision_document(decision) for decision in found]})


@ROUTER.get(
    "/decisions/stream",
    summary="Decisions and changes as they come, as server-sent events",
    responses=STREAM_ANSWER | answers(None, *UNREADABLE),
    response_model=None,
)
async def stream(
    core: TheCore,
    after: Annotated[
        int | None, Query(ge=0, le=MAX_NUMBER, description="Begin after this number; now if absent")
    ] = None,
    last: Annotated[
        str | None, Header(alias="Last-Event-ID", description="What a browser sends when it connects again")
    ] = None,
) -> EventStream:
    """Each event has the number of its entry in the log as its id: `decision` for a request, accepted or refused, and
    `change` for anything else, such as a root or a breaker. A comment line comes when nothing else does."""
    if last is not None and last.isascii() and last.isdecimal() and len(last) <= 18:
        after = int(last)
    timeout_s = core.settings.stream_timeout_s
    return EventStream(core.feed.follow(after, timeout_s / 3), timeout_s)


@ROUTER.get("/log", summary="The hash-chained log", responses=answers("Log", *UNREADABLE))
async def log(core: TheCore, after: After = 0, limit: Limit = 100) -> JSONResponse:
    found = await core.ledger.log(after, limit)
    return JSONResponse({"entries": [log_document(entry) for entry in found]})


@ROUTER.get("/problems", summary="Every problem there is", responses=answers("Problems"))
async def problems() -> dict[str, list[dict[str, Any]]]:
    return {
        "problems": [
            {"type": TYPE_PREFIX + code, "code": code, "status": kind.status, "title": kind.title}
            for code, kind in PROBLEMS.items()
        ]
    }
