"""The hash that ties a phase-2 ceremony to one circuit and one phase 1, as snarkjs computes it.

BLAKE2b-512 over the header's points, then IC, the quotient's basis, and the C, A, B1 and B2 queries, each with its
length in front. The quotient's basis is hashed as tau^(n + i) - tau^i, not in the Lagrange form the key stores.

snarkjs hashes that basis in whole blocks of 2^14 points, so that from a domain of 2^15 on one point more than the
announced n - 1 goes in. Where the file ends at that very power, its "point" is made of the header of the next section:
the chord formula is applied to those bytes all the same, and so it is here.
"""

from __future__ import annotations

from zkmargin.algebra import Engine

from .proving_key import ProvingKey
from .ptau import PowersOfTau, monomial_count
from .transcript import blake2b512, plain_g1, plain_g2

_BLOCK = 1 << 14


def circuit_hash(key: ProvingKey, ptau: PowersOfTau, engine: Engine) -> bytes:
    """The hash of a key before its first contribution."""
    parts = [plain_g1(key.alpha1 + key.beta1), plain_g2(key.beta2 + key.gamma2), plain_g1(key.delta1)]
    parts += [plain_g2(key.delta2), *_counted(key.ic)]
    parts += [(key.domain_size - 1).to_bytes(4, "big"), plain_g1(_quotient_basis(key.domain_size, ptau, engine))]
    parts += [*_counted(key.c_points), *_counted(key.a_points), *_counted(key.b1_points)]
    parts += [key.n_wires.to_bytes(4, "big"), plain_g2(key.b2_points)]
    return blake2b512(*parts)


def _counted(points: bytes) -> tuple[bytes, bytes]:
    return (len(points) // 64).to_bytes(4, "big"), plain_g1(points)


def _quotient_basis(size: int, ptau: PowersOfTau, engine: Engine) -> bytes:
    hashed = size if size - 1 > _BLOCK else size - 1
    available = min(hashed, monomial_count("tau_g1", ptau.power) - size)
    low = ptau.points("tau_g1", engine, 0, hashed)
    high = ptau.points("tau_g1", engine, size, available)
    basis = engine.g1_add(high, engine.g1_neg(low[: len(high)]))
    if available < hashed:
        basis += _point_past_the_end(low[-64:], ptau, engine)
    return basis


def _point_past_the_end(subtrahend: bytes, ptau: PowersOfTau, engine: Engine) -> bytes:
    """What the chord formula makes of the twelve bytes between sections 2 and 3, the first of section 3, and -P."""
    q = ptau.curve.q
    size = memoryview(ptau.monomials["tau_g2"]).nbytes
    raw = (3).to_bytes(4, "little") + size.to_bytes(8, "little") + bytes(memoryview(ptau.monomials["tau_g2"])[:52])
    scale = pow(1 << 256, -1, q)
    x1, y1 = (int.from_bytes(half, "little") * scale % q for half in (raw[:32], raw[32:]))
    x2, y2 = (int.from_bytes(half, "little") for half in (subtrahend[:32], subtrahend[32:]))
    slope = (-y2 - y1) * pow(x2 - x1, -1, q) % q
    x3 = (slope * slope - x1 - x2) % q
    y3 = (slope * (x1 - x3) - y1) % q
    return x3.to_bytes(32, "little") + y3.to_bytes(32, "little")
