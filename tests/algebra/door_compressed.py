"""The door's compressed points: x with two flags, held against points whose y is written out beside them."""

from __future__ import annotations

from zkmargin.algebra import BN254, PointError

from .door_case import Case, Refusal
from .door_fields import fixed
from .door_groups import GROUPS, SIZE, call, logarithms
from .plain_curve import generator_multiples, stray_g2, to_bytes

Q = BN254.q
LARGER, INFINITY = 0x80, 0x40


def flagged(x: bytes, flags: int) -> bytes:
    return x[:-1] + bytes([x[-1] | flags])


def by_hand(points: bytes, size: int) -> bytes:
    """Of y its most significant non-zero half decides: it is the larger of two where it is above q / 2."""
    out = b""
    for start in range(0, len(points), size):
        x, y = points[start : start + size // 2], points[start + size // 2 : start + size]
        parts = [int.from_bytes(y[i : i + 32], "little") for i in range(0, len(y), 32)]
        deciding = next(part for part in reversed(parts) if part)
        out += flagged(x, LARGER if deciding > Q // 2 else 0)
    return out


def cases(group: str) -> list[Case]:
    logs = logarithms(6)
    points = generator_multiples(group, [1, -1, *logs, *(-log for log in logs)])
    small = by_hand(points, SIZE[group])
    compress, decompress = f"{group}_compress", f"{group}_decompress"
    return [
        Case(compress, "points and their negatives", call(compress, points), fixed(small)),
        Case(decompress, "points and their negatives", call(decompress, small), fixed(points)),
        Case(compress, "empty", call(compress, b""), fixed(b"")),
        Case(decompress, "empty", call(decompress, b""), fixed(b"")),
    ]


def refusals(group: str) -> list[Refusal]:
    compress, decompress = f"{group}_compress", f"{group}_decompress"
    one = generator_multiples(group, [5])
    good = by_hand(one, SIZE[group])
    half = SIZE[group] // 2
    too_large = [good[: 32 * k] + Q.to_bytes(32, "little") + good[32 * k + 32 :] for k in range(half // 32)]
    bad = {
        "infinity": flagged(bytes(half), INFINITY),
        "infinity with an x": flagged(good, INFINITY),
        "both flags": flagged(good, INFINITY | LARGER),
        **{f"part {k} is q": data for k, data in enumerate(too_large)},
        # neither the curve nor the twist has a point with this x
        "no such x": (4 if group == "g1" else 3).to_bytes(half, "little"),
    }
    if group == "g2":
        bad["outside the subgroup"] = by_hand(to_bytes(group, [stray_g2(3)]), SIZE[group])
    return [
        *(Refusal(decompress, label, call(decompress, good + data), PointError, 1) for label, data in bad.items()),
        Refusal(decompress, "partial", call(decompress, good[:-1])),
        Refusal(compress, "infinity", call(compress, one + bytes(SIZE[group])), PointError, 1),
    ]


CASES = [case for group in GROUPS for case in cases(group)]
REFUSALS = [refusal for group in GROUPS for refusal in refusals(group)]
