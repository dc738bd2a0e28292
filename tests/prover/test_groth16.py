"""The prover: what its proofs are made of, which witnesses it refuses, and where its randomness comes from."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from zkmargin.algebra import BN254, EncodingError, Engine, scalars_to_bytes
from zkmargin.prover import ProvingKey, UnsatisfiedWitness, WitnessMismatch, groth16, insecure_setup, prove
from zkmargin.prover.setup import ToxicWaste, key_from_secrets
from zkmargin.verifier.errors import InvalidProof
from zkmargin.verifier.groth16 import verify

from .conftest import Example, circuit, cubic, powers_chain

R = BN254.r


def test_a_proof_verifies_and_names_its_public_inputs(engine: Engine, cubic_example: Example) -> None:
    key = insecure_setup(cubic_example.r1cs, engine)
    proof, public = prove(key, cubic_example.witness, engine=engine)
    assert public == [35]
    verify(key.verifying_key(), public, proof, engine=engine, allow_development=True)
    with pytest.raises(InvalidProof):
        verify(key.verifying_key(), [36], proof, engine=engine, allow_development=True)


@pytest.mark.parametrize("steps", [1, 5, 30])
def test_circuits_of_several_sizes(best_engine: Engine, steps: int) -> None:
    example = powers_chain(steps)
    key = insecure_setup(example.r1cs, best_engine)
    proof, public = prove(key, example.witness, engine=best_engine)
    assert public == [pow(7, 2**steps, R), 7]
    verify(key.verifying_key(), public, proof, engine=best_engine, allow_development=True)


def test_a_circuit_without_private_wires(best_engine: Engine) -> None:
    example = circuit([({1: 1}, {1: 1}, {2: 1})], [1, 6, 36], public=2)
    key = insecure_setup(example.r1cs, best_engine)
    _, public = prove(key, example.witness, engine=best_engine)
    assert public == [6, 36]


def test_the_elements_are_those_of_the_paper(
    engine: Engine, cubic_example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything once more in plain integers, with known secrets: QAP by Lagrange's formula, H by division by Z."""
    tau, alpha, beta, delta, r, s = 1234567, 23456789, 3456789, 456789, 56789, 6789
    key = key_from_secrets(cubic_example.r1cs, ToxicWaste(tau, alpha, beta, delta), engine)
    drawn = iter((r, s))
    monkeypatch.setattr(groth16, "secret_scalar", lambda curve: next(drawn))
    proof, _ = prove(key, cubic_example.witness, engine=engine)

    size = key.domain_size
    root = BN254.root_of_unity(size.bit_length() - 1)
    z = pow(tau, size, R) - 1
    basis = [z * pow(root, k, R) * pow(size * (tau - pow(root, k, R)), -1, R) % R for k in range(size)]
    wires, n = cubic_example.wires, cubic_example.r1cs.n_wires
    rows_a = [*cubic_example.r1cs.a.to_rows(), *([(wire, 1)] for wire in range(key.n_public + 1))]

    def at_tau(rows: list[list[tuple[int, int]]]) -> list[int]:
        columns = [0] * n
        for k, row in enumerate(rows):
            for wire, value in row:
                columns[wire] += value * basis[k]
        return columns

    u, v, w = at_tau(rows_a), at_tau(cubic_example.r1cs.b.to_rows()), at_tau(cubic_example.r1cs.c.to_rows())
    ua, va, wa = (sum(x * y for x, y in zip(wires, column, strict=True)) for column in (u, v, w))
    # u v - w vanishes on the constraints' part of the domain; on the rows of the public wires v and w are zero.
    h_times_z = ua * va - wa
    a = alpha + ua + r * delta
    b = beta + va + s * delta
    private = sum(wires[i] * (beta * u[i] + alpha * v[i] + w[i]) for i in range(key.n_public + 1, n))
    c = (private + h_times_z) * pow(delta, -1, R) + s * a + r * b - r * s * delta
    g1, g2 = key_generators()
    assert proof.a == engine.g1_multiples(g1, scalars_to_bytes([a % R]))
    assert proof.b == engine.g2_multiples(g2, scalars_to_bytes([b % R]))
    assert proof.c == engine.g1_multiples(g1, scalars_to_bytes([c % R]))


def key_generators() -> tuple[bytes, bytes]:
    from zkmargin.algebra import g1_to_bytes, g2_to_bytes

    return g1_to_bytes([BN254.g1]), g2_to_bytes([BN254.g2])


@pytest.mark.parametrize("wire", [1, 2, 3, 4])
def test_a_false_witness_gives_no_proof(
    best_engine: Engine, cubic_example: Example, development_key: ProvingKey, wire: int
) -> None:
    wrong = cubic_example.with_wire(wire, cubic_example.wires[wire] + 1)
    with pytest.raises(UnsatisfiedWitness):
        prove(development_key, wrong, engine=best_engine)


def test_the_first_wire_must_be_one(best_engine: Engine, cubic_example: Example, development_key: ProvingKey) -> None:
    """All wires doubled satisfy every constraint but for their degree; the constant gives it away at once."""
    with pytest.raises(UnsatisfiedWitness, match="constant 1"):
        prove(development_key, cubic_example.with_wire(0, 2), engine=best_engine)


@pytest.mark.parametrize("change", [-32, 32])
def test_a_witness_of_another_length(
    best_engine: Engine, cubic_example: Example, development_key: ProvingKey, change: int
) -> None:
    witness = (cubic_example.witness + bytes(32))[: len(cubic_example.witness) + change]
    with pytest.raises(WitnessMismatch) as caught:
        prove(development_key, witness, engine=best_engine)
    assert (caught.value.expected, caught.value.found) == (5, 5 + change // 32)


@pytest.mark.parametrize("bad", [b"", b"\1", "partial", "not canonical"])
def test_malformed_witnesses(
    best_engine: Engine, cubic_example: Example, development_key: ProvingKey, bad: bytes | str
) -> None:
    if bad == "partial":
        bad = cubic_example.witness[:-1]
    elif bad == "not canonical":
        bad = cubic_example.witness[:-32] + (cubic_example.wires[-1] + R).to_bytes(32, "little")
    with pytest.raises((EncodingError, WitnessMismatch)):
        prove(development_key, bad, engine=best_engine)  # type: ignore[arg-type]


def test_blinding_comes_from_the_operating_system(
    best_engine: Engine, cubic_example: Example, development_key: ProvingKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the system's randomness held fixed, and nothing else, two proofs agree: there is no other source."""
    monkeypatch.setattr(os, "urandom", lambda count: (41).to_bytes(count, "little"))
    first, second = (prove(development_key, cubic_example.witness, engine=best_engine)[0] for _ in range(2))
    assert first == second


def test_a_key_of_another_circuit_gives_no_proof(best_engine: Engine, cubic_example: Example) -> None:
    other = circuit(
        [({2: 1}, {2: 1}, {3: 1}), ({3: 1}, {2: 1}, {4: 1}), ({4: 1, 2: 1, 0: 6}, {0: 1}, {1: 1})],
        [1, 36, 3, 9, 27],
        outputs=1,
    )
    key = insecure_setup(other.r1cs, best_engine)
    with pytest.raises(UnsatisfiedWitness):
        prove(key, cubic_example.witness, engine=best_engine)


@pytest.mark.parametrize("query", ["a_points", "b1_points", "b2_points", "c_points", "h_points", "folded_points"])
def test_a_tampered_query_costs_the_proof(
    best_engine: Engine, cubic_example: Example, development_key: ProvingKey, query: str
) -> None:
    """Valid points in the wrong place: the proof is checked before it is handed out."""
    key = replace(development_key, folded_points=None) if query == "c_points" else development_key
    points = getattr(key, query)
    width = 128 if query == "b2_points" else 64
    swapped = points[:-width] + bytes(width)
    if swapped == points:  # the last wire does not occur there
        swapped = points[-width:] + points[:-width]
    with pytest.raises(UnsatisfiedWitness):
        prove(replace(key, **{query: swapped}), cubic_example.witness, engine=best_engine)


def test_the_development_mark_and_the_digest_reach_the_verifying_key(
    development_key: ProvingKey, initial_key: ProvingKey, cubic_example: Example
) -> None:
    assert development_key.development
    assert development_key.verifying_key().development
    assert not initial_key.verifying_key().development
    assert development_key.verifying_key().circuit_digest == cubic_example.r1cs.digest()


def test_setups_differ_and_a_seeded_one_repeats(best_engine: Engine, cubic_example: Example) -> None:
    first, second = (insecure_setup(cubic_example.r1cs, best_engine) for _ in range(2))
    assert first.alpha1 != second.alpha1
    seeded = [insecure_setup(cubic_example.r1cs, best_engine, lambda bound: 77) for _ in range(2)]
    assert seeded[0] == seeded[1]


def test_both_engines_make_the_same_key(cubic_example: Example, engine: Engine) -> None:
    """Recorded once: the hash of the key with these secrets."""
    from zkmargin.prover import write_zkey
    from zkmargin.prover.transcript import blake2b512

    key = key_from_secrets(cubic(3).r1cs, ToxicWaste(2, 3, 5, 7), engine)
    again = replace(key, circuit_digest=None, circuit_hash=bytes(64), development=False)
    assert blake2b512(write_zkey(again, engine)).hex()[:32] == "22778e56bc557ba53e15a1f504f0aa20"
