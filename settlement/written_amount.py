"""An amount with its unit, as somebody writes it in an order: "1.25 BTC"."""

from __future__ import annotations

from collections.abc import Sequence

from zkmargin.algebra import EncodingError, parse_decimal

from .errors import DocumentError
from .fields import AMOUNT_SCALE

DOCUMENT = "order"


def read_amount(text: str, names: Sequence[str]) -> tuple[int, int]:
    """Which of the names, and how much of it in e8; a `DocumentError` that does not repeat the amount."""
    number, _, name = text.strip().rpartition(" ")
    if name not in names:
        raise DocumentError(DOCUMENT, "amount", f'must be such as "1.25 {names[0]}", in {", ".join(names)}')
    try:
        return list(names).index(name), parse_decimal(number, AMOUNT_SCALE)
    except EncodingError:
        reason = f"of {name} must be a plain decimal with at most {AMOUNT_SCALE} places and no sign"
        raise DocumentError(DOCUMENT, "amount", reason) from None
