"""The hash that ties a phase-2 ceremony to one circuit and one phase 1, as snarkjs computes it.

BLAKE2b-512 over the header's points, then IC, the quotient's basis, and the C, A, B1 and B2 queries, each with its
length in front. The quotient's basis is hashed as tau^(n + i) - tau^i, not in the Lagrange form the key stores.

snarkjs hashes that basis in whole blocks of 2^14 points, so that from a domain of 2^15 on one point more than the
announced n - 1 goes in. Where the file ends at that very power, that "point" is made of the bytes after the section,
and added all the same. A key must carry the same hash for snarkjs to accept it, so it is done here too.
"""

from __future__ import annotations

from zkmargin.algebra import Engine

from .proving_key import ProvingKey
from .ptau import PowersOfTau, monomial_count
from .transcript import blake2b512, plain_g1, plain_g2

_BLOCK = 1 << 14
_WORD = (1 << 256) - 1


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
    """What those tools make of the twelve bytes between sections 2 and 3, the first 52 of section 3, and -P.

    The bytes are no reduced field elements, so the sum (mmadd-2007-bl, affine operands) is taken in words of 256 bits
    that wrap where theirs do.
    """
    q = ptau.curve.q
    next_section = memoryview(ptau.monomials["tau_g2"])
    raw = (3).to_bytes(4, "little") + next_section.nbytes.to_bytes(8, "little") + bytes(next_section[:52])
    minus = engine.fq_to_montgomery(engine.g1_neg(subtrahend))
    x1, y1, x2, y2 = (int.from_bytes(half, "little") for point in (raw, minus) for half in (point[:32], point[32:]))
    words = _WrappingWords(q)
    add, sub, mul = words.add, words.sub, words.mul
    h, dy = sub(x2, x1), sub(y2, y1)
    hh = mul(h, h)
    i = add(add(hh, hh), add(hh, hh))
    j, r, v = mul(h, i), add(dy, dy), mul(x1, i)
    x3 = sub(sub(mul(r, r), j), add(v, v))
    y1_j = mul(y1, j)
    y3 = sub(mul(sub(v, x3), r), add(y1_j, y1_j))
    z_inverse = pow(add(h, h), -1, q)
    # x3, y3 and z carry the factor 2^256 of Montgomery form, of which the quotients keep 2^-256 and 2^-512.
    x = x3 * z_inverse**2 * (1 << 256) % q
    y = y3 * z_inverse**3 * (1 << 512) % q
    return x.to_bytes(32, "little") + y.to_bytes(32, "little")


class _WrappingWords:
    """Montgomery arithmetic on 256-bit words that corrects by one modulus at most, whatever the operands."""

    def __init__(self, q: int) -> None:
        self._q, self._minus_inverse = q, -pow(q, -1, 1 << 256)

    def add(self, a: int, b: int) -> int:
        total = a + b
        return (total - self._q if total >= self._q else total) & _WORD

    def sub(self, a: int, b: int) -> int:
        return (a - b if a >= b else a - b + self._q) & _WORD

    def mul(self, a: int, b: int) -> int:
        product = a * b
        total = product + (product * self._minus_inverse & _WORD) * self._q >> 256
        return total - self._q if total >= self._q else total
