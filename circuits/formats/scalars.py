"""Canonical scalars in files: every 32 bytes below r, checked in bulk."""

from __future__ import annotations

import numpy as np

from zkmargin.algebra import Curve

from ..errors import FormatError


def require_canonical(values: bytes, curve: Curve, what: str) -> None:
    """Raise `FormatError`, with the index, at the first value that is not below r."""
    limbs = np.frombuffer(values, dtype="<u8").reshape(-1, 4)
    limits = [curve.r >> shift & (1 << 64) - 1 for shift in (0, 64, 128, 192)]
    below = np.zeros(len(limbs), dtype=bool)
    equal = np.ones(len(limbs), dtype=bool)
    for column in (3, 2, 1, 0):  # from the top limb down, as one compares decimal numbers
        limit = np.uint64(limits[column])
        below |= equal & (limbs[:, column] < limit)
        equal &= limbs[:, column] == limit
    if not bool(below.all()):
        index = int(np.argmin(below))
        raise FormatError(f"{what}: value {index} is not below r", what=what, index=index)
