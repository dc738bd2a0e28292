"""The curve Baby Jubjub in plain integers, as EIP-2494 gives it: what circomlib's curve templates are held against.

a x^2 + y^2 = 1 + d x^2 y^2  over F_r,  with a Montgomery form v^2 = u^3 + A u^2 + u (times B)
"""

from __future__ import annotations

from zkmargin.algebra import BN254
from zkmargin.algebra.poseidon import poseidon_hash

Point = tuple[int, int]

R = BN254.r
A, D = 168700, 168696
SUBGROUP = 2736030358979909402780800718157159386076813972158567259200215660948447373041
ZERO: Point = (0, 1)
BASE8: Point = (
    5299619240641551281634865583518297030282874472190772894086521144482721001553,
    16950150798460657717958625567821834550301663161624707787222815936182638968203,
)


def divided(a: int, b: int) -> int:
    return a * pow(b, -1, R) % R


def add(p: Point, q: Point) -> Point:
    (x1, y1), (x2, y2) = p, q
    cross = D * x1 * x2 * y1 * y2 % R
    return divided(x1 * y2 + y1 * x2, 1 + cross), divided(y1 * y2 - A * x1 * x2, 1 - cross)


def multiply(scalar: int, p: Point) -> Point:
    total = ZERO
    while scalar:
        if scalar & 1:
            total = add(total, p)
        p, scalar = add(p, p), scalar >> 1
    return total


def montgomery(p: Point) -> Point:
    x, y = p
    u = divided(1 + y, 1 - y)
    return u, divided(u, x)


def sign(secret: int, nonce: int, message: int) -> dict[str, int]:
    """An EdDSA signature over Poseidon, as the inputs of circomlib's verifier."""
    public, r8 = multiply(secret, BASE8), multiply(nonce, BASE8)
    challenge = poseidon_hash([*r8, *public, message])
    s = (nonce + 8 * challenge * secret) % SUBGROUP
    return {"Ax": public[0], "Ay": public[1], "S": s, "R8x": r8[0], "R8y": r8[1], "M": message}
