"""Many scalar multiples at once: sums by buckets, one base by a table, matrices and transforms of points.

Source: Bernstein, Doumen, Lange, Oosterwijk, "Faster batch forgery identification" (INDOCRYPT 2012), section 4, which
describes Pippenger's method: the scalars' digits in base 2^c are served together, one bucket of points for each digit.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..curves import Curve
from .groups import Group, Point
from .transforms import transform, twiddles


def msm(group: Group, points: Sequence[Point], scalars: Sequence[int]) -> Point:
    """sum scalars[i] * points[i], one scalar for each point."""
    width = max(1, len(scalars).bit_length() - 2)
    total = group.infinity
    for shift in _shifts(group.curve, width)[::-1]:
        for _ in range(width):
            total = group.double(total)
        total = group.add(total, _bucket_sum(group, points, _digits(scalars, shift, width), width))
    return total


def multiples(group: Group, base: Point, scalars: Sequence[int]) -> list[Point]:
    """scalars[i] * base, from a table of every digit at every place."""
    width = max(1, min(8, len(scalars).bit_length() - 1))
    results = [group.infinity] * len(scalars)
    for shift in _shifts(group.curve, width):
        row = [group.infinity]
        for _ in range((1 << width) - 1):
            row.append(group.add(row[-1], base))
        base = group.add(row[-1], base)
        digits = _digits(scalars, shift, width)
        results = [group.add(result, row[digit]) for result, digit in zip(results, digits, strict=True)]
    return results


def matrix_times_points(
    group: Group, rows: Sequence[Sequence[tuple[int, int]]], points: Sequence[Point]
) -> list[Point]:
    """One sum of coefficient * points[column] for each row of (column, coefficient) pairs."""
    sums = []
    for row in rows:
        total = group.infinity
        for column, coefficient in row:
            total = group.add(total, group.times(coefficient, points[column]))
        sums.append(total)
    return sums


def ntt_points(group: Group, points: list[Point], *, inverse: bool) -> list[Point]:
    """The transform with points for coefficients."""

    def butterfly(evens: list[Point], odds: list[Point], roots: list[int]) -> tuple[list[Point], list[Point]]:
        turned = [group.times(root, odd) for root, odd in zip(roots, odds, strict=True)]
        pairs = list(zip(evens, turned, strict=True))
        return [group.add(x, y) for x, y in pairs], [group.add(x, group.neg(y)) for x, y in pairs]

    result = transform(points, twiddles(len(points), group.curve, inverse=inverse), butterfly)
    if not inverse:
        return result
    scale = pow(len(points), -1, group.curve.r)
    return [group.times(scale, point) for point in result]


def _shifts(curve: Curve, width: int) -> range:
    """Where the digits of a scalar begin, the lowest first."""
    return range(0, curve.r.bit_length(), width)


def _digits(scalars: Sequence[int], shift: int, width: int) -> list[int]:
    mask = (1 << width) - 1
    return [scalar >> shift & mask for scalar in scalars]


def _bucket_sum(group: Group, points: Sequence[Point], digits: Sequence[int], width: int) -> Point:
    """sum digits[i] * points[i]: bucket d is added d times by taking a running sum from the highest digit down."""
    buckets = [group.infinity] * (1 << width)
    for point, digit in zip(points, digits, strict=True):
        if digit:
            buckets[digit] = group.add(buckets[digit], point)
    running = total = group.infinity
    for bucket in buckets[:0:-1]:
        running = group.add(running, bucket)
        total = group.add(total, running)
    return total
