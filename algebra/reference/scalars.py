"""Vectors over a prime field as lists of canonical integers."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import EncodingError


def same_length(what: str, expected: int, found: int) -> None:
    """Refuse vectors that do not go together."""
    if expected != found:
        raise EncodingError(f"{found} {what}s where {expected} are needed", what=what)


def products(a: Sequence[int], b: Sequence[int], modulus: int) -> list[int]:
    return [x * y % modulus for x, y in zip(a, b, strict=True)]


def inverses(values: Sequence[int], modulus: int) -> list[int]:
    """Elementwise inverses by Montgomery's trick: one inversion and three products for each element."""
    before, product = [], 1
    for index, value in enumerate(values):
        if value == 0:
            raise EncodingError(f"scalar {index} is zero and has no inverse", what="scalar", index=index)
        before.append(product)
        product = product * value % modulus
    # From the end: `suffix` is the inverse of the product of values[0 .. index].
    suffix = pow(product, -1, modulus)
    result = [0] * len(values)
    for index in range(len(values) - 1, -1, -1):
        result[index] = suffix * before[index] % modulus
        suffix = suffix * values[index] % modulus
    return result


def powers(base: int, count: int, scale: int, modulus: int) -> list[int]:
    """scale * base^i for i below `count`."""
    result = []
    for _ in range(count):
        result.append(scale)
        scale = scale * base % modulus
    return result


def scaled(values: Sequence[int], factor: int, modulus: int) -> list[int]:
    return [value * factor % modulus for value in values]


def matrix_times(rows: Sequence[Sequence[tuple[int, int]]], vector: Sequence[int], modulus: int) -> list[int]:
    """One sum of coefficient * vector[column] for each row of (column, coefficient) pairs."""
    return [sum(coefficient * vector[column] for column, coefficient in row) % modulus for row in rows]
