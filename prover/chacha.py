"""The ChaCha20 block stream that iden3's ceremonies draw field elements from.

RFC 8439's function with a zero nonce and a counter that carries through the last four words. Only public values
(beacons, transcript hashes) and a contributor's own one-time seed are drawn from it, so plain integers will do.
"""

from __future__ import annotations

import struct

_CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")
_MASK = 0xFFFFFFFF
_ROUNDS = (
    ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)),
    ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)),
)


class ChaCha:
    """A stream of 32-bit words; the seed's 32 bytes are read as eight big-endian words, as those tools do."""

    def __init__(self, seed: bytes) -> None:
        self._key = struct.unpack(">8I", seed[:32])
        self._counter = 0
        self._block: list[int] = []

    def next_u32(self) -> int:
        if not self._block:
            self._block = _block((*_CONSTANTS, *self._key, *struct.unpack("<4I", self._counter.to_bytes(16, "little"))))
            self._block.reverse()
            self._counter = (self._counter + 1) % (1 << 128)
        return self._block.pop()

    def next_u64(self) -> int:
        """Two words, the first of them the high one."""
        high = self.next_u32()
        return high << 32 | self.next_u32()

    def next_bool(self) -> bool:
        return bool(self.next_u32() & 1)


def _block(state: tuple[int, ...]) -> list[int]:
    words = list(state)
    for _ in range(10):
        for quarters in _ROUNDS:
            for a, b, c, d in quarters:
                _quarter_round(words, a, b, c, d)
    return [(word + start) & _MASK for word, start in zip(words, state, strict=True)]


def _quarter_round(words: list[int], a: int, b: int, c: int, d: int) -> None:
    for left, right, target, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        words[left] = (words[left] + words[right]) & _MASK
        mixed = words[target] ^ words[left]
        words[target] = (mixed << turn | mixed >> (32 - turn)) & _MASK
