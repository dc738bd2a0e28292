"""Numbers and points as snarkjs writes them in JSON, read strictly.

snarkjs writes points in projective coordinates. Only affine ones (z = 1) are read: a point then has one spelling, and
neither a scaled copy nor the point at infinity can pass. Numbers are canonical decimal strings.
"""

from __future__ import annotations

from typing import Any

from zkmargin.algebra import (
    Curve,
    EncodingError,
    PointError,
    g1_from_bytes,
    g1_to_bytes,
    g2_from_bytes,
    g2_to_bytes,
)
from zkmargin.algebra.curves import BN254

from .json_members import read_decimal, read_list

PROTOCOL = "groth16"
CURVE_NAMES = {BN254.name: "bn128"}
"""iden3's name of each curve."""


def read_protocol(value: dict[str, Any], what: str) -> Curve:
    """The curve, once protocol and curve are ones this library speaks."""
    if value["protocol"] != PROTOCOL:
        raise EncodingError(f"{what}: protocol {str(value['protocol'])[:40]!r} is not {PROTOCOL!r}", what=what)
    if value["curve"] != CURVE_NAMES[BN254.name]:
        raise EncodingError(f"{what}: curve {str(value['curve'])[:40]!r} is not 'bn128'", what=what)
    return BN254


def read_g1(value: Any, curve: Curve, what: str) -> bytes:
    """["x", "y", "1"] as canonical bytes; the curve equation is the engine's to check."""
    x, y, z = read_list(value, 3, what)
    if z != "1":
        raise PointError(f'{what}: not an affine point: its third coordinate is not "1"', what=what)
    return g1_to_bytes([(_coordinate(x, curve, what), _coordinate(y, curve, what))], curve)


def read_g2(value: Any, curve: Curve, what: str) -> bytes:
    """[["x.c0", "x.c1"], ["y.c0", "y.c1"], ["1", "0"]] as canonical bytes; curve and subgroup are the engine's."""
    x, y, z = read_list(value, 3, what)
    if z != ["1", "0"]:
        raise PointError(f'{what}: not an affine point: its third coordinate is not ["1", "0"]', what=what)
    (x0, x1), (y0, y1) = ([_coordinate(limb, curve, what) for limb in read_list(pair, 2, what)] for pair in (x, y))
    return g2_to_bytes([((x0, x1), (y0, y1))], curve)


def write_g1(data: bytes, curve: Curve) -> list[str]:
    """The inverse of `read_g1`."""
    (point,) = g1_from_bytes(data, curve)
    if point is None:
        raise PointError("the point at infinity has no affine coordinates to write", what="point")
    return [str(point[0]), str(point[1]), "1"]


def write_g2(data: bytes, curve: Curve) -> list[list[str]]:
    """The inverse of `read_g2`."""
    (point,) = g2_from_bytes(data, curve)
    if point is None:
        raise PointError("the point at infinity has no affine coordinates to write", what="point")
    return [[str(point[0][0]), str(point[0][1])], [str(point[1][0]), str(point[1][1])], ["1", "0"]]


def _coordinate(value: Any, curve: Curve, what: str) -> int:
    number = read_decimal(value, what)
    if number >= curve.q:
        raise PointError(f"{what}: a coordinate is not below q", what=what)
    return number
