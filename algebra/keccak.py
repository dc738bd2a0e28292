"""Keccak-256, the hash of Ethereum: Keccak-f[1600] with the padding of the original submission.

Source: Bertoni, Daemen, Peeters, Van Assche, "The Keccak reference", version 3.0, sections 1.1 (the permutation and its
step mappings theta, rho, pi, chi, iota) and 1.2 (the sponge). The multi-rate padding is 0x01 .. 0x80; SHA3-256 differs
only in its first padding byte, 0x06, so that no hash of one is a hash of the other.

`keccak256_plain` is the specification, and takes over where the native module is missing.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from .encoding import Buffer

try:
    from ._native import keccak256 as _native_keccak256
    from ._native import keccak256_many as _native_keccak256_many
except ImportError:
    HAS_NATIVE = False
else:
    HAS_NATIVE = True

RATE = 136
"""Bytes absorbed per permutation: (1600 - 2 * 256) / 8."""

PADDING = 0x01
DIGEST_BYTES = 32

_LANE = (1 << 64) - 1


def keccak256(data: Buffer) -> bytes:
    """The 32-byte digest of `data`."""
    return _native_keccak256(data) if HAS_NATIVE else keccak256_plain(data)


def keccak256_many(messages: Sequence[Buffer]) -> list[bytes]:
    """The digest of each message, by one call of the native module."""
    if not HAS_NATIVE:
        return [keccak256_plain(message) for message in messages]
    digests = _native_keccak256_many(messages)
    return [digests[i : i + DIGEST_BYTES] for i in range(0, len(digests), DIGEST_BYTES)]


def keccak256_plain(data: Buffer) -> bytes:
    """`keccak256` in Python."""
    message = bytes(memoryview(data))
    padding = bytearray(RATE - len(message) % RATE)
    padding[0] ^= PADDING
    padding[-1] ^= 0x80
    message += padding
    state = [0] * 25
    for start in range(0, len(message), RATE):
        for i, lane in enumerate(struct.unpack_from("<17Q", message, start)):
            state[i] ^= lane
        state = _permute(state)
    return struct.pack("<4Q", *state[:4])


def _permute(a: list[int]) -> list[int]:
    """Keccak-f[1600] on 25 lanes; lane (x, y) stands at index x + 5 y."""
    for round_constant in _ROUND_CONSTANTS:
        # theta: add to each lane the parities of the two columns beside it
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        d = [c[x - 1] ^ (c[x - 4] << 1 & _LANE | c[x - 4] >> 63) for x in range(5)] * 5
        # rho and pi: rotate each lane, and move it
        lanes = [a[source] ^ d[source] for source in _SOURCE]
        b = [lane << left & _LANE | lane >> right for lane, left, right in zip(lanes, _LEFT, _RIGHT, strict=True)]
        # chi: the only non-linear step; lanes stay below 2^64 because `~` meets an `&` with one that is
        a = [b[i] ^ (~b[j] & b[k]) for i, j, k in _CHI]
        # iota
        a[0] ^= round_constant
    return a


def _rho_and_pi() -> tuple[list[int], list[int]]:
    """For each lane after pi, the lane it came from and the bits it was rotated by."""
    source, left = [0] * 25, [0] * 25
    x, y = 1, 0
    for step in range(24):
        offset = (step + 1) * (step + 2) // 2 % 64
        moved_to = y + 5 * ((2 * x + 3 * y) % 5)
        source[moved_to], left[moved_to] = x + 5 * y, offset
        x, y = y, (2 * x + 3 * y) % 5
    return source, left


def _iota() -> list[int]:
    """The 24 round constants, from the LFSR x^8 + x^6 + x^5 + x^4 + 1."""
    constants, register = [], 1
    for _ in range(24):
        constant = 0
        for j in range(7):
            if register & 1:
                constant |= 1 << (2**j - 1)
            register <<= 1
            if register & 0x100:
                register ^= 0x171
        constants.append(constant)
    return constants


_SOURCE, _LEFT = _rho_and_pi()
_RIGHT = [64 - left for left in _LEFT]
_CHI = [(x + 5 * y, (x + 1) % 5 + 5 * y, (x + 2) % 5 + 5 * y) for y in range(5) for x in range(5)]
_ROUND_CONSTANTS = _iota()
