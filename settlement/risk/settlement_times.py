"""Observed settlement times as a file: CSV with a header, or JSON `zkmargin.settlement-times/1`.

One entry per settlement: the source chain's id, when the settlement began on it, and when the target accepted it. An
entry without an end is still under way.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from zkmargin.algebra import Buffer, load_json

from ..errors import DocumentError
from ..fields import Fields
from .latency import MAX_LATENCY_MS, MAX_OBSERVATIONS, RouteTimes

FORMAT = "zkmargin.settlement-times/1"
DOCUMENT = "settlement times"
HEADER = ["chain_id", "started_ms", "settled_ms"]
MAX_BYTES = 32 << 20
MAX_ROUTES = 64
UINT64 = 1 << 64
MAX_TIME_MS = 1 << 63

Entry = tuple[int, int, int | None]
"""Chain id, start, and end or None."""


def read_settlement_times(data: Buffer | str) -> dict[int, RouteTimes]:
    """Read either format; JSON is told by its first character."""
    text = data if isinstance(data, str) else _decoded(data)
    if len(text) > MAX_BYTES:
        raise DocumentError(DOCUMENT, "the document", f"has more than {MAX_BYTES} bytes")
    return _collect(_json_entries(text) if text.lstrip().startswith("{") else _csv_entries(text))


def settlement_times_json(entries: Iterable[Entry]) -> dict[str, Any]:
    """The JSON document."""
    return {"format": FORMAT, "settlements": [_entry_json(*entry) for entry in entries]}


def _entry_json(chain_id: int, started_ms: int, settled_ms: int | None) -> dict[str, int]:
    end = {} if settled_ms is None else {"settled_ms": settled_ms}
    return {"chain_id": chain_id, "started_ms": started_ms, **end}


def _collect(entries: Iterable[tuple[str, Entry]]) -> dict[int, RouteTimes]:
    settled: dict[int, list[int]] = {}
    pending: dict[int, int] = {}
    for place, (chain_id, started_ms, settled_ms) in entries:
        times = settled.setdefault(chain_id, [])
        if len(settled) > MAX_ROUTES:
            raise DocumentError(DOCUMENT, place, f"is of more than {MAX_ROUTES} routes")
        if len(times) + pending.get(chain_id, 0) >= MAX_OBSERVATIONS:
            raise DocumentError(DOCUMENT, place, f"is more than {MAX_OBSERVATIONS} settlements of one route")
        if settled_ms is None:
            pending[chain_id] = pending.get(chain_id, 0) + 1
            continue
        if not 0 <= settled_ms - started_ms < MAX_LATENCY_MS:
            raise DocumentError(DOCUMENT, place, "ends before it starts, or takes longer than any settlement can")
        times.append(settled_ms - started_ms)
    if not settled:
        raise DocumentError(DOCUMENT, "the document", "has no settlements")
    return {chain: RouteTimes(tuple(times), pending.get(chain, 0)) for chain, times in settled.items()}


def _json_entries(text: str) -> Iterable[tuple[str, Entry]]:
    fields = Fields(load_json(text, DOCUMENT, max_bytes=MAX_BYTES), DOCUMENT)
    fields.expect("format", FORMAT)
    rows = fields.entries("settlements")
    fields.done()
    for index, row in enumerate(rows):
        entry = Fields(row, DOCUMENT, f"settlements[{index}]")
        chain_id = entry.integer("chain_id", 0, UINT64)
        started_ms = entry.integer("started_ms", 0, MAX_TIME_MS)
        settled_ms = entry.integer("settled_ms", 0, MAX_TIME_MS) if entry.has("settled_ms") else None
        entry.done()
        yield f"settlements[{index}]", (chain_id, started_ms, settled_ms)


def _csv_entries(text: str) -> Iterable[tuple[str, Entry]]:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(lines, None)
        if header is None or [name.strip() for name in header] != HEADER:
            raise DocumentError(DOCUMENT, "line 1", f"must be {','.join(HEADER)}")
        for row in lines:
            if row:
                yield f"line {lines.line_num}", _csv_entry(row, f"line {lines.line_num}")
    except csv.Error:
        raise DocumentError(DOCUMENT, f"line {lines.line_num}", "is not CSV") from None


def _csv_entry(row: list[str], place: str) -> Entry:
    if len(row) != len(HEADER):
        raise DocumentError(DOCUMENT, place, f"has {len(row)} values, not {len(HEADER)}")
    chain_id, started_ms = _whole(row[0], place, UINT64), _whole(row[1], place, MAX_TIME_MS)
    return chain_id, started_ms, _whole(row[2], place, MAX_TIME_MS) if row[2].strip() else None


def _whole(text: str, place: str, bound: int) -> int:
    digits = text.strip()
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 20 or int(digits) >= bound:
        raise DocumentError(DOCUMENT, place, f"has a value that is not a whole number below {bound}")
    return int(digits)


def _decoded(data: Buffer) -> str:
    try:
        return bytes(memoryview(data)).decode("utf-8-sig")
    except UnicodeError:
        raise DocumentError(DOCUMENT, "the document", "is not UTF-8 text") from None
