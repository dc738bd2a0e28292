"""Secret scalars: straight from the operating system each time, so that no state can repeat after a fork."""

from __future__ import annotations

import os

from zkmargin.algebra import BN254, Curve


def secret_scalar(curve: Curve = BN254) -> int:
    """Uniform in 1 .. r - 1: as many random bits as r has, drawn again until they are such a number.

    That is what `secrets` does; it would bring OpenSSL into the process, whose loading takes longer than a small proof.
    """
    bits = curve.r.bit_length()
    while True:
        drawn = int.from_bytes(os.urandom((bits + 7) // 8), "little") & ((1 << bits) - 1)
        if 0 < drawn < curve.r:
            return drawn
