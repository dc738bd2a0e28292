"""Decimal arithmetic that gives the same digits on every machine, and how it ends in integers.

Whoever recomputes a risk table from the signed reports must get the same bytes. Float libraries do not promise that:
exp, log and erf differ in the last place between platforms. Python's `decimal` does: the four operations, square root,
exp and ln are correctly rounded at a stated precision. Only these are used here (`**` is not among them).

At 60 digits, with money below 2^64 and a few hundred operations, what is lost on the way is below 1e-35 of a unit.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    InvalidOperation,
    Overflow,
    localcontext,
)
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

DIGITS = 60
EXACT = Context(
    prec=DIGITS,
    rounding=ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[InvalidOperation, DivisionByZero, Overflow, FloatOperation],
)
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899")
HALF = Decimal("0.5")
PPM = 1_000_000
NO_DENSITY_FROM = 1000
TAIL_FROM = 18
"""Beyond this many standard deviations the distribution is 0 or 1 to 71 digits."""


def exactly(function: Callable[P, R]) -> Callable[P, R]:
    """Run the function in the context `EXACT`, whatever context its caller has."""

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext(EXACT):
            return function(*args, **kwargs)

    return inside


@exactly
def scaled(value: int, scale: int) -> Decimal:
    """value * 10^-scale."""
    return Decimal(value).scaleb(-scale)


@exactly
def nearest(value: Decimal, scale: int) -> int:
    """value * 10^scale to the nearest integer, ties away from zero."""
    return int(value.scaleb(scale).to_integral_value(rounding=ROUND_HALF_UP))


@exactly
def rounded_up(value: Decimal, scale: int) -> int:
    """The least integer that is at least value * 10^scale."""
    return int(value.scaleb(scale).to_integral_value(rounding=ROUND_CEILING))


@exactly
def normal_density(x: Decimal) -> Decimal:
    """exp(-x^2 / 2) / sqrt(2 pi); 0 from 1000 standard deviations, where it is below 1e-217000."""
    if abs(x) >= NO_DENSITY_FROM:
        return Decimal(0)
    return (-x * x / 2).exp() / (2 * PI).sqrt()


@exactly
def normal_distribution(x: Decimal) -> Decimal:
    """The standard normal distribution: 1/2 + density * (x + x^3/3 + x^5/(3*5) + ...), all terms of one sign."""
    if abs(x) >= TAIL_FROM:
        return Decimal(1 if x > 0 else 0)
    square, term, total, odd = x * x, x, x, 1
    while True:
        odd += 2
        term = term * square / odd
        if total + term == total:
            return HALF + normal_density(x) * total
        total += term
