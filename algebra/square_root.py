"""Square roots modulo an odd prime, by the algorithm of Tonelli and Shanks."""

from __future__ import annotations


def square_root(value: int, p: int) -> int | None:
    """A root of `value` mod p in [0, p), either of the two; None where there is none."""
    value %= p
    if value == 0:
        return 0
    if pow(value, (p - 1) // 2, p) != 1:
        return None
    odd, twos = p - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    nonsquare = next(z for z in range(2, p) if pow(z, (p - 1) // 2, p) == p - 1)
    # Invariant: root^2 = value * rest, and rest has order 2^k with k < twos; w has order 2^twos.
    w, root, rest = pow(nonsquare, odd, p), pow(value, (odd + 1) // 2, p), pow(value, odd, p)
    while rest != 1:
        k, power = 0, rest
        while power != 1:
            k, power = k + 1, power * power % p
        step = pow(w, 1 << (twos - k - 1), p)
        w, twos = step * step % p, k
        root, rest = root * step % p, rest * w % p
    return root
