"""BLAKE2b-512 (RFC 7693) whose half-finished state can be written down and taken up again.

A `.ptau` file keeps, for each contribution, the state after hashing the points and before hashing the public key, so
that the response hash can be recomputed from the file alone. Python's hashlib does not give its state away.
"""

from __future__ import annotations

import struct

from zkmargin.algebra import Buffer
from zkmargin.algebra.errors import EncodingError

STATE_BYTES = 216
"""The block buffer (128), eight chaining words (64), then the bytes compressed, the buffer's fill and a zero."""

_BLOCK = 128
_MASK = (1 << 64) - 1
_IV = (
    0x6A09E667F3BCC908,
    0xBB67AE8584CAA73B,
    0x3C6EF372FE94F82B,
    0xA54FF53A5F1D36F1,
    0x510E527FADE682D1,
    0x9B05688C2B3E6C1F,
    0x1F83D9ABFB41BD6B,
    0x5BE0CD19137E2179,
)
_SIGMA = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
)
_MIX = (
    (0, 4, 8, 12),
    (1, 5, 9, 13),
    (2, 6, 10, 14),
    (3, 7, 11, 15),
    (0, 5, 10, 15),
    (1, 6, 11, 12),
    (2, 7, 8, 13),
    (3, 4, 9, 14),
)


class Blake2bState:
    """Unkeyed BLAKE2b with 64 bytes of output. The last block is held back until more bytes or the end come."""

    def __init__(self) -> None:
        self._chain = [_IV[0] ^ 0x01010040, *_IV[1:]]
        self._buffer = b""
        self._compressed = 0

    @classmethod
    def resume(cls, state: bytes) -> Blake2bState:
        """Take up a written state; a fill or length that no hash can have is an `EncodingError`."""
        if len(state) != STATE_BYTES:
            raise EncodingError("a saved BLAKE2b state has 216 bytes", what="hash state")
        compressed, fill, rest = struct.unpack_from("<3Q", state, 192)
        if fill > _BLOCK or compressed % _BLOCK or rest:
            raise EncodingError("a saved BLAKE2b state with impossible counters", what="hash state")
        self = cls()
        self._chain = list(struct.unpack_from("<8Q", state, 128))
        self._buffer = state[:fill]
        self._compressed = compressed
        return self

    def save(self) -> bytes:
        """The state as 216 bytes; what lies in the buffer beyond its fill is zero."""
        counters = struct.pack("<3Q", self._compressed, len(self._buffer), 0)
        return self._buffer.ljust(_BLOCK, b"\0") + struct.pack("<8Q", *self._chain) + counters

    def update(self, data: Buffer) -> None:
        pending = memoryview(self._buffer + bytes(data))
        start = 0
        while len(pending) - start > _BLOCK:
            self._compressed += _BLOCK
            self._compress(pending[start : start + _BLOCK], last=False)
            start += _BLOCK
        self._buffer = bytes(pending[start:])

    def digest(self) -> bytes:
        """The hash of what was seen so far; the state itself stays as it is."""
        end = Blake2bState.resume(self.save())
        end._compressed += len(end._buffer)
        end._compress(memoryview(end._buffer.ljust(_BLOCK, b"\0")), last=True)
        return struct.pack("<8Q", *end._chain)

    def _compress(self, block: memoryview, *, last: bool) -> None:
        m = struct.unpack("<16Q", block)
        v = [*self._chain, *_IV]
        v[12] ^= self._compressed & _MASK
        v[13] ^= self._compressed >> 64
        if last:
            v[14] ^= _MASK
        for turn in range(12):
            sigma = _SIGMA[turn % 10]
            for i, (a, b, c, d) in enumerate(_MIX):  # unrolled: a .ptau hashes millions of these
                va, vb, vc, vd = v[a], v[b], v[c], v[d]
                va = (va + vb + m[sigma[2 * i]]) & _MASK
                vd ^= va
                vd = vd >> 32 | (vd << 32 & _MASK)
                vc = (vc + vd) & _MASK
                vb ^= vc
                vb = vb >> 24 | (vb << 40 & _MASK)
                va = (va + vb + m[sigma[2 * i + 1]]) & _MASK
                vd ^= va
                vd = vd >> 16 | (vd << 48 & _MASK)
                vc = (vc + vd) & _MASK
                vb ^= vc
                v[a], v[b], v[c], v[d] = va, vb >> 63 | (vb << 1 & _MASK), vc, vd
        self._chain = [h ^ x ^ y for h, x, y in zip(self._chain, v[:8], v[8:], strict=True)]
