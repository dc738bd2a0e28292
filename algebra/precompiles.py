"""The EVM's BN254 precompiles on an engine: ecAdd and ecMul of EIP-196, ecPairing of EIP-197, and their encoding.

Addresses 6, 7 and 8. A G1 point is x | y, a G2 point x.c1 | x.c0 | y.c1 | y.c0, each coordinate 32 bytes big-endian and
below q; all zeros is infinity. A call that a node would fail raises `EncodingError`, or `PointError` for a point.
"""

from __future__ import annotations

from .curves import BN254
from .encoding import Buffer, scalars_to_bytes
from .engine import Engine
from .errors import EncodingError

WORD_BYTES = 32
G1_BYTES = 2 * WORD_BYTES
G2_BYTES = 4 * WORD_BYTES
PAIR_BYTES = G1_BYTES + G2_BYTES


def ec_add(data: Buffer, engine: Engine) -> bytes:
    """The sum of two points. As on the EVM, missing bytes are zeros and bytes past the second are ignored."""
    call = _padded(data, 2 * G1_BYTES)
    return reverse_halves(engine.g1_add(reverse_halves(call[:G1_BYTES]), reverse_halves(call[G1_BYTES:])))


def ec_mul(data: Buffer, engine: Engine) -> bytes:
    """A multiple of a point. The factor is any 256-bit number, reduced here: the group has order r."""
    call = _padded(data, G1_BYTES + WORD_BYTES)
    factor = int.from_bytes(call[G1_BYTES:], "big") % BN254.r
    return reverse_halves(engine.g1_scale(reverse_halves(call[:G1_BYTES]), scalars_to_bytes([factor])))


def ec_pairing(data: Buffer, engine: Engine) -> bytes:
    """One as a word where the product of the pairings is one, else zero. No pairs at all give one."""
    call = bytes(data)
    if len(call) % PAIR_BYTES:
        raise EncodingError(f"pairing: {len(call)} bytes are not a whole number of pairs", what="pairing")
    pairs = [call[start : start + PAIR_BYTES] for start in range(0, len(call), PAIR_BYTES)]
    g1 = b"".join(reverse_halves(pair[:G1_BYTES]) for pair in pairs)
    g2 = b"".join(reverse_halves(pair[G1_BYTES:]) for pair in pairs)
    return int(engine.pairing_check(g1, g2)).to_bytes(WORD_BYTES, "big")


def reverse_halves(point: bytes) -> bytes:
    """One point from the EVM's bytes to those of `encoding.py`, or back.

    Both are x | y; reversing a coordinate as a whole turns its words around and, in G2, swaps c0 and c1.
    """
    half = len(point) // 2
    return point[:half][::-1] + point[half:][::-1]


def _padded(data: Buffer, size: int) -> bytes:
    return bytes(memoryview(data)[:size]).ljust(size, b"\0")
