"""Units of fixed-point numbers: what a number counts, and at which decimal scale.

    AMOUNT * PRICE == VALUE        AMOUNT(8) is an amount in steps of 1e-8
    VALUE * RATIO == VALUE         quantity("BTC") is a quantity of the user's own

Quantities multiply and divide as in physics; a `Unit` is a quantity with a scale. An integer v of scale s stands for
v * 10^-s, so a product's scale is the sum of its factors' scales.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from zkmargin.algebra import EncodingError
from zkmargin.algebra.fixed_point import format_decimal, parse_decimal

from .errors import CircuitError

MAX_SCALE = 100
"""Beyond it not even 1 fits into the field."""

_SYMBOL = re.compile(r"[A-Za-z][A-Za-z0-9_/]{0,31}", re.ASCII)


class UnitError(CircuitError):
    """A quantity, scale or decimal that cannot be."""


@dataclass(frozen=True)
class Quantity:
    """A product of base symbols to whole powers; dimensionless without any. Called with a scale it gives a `Unit`."""

    powers: tuple[tuple[str, int], ...] = ()
    """Sorted by symbol, no power zero."""
    name: str = field(default="", compare=False)

    def __call__(self, scale: int) -> Unit:
        return Unit(self, scale)

    def __mul__(self, other: Quantity) -> Quantity:
        return self._joined(other, 1)

    def __truediv__(self, other: Quantity) -> Quantity:
        return self._joined(other, -1)

    def _joined(self, other: Quantity, sign: int) -> Quantity:
        powers = dict(self.powers)
        for symbol, power in other.powers:
            powers[symbol] = powers.get(symbol, 0) + sign * power
        return Quantity(tuple(sorted((symbol, power) for symbol, power in powers.items() if power)))

    def __str__(self) -> str:
        return self.name or _NAMES.get(self.powers) or self._spelled()

    def _spelled(self) -> str:
        above = [_power(symbol, power) for symbol, power in self.powers if power > 0]
        below = [_power(symbol, -power) for symbol, power in self.powers if power < 0]
        return "*".join(above or ["1"]) + "".join(f"/{factor}" for factor in below)


@dataclass(frozen=True)
class Unit:
    """A quantity at a decimal scale: `AMOUNT(8)` counts in steps of 1e-8."""

    quantity: Quantity
    scale: int

    def __post_init__(self) -> None:
        if type(self.scale) is not int or not 0 <= self.scale <= MAX_SCALE:
            raise UnitError(f"a scale is an integer from 0 to {MAX_SCALE}, not {self.scale!r}")

    def __mul__(self, other: Unit) -> Unit:
        return Unit(self.quantity * other.quantity, self.scale + other.scale)

    def __truediv__(self, other: Unit) -> Unit:
        """`UnitError` where the divisor has more digits after the point than the dividend."""
        return Unit(self.quantity / other.quantity, self.scale - other.scale)

    def __str__(self) -> str:
        return f"{self.quantity} e{self.scale}"

    def parse(self, text: str | Decimal) -> int:
        """The integer that stands for a decimal, exactly; `UnitError` where it has more digits than the scale."""
        try:
            return parse_decimal(f"{text:f}" if isinstance(text, Decimal) else text, self.scale, signed=True)
        except EncodingError as problem:
            raise UnitError(f"{problem} (the unit is {self})") from None

    def show(self, value: int) -> str:
        """`1.5 amount`: the number for people."""
        return f"{format_decimal(value, self.scale)} {self.quantity}"


def quantity(symbol: str) -> Quantity:
    """A base quantity of your own, as in `BTC = quantity("BTC")` and `price = quantity("USD") / BTC`."""
    if type(symbol) is not str or not _SYMBOL.fullmatch(symbol):
        raise UnitError(f"{symbol!r} is no name for a quantity; use letters, digits and _, as in 'BTC'")
    return Quantity(((symbol, 1),))


def _power(symbol: str, power: int) -> str:
    return symbol if power == 1 else f"{symbol}^{power}"


RATIO = Quantity((), "ratio")
AMOUNT = quantity("amount")
VALUE = quantity("value")
PRICE = VALUE / AMOUNT
TIME_MS = quantity("ms")
_NAMES = {RATIO.powers: "ratio", PRICE.powers: "price"}
