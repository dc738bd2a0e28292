"""What markets, sources, symbols and instruments may be called: short ASCII names with one spelling."""

from __future__ import annotations

import re

from ..errors import MarketDataError

MAX_NAME_CHARACTERS = 32
MAX_CURRENCY_CHARACTERS = 16
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,31}")


def check_name(field: str, value: object) -> None:
    """Raise `MarketDataError` unless the value is a name."""
    if type(value) is not str or _NAME.fullmatch(value) is None:
        raise MarketDataError(
            field, f"must be 1 to {MAX_NAME_CHARACTERS} letters, digits or . _ : / -, a letter or digit first"
        )


def check_currency(value: object) -> None:
    """Raise `MarketDataError` unless the value is a name short enough for the unit of an amount."""
    check_name("quote", value)
    if type(value) is str and len(value) > MAX_CURRENCY_CHARACTERS:
        raise MarketDataError("quote", f"must be a currency of at most {MAX_CURRENCY_CHARACTERS} characters")


def check_integer(field: str, value: object, low: int, high: int) -> None:
    """Raise `MarketDataError` unless the value is an integer in [low, high)."""
    if type(value) is not int or not low <= value < high:
        raise MarketDataError(field, f"must be an integer in [{low}, {high})")
