"""BLAKE-512, the SHA-3 finalist (not BLAKE2): what circomlib's EdDSA derives its secrets with.

Source: Aumasson, Henzen, Meier, Phan, "SHA-3 proposal BLAKE", version 1.3, section 2.2; sixteen rounds, no salt.
"""

from __future__ import annotations

import struct

from .encoding import Buffer

_BLOCK = 128
_LENGTH = 16
_WORD = (1 << 64) - 1
_ROUNDS = 16

_INITIAL = (
    *(0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1),
    *(0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179),
)
"""The initial value of SHA-512."""

_PI = (
    *(0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89),
    *(0x452821E638D01377, 0xBE5466CF34E90C6C, 0xC0AC29B7C97C50DD, 0x3F84D5B5B5470917),
    *(0x9216D5D98979FB1B, 0xD1310BA698DFB5AC, 0x2FFD72DBD01ADFB7, 0xB8E1AFED6A267E96),
    *(0xBA7C9045F12C7F99, 0x24A19947B3916CF7, 0x0801F2E2858EFC16, 0x636920D871574E69),
)
"""The first digits of pi after the point."""

_PERMUTATIONS = tuple(
    tuple(int(digit, 16) for digit in row)
    for row in (
        *("0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8", "905724afe1bc683d"),
        *("2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a", "6fe9b308c2d714a5", "a2847615fb9e3cd0"),
    )
)
_COLUMNS_AND_DIAGONALS = (
    *((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)),
    *((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)),
)


def blake512(data: Buffer) -> bytes:
    """The 64-byte digest of `data`."""
    message = bytes(memoryview(data))
    bits = 8 * len(message)
    padding = bytearray(-(len(message) + 1 + _LENGTH) % _BLOCK + 1)  # a one, zeros, a one, then the length
    padding[0] |= 0x80
    padding[-1] |= 0x01
    padded = message + padding + bits.to_bytes(_LENGTH, "big")
    chain = list(_INITIAL)
    for start in range(0, len(padded), _BLOCK):
        # The counter is the number of message bits so far, and 0 in a block that holds none.
        counter = min(8 * (start + _BLOCK), bits) if 8 * start < bits else 0
        chain = _compressed(chain, struct.unpack_from(">16Q", padded, start), counter)
    return struct.pack(">8Q", *chain)


def _compressed(chain: list[int], block: tuple[int, ...], counter: int) -> list[int]:
    low, high = counter & _WORD, counter >> 64
    v = [*chain, *_PI[:4], *(_PI[4 + i] ^ word for i, word in enumerate((low, low, high, high)))]
    for index in range(_ROUNDS):
        order = _PERMUTATIONS[index % 10]
        for place, (a, b, c, d) in enumerate(_COLUMNS_AND_DIAGONALS):
            first, second = order[2 * place], order[2 * place + 1]
            v[a] = v[a] + v[b] + (block[first] ^ _PI[second]) & _WORD
            v[d] = _rotated(v[d] ^ v[a], 32)
            v[c] = v[c] + v[d] & _WORD
            v[b] = _rotated(v[b] ^ v[c], 25)
            v[a] = v[a] + v[b] + (block[second] ^ _PI[first]) & _WORD
            v[d] = _rotated(v[d] ^ v[a], 16)
            v[c] = v[c] + v[d] & _WORD
            v[b] = _rotated(v[b] ^ v[c], 11)
    return [h ^ v[i] ^ v[i + 8] for i, h in enumerate(chain)]


def _rotated(word: int, right: int) -> int:
    return word >> right | word << 64 - right & _WORD
