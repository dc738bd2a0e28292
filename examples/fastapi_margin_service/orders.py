"""The routes of the venue's own business: orders, each held against the margin of the moment."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from zkmargin.algebra import format_decimal, parse_decimal
from zkmargin.verifier.service import MEDIA_TYPE

from .dependencies import Ledger, Orders, pseudonym

AMOUNT_SCALE = 8
TOO_SMALL = {
    "type": "about:blank",
    "title": "Not enough margin",
    "status": 422,
    "code": "margin-too-small",
    "detail": "prove more margin, or cancel an order",
}
"""A refusal of the venue's own, in the same form as the ledger's."""
router = APIRouter(prefix="/orders", tags=["orders"])


class NewOrder(BaseModel):
    """Who, and how much margin the order needs: a decimal in the ledger's currency."""

    account: str = Field(max_length=78, pattern="^[0-9]+$")
    margin: str = Field(max_length=32, pattern=r"^[0-9]+(\.[0-9]+)?$")


class OrderDocument(BaseModel):
    number: int
    account: str
    margin: str


@router.post("", status_code=201, response_model=OrderDocument)
async def place(new: NewOrder, ledger: Ledger, orders: Orders) -> OrderDocument | Response:
    """Place an order, if the account's margin is enough for it beside its other orders."""
    account, needed_e8 = pseudonym(new.account), parse_decimal(new.margin, AMOUNT_SCALE)
    order = orders.place(account, needed_e8, await ledger.margin_of(account))
    if order is None:
        return JSONResponse(TOO_SMALL, 422, media_type=MEDIA_TYPE)
    return OrderDocument(number=order.number, account=new.account, margin=format_decimal(order.margin_e8, AMOUNT_SCALE))


@router.delete("/{number}", status_code=204)
async def cancel(number: int, orders: Orders) -> Response:
    """Cancel an order; one that is not there is as good as cancelled."""
    orders.cancel(number)
    return Response(status_code=204)
