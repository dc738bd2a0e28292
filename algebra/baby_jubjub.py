"""Baby Jubjub: the twisted Edwards curve over the scalar field of BN254, and its points as 32 bytes.

Parameters of ERC-2494 in the form a = 168700, d = 168696 that circomlib uses; `BABY_JUBJUB.base` is circomlib's Base8,
eight times the generator of the whole group. A point is packed like there: y as 32 bytes, little-endian, with the top
bit set where x > (p - 1) / 2.
"""

from __future__ import annotations

from .curves import BN254
from .edwards import EdwardsCurve, EdwardsPoint
from .encoding import Buffer
from .errors import PointError
from .square_root import square_root

POINT_BYTES = 32
_SIGN = 1 << 255

BABY_JUBJUB = EdwardsCurve(
    name="Baby Jubjub",
    p=BN254.r,
    a=168700,
    d=168696,
    order=2736030358979909402780800718157159386076813972158567259200215660948447373041,
    cofactor=8,
    base=(
        5299619240641551281634865583518297030282874472190772894086521144482721001553,
        16950150798460657717958625567821834550301663161624707787222815936182638968203,
    ),
)


def pack_point(point: EdwardsPoint) -> bytes:
    """The 32 bytes of a point of the curve; anything else is a `PointError`."""
    BABY_JUBJUB.require(point)
    x, y = point
    return (y | (_SIGN if _is_negative(x) else 0)).to_bytes(POINT_BYTES, "little")


def unpack_point(data: Buffer) -> EdwardsPoint:
    """The point with these bytes, on the curve but in any subgroup.

    Each point has one encoding and every other is a `PointError`: y >= p, y of no point, and a sign bit on x = 0.
    """
    raw = bytes(memoryview(data))
    if len(raw) != POINT_BYTES:
        raise PointError(f"a packed point has {POINT_BYTES} bytes, not {len(raw)}", what="packed point")
    number = int.from_bytes(raw, "little")
    negative, y = number >= _SIGN, number % _SIGN
    curve, p = BABY_JUBJUB, BABY_JUBJUB.p
    if y >= p:
        raise PointError("packed point: y is not below the modulus", what="packed point")
    yy = y * y % p
    x = square_root((1 - yy) * pow(curve.a - curve.d * yy, -1, p) % p, p)  # a / d is no square, so never 0 / 0
    if x is None:
        raise PointError("packed point: no point of Baby Jubjub has this y", what="packed point")
    if negative and x == 0:
        raise PointError("packed point: a sign where x is zero", what="packed point")
    return (-x % p if _is_negative(x) != negative else x), y


def _is_negative(x: int) -> bool:
    """Of x and -x, the larger one is called negative."""
    return x > (BABY_JUBJUB.p - 1) // 2
