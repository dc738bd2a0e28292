"""Folding: the same proofs from four transforms, from every way to a folded key, and no other proofs."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from zkmargin.algebra import BN254, Engine
from zkmargin.algebra.errors import EncodingError
from zkmargin.prover import (
    CeremonyInvalid,
    KeyMismatch,
    PowersOfTau,
    Prover,
    ProvingKey,
    UnsatisfiedWitness,
    contribute,
    insecure_setup,
    read_zkey,
    setup_from_ptau,
    verify_zkey,
    write_zkey,
)
from zkmargin.prover.folding import fold
from zkmargin.verifier.groth16 import verify

from .conftest import Example, circuit, cubic, powers_chain

R = BN254.r


def public_in_c() -> Example:
    """C has the constant, an output and an input, so that each of them gets a folded point of its own."""
    return circuit(
        [({3: 1}, {4: 1}, {1: 1, 2: -1, 0: 3}), ({4: 2, 0: 1}, {2: 1}, {5: 1, 1: 4})],
        [1, 7 * 11 + 5 - 3, 5, 7, 11, 23 * 5 - 4 * 79],
        outputs=1,
        public=1,
    )


EXAMPLES = {"cubic": cubic, "chain": lambda: powers_chain(5), "public wires": public_in_c}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_proof_is_the_ordinary_one(engine: Engine, name: str) -> None:
    """Byte for byte, with the same r and s; and a verifier accepts it."""
    example = EXAMPLES[name]()
    key = insecure_setup(example.r1cs, engine)
    plain = replace(key, folded_points=None)
    r, s = 123456789 * R // 2**30, R - 987654321
    proof, public = Prover(key, engine).prove_with_known_randomness(example.witness, r, s)
    assert (proof, public) == Prover(plain, engine).prove_with_known_randomness(example.witness, r, s)
    verify(key.verifying_key(), public, proof, engine=engine, allow_development=True)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_false_wire_is_refused(best_engine: Engine, name: str) -> None:
    """The folded way does not compute the products of the rows again, so a broken row shows in the pairing alone."""
    example = EXAMPLES[name]()
    prover = Prover(insecure_setup(example.r1cs, best_engine), best_engine)
    sides = (example.r1cs.a, example.r1cs.b, example.r1cs.c)
    for wire in {wire for side in sides for row in side.to_rows() for wire, _ in row} - {0}:
        with pytest.raises(UnsatisfiedWitness):
            prover.prove(example.with_wire(wire, example.wires[wire] + 1))


@pytest.mark.parametrize("name", EXAMPLES)
def test_public_points_fold_to_the_secrets_ones(engine: Engine, name: str) -> None:
    """From the H points and the circuit comes what the setup computed from tau."""
    example = EXAMPLES[name]()
    key = insecure_setup(example.r1cs, engine, random.Random(name).randrange)
    assert key.folded_points is not None
    read = read_zkey(write_zkey(key, engine), engine)
    assert read.folded_points is None
    assert fold(read, example.r1cs, engine).folded_points == key.folded_points


def test_wires_that_c_leaves_alone_keep_their_points(best_engine: Engine, cubic_example: Example) -> None:
    key = insecure_setup(cubic_example.r1cs, best_engine)
    assert key.folded_points is not None
    private = key.folded_points[64 * (key.n_public + 1) :]
    assert not any(key.folded_points[:64]), "the constant is not in C"
    assert private[:64] == key.c_points[:64], "x is not in C"
    assert private[64:128] != key.c_points[64:128], "x^2 is"


def test_a_key_folded_from_powers_of_tau_keeps_it_through_contributions(
    best_engine: Engine, ptau: PowersOfTau, cubic_example: Example
) -> None:
    r1cs = cubic_example.r1cs
    initial = setup_from_ptau(r1cs, ptau, best_engine, folded=True)
    assert replace(initial, folded_points=None) == setup_from_ptau(r1cs, ptau, best_engine)
    key = contribute(contribute(initial, "alice", "a", best_engine), "bob", "b", best_engine)
    assert key.folded_points == fold(replace(key, folded_points=None), r1cs, best_engine).folded_points
    verify_zkey(r1cs, ptau, key, best_engine)
    proof, public = Prover(key, best_engine).prove(cubic_example.witness)
    verify(key.verifying_key(), public, proof, engine=best_engine)

    assert key.folded_points is not None
    swapped = key.folded_points[64:128] + key.folded_points[:64] + key.folded_points[128:]
    with pytest.raises(CeremonyInvalid) as caught:
        verify_zkey(r1cs, ptau, replace(key, folded_points=swapped), best_engine)
    assert caught.value.check == "folded_points"


def test_another_circuit_does_not_fold(
    best_engine: Engine, development_key: ProvingKey, cubic_example: Example
) -> None:
    for key in (development_key, replace(development_key, circuit_digest=None)):
        with pytest.raises(KeyMismatch):
            fold(key, powers_chain(3).r1cs, best_engine)
    nameless = replace(development_key, circuit_digest=None)
    r1cs = cubic_example.r1cs
    for part, other in (("a", replace(r1cs, a=r1cs.b)), ("b", replace(r1cs, b=r1cs.a))):
        with pytest.raises(KeyMismatch) as caught:
            fold(nameless, other, best_engine)
        assert caught.value.part == part


def test_another_c_yields_no_proof(best_engine: Engine, development_key: ProvingKey, cubic_example: Example) -> None:
    """A key does not hold C, so a wrong one can be folded in; no proof of such a key leaves the prover."""
    r1cs = replace(cubic_example.r1cs, c=cubic_example.r1cs.a)
    key = fold(replace(development_key, circuit_digest=None), r1cs, best_engine)
    with pytest.raises(UnsatisfiedWitness):
        Prover(key, best_engine).prove(cubic_example.witness)


@pytest.mark.parametrize("change", [-64, 64])
def test_one_folded_point_for_each_wire(development_key: ProvingKey, change: int) -> None:
    assert development_key.folded_points is not None
    points = (development_key.folded_points + bytes(64))[: len(development_key.folded_points) + change]
    with pytest.raises(EncodingError, match="folded_points"):
        replace(development_key, folded_points=points)
