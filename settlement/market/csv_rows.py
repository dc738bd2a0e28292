"""Rows of a CSV file from outside: columns by declared names, values strict, every fault with its line.

Files of exchanges have columns of their own names and more of them than are needed. Which column is which is declared,
never guessed; columns nobody declared are not looked at.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from zkmargin.algebra import Buffer, ceil_div, floor_div, round_half_even_div

from ..errors import MarketDataError, RowError
from .names import check_name
from .snapshot import MAX_TIME_MS

MAX_CSV_BYTES = 256 << 20
MAX_CSV_ROWS = 4_000_000
MAX_CELL_CHARACTERS = 64
MAX_COLUMNS = 256
MAX_EXPONENT = 30
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"([+-]?[0-9]+)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?")


class TimeUnit(StrEnum):
    """How a file writes its times."""

    MILLISECONDS = "ms"
    SECONDS = "s"
    MICROSECONDS = "us"
    ISO = "iso"
    """ISO 8601 with its offset, such as 2026-03-01T00:00:00Z."""


class Rounding(StrEnum):
    """Where a number with more digits than its scale goes: a bid down, an ask up, a price on its own to nearest."""

    DOWN = "down"
    UP = "up"
    NEAREST = "nearest"


@dataclass(frozen=True)
class Row:
    """The declared cells of one line, without blanks around them."""

    line: int
    cells: Mapping[str, str]

    def fail(self, column: str, reason: str) -> RowError:
        return RowError(self.line, column, reason)

    def has(self, column: str) -> bool:
        """Whether the column was declared and the cell is not empty."""
        return bool(self.cells.get(column))

    def name(self, column: str) -> str:
        """A symbol or instrument."""
        text = self._filled(column)
        try:
            check_name(column, text)
        except MarketDataError as problem:
            raise self.fail(column, problem.reason) from None
        return text

    def above_zero(self, column: str, scale: int, rounding: Rounding, limit: int) -> int:
        """A number as an integer times 10^-scale, in [1, limit)."""
        value = self._scaled(column, scale, rounding)
        if not 1 <= value < limit:
            raise self.fail(column, "is not above zero" if value < 1 else "is too large")
        return value

    def time_ms(self, column: str, unit: TimeUnit) -> int:
        """A time since 1970, whole milliseconds; finer digits are cut off."""
        if unit is TimeUnit.ISO:
            value = self._iso_ms(column)
        else:
            value = self._scaled(column, _MILLISECOND_SCALE[unit], Rounding.DOWN)
        if not 0 <= value < MAX_TIME_MS:
            raise self.fail(column, "is not a time since 1970")
        return value

    def _filled(self, column: str) -> str:
        text = self.cells[column]
        if not text:
            raise self.fail(column, "is empty")
        if len(text) > MAX_CELL_CHARACTERS:
            raise self.fail(column, f"is longer than {MAX_CELL_CHARACTERS} characters")
        return text

    def _scaled(self, column: str, scale: int, rounding: Rounding) -> int:
        """The cell's number times 10^scale."""
        match = _NUMBER.fullmatch(self._filled(column))
        if match is None:
            raise self.fail(column, "is not a number: NaN, inf and words are refused")
        whole, fraction, exponent = match[1], match[2] or "", int(match[3] or 0)
        if abs(exponent) > MAX_EXPONENT:
            raise self.fail(column, "has too large an exponent")
        shift = scale + exponent - len(fraction)
        digits = int(whole + fraction)
        return digits * 10**shift if shift >= 0 else _DIVIDE[rounding](digits, 10**-shift)

    def _iso_ms(self, column: str) -> int:
        try:
            moment = datetime.fromisoformat(self._filled(column))
        except ValueError:
            raise self.fail(column, "is not a time such as 2026-03-01T00:00:00Z") from None
        if moment.utcoffset() is None:
            raise self.fail(column, "does not say its offset from UTC; write a Z after it")
        return (moment - EPOCH) // timedelta(milliseconds=1)


def read_rows(data: Buffer, columns_in: Callable[[list[str]], Mapping[str, str]]) -> Iterator[Row]:
    """The rows below a header line.

    `columns_in` gives, for the header, its word for each name that is to be read; each must be there, once.
    """
    if memoryview(data).nbytes > MAX_CSV_BYTES:
        raise RowError(0, "file", f"has more than {MAX_CSV_BYTES} bytes")
    try:
        text = bytes(memoryview(data)).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RowError(0, "file", "is not UTF-8 text") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [word.strip() for word in next(reader, [])]
        places = _places(header, columns_in(header))
        for count, cells in enumerate(reader, start=1):
            if count > MAX_CSV_ROWS:
                raise RowError(reader.line_num, "file", f"has more than {MAX_CSV_ROWS} rows")
            if len(cells) != len(header):
                raise RowError(reader.line_num, "row", f"has {len(cells)} cells; the header has {len(header)}")
            yield Row(reader.line_num, {name: cells[place].strip() for name, place in places.items()})
    except csv.Error as problem:
        raise RowError(reader.line_num, "row", f"is not CSV: {problem}") from None


def _places(header: list[str], columns: Mapping[str, str]) -> dict[str, int]:
    if len(header) > MAX_COLUMNS:
        raise RowError(1, "header", f"has more than {MAX_COLUMNS} columns")
    for name, word in columns.items():
        if header.count(word) != 1:
            reason = "is twice in" if word in header else "is not in"
            raise RowError(1, name, f"should be the column {word[:40]!r}, which {reason} the header")
    return {name: header.index(word) for name, word in columns.items()}


_MILLISECOND_SCALE = {TimeUnit.SECONDS: 3, TimeUnit.MILLISECONDS: 0, TimeUnit.MICROSECONDS: -3}
_DIVIDE = {Rounding.DOWN: floor_div, Rounding.UP: ceil_div, Rounding.NEAREST: round_half_even_div}
