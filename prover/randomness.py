"""The random numbers of checks and ceremonies: coefficients, contributors' streams, beacons."""

from __future__ import annotations

import hashlib
import secrets

from .chacha import ChaCha
from .errors import CeremonyInvalid
from .records import MAX_ITERATIONS_EXP, MIN_ITERATIONS_EXP

MAX_RECOMPUTED_EXP = 28
"""Beacons iterated more often (2^28 takes minutes) are not recomputed: a hostile file could ask for centuries."""


def challenge_scalars(count: int) -> bytes:
    """128-bit coefficients for a random linear combination, as canonical scalars: a false relation passes with
    probability 2^-128."""
    import numpy as np  # a contributor, who needs no coefficients, starts without it

    scalars = np.zeros(count, dtype=[("random", "V16"), ("zero", "V16")])
    scalars["random"] = np.frombuffer(secrets.token_bytes(16 * count), dtype="V16")
    return scalars.tobytes()


def contributor_stream(entropy: str | bytes) -> ChaCha:
    """A contributor's one-time stream: the system's randomness with the contributor's own entropy stirred in."""
    own = entropy.encode() if isinstance(entropy, str) else entropy
    return ChaCha(hashlib.blake2b(secrets.token_bytes(64) + own, digest_size=64).digest())


def beacon_stream(beacon: bytes, iterations_exp: int) -> ChaCha:
    """The stream everybody can recompute: SHA-256 applied 2^iterations_exp times to the beacon."""
    if not MIN_ITERATIONS_EXP <= iterations_exp <= MAX_ITERATIONS_EXP:
        raise ValueError(f"iterations_exp must lie in {MIN_ITERATIONS_EXP} .. {MAX_ITERATIONS_EXP}")
    for _ in range(1 << iterations_exp):
        beacon = hashlib.sha256(beacon).digest()
    return ChaCha(beacon)


def recomputed_beacon_stream(beacon: bytes, iterations_exp: int, contribution: int) -> ChaCha:
    """The same for a beacon that a file claims, within the limit of what is recomputed."""
    if iterations_exp > MAX_RECOMPUTED_EXP:
        raise CeremonyInvalid(
            "beacon",
            f"a beacon iterated 2^{iterations_exp} times is not recomputed here, the limit is 2^{MAX_RECOMPUTED_EXP}",
            contribution=contribution,
        )
    return beacon_stream(beacon, iterations_exp)
