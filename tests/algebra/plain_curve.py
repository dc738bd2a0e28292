"""Third opinion on the groups: chords and tangents from the definition, affine, over F_q[u]/(u^2 + 1).

G1 lives in the same field as the points whose coordinates have no u. Nothing here is taken from an engine.
"""

from __future__ import annotations

from collections.abc import Iterable

from zkmargin.algebra import BN254, g1_to_bytes, g2_to_bytes

R, Q = BN254.r, BN254.q
Pair = tuple[int, int]
Point = tuple[Pair, Pair] | None

GENERATORS: dict[str, Point] = {
    "g1": ((BN254.g1[0], 0), (BN254.g1[1], 0)),
    "g2": BN254.g2,
}


def times(a: Pair, b: Pair) -> Pair:
    return (a[0] * b[0] - a[1] * b[1]) % Q, (a[0] * b[1] + a[1] * b[0]) % Q


def minus(a: Pair, b: Pair) -> Pair:
    return (a[0] - b[0]) % Q, (a[1] - b[1]) % Q


def inverse(a: Pair) -> Pair:
    norm = pow(a[0] * a[0] + a[1] * a[1], -1, Q)
    return a[0] * norm % Q, -a[1] * norm % Q


def add(p: Point, q: Point) -> Point:
    if p is None or q is None:
        return q if p is None else p
    (x1, y1), (x2, y2) = p, q
    if x1 != x2:
        slope = times(minus(y2, y1), inverse(minus(x2, x1)))
    elif y1 == y2 and y1 != (0, 0):
        slope = times(times((3, 0), times(x1, x1)), inverse(times((2, 0), y1)))
    else:
        return None
    x = minus(minus(times(slope, slope), x1), x2)
    return x, minus(times(slope, minus(x1, x)), y1)


def negative(p: Point) -> Point:
    return None if p is None else (p[0], minus((0, 0), p[1]))


def multiple(k: int, p: Point) -> Point:
    total: Point = None
    while k:
        if k & 1:
            total = add(total, p)
        p, k = add(p, p), k >> 1
    return total


def to_bytes(group: str, points: Iterable[Point]) -> bytes:
    """At the door, a point of G1 has no second parts."""
    if group == "g2":
        return g2_to_bytes(points)
    return g1_to_bytes([None if p is None else (p[0][0], p[1][0]) for p in points])


def generator_multiples(group: str, factors: Iterable[int]) -> bytes:
    """factor * generator for each factor."""
    return to_bytes(group, [multiple(k % R, GENERATORS[group]) for k in factors])


def square_root(c: Pair) -> Pair | None:
    """By the norm, for q = 3 mod 4."""
    norm = pow(c[0] * c[0] + c[1] * c[1], (Q + 1) // 4, Q)
    for sign in (1, -1):
        a = pow((c[0] + sign * norm) * pow(2, -1, Q) % Q, (Q + 1) // 4, Q)
        root = (a, c[1] * pow(2 * a, -1, Q) % Q) if a else (0, 0)
        if times(root, root) == (c[0] % Q, c[1] % Q):
            return root
    return None


def stray_g2(start: int) -> Point:
    """A point of the twist, almost surely outside the subgroup: the first with x = start + u, start + 1 + u, .."""
    for first in range(start, start + 100):
        x = (first, 1)
        cube = times(times(x, x), x)
        root = square_root((cube[0] + BN254.g2_b[0], cube[1] + BN254.g2_b[1]))
        if root is not None:
            return x, root
    raise LookupError("no point near that x")
