"""JSON from outside, read within bounds: size, depth, digits of a number and duplicate keys are all limited."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

from .encoding import Buffer
from .errors import EncodingError

DEFAULT_MAX_BYTES = 1 << 20
MAX_DEPTH = 16
MAX_DIGITS = 400

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STEP = tuple(1 if byte in b"[{" else -1 for byte in range(256))


def load_json(data: Buffer | str, what: str, *, max_bytes: int = DEFAULT_MAX_BYTES) -> Any:
    """Parse JSON text; every way in which it can be malformed is an `EncodingError` that names `what`.

    Floats and NaN are refused: amounts are decimal strings or integers, so that no binary rounding can touch them.
    """
    try:
        raw = _bounded(data, what, max_bytes)
        text = raw.decode("utf-8")
    except UnicodeError:
        raise EncodingError(f"{what}: not UTF-8 text", what=what) from None
    _check_depth(raw, what)
    try:
        value = json.loads(
            text,
            parse_int=lambda digits: _parse_int(digits, what),
            parse_float=lambda number: _refuse(number, what),
            parse_constant=lambda number: _refuse(number, what),
            object_pairs_hook=lambda pairs: _unique(pairs, what),
        )
    except json.JSONDecodeError as problem:
        raise EncodingError(f"{what}: not JSON at line {problem.lineno}, column {problem.colno}", what=what) from None
    if "\\u" in text and _SURROGATE.search(text):
        _check_text(value, what)
    return value


def _bounded(data: Buffer | str, what: str, max_bytes: int) -> bytes:
    """The text's bytes; of more than allowed no copy is made."""
    size = len(data) if isinstance(data, str) else memoryview(data).nbytes
    if size <= max_bytes:
        raw = data.encode() if isinstance(data, str) else bytes(memoryview(data))
        size = len(raw)
        if size <= max_bytes:
            return raw
    raise EncodingError(f"{what}: {size} bytes, more than the {max_bytes} allowed", what=what)


def _check_depth(raw: bytes, what: str) -> None:
    """Count brackets outside strings, so that a deep nest is refused before the parser recurses into it."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return
    without_strings = _STRING.sub(b"", raw)
    brackets = without_strings.translate(None, delete=_NO_BRACKETS)
    if max(itertools.accumulate(map(_STEP.__getitem__, brackets)), default=0) > MAX_DEPTH:
        raise EncodingError(f"{what}: nested deeper than {MAX_DEPTH} levels", what=what)


def _check_text(value: Any, what: str) -> None:
    """Refuse half a surrogate pair written as an escape: such text can be neither stored nor printed."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise EncodingError(f"{what}: an escape sequence that is no character", what=what) from None


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
