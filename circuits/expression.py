"""The value of the circuit language: a linear combination of wires that knows which integers it can be.

An expression with an interval stands for one integer v in it: the field element it evaluates to is v mod r. Intervals
never reach outside +-(r - 1) / 2, so v is determined by the field element, equality in the field is equality of the
integers, and no sum or product can wrap unnoticed. An expression whose interval is None is a raw field element: it can
be added, multiplied, hashed and compared for equality, but has no order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from . import interval as iv
from .interval import Interval
from .terms import ONE, Terms, add_terms, render_terms, scale_terms, signed

if TYPE_CHECKING:
    from .builder import Circuit


class Expr:
    """Immutable. `+`, `-` and `*` take expressions of the same circuit and plain integers.

    Sums and multiples by an integer are free; the product of two expressions, neither of them constant, costs one
    constraint and one wire.
    """

    __slots__ = ("circuit", "interval", "terms")

    def __init__(self, circuit: Circuit, terms: Terms, interval: Interval | None) -> None:
        self.circuit = circuit
        self.terms = terms
        self.interval = interval

    @property
    def is_constant(self) -> bool:
        return not self.terms or (len(self.terms) == 1 and ONE in self.terms)

    @property
    def constant_value(self) -> int:
        """The field element of a constant expression, or the constant part of any other."""
        return self.terms.get(ONE, 0)

    def raw(self) -> Expr:
        """The same value as a raw field element, whose range is forgotten."""
        return Expr(self.circuit, self.terms, None)

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
        return self.circuit.product(self, factor)

    __rmul__ = __mul__

    def _plus(self, other: Expr, sign: int) -> Expr:
        circuit = self.circuit
        terms, shared = add_terms(self.terms, other.terms, sign, circuit.curve.r)
        known: Interval | None = None
        if self.interval is not None and other.interval is not None:
            known = iv.add(self.interval, iv.scale(other.interval, sign))
        if shared:
            known = circuit.tightened(known, terms)
        return Expr(circuit, terms, circuit.checked(known, (self, other), " + " if sign > 0 else " - "))

    def _times_integer(self, factor: int) -> Expr:
        circuit = self.circuit
        terms = scale_terms(self.terms, factor, circuit.curve.r)
        if self.interval is None:
            return Expr(circuit, terms, (0, 0) if not terms else None)
        known = iv.scale(self.interval, factor)
        return Expr(circuit, terms, circuit.checked(known, (factor, self), " * "))

    def _times_constant(self, constant: Expr) -> Expr:
        if constant.interval is not None:
            return self._times_integer(signed(constant.constant_value, self.circuit.curve.r))
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
        return f"<Expr {self} {known}>"

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

    def __int__(self) -> int:
        self._no("int()", "the witness, after the build")

    def __index__(self) -> int:
        self._no("indexing with it, or range(),", "select(bit, ...)")
