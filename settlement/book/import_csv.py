"""New accounts from CSV: a column `key_commitment`, and a column of deposits for each asset that there is.

    key_commitment,BTC,USDC
    1234567890,0.5,
    9876543210,,25000.25

Deposits are plain decimals in units of the column's asset; an empty one deposits nothing. No line is skipped.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

from zkmargin.algebra import BN254, EncodingError, parse_decimal

from ..errors import DocumentError
from ..fields import AMOUNT_SCALE
from .bulk import NewAccount
from .fold import UINT64

DOCUMENT = "accounts CSV"
KEY_COLUMN = "key_commitment"
MAX_DIGITS = 78


def read_accounts(lines: Iterable[str], asset_names: Sequence[str]) -> Iterator[NewAccount]:
    """One account a line; a `DocumentError` names line and column, never what stands there."""
    rows = csv.reader(lines, strict=True)
    columns = _read_header(rows, asset_names)
    while True:
        row = _next(rows)
        if row is None:
            return
        at = f"line {_line(rows)}"
        if len(row) != len(columns) + 1:
            raise DocumentError(DOCUMENT, at, f"has {len(row)} columns, the first line has {len(columns) + 1}")
        key = _read_key(row[0], at)
        deposits = [
            (asset, _read_amount(text, f"{at}, {asset_names[asset]}"))
            for asset, text in zip(columns, row[1:], strict=True)
            if text
        ]
        yield NewAccount(key, tuple(sorted(pair for pair in deposits if pair[1])))


def _read_header(rows: Iterator[list[str]], asset_names: Sequence[str]) -> list[int]:
    """The asset of each column after the first."""
    header = _next(rows)
    if not header or header[0] != KEY_COLUMN:
        raise DocumentError(DOCUMENT, "line 1", f"must begin with the column {KEY_COLUMN}")
    names = header[1:]
    unknown = [name for name in names if name not in asset_names]
    if unknown or len(set(names)) != len(names):
        raise DocumentError(DOCUMENT, "line 1", f"must name assets of this book, each once: {', '.join(asset_names)}")
    return [asset_names.index(name) for name in names]


def _next(rows: Iterator[list[str]]) -> list[str] | None:
    try:
        return next(rows, None)
    except (csv.Error, UnicodeDecodeError) as problem:
        unread = isinstance(problem, UnicodeDecodeError)  # such a line has not been counted
        raise DocumentError(DOCUMENT, f"line {_line(rows) + unread}", "is no CSV in UTF-8") from None


def _line(rows: Iterator[list[str]]) -> int:
    return int(getattr(rows, "line_num", 0))


def _read_key(text: str, at: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > MAX_DIGITS or int(text) >= BN254.r:
        raise DocumentError(DOCUMENT, f"{at}, {KEY_COLUMN}", "must be a field element in decimal")
    return int(text)


def _read_amount(text: str, at: str) -> int:
    try:
        amount_e8 = parse_decimal(text, AMOUNT_SCALE)
    except EncodingError:
        raise DocumentError(DOCUMENT, at, f"must be a decimal with at most {AMOUNT_SCALE} places, no sign") from None
    if amount_e8 >= UINT64:
        raise DocumentError(DOCUMENT, at, "must be below 2^64 units of 1e-8")
    return amount_e8
