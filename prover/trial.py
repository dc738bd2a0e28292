"""Proofs for a trial: does what satisfies a circuit also prove and verify?"""

from __future__ import annotations

from collections.abc import Sequence

from zkmargin.circuits import CompiledCircuit
from zkmargin.verifier import verify

from .groth16 import Prover
from .setup import insecure_setup


def prove_and_verify(circuit: CompiledCircuit, witnesses: Sequence[bytes]) -> None:
    """Make a proof of each witness, with a key made here and thrown away, and verify it as a stranger would.

    Raises what the prover and the verifier raise, `UnsatisfiedWitness` first of all.
    """
    if not witnesses:
        return
    prover = Prover(insecure_setup(circuit.r1cs))
    key = prover.verifying_key()
    for witness in witnesses:
        proof, public = prover.prove(witness)
        verify(key, public, proof, expect_circuit=circuit.digest, allow_development=True)
