"""Points as the ceremonies' hashes see them: big-endian, plain or compressed, and the running BLAKE2b-512.

Plain is x | y, compressed is x with 0x80 set where y is the larger of the two roots; an extension-field coordinate is
c1 | c0. Infinity is all zeros in the plain form and 0x40 in the compressed one.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from zkmargin.algebra import BN254, Curve
from zkmargin.algebra.encoding import Buffer

CHUNK_BYTES = 1 << 24
"""How much of a long vector is converted at a time."""


def blake2b512(*parts: Buffer) -> bytes:
    """BLAKE2b with 64 bytes of output, over the parts end to end."""
    hasher = hashlib.blake2b(digest_size=64)
    for part in parts:
        hasher.update(part)
    return hasher.digest()


def plain_g1(points: Buffer, curve: Curve = BN254) -> bytes:
    return _reverse_each(points, curve.coordinate_bytes)


def plain_g2(points: Buffer, curve: Curve = BN254) -> bytes:
    return _reverse_each(points, 2 * curve.coordinate_bytes)


def compressed_g1(points: Buffer, curve: Curve = BN254) -> bytes:
    return _compress(points, curve.coordinate_bytes, curve)


def compressed_g2(points: Buffer, curve: Curve = BN254) -> bytes:
    return _compress(points, 2 * curve.coordinate_bytes, curve)


def _reverse_each(data: Buffer, size: int) -> bytes:
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, size)[:, ::-1].tobytes()


def _compress(points: Buffer, size: int, curve: Curve) -> bytes:
    pairs = np.frombuffer(points, dtype=np.uint8).reshape(-1, 2, size)[:, :, ::-1]
    width = curve.coordinate_bytes
    larger = _exceeds(pairs[:, 1, :width], curve.q // 2)
    if size > width:  # an extension-field y: c1 decides unless it is zero
        c1_zero = ~pairs[:, 1, :width].any(axis=1)
        larger = np.where(c1_zero, _exceeds(pairs[:, 1, width:], curve.q // 2), larger)
    out = pairs[:, 0].copy()
    out[:, 0] |= np.where(larger, 0x80, 0).astype(np.uint8)
    out[~pairs.any(axis=(1, 2)), 0] = 0x40
    return out.tobytes()


def _exceeds(rows: Any, bound: int) -> Any:
    """Which big-endian rows are larger than `bound`: the first byte that differs decides."""
    target = np.frombuffer(bound.to_bytes(rows.shape[1], "big"), dtype=np.uint8)
    first = (rows != target).argmax(axis=1)
    return rows[np.arange(len(rows)), first] > target[first]
