"""Reading JSON documents field by field: every field is asked for by name and kind, and none may be left over.

Amounts are written as people write them, with their unit: "1.25 BTC", "63900.5 USD", "5 %". They become exact integers
here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from zkmargin.algebra import BN254, EncodingError, format_decimal, parse_decimal

from .errors import DocumentError

T = TypeVar("T")
AMOUNT_SCALE = 8
PERCENT_SCALE = 4
"""One ppm is 0.0001 %."""
MAX_LIST = 4096
HEX_DIGITS = frozenset("0123456789abcdef")


class Fields:
    """One JSON object of a document. Take each field once, then call `done`."""

    def __init__(self, value: Any, document: str, path: str = "") -> None:
        if not isinstance(value, dict):
            raise DocumentError(document, path or "the document", "is not an object")
        self._left: dict[str, Any] = dict(value)
        self._document = document
        self._path = path

    def fail(self, name: str, reason: str) -> DocumentError:
        return DocumentError(self._document, self._at(name), reason)

    def take(self, name: str, default: Any = None) -> Any:
        """The raw value; without a default the field must be there."""
        if name in self._left:
            return self._left.pop(name)
        if default is None:
            raise self.fail(name, "is missing")
        return default

    def done(self) -> None:
        """Refuse fields nobody asked for: a misspelt optional field must not be ignored."""
        if self._left:
            raise self.fail(sorted(self._left)[0], "is not a field of this format")

    def expect(self, name: str, wanted: str) -> None:
        found = self.take(name)
        if found != wanted:
            raise self.fail(name, f"is {str(found)[:60]!r}; expected {wanted!r}")

    def text(self, name: str, *, max_length: int = 64) -> str:
        value = self.take(name)
        if not isinstance(value, str) or not 0 < len(value) <= max_length or not value.isprintable():
            raise self.fail(name, f"must be a string of 1 to {max_length} printable characters")
        return value

    def integer(self, name: str, low: int, high: int) -> int:
        """A JSON integer in [low, high)."""
        value = self.take(name)
        if type(value) is not int or not low <= value < high:
            raise self.fail(name, f"must be an integer in [{low}, {high})")
        return value

    def flag(self, name: str) -> bool:
        """true or false."""
        value = self.take(name)
        if type(value) is not bool:
            raise self.fail(name, "must be true or false")
        return value

    def element(self, name: str) -> int:
        """A field element as a decimal string."""
        return self._element(self.take(name), name)

    def elements(self, name: str) -> list[int]:
        return [self._element(item, name) for item in self._list(name)]

    def hex_bytes(self, name: str, size: int) -> bytes:
        """0x and exactly 2 * size lower-case digits."""
        value = self.take(name)
        digits = value[2:] if isinstance(value, str) and value.startswith("0x") else ""
        if len(digits) != 2 * size or any(digit not in HEX_DIGITS for digit in digits):
            raise self.fail(name, f"must be 0x and {2 * size} lower-case hexadecimal digits")
        return bytes.fromhex(digits)

    def hex_text(self, name: str) -> bytes:
        """Bytes of any length as lower-case digits, without 0x."""
        value = self.take(name)
        if not isinstance(value, str) or len(value) % 2 or any(digit not in HEX_DIGITS for digit in value):
            raise self.fail(name, "must be an even number of lower-case hexadecimal digits")
        return bytes.fromhex(value)

    def members(self, name: str) -> dict[str, Any]:
        """A JSON object whose members another reader takes."""
        value = self.take(name)
        if not isinstance(value, dict):
            raise self.fail(name, "is not an object")
        return value

    def entries(self, name: str) -> list[Any]:
        """A JSON list whose entries another reader takes."""
        value = self.take(name)
        if not isinstance(value, list):
            raise self.fail(name, "is not a list")
        return value

    def inner(self, name: str) -> Fields:
        """A JSON object, to be read field by field."""
        return Fields(self.take(name), self._document, self._at(name))

    def peek(self, name: str) -> Any:
        """The raw value, left where it is; None where there is none."""
        return self._left.get(name)

    def has(self, name: str) -> bool:
        """Whether the field is there and not taken yet."""
        return name in self._left

    def names(self) -> list[str]:
        """The fields not taken yet."""
        return list(self._left)

    def amount(self, name: str, unit: str, *, signed: bool = False) -> int:
        """ "1.25 BTC" as an integer in e8."""
        return self._quantity(self.take(name), name, unit, AMOUNT_SCALE, signed)

    def fine_amount(self, name: str, unit: str, scale: int) -> int:
        """An amount in finer steps than e8."""
        return self._quantity(self.take(name), name, unit, scale, False)

    def amounts(self, name: str, units: dict[str, str], *, signed: bool = False) -> dict[str, int]:
        """An object of amounts by name; `units` gives each known name's unit."""
        inner = Fields(self.take(name, {}), self._document, self._at(name))
        found: dict[str, int] = {}
        for key in list(inner._left):
            if key not in units:
                raise inner.fail(key, "is not in the risk table")
            found[key] = inner.amount(key, units[key], signed=signed)
        return found

    def ratio_ppm(self, name: str, *, signed: bool = False) -> int:
        """ "5 %" as an integer in ppm."""
        return self._quantity(self.take(name), name, "%", PERCENT_SCALE, signed)

    def number(self, name: str, scale: int) -> int:
        """A plain decimal string, without unit."""
        return self._decimal(self.take(name), name, scale, False)

    def objects(self, name: str, read: Callable[[Fields], T]) -> list[T]:
        """A list of objects, each read by `read` and then checked for fields left over."""
        result = []
        for index, item in enumerate(self._list(name)):
            inner = Fields(item, self._document, f"{self._at(name)}[{index}]")
            result.append(read(inner))
            inner.done()
        return result

    def each(self, name: str, read: Callable[[Fields], T]) -> dict[str, T]:
        """An object of objects by name, each read by `read` and then checked for fields left over."""
        rows = self.inner(name)
        if len(rows._left) > MAX_LIST:
            raise self.fail(name, f"must have at most {MAX_LIST} members")
        found = {}
        for key in rows.names():
            inner = rows.inner(key)
            found[key] = read(inner)
            inner.done()
        return found

    def text_list(self, name: str, *, max_length: int = 64) -> tuple[str, ...]:
        """A list of strings, as `text` takes one."""
        values = self._list(name)
        if any(type(v) is not str or not 0 < len(v) <= max_length or not v.isprintable() for v in values):
            raise self.fail(name, f"must be a list of strings of 1 to {max_length} printable characters")
        return tuple(values)

    def amount_list(self, name: str, unit: str, *, signed: bool = False) -> list[int]:
        return [self._quantity(item, name, unit, AMOUNT_SCALE, signed) for item in self._list(name)]

    def integer_list(self, name: str, low: int, high: int) -> list[int]:
        values = self._list(name)
        if any(type(value) is not int or not low <= value < high for value in values):
            raise self.fail(name, f"must be a list of integers in [{low}, {high})")
        return values

    def _list(self, name: str) -> list[Any]:
        value = self.take(name)
        if not isinstance(value, list) or len(value) > MAX_LIST:
            raise self.fail(name, f"must be a list of at most {MAX_LIST} entries")
        return value

    def _element(self, value: Any, name: str) -> int:
        if not isinstance(value, str) or not value.isdecimal() or not value.isascii() or len(value) > 77:
            raise self.fail(name, "must be a field element as a decimal string")
        if int(value) >= BN254.r or str(int(value)) != value:
            raise self.fail(name, "is not a canonical field element")
        return int(value)

    def _quantity(self, value: Any, name: str, unit: str, scale: int, signed: bool) -> int:
        if not isinstance(value, str) or not value.endswith(f" {unit}"):
            raise self.fail(name, f'must be an amount in {unit}, such as "1.25 {unit}"')
        return self._decimal(value[: -len(unit) - 1], name, scale, signed)

    def _decimal(self, value: Any, name: str, scale: int, signed: bool) -> int:
        if not isinstance(value, str):
            raise self.fail(name, "must be a decimal number in quotes")
        try:
            return parse_decimal(value, scale, signed=signed)
        except EncodingError:
            # Without the text: it may be a balance, and messages end up in logs.
            sign = "" if signed else ", without sign"
            wanted = f"with at most {scale} digits after the point{sign}"
            raise self.fail(name, f"is not a plain decimal number {wanted}") from None

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def amount_text(value: int, unit: str, scale: int = AMOUNT_SCALE) -> str:
    """The inverse of `Fields.amount`, and with a scale of `Fields.fine_amount`."""
    return f"{format_decimal(value, scale)} {unit}"


def percent_text(value_ppm: int) -> str:
    """The inverse of `Fields.ratio_ppm`."""
    return f"{format_decimal(value_ppm, PERCENT_SCALE)} %"
