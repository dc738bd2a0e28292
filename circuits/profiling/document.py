"""A profile as a file: versioned JSON, one line for each row, the same bytes for the same profile on every machine."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from zkmargin.algebra import Buffer, load_json

from ..errors import FormatError
from ..location import Location
from .profile import COMPONENTS, COST_NAMES, GADGETS, MAX_DEPTH, MAX_NAME, NOTHING, Cost, Profile, Row, place_order

FORMAT = "zkmargin.profile/1"
MAX_BYTES = 4 << 20
MAX_ROWS = 1 << 16
MAX_COUNT = (1 << 32) - 1

_WHAT = "profile"
_MEMBERS = ("format", "circuit", "circuit_digest", "named_by", "costs", "rows")


def write_profile(profile: Profile) -> bytes:
    """The inverse of `read_profile`; a profile beyond what a file may hold is a `FormatError`."""
    if len(profile.rows) > MAX_ROWS:
        raise _malformed(f"has {len(profile.rows)} rows, and a file holds at most {MAX_ROWS}")
    head = (FORMAT, profile.circuit, profile.digest.hex(), profile.named_by, list(COST_NAMES))
    members = [f" {_text(name)}: {_text(value)}," for name, value in zip(_MEMBERS, head, strict=False)]
    rows = ",\n".join(f"  {_text(_row_to_json(row))}" for row in profile.rows)
    data = "\n".join(["{", *members, f' "rows": [\n{rows}\n ]' if rows else ' "rows": []', "}\n"]).encode()
    if len(data) > MAX_BYTES:
        raise _malformed(f"takes {len(data)} bytes, and a file at most {MAX_BYTES}")
    return data


def read_profile(data: Buffer | str) -> Profile:
    """Decode and check: members, names, bounds, and rows in order without a double."""
    document = load_json(data, _WHAT, max_bytes=MAX_BYTES)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _malformed(f"is not a document of the format {FORMAT}")
    if tuple(sorted(document)) != tuple(sorted(_MEMBERS)):
        raise _malformed(f"has other members than {', '.join(_MEMBERS)}")
    if document["named_by"] not in (GADGETS, COMPONENTS, NOTHING):
        raise _malformed("names its rows by nothing this version knows")
    if document["costs"] != list(COST_NAMES):
        raise _malformed(f"has other costs than {', '.join(COST_NAMES)}")
    listed = document["rows"]
    if not isinstance(listed, list) or len(listed) > MAX_ROWS:
        raise _malformed(f"has no list of at most {MAX_ROWS} rows")
    rows = tuple(_row_from_json(index, row) for index, row in enumerate(listed))
    places = [place_order((row.path, row.location)) for row in rows]
    for index, (earlier, later) in enumerate(pairwise(places), start=1):
        if not earlier < later:
            raise _malformed("stands before or beside an earlier row", index)
    if not _is_name(document["circuit"]):
        raise _malformed("has no name of a circuit")
    return Profile(document["circuit"], _digest(document["circuit_digest"]), document["named_by"], rows)


def _row_to_json(row: Row) -> list[Any]:
    at = None if row.location is None else [row.location.file, row.location.line]
    return [list(row.path), at, list(row.cost.counts())]


def _row_from_json(index: int, row: object) -> Row:
    if not isinstance(row, list) or len(row) != 3:
        raise _malformed("is not [path, [file, line] or null, costs]", index)
    path, at, counts = row
    if not isinstance(path, list) or len(path) > MAX_DEPTH or not all(map(_is_name, path)):
        raise _malformed(f"has no path of at most {MAX_DEPTH} names", index)
    if at is not None and not (isinstance(at, list) and len(at) == 2 and _is_name(at[0]) and _is_count(at[1])):
        raise _malformed("has no file and line", index)
    if not isinstance(counts, list) or len(counts) != len(COST_NAMES) or not all(map(_is_count, counts)):
        raise _malformed(f"has not {len(COST_NAMES)} counts below 2^32", index)
    return Row(tuple(path), None if at is None else Location(at[0], at[1]), Cost(*counts))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME and value.isprintable()


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_COUNT


def _digest(value: object) -> bytes:
    try:
        digest = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        digest = b""
    if len(digest) != 32 or digest.hex() != value:
        raise _malformed("has no circuit digest of 64 hexadecimal digits")
    return digest


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=True)


def _malformed(reason: str, index: int | None = None) -> FormatError:
    place = "" if index is None else f"row {index} "
    return FormatError(f"{_WHAT}: {place}{reason}", what=_WHAT, index=index)
