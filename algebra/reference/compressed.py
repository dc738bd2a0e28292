"""Points in half the bytes: x, and in its two spare top bits which of the two y it has; arkworks' canonical form.

Source: arkworks, ark-serialize and ark-ec 0.6, `SWFlags`: bit 7 of the last byte says that y is the larger of y and -y,
bit 6 that the point is at infinity. Elements of F_q^2 compare by c1 first. Infinity is refused here both ways.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..curves import Curve
from ..encoding import Buffer, element_count, g1_from_bytes, g1_to_bytes, g2_from_bytes, g2_to_bytes
from ..errors import PointError
from ..square_root import square_root, square_root_quadratic

LARGER = 1 << 7
INFINITY = 1 << 6
WHAT = "compressed point"


def compress_g1(points: Buffer, curve: Curve) -> bytes:
    out = []
    for index, point in enumerate(g1_from_bytes(points, curve)):
        if point is None:
            raise _infinity(index)
        x, y = point
        out.append(_flagged(x.to_bytes(curve.coordinate_bytes, "little"), 2 * y > curve.q))
    return b"".join(out)


def compress_g2(points: Buffer, curve: Curve) -> bytes:
    out = []
    for index, point in enumerate(g2_from_bytes(points, curve)):
        if point is None:
            raise _infinity(index)
        x, y = point
        encoded = b"".join(part.to_bytes(curve.coordinate_bytes, "little") for part in x)
        out.append(_flagged(encoded, _is_larger(y, curve.q)))
    return b"".join(out)


def decompress_g1(data: Buffer, curve: Curve) -> bytes:
    """Points of the curve."""
    points = []
    for index, ((x,), larger) in enumerate(_split(data, 1, curve)):
        y = square_root(x**3 + curve.b, curve.q)
        if y is None:
            raise _off_curve(index)
        points.append((x, y if (2 * y > curve.q) == larger else -y % curve.q))
    return g1_to_bytes(points, curve)


def decompress_g2(data: Buffer, curve: Curve) -> bytes:
    """Points of the curve over F_q^2, which may lie outside the subgroup."""
    points = []
    q, b = curve.q, curve.g2_b
    for index, ((a, c), larger) in enumerate(_split(data, 2, curve)):
        # (a + c u)^3 = a^3 - 3 a c^2 + (3 a^2 c - c^3) u
        y = square_root_quadratic(a**3 - 3 * a * c * c + b[0], 3 * a * a * c - c**3 + b[1], q)
        if y is None:
            raise _off_curve(index)
        points.append(((a, c), y if _is_larger(y, q) == larger else (-y[0] % q, -y[1] % q)))
    return g2_to_bytes(points, curve)


def _split(data: Buffer, parts: int, curve: Curve) -> Iterator[tuple[list[int], bool]]:
    """Each point's x in its parts, and whether its y is the larger one."""
    size = curve.coordinate_bytes
    raw = bytes(data)
    for index in range(element_count(data, parts * size, WHAT)):
        x = bytearray(raw[index * parts * size : (index + 1) * parts * size])
        if x[-1] & INFINITY:
            raise _infinity(index)
        larger = bool(x[-1] & LARGER)
        x[-1] &= ~LARGER & 0xFF
        values = [int.from_bytes(x[k * size : (k + 1) * size], "little") for k in range(parts)]
        if any(value >= curve.q for value in values):
            raise PointError(f"point {index} has a coordinate that is not below q", what="point", index=index)
        yield values, larger


def _is_larger(y: tuple[int, int], q: int) -> bool:
    """Is y larger than -y, by c1 and, where that is 0, by c0?"""
    return 2 * y[1] > q or (y[1] == 0 and 2 * y[0] > q)


def _flagged(x: bytes, larger: bool) -> bytes:
    return x[:-1] + bytes([x[-1] | (LARGER if larger else 0)])


def _infinity(index: int) -> PointError:
    return PointError(f"point {index} is at infinity", what="point", index=index)


def _off_curve(index: int) -> PointError:
    return PointError(f"point {index} is not on the curve", what="point", index=index)
