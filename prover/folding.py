"""Folding: C's part of the quotient as a part of the key, so that a proof takes four transforms instead of six.

The key's basis at the odd points, h_j = L_(2j+1)(tau) / delta, takes H = u v - w by its values there. That of w is
linear in the wires: w(x_j) = sum_k L_k(x_j) (C a)_k over the domain's own basis L_k. So what it adds to the proof,

    - sum_j w(x_j) h_j  =  - sum_i a_i sum_k C[k, i] t_k    with    t_k = sum_j L_k(x_j) h_j = (L_k - D_2k)(tau) / delta

and D_2k of the doubled domain's basis, can stand in the points of the wires: wire i gets k_i - sum_k C[k, i] t_k,
where k_i is its point of the C query, or infinity for a public wire, and H is left with u v.
Decision 016 has the proof that the same proofs come out, and that nothing else does.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from zkmargin.algebra import Engine, SparseMatrix, get_engine, scalars_to_bytes
from zkmargin.circuits.r1cs import R1CS

from .errors import KeyMismatch
from .proving_key import Progress, ProvingKey
from .qap import domain_matrices


def fold(key: ProvingKey, r1cs: R1CS, engine: Engine | None = None, *, progress: Progress | None = None) -> ProvingKey:
    """The key with `folded_points`, from its public points alone: no secret is needed, and none is added.

    A key does not hold C, so the circuit is needed; one with other matrices A and B is a `KeyMismatch`. The work is two
    transforms with points for coefficients.
    """
    engine = engine or get_engine()
    c = _checked(key, r1cs)
    if progress is not None:
        progress("folding C into the key", 0.0)
    shares = shares_of_rows(key.h_points, engine)
    if progress is not None:
        progress("folding C into the key", 0.9)
    result = replace(key, folded_points=folded_query(key.c_points, key.n_public, c, shares, engine))
    if progress is not None:
        progress("folded", 1.0)
    return result


def shares_of_rows(h_points: bytes, engine: Engine) -> bytes:
    """t_k = sum_j L_k(x_j) h_j for each row k, x_j = g^(2j + 1) and g a root of unity of twice the order.

    L_k(x_j) = 1/n sum_i w^(-ik) g^i w^(ij), so t is the transform of h, times g^i / n, transformed with w^-1 for w: a
    transform read backwards.
    """
    size = len(h_points) // engine.curve.g1_bytes
    curve = engine.curve
    twist = engine.fr_powers(curve.root_of_unity(size.bit_length()), size, pow(size, -1, curve.r))
    backwards = engine.g1_ntt(engine.g1_scale(engine.g1_ntt(h_points), twist))
    return np.roll(np.frombuffer(backwards, dtype=f"V{curve.g1_bytes}")[::-1], 1).tobytes()


def folded_query(c_points: bytes, n_public: int, c: SparseMatrix, shares: bytes, engine: Engine) -> bytes:
    """k_i - sum_k C[k, i] t_k for each wire, k_i at infinity for the constant and the public ones."""
    sums = engine.g1_matrix_apply(c.transposed(), engine.g1_bases_unchecked(shares))
    kept = bytes(engine.curve.g1_bytes * (n_public + 1)) + c_points
    return engine.g1_add(kept, engine.g1_neg(sums))


def folded_scalars(k: bytes, w: bytes, n_public: int, tau: int, delta: int, engine: Engine) -> bytes:
    """The folded points' logarithms, for a setup that knows tau: since D_2k = L_k (1 + X^n) / 2, they are

        (beta u_i + alpha v_i + w_i (1 + tau^n) / 2) / delta    and, for public wires,    - w_i (1 - tau^n) / (2 delta).

    `tau` is tau^n here, and `k` and `w` hold beta u_i + alpha v_i + w_i and w_i.
    """
    order, count, public = engine.curve.r, len(k) // 32, 32 * (n_public + 1)
    inverse = pow(delta, -1, order)
    share = (1 - tau) * pow(2, -1, order) * inverse % order
    kept = bytes(public) + engine.fr_mul(k[public:], scalars_to_bytes([inverse]) * (count - n_public - 1))
    return engine.fr_sub(kept, engine.fr_mul(w, scalars_to_bytes([share]) * count))


def _checked(key: ProvingKey, r1cs: R1CS) -> SparseMatrix:
    """C over the key's domain, once the rest of the circuit is seen to be the key's."""
    if key.circuit_digest is not None and key.circuit_digest != r1cs.digest():
        raise KeyMismatch("circuit_digest", "the key is for another circuit")
    a, b, c = domain_matrices(r1cs)
    for part, found, expected in (
        ("n_public", r1cs.n_public, key.n_public),
        ("a", a, key.a),
        ("b", b, key.b),
    ):
        if found != expected:
            raise KeyMismatch(part, f"the key's {part} is not that of this circuit")
    return c
