"""The views: an async one that credits, plain ones that answer questions."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from zkmargin.algebra import EncodingError, format_decimal
from zkmargin.verifier import SettlementRequest
from zkmargin.verifier.service import Problem

from .ledger import async_margin_ledger, margin_ledger
from .middleware import answer

AMOUNT_SCALE = 8


@csrf_exempt  # there is no session that another site could ride on: the proof authorises itself
@require_POST
async def settle(request: HttpRequest) -> HttpResponse:
    """Credit margin for a proof. The same request again gets the same receipt."""
    settlement = SettlementRequest.from_json(request.body)
    ledger = await async_margin_ledger()
    return JsonResponse((await ledger.accept(settlement)).to_json())


@require_GET
def receipt(request: HttpRequest, settlement_id: str) -> HttpResponse:
    """What was answered to a settlement."""
    digits = settlement_id.removeprefix("0x")
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        raise EncodingError("a settlement id is 0x and 64 lower-case hexadecimal digits")
    found = margin_ledger().receipt(bytes.fromhex(digits))
    if found is None:
        return answer(Problem("unknown-settlement", "no accepted request has this settlement id"))
    return JsonResponse(found.to_json())


@require_GET
def account(request: HttpRequest, pseudonym: str) -> HttpResponse:
    """What an account has now."""
    if not (pseudonym.isascii() and pseudonym.isdecimal()) or len(pseudonym) > 78:
        raise EncodingError("an account is named by a decimal number")
    margin_e8 = margin_ledger().margin_of(int(pseudonym))
    return JsonResponse({"account": pseudonym, "margin": format_decimal(margin_e8, AMOUNT_SCALE)})


@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """Whether the ledger can be read."""
    ledger = margin_ledger()
    ledger.receipts(limit=1)
    return JsonResponse({"ledger": ledger.config.ledger})


def nothing_here(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(Problem("not-found", "there is nothing here"))
