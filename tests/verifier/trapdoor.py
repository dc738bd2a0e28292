"""A Groth16 key whose secrets are known, so that valid proofs of any public inputs can be made without a circuit.

With alpha, beta, gamma, delta and IC_i = k_i G known, choose A = a G, B = b G and solve
a b = alpha beta + gamma (k_0 + sum x_i k_i) + delta c for c. This is what the toxic waste of a setup is good for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from zkmargin.algebra import BN254, Engine, g1_to_bytes, g2_to_bytes, scalars_to_bytes
from zkmargin.algebra.reference.groups import second_group
from zkmargin.verifier import Proof, VerifyingKey

Q, R = BN254.q, BN254.r
G1 = g1_to_bytes([BN254.g1])
G2 = g2_to_bytes([BN254.g2])


class Trapdoor:
    """Secrets small enough to recognise in a debugger; gamma is 1 as in every ceremony of iden3's format."""

    def __init__(self, engine: Engine, n_public: int, *, seed: int = 1000, circuit_digest: bytes | None = None) -> None:
        self.engine = engine
        self.circuit_digest = circuit_digest
        self.alpha, self.beta, self.gamma, self.delta = seed + 1, seed + 2, 1, seed + 4
        self.k = [seed + 100 + i for i in range(n_public + 1)]

    @cached_property
    def key(self) -> VerifyingKey:
        engine = self.engine
        alpha_and_ic = engine.g1_multiples(G1, scalars_to_bytes([self.alpha, *self.k]))
        g2 = engine.g2_multiples(G2, scalars_to_bytes([self.beta, self.gamma, self.delta]))
        return VerifyingKey(
            curve=BN254,
            alpha1=alpha_and_ic[:64],
            beta2=g2[:128],
            gamma2=g2[128:256],
            delta2=g2[256:],
            ic=alpha_and_ic[64:],
            circuit_digest=self.circuit_digest,
        )

    def forge(self, public_inputs: Sequence[int], a: int = 7, b: int = 11, constant: int = 1) -> Proof:
        """A proof that verifies; another a or b gives another proof of the same statement."""
        statement = self.k[0] * constant + sum(k * x for k, x in zip(self.k[1:], public_inputs, strict=True))
        c = (a * b - self.alpha * self.beta - self.gamma * statement) * pow(self.delta, -1, R) % R
        a_and_c = self.engine.g1_multiples(G1, scalars_to_bytes([a, c]))
        return Proof(a_and_c[:64], self.engine.g2_multiples(G2, scalars_to_bytes([b])), a_and_c[64:])


def negate_g1(point: bytes) -> bytes:
    y = int.from_bytes(point[32:], "little")
    return point[:32] + (-y % Q).to_bytes(32, "little")


def twist_point_outside_subgroup() -> bytes:
    """The first point of the twist with a small integer x; the chance that such a point has order r is 2^-254."""
    for x in range(1, 100):
        y = _sqrt_fq2((x**3 + BN254.g2_b[0]) % Q, BN254.g2_b[1])
        if y is not None:
            return g2_to_bytes([((x, 0), y)])
    raise AssertionError("no point with a small x")


COFACTOR = (10069, 5864401, 1875725156269, 197620364512881247228717050342013327560683201906968909)
"""The primes whose product is 2q - r, the twist's points for each one of the subgroup."""


def twist_points_of_each_order() -> Iterator[tuple[int, bytes]]:
    """For each prime of the cofactor a point of that order, and that point with the generator of G2 added to it."""
    group = second_group(BN254)
    (stray,), (generator,) = (group.decode_unchecked(data) for data in (twist_point_outside_subgroup(), G2))
    for prime in COFACTOR:
        point = group._times_unreduced(stray, (2 * Q - R) // prime * R)
        yield prime, group.encode([point])
        yield prime * R, group.encode([group.add(point, generator)])


def _sqrt_fq2(a: int, b: int) -> tuple[int, int] | None:
    """A square root of a + b u with u^2 = -1, by way of the norm; q = 3 mod 4."""
    norm = _sqrt_fq((a * a + b * b) % Q)
    if norm is None:
        return None
    for sign in (1, -1):
        c = _sqrt_fq((a + sign * norm) * pow(2, -1, Q) % Q)
        if c:
            return c, b * pow(2 * c, -1, Q) % Q
    return None


def _sqrt_fq(a: int) -> int | None:
    root = pow(a, (Q + 1) // 4, Q)
    return root if root * root % Q == a else None
