"""Witness programs put together by hand, and one of every operation with its wires by definition."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from math import isqrt
from typing import Any

from zkmargin.algebra import BN254

R = BN254.r


def little(value: int, size: int = 32) -> bytes:
    return value.to_bytes(size, "little")


Term = tuple[int, int]
Operation = tuple[int, int, int, int, int]
LINEAR, PRODUCT, QUOTIENT, BITS, DIVMOD, ISQRT, ONE_HOT, SORT = range(8)


def seal(body: bytes) -> bytes:
    return body + hashlib.blake2b(body, digest_size=32).digest()


def assemble(
    n_public: int,
    n_private: int,
    constants: Sequence[int],
    combinations: Sequence[Sequence[Term]],
    operations: Sequence[Operation],
    n_wires: int | None = None,
    raw: Mapping[str, bytes] | None = None,
    n_scratch: int = 0,
) -> bytes:
    """A program; `raw` replaces parts by name, to break it."""
    written = sum(op[4] if op[0] in (BITS, ONE_HOT, SORT) else 2 if op[0] == DIVMOD else 1 for op in operations)
    all_wires = 1 + n_public + n_private + written
    terms = [term for combination in combinations for term in combination]
    ends = [sum(len(c) for c in combinations[:k]) for k in range(len(combinations) + 1)]
    parts: dict[str, bytes] = {
        "magic": b"zkwp",
        "version": little(2, 4),
        "prime": little(R),
        "digest": bytes(32),
        "n_wires": little((all_wires - n_scratch if n_wires is None else n_wires) % 2**32, 4),
        "n_scratch": little(n_scratch, 4),
        "n_public": little(n_public, 4),
        "n_private": little(n_private, 4),
        "n_consts": little(len(constants), 4),
        "n_lcs": little(len(combinations), 4),
        "n_terms": little(len(terms), 4),
        "n_ops": little(len(operations), 4),
        "constants": b"".join(map(little, constants)),
        "lc_ptr": struct.pack(f"<{len(ends)}I", *ends),
        "wires": struct.pack(f"<{len(terms)}I", *(wire for wire, _ in terms)),
        "factors": struct.pack(f"<{len(terms)}I", *(factor for _, factor in terms)),
        "operations": b"".join(struct.pack("<5I", *op) for op in operations),
    }
    return seal(b"".join((raw or {}).get(name, part) for name, part in parts.items()))


# wires: 0 one, 1 public, 2 private, 3 product, 4 quotient, 5..8 bits from bit 1, 9 quotient, 10 remainder, 11 root,
# 12..14 one hot, 15..17 sorted, 18 linear; scratch: 19 square
CONSTANTS = [1, 2, R - 1]
COMBINATIONS: list[list[Term]] = [[(1, 0)], [(2, 0)], [(3, 0), (0, 2)], [(1, 1), (9, 0), (4, 0), (19, 2)], []]
OPERATIONS: list[Operation] = [
    (PRODUCT, 0, 1, 3, 0),
    (QUOTIENT, 0, 2, 4, 0),
    (BITS, 0, 1, 5, 4),
    (DIVMOD, 0, 1, 9, 0),
    (ISQRT, 2, 0, 11, 0),
    (ONE_HOT, 1, 0, 12, 3),
    (SORT, 0, 0, 15, 3),
    (PRODUCT, 0, 0, 19, 0),
    (LINEAR, 3, 0, 18, 0),
]
GOOD: dict[str, Any] = {
    "n_public": 1,
    "n_private": 1,
    "constants": CONSTANTS,
    "combinations": COMBINATIONS,
    "operations": OPERATIONS,
    "n_scratch": 1,
}


def expected_wires(a: int, b: int) -> list[int]:
    product = a * b % R
    less = (product - 1) % R
    quotient = a * pow(less, -1, R) % R if less else 0
    whole, remainder = divmod(a, b) if b else (0, 0)
    bits = [a >> i & 1 for i in range(1, 5)]
    hot = [int(b == i) for i in range(3)]
    linear = (2 * a + whole + quotient - a * a) % R
    return [1, a, b, product, quotient, *bits, whole, remainder, isqrt(less), *hot, *sorted([a, b, less]), linear]
