"""Canonical scalars in files: every 32 bytes below r, checked in bulk."""

from __future__ import annotations

import re

from zkmargin.algebra import Curve

from ..errors import FormatError


def require_canonical(values: bytes, curve: Curve, what: str) -> None:
    """Raise `FormatError`, with the index, at the first value that is not below r.

    The highest byte settles nearly all of them: only from that of r upwards need the others be looked at. numpy is not
    used, for its import takes longer than a small proof.
    """
    order, size = curve.r, curve.scalar_bytes
    undecided = re.compile(b"[\\x%02x-\\xff]" % (order >> 8 * (size - 1)), re.DOTALL)
    for found in undecided.finditer(values[size - 1 :: size]):
        index = found.start()
        if int.from_bytes(values[size * index : size * (index + 1)], "little") >= order:
            raise FormatError(f"{what}: value {index} is not below r", what=what, index=index)
