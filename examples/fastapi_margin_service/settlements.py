"""The routes that bring margin in, and say what there is of it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from zkmargin.algebra import format_decimal

from .dependencies import Ledger, Orders, Settlement, pseudonym

AMOUNT_SCALE = 8
BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}
"""For the API's own description: the body is read by `SettlementRequest.from_json`, not by FastAPI."""

router = APIRouter(tags=["margin"])


class ReceiptDocument(BaseModel):
    """What the ledger answers when it accepts a request; amounts are decimals in the ledger's currency."""

    format: str
    number: int
    request_digest: str
    settlement_id: str
    beneficiary: str
    account: str
    nullifier: str
    sequence: int
    credit: str
    replaced: str
    expiry_ms: int
    accepted_at_ms: int


class MarginDocument(BaseModel):
    """What an account has, and how much of it orders take up."""

    account: str
    margin: str
    taken_up: str


@router.post("/settlements", openapi_extra=BODY)
async def settle(settlement: Settlement, ledger: Ledger) -> ReceiptDocument:
    """Credit margin for a proof. The same request again gets the same receipt, so a lost answer can be asked for."""
    receipt = await ledger.accept(settlement)
    return ReceiptDocument.model_validate(receipt.to_json())


@router.get("/accounts/{account}")
async def margin(account: str, ledger: Ledger, orders: Orders) -> MarginDocument:
    number = pseudonym(account)
    margin_e8 = await ledger.margin_of(number)
    return MarginDocument(
        account=account,
        margin=format_decimal(margin_e8, AMOUNT_SCALE),
        taken_up=format_decimal(orders.taken_up_e8(number), AMOUNT_SCALE),
    )


@router.get("/health")
async def health(ledger: Ledger) -> dict[str, Any]:
    """Whether the ledger can be read, and how much waits."""
    await ledger.receipts(limit=1)
    return {"ledger": ledger.config.ledger, "waiting": ledger.waiting}
