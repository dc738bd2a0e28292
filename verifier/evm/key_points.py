"""A verifying key as the EVM's precompiles take it, with the inputs that are known ahead folded in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from zkmargin.algebra import (
    BN254,
    Engine,
    g1_from_bytes,
    g2_from_bytes,
    get_engine,
    scalars_to_bytes,
)

from ..errors import KeyRejected, PublicInputCount
from ..keys import VerifyingKey, judge_key
from ..public_signals import check_public_inputs

G1 = tuple[int, int]
G2 = tuple[int, int, int, int]
"""x and y, the imaginary part of each first: the order of EIP-197."""


@dataclass(frozen=True)
class KeyPoints:
    """The points of e(A, B) e(-alpha, beta) e(-S, gamma) e(C, -delta) = 1; `neg_ic[0]` stands for what is fixed."""

    neg_alpha: G1
    beta: G2
    gamma: G2
    neg_delta: G2
    neg_ic: tuple[G1, ...]

    @property
    def inputs(self) -> int:
        return len(self.neg_ic) - 1


def key_points(key: VerifyingKey, folded: Sequence[int] = (), engine: Engine | None = None) -> KeyPoints:
    """The key's points, its first public inputs fixed to `folded`: IC_0 + sum of theirs takes the place of IC_0.

    The key has been judged by whoever asks for a contract of it. With the inputs folded in it is another key, whose
    constant could be alpha or at infinity, so it is judged again as such.
    """
    if key.curve != BN254:
        raise KeyRejected("the curve", "is not BN254, the one whose precompiles every EVM has")
    if len(folded) > key.n_public:
        raise PublicInputCount(key.n_public, len(folded))
    known = check_public_inputs(list(folded), len(folded))
    engine = engine or get_engine()
    size = key.curve.g1_bytes * (1 + len(known))
    constant = engine.g1_msm(engine.g1_bases(key.ic[:size]), scalars_to_bytes([1, *known]))
    key = replace(key, ic=constant + key.ic[size:])
    judge_key(key, allow_development=True, engine=engine)
    negated = engine.g1_neg(key.alpha1 + key.ic)
    neg_alpha, *neg_ic = (_affine(point) for point in g1_from_bytes(negated))
    beta, gamma, delta = (_imaginary_first(point) for point in g2_from_bytes(key.beta2 + key.gamma2 + key.delta2))
    neg_delta = (*delta[:2], -delta[2] % BN254.q, -delta[3] % BN254.q)
    return KeyPoints(neg_alpha, beta, gamma, neg_delta, tuple(neg_ic))


def _affine(point: G1 | None) -> G1:
    if point is None:
        raise KeyRejected("a point", "is at infinity")
    return point


def _imaginary_first(point: tuple[tuple[int, int], tuple[int, int]] | None) -> G2:
    if point is None:
        raise KeyRejected("a point", "is at infinity")
    (x0, x1), (y0, y1) = point
    return x1, x0, y1, y0
