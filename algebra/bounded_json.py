"""JSON from outside, read within bounds: size, depth, digits of a number and duplicate keys are all limited."""

from __future__ import annotations

import json
from typing import Any

from .encoding import Buffer
from .errors import EncodingError

DEFAULT_MAX_BYTES = 1 << 20
MAX_DEPTH = 16
MAX_DIGITS = 400


def load_json(data: Buffer | str, what: str, *, max_bytes: int = DEFAULT_MAX_BYTES) -> Any:
    """Parse JSON text; every way in which it can be malformed is an `EncodingError` that names `what`.

    Floats and NaN are refused: amounts are decimal strings or integers, so that no binary rounding can touch them.
    """
    raw = data.encode() if isinstance(data, str) else bytes(data)
    if len(raw) > max_bytes:
        raise EncodingError(f"{what}: {len(raw)} bytes, more than the {max_bytes} allowed", what=what)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise EncodingError(f"{what}: not UTF-8 text", what=what) from None
    _check_depth(text, what)
    try:
        return json.loads(
            text,
            parse_int=lambda digits: _parse_int(digits, what),
            parse_float=lambda number: _refuse(number, what),
            parse_constant=lambda number: _refuse(number, what),
            object_pairs_hook=lambda pairs: _unique(pairs, what),
        )
    except json.JSONDecodeError as problem:
        raise EncodingError(f"{what}: not JSON at line {problem.lineno}, column {problem.colno}", what=what) from None


def _check_depth(text: str, what: str) -> None:
    """Count brackets outside strings, so that a deep nest is refused before the parser recurses into it."""
    depth, in_string, escaped = 0, False, False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise EncodingError(f"{what}: nested deeper than {MAX_DEPTH} levels", what=what)
        elif character in "]}":
            depth -= 1


def _parse_int(digits: str, what: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise EncodingError(f"{what}: a number of {len(digits)} digits", what=what)
    return int(digits)


def _refuse(number: str, what: str) -> Any:
    raise EncodingError(f"{what}: {number[:40]} is not an integer; write decimals as strings", what=what)


def _unique(pairs: list[tuple[str, Any]], what: str) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise EncodingError(f"{what}: an object names a key twice", what=what)
    return result
