"""The Groth16 check (Groth 2016, section 3.2): e(A, B) = e(alpha, beta) e(sum x_i IC_i, gamma) e(C, delta), x_0 = 1."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from zkmargin.algebra import EncodingError, Engine, get_engine, scalars_to_bytes

from .errors import CircuitMismatch, InvalidProof
from .keys import VerifyingKey, judge_key
from .proof import Proof
from .public_signals import check_public_inputs


class Verifier:
    """A judged key with its points decoded once, for many proofs. Safe to share between threads.

    Raises `KeyRejected` for a key that must not be trusted; a development key needs `allow_development`. With
    `expect_circuit`, a key that names another circuit, or none, is a `CircuitMismatch`.
    """

    def __init__(
        self,
        key: VerifyingKey,
        engine: Engine | None = None,
        allow_development: bool = False,
        *,
        expect_circuit: bytes | None = None,
    ) -> None:
        engine = engine or get_engine(curve=key.curve)
        if expect_circuit is not None and key.circuit_digest != expect_circuit:
            raise CircuitMismatch(expect_circuit, key.circuit_digest)
        judge_key(key, allow_development, engine=engine)
        self.key = key
        self._equation = _Equation(key, engine)

    def verify(self, public_inputs: Sequence[int], proof: Proof) -> None:
        """Return None for a proof that holds, raise otherwise; see `verify`."""
        self._equation.check(public_inputs, proof)


def verify(
    key: VerifyingKey,
    public_inputs: Sequence[int],
    proof: Proof,
    *,
    engine: Engine | None = None,
    expect_circuit: bytes | None = None,
    allow_development: bool = False,
) -> None:
    """Return None if the proof holds for these public inputs, the constant 1 not among them; raise otherwise.

    A false statement is `InvalidProof`. What is malformed is an `EncodingError`: `PublicInputCount`,
    `PublicInputError`, or `PointError` for a point off the curve or outside the subgroup. A key that must not be
    trusted is `KeyRejected`, a development key among them unless `allow_development`.
    """
    if expect_circuit is not None and key.circuit_digest != expect_circuit:
        raise CircuitMismatch(expect_circuit, key.circuit_digest)
    engine = engine or get_engine(curve=key.curve)
    judged = _judged(key, engine, allow_development)  # type: ignore[arg-type]  # mypy: a protocol may not hash
    judged.verify(public_inputs, proof)


def verify_unjudged(
    key: VerifyingKey, public_inputs: Sequence[int], proof: Proof, *, engine: Engine | None = None
) -> None:
    """The same without judging the key: for one that this process made, or that a ceremony has not finished.

    Anybody can forge proofs under a key whose ceremony was not finished, so a proof that passes here says something
    only to the one who made it.
    """
    _Equation(key, engine or get_engine(curve=key.curve)).check(public_inputs, proof)


@lru_cache(maxsize=16)
def _judged(key: VerifyingKey, engine: Engine, allow_development: bool) -> Verifier:
    """Keys are immutable, so the judgement of one stands; one that is refused is judged again each time."""
    return Verifier(key, engine, allow_development)


class _Equation:
    """The key's side of the pairing equation, laid out for the engine."""

    def __init__(self, key: VerifyingKey, engine: Engine) -> None:
        self._curve = key.curve
        self._n_public = key.n_public
        self._engine = engine
        self._alpha1 = key.alpha1
        self._g2_tail = key.beta2 + key.gamma2 + key.delta2
        self._ic = engine.g1_bases(key.ic)

    def check(self, public_inputs: Sequence[int], proof: Proof) -> None:
        values = check_public_inputs(public_inputs, self._n_public, self._curve)
        if not isinstance(proof, Proof) or proof.curve != self._curve:
            raise EncodingError("not a Proof over the key's curve", what="proof")
        engine = self._engine
        # The constant is ours to insert: a caller who could choose it could scale the statement away.
        statement = engine.g1_msm(self._ic, scalars_to_bytes([1, *values], self._curve))
        g1_points = engine.g1_neg(proof.a) + self._alpha1 + statement + proof.c
        if not engine.pairing_check(g1_points, proof.b + self._g2_tail):
            raise InvalidProof
