"""Exact integer intervals: what is known of the integer that a field element stands for."""

from __future__ import annotations

Interval = tuple[int, int]
"""Both ends are possible values."""


def add(a: Interval, b: Interval) -> Interval:
    return a[0] + b[0], a[1] + b[1]


def scale(a: Interval, factor: int) -> Interval:
    ends = (a[0] * factor, a[1] * factor)
    return (min(ends), max(ends))


def multiply(a: Interval, b: Interval) -> Interval:
    ends = [x * y for x in a for y in b]
    return min(ends), max(ends)


def square(a: Interval) -> Interval:
    """Tighter than `multiply(a, a)` where the interval contains zero: both factors are the same number."""
    low, high = a[0] * a[0], a[1] * a[1]
    return (0 if a[0] <= 0 <= a[1] else min(low, high)), max(low, high)


def hull(a: Interval, b: Interval) -> Interval:
    return min(a[0], b[0]), max(a[1], b[1])


def intersection(a: Interval, b: Interval) -> Interval | None:
    low, high = max(a[0], b[0]), min(a[1], b[1])
    return (low, high) if low <= high else None


def contains(outer: Interval, inner: Interval) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def width(a: Interval) -> int:
    """Bits of the larger end, with one more for a sign where there is one."""
    return max(abs(a[0]), abs(a[1])).bit_length() + (a[0] < 0)
