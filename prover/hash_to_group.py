"""Points and scalars drawn from a ChaCha stream, the way iden3's ceremonies draw them.

A coordinate is drawn as raw 256-bit words cut to the modulus's bit length, drawn again while too large, and taken to be
in Montgomery form; x and a sign are drawn until x lies on the curve. A G2 point is then multiplied by the cofactor.
Each value is a function of the seed, so that every verifier of a ceremony finds the same point, whose discrete
logarithm nobody knows.
"""

from __future__ import annotations

from zkmargin.algebra import BN254, Curve
from zkmargin.algebra.encoding import G2Point, g1_to_bytes, g2_to_bytes

from .chacha import ChaCha

_Fq2 = tuple[int, int]
_WORDS = 4


def draw_scalar(stream: ChaCha, curve: Curve = BN254) -> int:
    return _draw(stream, curve.r)


def draw_g1(stream: ChaCha, curve: Curve = BN254) -> bytes:
    """A G1 point (the cofactor is one), canonical bytes."""
    q = curve.q
    while True:
        x = _draw(stream, q)
        negative = stream.next_bool()
        square = (x * x * x + curve.b) % q
        y = pow(square, (q + 1) // 4, q)
        if y * y % q == square:
            return g1_to_bytes([(x, q - y if (y > q // 2) != negative else y)], curve)


def draw_g2(stream: ChaCha, curve: Curve = BN254) -> bytes:
    """A G2 point of order r, canonical bytes."""
    q = curve.q
    while True:
        x = (_draw(stream, q), _draw(stream, q))
        negative = stream.next_bool()
        y = _sqrt2(_curve_rhs(x, curve), q)
        if y is None:
            continue
        if _is_negative2(y, q) != negative:
            y = (-y[0] % q, -y[1] % q)
        point = _times((x, y), 2 * q - curve.r, q)  # the order of the twist is r * (2q - r)
        return g2_to_bytes([point], curve)


def hash_to_g2(digest: bytes, curve: Curve = BN254) -> bytes:
    """The G2 point that belongs to a transcript hash; its first 32 bytes are the seed."""
    return draw_g2(ChaCha(digest), curve)


def _draw(stream: ChaCha, modulus: int) -> int:
    mask = (1 << modulus.bit_length()) - 1
    while True:
        raw = sum(stream.next_u64() << (64 * i) for i in range(_WORDS)) & mask
        if raw < modulus:
            return raw * pow(1 << (64 * _WORDS), -1, modulus) % modulus


def _curve_rhs(x: _Fq2, curve: Curve) -> _Fq2:
    cube = _mul2(_mul2(x, x, curve.q), x, curve.q)
    return (cube[0] + curve.g2_b[0]) % curve.q, (cube[1] + curve.g2_b[1]) % curve.q


def _mul2(a: _Fq2, b: _Fq2, q: int) -> _Fq2:
    return (a[0] * b[0] - a[1] * b[1]) % q, (a[0] * b[1] + a[1] * b[0]) % q


def _inverse2(a: _Fq2, q: int) -> _Fq2:
    scale = pow(a[0] * a[0] + a[1] * a[1], -1, q)
    return a[0] * scale % q, -a[1] * scale % q


def _sqrt2(a: _Fq2, q: int) -> _Fq2 | None:
    """A square root by the norm (q = 3 mod 4), or None where there is none."""
    norm = (a[0] * a[0] + a[1] * a[1]) % q
    root = pow(norm, (q + 1) // 4, q)
    if root * root % q != norm:
        return None
    half = pow(2, -1, q)
    for sign in (1, -1):
        square = (a[0] + sign * root) * half % q
        c0 = pow(square, (q + 1) // 4, q)
        if c0 * c0 % q != square:
            continue
        candidate = (c0, a[1] * pow(2 * c0, -1, q) % q) if c0 else (0, pow(-a[0] % q, (q + 1) // 4, q))
        if _mul2(candidate, candidate, q) == a:
            return candidate
    return None


def _is_negative2(a: _Fq2, q: int) -> bool:
    return (a[1] or a[0]) > q // 2


def _times(point: G2Point, scalar: int, q: int) -> G2Point:
    """Double and add in affine coordinates; the point need not lie in the subgroup."""
    result: G2Point = None
    for bit in bin(scalar)[2:]:
        result = _add(result, result, q)
        if bit == "1":
            result = _add(result, point, q)
    return result


def _add(p: G2Point, s: G2Point, q: int) -> G2Point:
    if p is None or s is None:
        return s if p is None else p
    (x1, y1), (x2, y2) = p, s
    if x1 == x2:
        if ((y1[0] + y2[0]) % q, (y1[1] + y2[1]) % q) == (0, 0):
            return None
        x_squared = _mul2(x1, x1, q)
        rise, run = (3 * x_squared[0] % q, 3 * x_squared[1] % q), (2 * y1[0] % q, 2 * y1[1] % q)
    else:
        rise, run = (y2[0] - y1[0], y2[1] - y1[1]), (x2[0] - x1[0], x2[1] - x1[1])
    slope = _mul2(rise, _inverse2(run, q), q)
    slope_squared = _mul2(slope, slope, q)
    x3 = ((slope_squared[0] - x1[0] - x2[0]) % q, (slope_squared[1] - x1[1] - x2[1]) % q)
    product = _mul2(slope, (x1[0] - x3[0], x1[1] - x3[1]), q)
    return x3, ((product[0] - y1[0]) % q, (product[1] - y1[1]) % q)
