"""The values of the circuit language: linear combinations of wires that know what they stand for.

    Expr                 a value inside the circuit
    |-- Field            a raw field element: can be added, multiplied, hashed and compared for equality; has no order
    `-- Integer          stands for one integer v of a known interval
        |-- Bit          known to be 0 or 1
        `-- Fixed        counts something: carries a unit, that is a quantity and a decimal scale

The field element of an `Integer` is v mod r. Intervals never reach outside +-(r - 1) / 2, so v is determined by its
field element, equality in the field is equality of the integers, and no sum or product can wrap unnoticed. The field,
which wraps, is a kind of its own: `+`, `-` and `*` refuse to mix the two, `.raw()` crosses over on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from . import interval as iv
from .interval import Interval
from .terms import ONE, Terms, add_terms, render_terms, scale_terms, signed
from .units import MAX_SCALE, Unit

if TYPE_CHECKING:
    from .builder import Circuit


class Expr:
    """Immutable. `+`, `-` and `*` take expressions of the same circuit and plain integers.

    Sums and multiples by an integer are free; the product of two expressions, neither of them constant, costs one
    constraint and one wire. `Expr(...)` makes the kind that says all that is known.
    """

    __slots__ = ("circuit", "interval", "terms", "unit")
    circuit: Circuit
    terms: Terms
    interval: Interval | None
    unit: Unit | None

    def __new__(cls, circuit: Circuit, terms: Terms, interval: Interval | None, unit: Unit | None = None) -> Expr:
        if interval is None:
            kind: type[Expr] = Field
            unit = None
        elif unit is not None:
            kind = Fixed
        else:
            kind = Bit if interval[0] >= 0 and interval[1] <= 1 else Integer
        self: Expr = object.__new__(kind)
        self.circuit = circuit
        self.terms = terms
        self.interval = interval
        self.unit = unit
        return self

    @property
    def is_constant(self) -> bool:
        return not self.terms or (len(self.terms) == 1 and ONE in self.terms)

    @property
    def constant_value(self) -> int:
        """The field element of a constant expression, or the constant part of any other."""
        return self.terms.get(ONE, 0)

    def raw(self) -> Expr:
        """The same value as a raw field element, whose range and unit are forgotten."""
        return Expr(self.circuit, self.terms, None)

    def integer(self) -> Expr:
        """The integer that stands for it, in steps of its scale; the unit is forgotten."""
        return Expr(self.circuit, self.terms, self.interval)

    def counting(self, unit: Unit) -> Expr:
        """An integer without a unit as a number of steps of one."""
        if not isinstance(unit, Unit):
            self.circuit.refuse(f"a unit is a quantity at a scale, as in AMOUNT(8), not {unit!r}")
        if self.interval is None:
            self.circuit.refuse(f"{self} is a raw field element and cannot count {unit}: ranged(x, n, unit) can")
        if self.unit is not None:
            self.circuit.refuse(f"{self} is {self.unit} already")
        return Expr(self.circuit, self.terms, self.interval, unit)

    def at_scale(self, scale: int) -> Expr:
        """The same number in finer steps. Free: an exact multiple."""
        if self.unit is None:
            self.circuit.refuse(f"{self} has no scale: declare it with a unit, as in unit=AMOUNT(8)")
        if type(scale) is not int or not 0 <= scale <= MAX_SCALE:
            self.circuit.refuse(f"a scale is an integer from 0 to {MAX_SCALE}, not {scale!r}")
        finer = scale - self.unit.scale
        if finer < 0:
            self.circuit.refuse(
                f"{self} is {self.unit} and cannot be brought to e{scale} without rounding: "
                "round_down(x, scale) and round_up(x, scale) say which way"
            )
        scaled = self._times_integer(10**finer)
        return Expr(self.circuit, scaled.terms, scaled.interval, self.unit.quantity(scale))

    def __add__(self, other: Expr | int) -> Expr:
        return self._plus(self._operand(other, "+"), 1)

    __radd__ = __add__

    def __sub__(self, other: Expr | int) -> Expr:
        return self._plus(self._operand(other, "-"), -1)

    def __rsub__(self, other: Expr | int) -> Expr:
        return self._operand(other, "-")._plus(self, -1)

    def __neg__(self) -> Expr:
        return self._times_integer(-1)

    def __mul__(self, other: Expr | int) -> Expr:
        if type(other) is int:
            return self._times_integer(other)
        factor = self._operand(other, "*")
        for one, another in ((self, factor), (factor, self)):
            if one.is_constant:
                return another._times_constant(one)
        require_same_kind(self, factor, "*")
        return self.circuit.product(self, factor)

    __rmul__ = __mul__

    def _plus(self, other: Expr, sign: int) -> Expr:
        circuit, operator = self.circuit, "+" if sign > 0 else "-"
        require_same_kind(self, other, operator)
        unit = common_unit(self, other, operator)
        terms, shared = add_terms(self.terms, other.terms, sign, circuit.curve.r)
        known: Interval | None = None
        if self.interval is not None and other.interval is not None:
            known = iv.add(self.interval, iv.scale(other.interval, sign))
        if shared and known is not None:
            known = circuit.tightened(known, terms)
        return Expr(circuit, terms, circuit.checked(known, (self, other), f" {operator} "), unit)

    def _times_integer(self, factor: int) -> Expr:
        circuit = self.circuit
        if not -circuit.curve.r < factor < circuit.curve.r:
            circuit.refuse(f"a factor of {factor.bit_length()} bits is no number of this field")
        terms = scale_terms(self.terms, factor, circuit.curve.r)
        if self.interval is None:
            return Expr(circuit, terms, (0, 0) if not terms else None)
        known = iv.scale(self.interval, factor)
        return Expr(circuit, terms, circuit.checked(known, (factor, self), " * "), self.unit)

    def _times_constant(self, constant: Expr) -> Expr:
        if constant.interval is not None:
            scaled = self._times_integer(signed(constant.constant_value, self.circuit.curve.r))
            return Expr(self.circuit, scaled.terms, scaled.interval, product_unit(self, constant))
        terms = scale_terms(self.terms, constant.constant_value, self.circuit.curve.r)
        return Expr(self.circuit, terms, (0, 0) if not terms else None)

    def _operand(self, other: object, operator: str) -> Expr:
        if isinstance(other, Expr):
            if other.circuit is not self.circuit:
                self.circuit.refuse(f"`{operator}` joins expressions of two different circuits")
            return other
        if type(other) is not int:
            self.circuit.refuse(f"`{operator}` takes expressions and integers, not {type(other).__name__}")
        return self.circuit.constant(other)

    def __str__(self) -> str:
        return render_terms(self.terms, self.circuit.wire_name, self.circuit.curve.r)

    def __repr__(self) -> str:
        known = "raw" if self.interval is None else f"in [{self.interval[0]}, {self.interval[1]}]"
        return f"<{type(self).__name__} {self} {known}{f' {self.unit}' if self.unit else ''}>"

    # What has no meaning inside a circuit fails where it is written.
    def _no(self, written: str, instead: str) -> NoReturn:
        self.circuit.refuse(f"{written} on an expression has no value while the circuit is built; use {instead}")

    def __bool__(self) -> bool:
        self._no("a truth test", "select(bit, ...) or an assert_ gadget")

    def __eq__(self, other: object) -> bool:
        self._no("`==`", "assert_equal or is_equal")

    def __ne__(self, other: object) -> bool:
        self._no("`!=`", "is_equal")

    __hash__ = None  # type: ignore[assignment] # no `==`, so no place in sets and dictionaries

    def __lt__(self, other: object) -> bool:
        self._no("`<`", "assert_less or is_at_most")

    def __le__(self, other: object) -> bool:
        self._no("`<=`", "assert_at_most or is_at_most")

    def __gt__(self, other: object) -> bool:
        self._no("`>`", "assert_less or is_at_most with the sides exchanged")

    def __ge__(self, other: object) -> bool:
        self._no("`>=`", "assert_at_most or is_at_most with the sides exchanged")

    def __truediv__(self, other: object) -> Expr:
        self._no("`/`", "divide(a, b)")

    def __floordiv__(self, other: object) -> Expr:
        self._no("`//`", "divide(a, b)")

    def __mod__(self, other: object) -> Expr:
        self._no("`%`", "divide(a, b)")

    def __pow__(self, other: object) -> Expr:
        self._no("`**`", "repeated `*`")

    __rtruediv__ = __truediv__
    __rfloordiv__ = __floordiv__
    __rmod__ = __mod__
    __rpow__ = __pow__

    def __divmod__(self, other: object) -> tuple[Expr, Expr]:
        self._no("divmod()", "divide(a, b)")

    def __lshift__(self, other: object) -> Expr:
        self._no("`<<`", "`* 2**n`")

    def __rshift__(self, other: object) -> Expr:
        self._no("`>>`", "divide(a, 2**n)")

    def __and__(self, other: object) -> Expr:
        self._no("`&`", "`*` of bits, or to_bits")

    def __or__(self, other: object) -> Expr:
        self._no("`|`", "`a + b - a * b` of bits, or to_bits")

    def __xor__(self, other: object) -> Expr:
        self._no("`^`", "`a + b - 2 * a * b` of bits, or to_bits")

    __rlshift__ = __lshift__
    __rrshift__ = __rshift__
    __rand__ = __and__
    __ror__ = __or__
    __rxor__ = __xor__

    def __invert__(self) -> Expr:
        self._no("`~`", "`1 - bit`")

    def __abs__(self) -> Expr:
        self._no("abs()", "absolute(x)")

    def __round__(self, digits: int | None = None) -> Expr:
        self._no("round()", "round_down or round_up")

    def __float__(self) -> float:
        self._no("float()", "the witness, after the build")

    def __iter__(self) -> Iterator[Expr]:
        self._no("iterating", "to_bits(x, n) for its bits")

    def __int__(self) -> int:
        self._no("int()", "the witness, after the build")

    def __index__(self) -> int:
        self._no("indexing with it, or range(),", "select(bit, ...)")


class Field(Expr):
    """A raw field element: it wraps, and has no order."""

    __slots__ = ()
    interval: None
    unit: None


class Integer(Expr):
    """An integer of a known interval."""

    __slots__ = ()
    interval: Interval


class Bit(Integer):
    """Known to be 0 or 1."""

    __slots__ = ()
    unit: None


class Fixed(Integer):
    """A fixed-point number: an integer that counts steps of its unit."""

    __slots__ = ()
    unit: Unit


def require_same_kind(a: Expr, b: Expr, operator: str) -> None:
    """Raw and ranged values do not meet by accident; a constant takes the kind of what it meets."""
    if a.is_constant or b.is_constant or (a.interval is None) == (b.interval is None):
        return
    raw, ranged = (a, b) if a.interval is None else (b, a)
    a.circuit.refuse(
        f"`{operator}` mixes the raw field element {raw}, which wraps, and the integer {ranged}, which must not: "
        "ranged(x, n) makes an integer of the one, .raw() on the other means field arithmetic"
    )


def common_unit(a: Expr, b: Expr, joint: str) -> Unit | None:
    """The one unit of two values that are added, compared or chosen between; a plain 0 and raw values have any."""
    if a.unit == b.unit:
        return a.unit
    for one, another in ((a, b), (b, a)):
        if one.interval is None or (one.unit is None and not one.terms):
            return another.unit
    _refuse_units(a, b, joint)


def keeping(unit: Unit | None, x: Expr) -> Expr:
    """x as a number of steps of the unit of what it was made from; as it is where that had none."""
    return x if unit is None else x.counting(unit)


def product_unit(a: Expr, b: Expr) -> Unit | None:
    """Quantities multiply and scales add; a number without a unit counts."""
    if a.unit is None or b.unit is None:
        return a.unit or b.unit
    return a.unit * b.unit


def _refuse_units(a: Expr, b: Expr, joint: str) -> NoReturn:
    c = a.circuit
    if a.unit is None or b.unit is None:
        plain, fixed = (a, b) if a.unit is None else (b, a)
        c.refuse(
            f"`{joint}` joins {_called(fixed)} in {fixed.unit} and {_called(plain)}, which has no unit: give it one, "
            f'as in c.fixed("1", unit), or drop the other\'s with .integer()'
        )
    both = f"`{joint}` joins {_called(a)} in {a.unit} and {_called(b)} in {b.unit}"
    if a.unit.quantity == b.unit.quantity:
        finer = max(a.unit.scale, b.unit.scale)
        c.refuse(f"{both}: bring the coarser one to the scale of the other with .at_scale({finer})")
    c.refuse(f"{both}: they count different things")


def _called(x: Expr) -> str:
    """The expression where it consists of inputs; inner wires have names that say nothing to a reader."""
    return "a computed number" if any(wire > ONE for wire in x.terms) else str(x)
