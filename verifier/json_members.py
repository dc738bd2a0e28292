"""Members of JSON objects and the values in them, read strictly: one spelling for each value, nothing left over."""

from __future__ import annotations

import re
from typing import Any

from zkmargin.algebra import Buffer, EncodingError, load_json

_DECIMAL = re.compile("0|[1-9][0-9]{0,199}", re.ASCII)


def read_object(data: Buffer | str | dict[str, Any], what: str, *, max_bytes: int) -> dict[str, Any]:
    """A JSON object from text, or one already parsed."""
    value = data if isinstance(data, dict) else load_json(data, what, max_bytes=max_bytes)
    if not isinstance(value, dict):
        raise EncodingError(f"{what}: not a JSON object", what=what)
    return value


def check_members(value: dict[str, Any], required: set[str], optional: set[str], what: str) -> None:
    """Refuse missing and unknown members by name."""
    for name in sorted(required - value.keys()):
        raise EncodingError(f"{what}: {name} is missing", what=what)
    for name in value.keys() - required - optional:
        raise EncodingError(f"{what}: {str(name)[:40]!r} is not a member of this format", what=what)


def check_format(value: dict[str, Any], expected: str, what: str) -> None:
    """Refuse a document of another format or version."""
    if value["format"] != expected:
        raise EncodingError(f"{what}: format {str(value['format'])[:60]!r} is not {expected!r}", what=what)


def read_decimal(value: Any, what: str) -> int:
    """A canonical non-negative decimal string: no sign, space, leading zero, exponent or other digits than 0-9."""
    if type(value) is not str or _DECIMAL.fullmatch(value) is None:
        raise EncodingError(f"{what}: not a canonical decimal number in quotes", what=what)
    return int(value)


def read_hex(value: Any, size: int, what: str) -> bytes:
    """0x and exactly 2 * size lower-case digits."""
    digits = value[2:] if type(value) is str and value.startswith("0x") else ""
    if len(digits) != 2 * size or not set(digits) <= set("0123456789abcdef"):
        raise EncodingError(f"{what}: not 0x and {2 * size} lower-case hexadecimal digits", what=what)
    return bytes.fromhex(digits)


def read_list(value: Any, length: int, what: str) -> list[Any]:
    if not isinstance(value, list) or len(value) != length:
        raise EncodingError(f"{what}: not a list of {length}", what=what)
    return value
