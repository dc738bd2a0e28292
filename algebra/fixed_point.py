"""Decimal amounts as scaled integers, and the only definition of rounding in this package.

An amount with scale s is the integer amount * 10^s: "1.25" at scale 8 is 125000000. Text is converted exactly or not at
all. Divisions say in their name which way they round; divisors must be positive.
"""

from __future__ import annotations

import math
import re

from .errors import EncodingError

MAX_DECIMAL_CHARACTERS = 100
"""Longer text is refused before anything is converted; 2^256 has 78 digits."""

_DECIMAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")


def parse_decimal(text: str, scale: int, *, signed: bool = False) -> int:
    """The integer text * 10^scale, exactly; `EncodingError` for anything but plain ASCII digits around one point.

    More fractional digits than the scale has are refused even where they are zeros, and so are exponents, "+", blanks
    and leading zeros. A "-" is allowed only if `signed`, and never on zero. Bounds are the caller's to check.
    """
    if type(text) is not str:
        raise EncodingError('an amount is a decimal string, as in "1.25"', what="decimal")
    if len(text) > MAX_DECIMAL_CHARACTERS:
        raise EncodingError(f"an amount of {len(text)} characters is too long", what="decimal")
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise EncodingError(f'{text!r} is not a plain decimal number, as in "1.25"', what="decimal")
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if len(whole) > 1 and whole[0] == "0":
        raise EncodingError(f"{text!r} has a leading zero", what="decimal")
    if len(fraction) > scale:
        raise EncodingError(f"{text!r} has more than {scale} digits after the point", what="decimal")
    value = int(whole + fraction.ljust(scale, "0"))
    if not sign:
        return value
    if not signed:
        raise EncodingError(f"{text!r} is negative; this amount has no sign", what="decimal")
    if value == 0:
        raise EncodingError(f"{text!r} is zero and needs no sign", what="decimal")
    return -value


def format_decimal(value: int, scale: int) -> str:
    """The shortest text that `parse_decimal` reads back as `value`."""
    digits = str(abs(value)).rjust(scale + 1, "0")
    whole, fraction = digits[: len(digits) - scale], digits[len(digits) - scale :].rstrip("0")
    return ("-" if value < 0 else "") + whole + ("." + fraction if fraction else "")


def floor_div(dividend: int, divisor: int) -> int:
    """The quotient rounded towards minus infinity."""
    return dividend // _positive(divisor)


def ceil_div(dividend: int, divisor: int) -> int:
    """The quotient rounded towards plus infinity."""
    return -(-dividend // _positive(divisor))


def round_half_even_div(dividend: int, divisor: int) -> int:
    """The nearest integer to the quotient; a tie goes to the even neighbour."""
    quotient, remainder = divmod(dividend, _positive(divisor))
    if 2 * remainder > divisor or (2 * remainder == divisor and quotient % 2 == 1):
        return quotient + 1
    return quotient


def isqrt_ceil(value: int) -> int:
    """The smallest non-negative integer whose square is at least `value`, which must not be negative."""
    return math.isqrt(value - 1) + 1 if value > 0 else math.isqrt(value)


def _positive(divisor: int) -> int:
    if divisor <= 0:
        raise ValueError("a divisor must be positive")
    return divisor
