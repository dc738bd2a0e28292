"""The Groth16 check (Groth 2016, section 3.2): e(A, B) = e(alpha, beta) e(sum x_i IC_i, gamma) e(C, delta), x_0 = 1."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from zkmargin.algebra import EncodingError, Engine, ZkMarginError, get_engine

from .batch import fresh_weights
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

    def verify_many(self, items: Sequence[tuple[Sequence[int], Proof]]) -> list[ZkMarginError | None]:
        """For each pair of public inputs and proof None, or the error that `verify` raises for it.

        One check of all proofs together, at a fraction of the price of each; if that fails, bisection names those that
        do not hold. A false proof passes with a probability below 2^-119 for up to 256 proofs, whoever made them.
        """
        return self._equation.check_many(items)


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
    """The key's side of the pairing equation, made ready by the engine."""

    def __init__(self, key: VerifyingKey, engine: Engine) -> None:
        self._curve = key.curve
        self._n_public = key.n_public
        self._loaded = engine.groth16_key(key.alpha1, key.beta2 + key.gamma2 + key.delta2, key.ic)

    def check(self, public_inputs: Sequence[int], proof: Proof) -> None:
        # The constant is the engine's to insert: a caller who could choose it could scale the statement away.
        inputs = self._encode(public_inputs, proof)
        if not self._loaded.check(inputs, proof.to_bytes()):
            raise InvalidProof

    def check_many(self, items: Sequence[tuple[Sequence[int], Proof]]) -> list[ZkMarginError | None]:
        verdicts: list[ZkMarginError | None] = [None] * len(items)
        places, inputs, proofs = [], [], []
        for place, item in enumerate(items):
            try:
                public_inputs, proof = _pair(item)
                inputs.append(self._encode(public_inputs, proof))
                proofs.append(proof.to_bytes())
                places.append(place)
            except EncodingError as problem:
                verdicts[place] = problem
        found = self._loaded.check_many(b"".join(inputs), b"".join(proofs), fresh_weights(len(places)))
        for place, verdict in zip(places, found, strict=True):
            if isinstance(verdict, EncodingError):
                verdicts[place] = verdict
            elif not verdict:
                verdicts[place] = InvalidProof()
        return verdicts

    def _encode(self, public_inputs: Sequence[int], proof: Proof) -> bytes:
        values = check_public_inputs(public_inputs, self._n_public, self._curve)
        if not isinstance(proof, Proof) or proof.curve != self._curve:
            raise EncodingError("not a Proof over the key's curve", what="proof")
        size = self._curve.scalar_bytes
        return b"".join([value.to_bytes(size, "little") for value in values])


def _pair(item: object) -> tuple[Any, Any]:
    if not isinstance(item, tuple) or len(item) != 2:
        raise EncodingError("not a pair of public inputs and a proof", what="proof")
    return item
