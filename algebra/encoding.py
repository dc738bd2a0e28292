"""Canonical bytes: field elements and points as they cross the engine door.

A scalar is 32 bytes, little-endian, below r. A G1 point is x | y, a G2 point is x.c0 | x.c1 | y.c0 | y.c1, each
coordinate like a scalar but below q; all zeros is the point at infinity. Vectors are their elements end to end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .curves import BN254, Curve
from .errors import EncodingError, PointError

Buffer = bytes | bytearray | memoryview
G1Point = tuple[int, int] | None
"""Affine coordinates; None is the point at infinity."""
G2Point = tuple[tuple[int, int], tuple[int, int]] | None


def scalars_to_bytes(values: Iterable[int], curve: Curve = BN254) -> bytes:
    """Encode integers in [0, r); anything else is an `EncodingError` with its index."""
    return elements_to_bytes(values, curve.scalar_bytes, curve.r, "scalar")


def scalars_from_bytes(data: Buffer, curve: Curve = BN254) -> list[int]:
    """Decode a vector of scalars; refuses a partial element and values >= r."""
    return elements_from_bytes(data, curve.scalar_bytes, curve.r, "scalar")


def elements_to_bytes(values: Iterable[int], size: int, modulus: int, what: str) -> bytes:
    """Encode integers below any modulus; `what` names them in errors."""
    listed = list(values)
    check_canonical(listed, modulus, what)
    return b"".join([value.to_bytes(size, "little") for value in listed])


def elements_from_bytes(data: Buffer, size: int, modulus: int, what: str) -> list[int]:
    """The inverse of `elements_to_bytes`."""
    element_count(data, size, what)
    raw = bytes(data)
    values = [int.from_bytes(raw[i : i + size], "little") for i in range(0, len(raw), size)]
    for index, value in enumerate(values):
        if value >= modulus:
            raise EncodingError(f"{what} {index} is not below the modulus", what=what, index=index)
    return values


def check_canonical(values: Sequence[int], modulus: int, what: str) -> None:
    """Every value is an integer in [0, modulus), and no bool; `what` names them in errors."""
    for index, value in enumerate(values):
        if type(value) is not int or not 0 <= value < modulus:
            raise EncodingError(f"{what} {index} is not an integer from 0 to below the modulus", what=what, index=index)


def g1_to_bytes(points: Iterable[G1Point], curve: Curve = BN254) -> bytes:
    """Encode affine G1 points; coordinates must be canonical, the curve equation is not checked."""
    return b"".join(
        bytes(curve.g1_bytes) if p is None else _coordinates(p, curve, index) for index, p in enumerate(points)
    )


def g1_from_bytes(data: Buffer, curve: Curve = BN254) -> list[G1Point]:
    """Decode G1 points with canonical coordinates; the curve equation is the engine's to check."""
    flat = _split_coordinates(data, 2, curve)
    return [None if not any(p) else (p[0], p[1]) for p in flat]


def g2_to_bytes(points: Iterable[G2Point], curve: Curve = BN254) -> bytes:
    """Encode affine G2 points; see `g1_to_bytes`."""
    return b"".join(
        bytes(curve.g2_bytes) if p is None else _coordinates((*p[0], *p[1]), curve, index)
        for index, p in enumerate(points)
    )


def g2_from_bytes(data: Buffer, curve: Curve = BN254) -> list[G2Point]:
    """Decode G2 points; see `g1_from_bytes`."""
    flat = _split_coordinates(data, 4, curve)
    return [None if not any(p) else ((p[0], p[1]), (p[2], p[3])) for p in flat]


def element_count(data: Buffer, size: int, what: str) -> int:
    """How many `size`-byte elements `data` holds; a partial one is refused."""
    length = memoryview(data).nbytes
    if length % size:
        raise EncodingError(f"{length} bytes are not a whole number of {size}-byte {what}s", what=what)
    return length // size


def _coordinates(values: Sequence[int], curve: Curve, index: int) -> bytes:
    for value in values:
        if type(value) is not int or not 0 <= value < curve.q:
            raise PointError(f"point {index} has a coordinate outside [0, q)", what="point", index=index)
    return b"".join(v.to_bytes(curve.coordinate_bytes, "little") for v in values)


def _split_coordinates(data: Buffer, per_point: int, curve: Curve) -> list[list[int]]:
    size = curve.coordinate_bytes
    count = element_count(data, per_point * size, "point")
    raw = bytes(data)
    points = []
    for index in range(count):
        start = index * per_point * size
        point = [int.from_bytes(raw[start + k * size : start + (k + 1) * size], "little") for k in range(per_point)]
        if any(v >= curve.q for v in point):
            raise PointError(f"point {index} has a coordinate that is not below q", what="point", index=index)
        points.append(point)
    return points
