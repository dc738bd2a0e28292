"""Random weights for checking many proofs at once.

A batch is checked by one equation: each proof's own, raised to a weight, multiplied together. A false proof passes only
if its weight happens to be the one value that cancels it, so the weights must be unknown to whoever made the proofs:
they are drawn anew for each call, after the proofs have arrived, from the operating system, which a forked process does
not share. They are never derived from the proofs, and nothing is kept between calls. `native/src/batch/mod.rs` has the
argument, and its bound: for N proofs the chance that any false one passes is at most N 2^-127.
"""

from __future__ import annotations

import os

WEIGHT_BYTES = 16


def fresh_weights(count: int) -> bytes:
    """128 random bits for each proof."""
    return os.urandom(WEIGHT_BYTES * count)
