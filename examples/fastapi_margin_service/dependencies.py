"""What routes ask for: the ledger and the order book of this process, and a body of bounded length."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from zkmargin.algebra import EncodingError
from zkmargin.verifier import SettlementRequest
from zkmargin.verifier.aio import AsyncMarginLedger

from .order_book import OrderBook

MAX_BODY_BYTES = 1 << 16
MAX_DIGITS = 78


def _ledger(request: Request) -> AsyncMarginLedger:
    ledger: AsyncMarginLedger = request.app.state.ledger
    return ledger


def _orders(request: Request) -> OrderBook:
    orders: OrderBook = request.app.state.orders
    return orders


async def _settlement(request: Request) -> SettlementRequest:
    """The body, counted while it is read, and read by the one function that knows its format."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise EncodingError(f"a settlement request has at most {MAX_BODY_BYTES} bytes")
    return SettlementRequest.from_json(bytes(body))


def pseudonym(text: str) -> int:
    """An account as it stands in a URL or a document."""
    if not (text.isascii() and text.isdecimal()) or len(text) > MAX_DIGITS:
        raise EncodingError("an account is named by a decimal number")
    return int(text)


Ledger = Annotated[AsyncMarginLedger, Depends(_ledger)]
Orders = Annotated[OrderBook, Depends(_orders)]
Settlement = Annotated[SettlementRequest, Depends(_settlement)]
