"""The Groth16 prover by the door's other operations, reading like the formulas of `prover/groth16.py`.

The native engine does the same in one call, and the tests hold the two equal.
"""

from __future__ import annotations

import time

from .encoding import Buffer, scalars_from_bytes, scalars_to_bytes
from .engine import Engine, LoadedProgram
from .errors import EncodingError, EngineUnavailable
from .proving import ProverFacts, ProvingParts


class PlainProver:
    """A key with its points decoded once."""

    def __init__(self, engine: Engine, key: ProvingParts) -> None:
        self._engine, self._key = engine, key
        # The single points ride along as further bases, so that each sum is one multiplication.
        self._a = engine.g1_bases_unchecked(key.a_points + key.alpha1 + key.delta1)
        self._b1 = engine.g1_bases_unchecked(key.b1_points + key.beta1 + key.delta1)
        self._b2 = engine.g2_bases_unchecked(key.b2_points + key.beta2 + key.delta2)
        wires = key.c_points if key.folded_points is None else key.folded_points
        self._c = engine.g1_bases_unchecked(wires + key.h_points + key.delta1)
        self._check = engine.groth16_key(key.alpha1, key.beta2 + key.gamma2 + key.delta2, key.ic)

    @property
    def facts(self) -> ProverFacts:
        key = self._key
        return ProverFacts(
            n_wires=key.n_wires,
            n_public=key.n_public,
            domain_size=key.domain_size,
            folded=key.folded_points is not None,
            development=key.development,
            circuit_digest=key.circuit_digest,
            circuit_hash=key.circuit_hash,
            alpha1=key.alpha1,
            beta2=key.beta2,
            gamma2=key.gamma2,
            delta2=key.delta2,
            ic=key.ic,
        )

    def prove(self, witness: Buffer, r: int, s: int, *, alone: bool = False) -> tuple[bytes | None, dict[str, float]]:
        engine, started = self._engine, time.perf_counter()
        wires = self._wires(witness)
        public = 32 * (self._key.n_public + 1)
        one, blinds = (1).to_bytes(32, "little"), scalars_to_bytes([s, r], engine.curve)
        minus_rs = scalars_to_bytes([-r * s % engine.curve.r], engine.curve)
        in_c = wires[public:] if self._key.folded_points is None else wires
        a = engine.g1_msm(self._a, wires + one + blinds[32:])
        b1 = engine.g1_msm(self._b1, wires + one + blinds[:32])
        b2 = engine.g2_msm(self._b2, wires + one + blinds[:32])
        c = engine.g1_msm(self._c, in_c + self.quotient(wires) + minus_rs)
        blinded = engine.g1_scale(a + b1, blinds)
        c = engine.g1_add(engine.g1_add(c, blinded[: len(c)]), blinded[len(c) :])
        proof = a + b2 + c
        holds = self._check.check(wires[32:public], proof)
        return proof if holds else None, {"in all": time.perf_counter() - started}

    def least_work(self, witness: Buffer) -> dict[str, int]:
        raise EngineUnavailable("native", "only its work is counted; the reference engine is here to be read")

    def prove_inputs(
        self, program: LoadedProgram, inputs: Buffer, r: int, s: int, *, alone: bool = False
    ) -> tuple[bytes, tuple[bytes | None, dict[str, float]]]:
        witness = program.run(inputs)
        return witness[32 : 32 * (self._key.n_public + 1)], self.prove(witness, r, s)

    def quotient(self, wires: bytes) -> bytes:
        """H at the odd points of the doubled domain, without C's part where the key has that folded in."""
        engine, key = self._engine, self._key
        a, b = engine.matrix_apply(key.a, wires), engine.matrix_apply(key.b, wires)
        factors = self._at_odd_points(a), self._at_odd_points(b)
        if key.folded_points is not None:
            return engine.fr_mul(*factors)
        return engine.fr_sub(engine.fr_mul(*factors), self._at_odd_points(engine.fr_mul(a, b)))

    def _at_odd_points(self, values: bytes) -> bytes:
        shift = self._engine.curve.root_of_unity(self._key.domain_size.bit_length())
        return self._engine.ntt(self._engine.ntt(values, inverse=True), coset=shift)

    def _wires(self, witness: Buffer) -> bytes:
        wires = bytes(witness)
        values = scalars_from_bytes(wires, self._engine.curve)
        if len(values) != self._key.n_wires:
            raise EncodingError(f"{len(values)} wires where {self._key.n_wires} are needed", what="wire")
        if values[0] != 1:
            raise EncodingError("the first wire is not the constant 1", what="witness")
        return wires
