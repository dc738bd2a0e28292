"""Square roots modulo an odd prime, by the algorithm of Tonelli and Shanks, and in its quadratic extension."""

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


def square_root_quadratic(a: int, b: int, p: int) -> tuple[int, int] | None:
    """A root of a + b u with u^2 = -1, for p = 3 mod 4; None where there is none.

    Of a root c + d u the norm c^2 + d^2 is a root n of a^2 + b^2, so that c^2 = (a + n) / 2, and 2 c d = b.
    """
    a, b = a % p, b % p
    norm = square_root(a * a + b * b, p)
    if norm is None:
        return None
    half = (p + 1) // 2
    for n in (norm, -norm):
        c = square_root((a + n) * half, p)
        if c:
            return c, b * pow(2 * c, -1, p) % p
    # c = 0 for both signs, or no c at all: a + b u = -d^2, if it is a square
    d = square_root(-a, p)
    return (0, d) if b == 0 and d is not None else None
