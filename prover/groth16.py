"""The Groth16 prover (Groth 2016, section 3.2), on the keys of `proving_key.py`.

    A = alpha + sum_i a_i u_i + r delta
    B = beta  + sum_i a_i v_i + s delta                                        in G2, and in G1 for C
    C = sum_private a_i (beta u_i + alpha v_i + w_i)/delta + H/delta + s A + r B - r s delta

Here a_i are the wires, a_0 = 1, and H = (sum a_i u_i)(sum a_i v_i) - (the polynomial whose values on the domain are the
products of theirs). H vanishes on the domain and has degree at most 2n - 2, so its values at the odd points of the
doubled domain, where the key has a Lagrange basis, give all of it: three interpolations and three evaluations. For a
satisfying witness, and for no other, that product polynomial is sum a_i w_i and the proof verifies.

Where the key has folded points, C's part of H is in them, and two of each are left: H is (sum a_i u_i)(sum a_i v_i) at
those odd points, and every wire has a point of C.

r and s are fresh from the operating system for every proof: they are what makes a proof reveal nothing. The engine does
the rest, and verifies the proof before it gives it away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from os import PathLike, fspath
from typing import TYPE_CHECKING

from zkmargin.algebra import Buffer, Engine, get_engine, scalars_from_bytes
from zkmargin.algebra.encoding import element_count
from zkmargin.algebra.errors import PointError, ZkMarginError
from zkmargin.algebra.proving import LoadedProver, ProverFacts
from zkmargin.verifier.proof import Proof

from .errors import CeremonyInvalid, UnsatisfiedWitness, WitnessMismatch
from .memory import table_memory
from .secret_scalar import secret_scalar

if TYPE_CHECKING:
    from zkmargin.circuits.program import WitnessProgram
    from zkmargin.verifier.keys import VerifyingKey

    from .proving_key import ProvingKey

Proven = tuple[Proof, list[int]]
"""A proof and the public inputs it is for, the constant not among them."""
Outcome = Proven | ZkMarginError
"""What comes of one witness of many."""


class Prover:
    """A key made ready once, for many proofs. Safe to share between threads.

    `memory` bounds what the native engine takes for the key's points and the tables of their multiples, in bytes; left
    open, `$ZKMARGIN_PROVER_MEMORY` says, or the size of the key and of the machine's free memory.
    """

    def __init__(self, key: ProvingKey, engine: Engine | None = None, *, memory: int | None = None) -> None:
        # `read_zkey` and the setups have checked the key's points; a proof is verified before it is handed out.
        engine = engine or get_engine()
        self._start(engine, engine.load_prover(key, table_memory(memory, key.domain_size)))

    @classmethod
    def open(cls, path: str | PathLike[str], engine: Engine | None = None, *, private: bool = False) -> Prover:
        """A key from a native key file (`write_native_key`), mapped at once.

        The file must not be cut short meanwhile, which would end this process; with `private` it is copied instead.
        """
        prover = cls.__new__(cls)
        engine = engine or get_engine()
        prover._start(engine, engine.open_prover(fspath(path), private=private))
        return prover

    def _start(self, engine: Engine, loaded: LoadedProver) -> None:
        self.engine = engine
        self._loaded = loaded

    @property
    def facts(self) -> ProverFacts:
        """The key's sizes and names."""
        return self._loaded.facts

    def verifying_key(self) -> VerifyingKey:
        """The part the target chain needs."""
        from zkmargin.verifier.keys import VerifyingKey  # a proof starts faster without

        facts = self.facts
        return VerifyingKey(
            curve=self.engine.curve,
            alpha1=facts.alpha1,
            beta2=facts.beta2,
            gamma2=facts.gamma2,
            delta2=facts.delta2,
            ic=facts.ic,
            circuit_digest=facts.circuit_digest,
            development=facts.development,
        )

    def prove(self, witness: Buffer) -> Proven:
        """A proof and the public inputs it is for (without the constant).

        `witness` holds every wire in circom's order, canonical, the constant 1 first. A witness that does not satisfy
        the circuit is an `UnsatisfiedWitness` and no proof leaves this function.
        """
        return self.prove_timed(witness)[0]

    def prove_timed(self, witness: Buffer) -> tuple[Proven, dict[str, float]]:
        """The same, and the seconds that each phase took."""
        return self._prove(witness, *self._fresh(), alone=False)

    def least_work(self, witness: Buffer) -> dict[str, int]:
        """How many operations of each kind no proof of this witness does without, as the native engine counts them."""
        return self._loaded.least_work(self._checked(witness))

    def prove_inputs(self, program: WitnessProgram, inputs: Buffer) -> Proven:
        """The same from the program's inputs, all public ones and then the private ones: the witness stays inside."""
        return self._prove_inputs(program, inputs, alone=False)

    def prove_many(self, witnesses: Iterable[Buffer], *, threads: int | None = None) -> Iterator[Outcome]:
        """A proof, or the error that `prove` raises, for each witness, in order.

        Each proof keeps to one thread, so that as many are made at a time as there are cores (or `threads`). No more
        than twice as many witnesses are taken ahead of the proofs asked for: memory stays bounded however long the
        stream is. r and s are fresh for each.
        """
        from .many import in_order  # brings threads' modules, which a single proof starts faster without

        def alone(witness: Buffer) -> Proven:
            return self._prove(witness, *self._fresh(), alone=True)[0]

        return in_order(_caught(alone), witnesses, threads)

    def prove_many_inputs(
        self, program: WitnessProgram, inputs: Iterable[Buffer], *, threads: int | None = None
    ) -> Iterator[Outcome]:
        """The same from vectors of inputs; each witness is computed by the thread that proves it."""
        from .many import in_order  # brings threads' modules, which a single proof starts faster without

        return in_order(_caught(lambda vector: self._prove_inputs(program, vector, alone=True)), inputs, threads)

    def prove_with_known_randomness(self, witness: Buffer, r: int, s: int) -> Proven:
        """The same with r and s given, for test vectors: whoever knows them learns of the witness from the proof."""
        return self._prove(witness, r, s, alone=False)[0]

    def _fresh(self) -> tuple[int, int]:
        return secret_scalar(self.engine.curve), secret_scalar(self.engine.curve)

    def _prove(self, witness: Buffer, r: int, s: int, *, alone: bool) -> tuple[Proven, dict[str, float]]:
        wires = self._checked(witness)
        public = wires[32 : 32 * (self.facts.n_public + 1)]
        with _key_trusted():
            proof, seconds = self._loaded.prove(wires, r, s, alone=alone)
        return self._proven(proof, public), seconds

    def _prove_inputs(self, program: WitnessProgram, inputs: Buffer, *, alone: bool) -> Proven:
        loaded = program.loaded(self.engine)
        if loaded.n_wires != self.facts.n_wires:
            raise WitnessMismatch(self.facts.n_wires, loaded.n_wires)
        with _key_trusted():
            public, (proof, _) = self._loaded.prove_inputs(loaded, inputs, *self._fresh(), alone=alone)
        return self._proven(proof, public)

    def _proven(self, proof: bytes | None, public: bytes) -> Proven:
        if proof is None:
            raise UnsatisfiedWitness("the witness does not satisfy the circuit of this key")
        return Proof.from_bytes(proof, self.engine.curve), scalars_from_bytes(public)

    def _checked(self, witness: Buffer) -> bytes:
        wires = bytes(witness)
        found = element_count(wires, 32, "scalar")
        if found != self.facts.n_wires:
            raise WitnessMismatch(self.facts.n_wires, found)
        if int.from_bytes(wires[:32], "little") != 1:
            raise UnsatisfiedWitness("the first wire is not the constant 1")
        return wires


@contextmanager
def _key_trusted() -> Iterator[None]:
    """A proof that is no group elements comes of a bad key."""
    try:
        # A key whose ceremony is not finished proves nothing to others, but its holder may try it out.
        yield
    except PointError:
        raise CeremonyInvalid("points", "the key yields a point that is no group element") from None


def _caught(prove: Callable[[Buffer], Proven]) -> Callable[[Buffer], Outcome]:
    def outcome(item: Buffer) -> Outcome:
        try:
            return prove(item)
        except ZkMarginError as problem:
            return problem

    return outcome


def prove(key: ProvingKey, witness: Buffer, *, engine: Engine | None = None) -> Proven:
    """One proof with this key; for many, keep a `Prover`."""
    return Prover(key, engine, memory=0).prove(witness)
