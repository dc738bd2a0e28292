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

r and s are fresh from the operating system for every proof: they are what makes a proof reveal nothing.
"""

from __future__ import annotations

from zkmargin.algebra import Buffer, Engine, get_engine, scalars_from_bytes, scalars_to_bytes
from zkmargin.algebra.encoding import element_count
from zkmargin.algebra.errors import PointError
from zkmargin.verifier.errors import InvalidProof
from zkmargin.verifier.groth16 import verify_unjudged
from zkmargin.verifier.proof import Proof

from .errors import CeremonyInvalid, UnsatisfiedWitness, WitnessMismatch
from .proving_key import ProvingKey
from .randomness import secret_scalar


class Prover:
    """A key with its points decoded once, for many proofs."""

    def __init__(self, key: ProvingKey, engine: Engine | None = None) -> None:
        self.key = key
        self.engine = engine = engine or get_engine()
        self._verifying_key = key.verifying_key()
        # `read_zkey` and the setups have checked these points; the proof is verified before it is handed out.
        # The single points ride along as further bases, so that each sum is one multiplication.
        self._a = engine.g1_bases_unchecked(key.a_points + key.alpha1 + key.delta1)
        self._b1 = engine.g1_bases_unchecked(key.b1_points + key.beta1 + key.delta1)
        self._b2 = engine.g2_bases_unchecked(key.b2_points + key.beta2 + key.delta2)
        wires = key.c_points if key.folded_points is None else key.folded_points
        self._c = engine.g1_bases_unchecked(wires + key.h_points + key.delta1)

    def prove(self, witness: Buffer) -> tuple[Proof, list[int]]:
        """A proof and the public inputs it is for (without the constant).

        `witness` holds every wire in circom's order, canonical, the constant 1 first. A witness that does not satisfy
        the circuit is an `UnsatisfiedWitness` and no proof leaves this function.
        """
        return self._prove(witness, secret_scalar(self.key.curve), secret_scalar(self.key.curve))

    def prove_with_known_randomness(self, witness: Buffer, r: int, s: int) -> tuple[Proof, list[int]]:
        """The same with r and s given, for test vectors: whoever knows them learns of the witness from the proof."""
        return self._prove(witness, r, s)

    def _prove(self, witness: Buffer, r: int, s: int) -> tuple[Proof, list[int]]:
        wires = self._checked(witness)
        order = self.key.curve.r
        public = scalars_from_bytes(wires[32 : 32 * (self.key.n_public + 1)])
        try:
            proof = self._combine(wires, r, s, scalars_to_bytes([-r * s % order]))
            # Unjudged: a key whose ceremony is not finished proves nothing to others, but its holder may try it out.
            verify_unjudged(self._verifying_key, public, proof, engine=self.engine)
        except InvalidProof:
            raise UnsatisfiedWitness("the witness does not satisfy the circuit of this key") from None
        except PointError:
            raise CeremonyInvalid("points", "the key yields a point that is no group element") from None
        return proof, public

    def quotient(self, wires: bytes) -> bytes:
        """H at the odd points of the doubled domain, without C's part where the key has that folded in."""
        engine, key = self.engine, self.key
        a, b = engine.matrix_apply(key.a, wires), engine.matrix_apply(key.b, wires)
        factors = self._at_odd_points(a), self._at_odd_points(b)
        if key.folded_points is not None:
            return engine.fr_mul(*factors)
        return engine.fr_sub(engine.fr_mul(*factors), self._at_odd_points(engine.fr_mul(a, b)))

    def _at_odd_points(self, values: bytes) -> bytes:
        shift = self.key.curve.root_of_unity(self.key.domain_size.bit_length())
        return self.engine.ntt(self.engine.ntt(values, inverse=True), coset=shift)

    def _checked(self, witness: Buffer) -> bytes:
        wires = bytes(witness)
        found = element_count(wires, 32, "scalar")
        if found != self.key.n_wires:
            raise WitnessMismatch(self.key.n_wires, found)
        if int.from_bytes(wires[:32], "little") != 1:
            raise UnsatisfiedWitness("the first wire is not the constant 1")
        return wires

    def _combine(self, wires: bytes, r: int, s: int, minus_rs: bytes) -> Proof:
        engine, one = self.engine, (1).to_bytes(32, "little")
        in_c = wires if self.key.folded_points is not None else wires[32 * (self.key.n_public + 1) :]
        a = engine.g1_msm(self._a, wires + one + scalars_to_bytes([r]))
        b1 = engine.g1_msm(self._b1, wires + one + scalars_to_bytes([s]))
        b2 = engine.g2_msm(self._b2, wires + one + scalars_to_bytes([s]))
        c = engine.g1_msm(self._c, in_c + self.quotient(wires) + minus_rs)
        blinds = engine.g1_scale(a + b1, scalars_to_bytes([s, r]))
        return Proof(a, b2, engine.g1_add(engine.g1_add(c, blinds[:64]), blinds[64:]))


def prove(key: ProvingKey, witness: Buffer, *, engine: Engine | None = None) -> tuple[Proof, list[int]]:
    """One proof with this key; for many, keep a `Prover`."""
    return Prover(key, engine).prove(witness)
