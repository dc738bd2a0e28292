"""Proofs of a stream of witnesses: in order, each with randomness of its own, with a bounded number under way."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from zkmargin.algebra import Buffer, Engine
from zkmargin.algebra.encoding import scalars_to_bytes
from zkmargin.algebra.errors import EncodingError
from zkmargin.circuits import Circuit, assert_product, build
from zkmargin.prover import Prover, UnsatisfiedWitness, WitnessMismatch, insecure_setup
from zkmargin.prover.many import AHEAD, in_order
from zkmargin.prover.memory import memory_size, table_memory
from zkmargin.verifier.groth16 import verify

from .conftest import Example, powers_chain


@pytest.fixture
def example() -> Example:
    return powers_chain(5)


def test_every_witness_gets_its_proof_or_its_error(example: Example, best_engine: Engine) -> None:
    prover = Prover(insecure_setup(example.r1cs, best_engine), best_engine)
    wrong = example.with_wire(2, example.wires[2] + 1)
    not_canonical = example.witness[:-32] + bytes([255]) * 32
    stream: list[Buffer] = [example.witness, wrong, example.witness[32:], not_canonical, bytearray(example.witness)]
    first, unsatisfied, mismatch, malformed, last = prover.prove_many(stream, threads=2)
    assert isinstance(unsatisfied, UnsatisfiedWitness)
    assert isinstance(mismatch, WitnessMismatch)
    assert isinstance(malformed, EncodingError)
    assert isinstance(first, tuple)
    assert isinstance(last, tuple)
    for proof, public in (first, last):
        verify(prover.verifying_key(), public, proof, engine=best_engine, allow_development=True)
    assert first[0] != last[0], "the same witness twice, different proofs"


def test_no_witnesses_no_proofs(example: Example, best_engine: Engine) -> None:
    assert list(Prover(insecure_setup(example.r1cs, best_engine), best_engine).prove_many([])) == []


def test_the_stream_is_read_no_further_than_needed() -> None:
    taken = 0

    def endless() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    results = in_order(lambda item: item * item, endless(), threads=3)
    assert [next(results) for _ in range(5)] == [1, 4, 9, 16, 25]
    assert taken <= 5 + AHEAD * 3
    results.close()  # type: ignore[attr-defined]  # mypy: generators are returned as iterators


def test_items_are_worked_on_side_by_side_and_come_in_order() -> None:
    both = threading.Barrier(2, timeout=20)

    def meet(item: int) -> int:
        both.wait()
        return item

    assert list(in_order(meet, range(6), threads=2)) == list(range(6))


def test_what_the_stream_raises_comes_out() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise KeyError("source")

    with pytest.raises(KeyError):
        list(in_order(lambda item: item, broken(), threads=1))


def test_a_proof_alone_is_the_same_proof(example: Example, best_engine: Engine) -> None:
    loaded = best_engine.load_prover(insecure_setup(example.r1cs, best_engine), 0)
    assert loaded.prove(example.witness, 5, 6, alone=True)[0] == loaded.prove(example.witness, 5, 6)[0]


def test_phases_are_told(example: Example, best_engine: Engine) -> None:
    _, seconds = Prover(insecure_setup(example.r1cs, best_engine), best_engine).prove_timed(example.witness)
    assert seconds
    assert all(time >= 0 for time in seconds.values())


def test_known_randomness_is_reduced_nowhere(example: Example, best_engine: Engine) -> None:
    prover = Prover(insecure_setup(example.r1cs, best_engine), best_engine)
    with pytest.raises(EncodingError):
        prover.prove_with_known_randomness(example.witness, best_engine.curve.r, 1)


def test_wires_have_no_second_spelling(example: Example, engine: Engine) -> None:
    prover = Prover(insecure_setup(example.r1cs, engine), engine)
    raised = (example.wires[2] + engine.curve.r).to_bytes(32, "little")
    with pytest.raises(EncodingError):
        prover.prove(example.witness[:64] + raised + example.witness[96:])
    with pytest.raises(UnsatisfiedWitness):
        prover.prove(scalars_to_bytes([2, *example.wires[1:]]))


SIZES = {"0": 0, "4096": 4096, "3k": 3072, "512M": 512 << 20, "2GiB": 2 << 30}


@pytest.mark.parametrize(("text", "size"), SIZES.items())
def test_memory_is_read_in_binary_units(text: str, size: int) -> None:
    assert memory_size(text) == size


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5G", "2GG", "1" * 20])
def test_other_words_are_no_memory(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EncodingError):
        memory_size(text)
    if text:
        monkeypatch.setenv("ZKMARGIN_PROVER_MEMORY", text)
        with pytest.raises(EncodingError):
            table_memory(None, 1 << 10)


def test_memory_is_what_is_asked_then_said_then_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKMARGIN_PROVER_MEMORY", "3M")
    assert table_memory(7, 1 << 14) == 7
    assert table_memory(None, 1 << 14) == 3 << 20
    monkeypatch.delenv("ZKMARGIN_PROVER_MEMORY")
    monkeypatch.setattr("zkmargin.prover.memory.free_memory", lambda: 64 << 30)
    assert table_memory(None, 1 << 14) == 512 << 20
    assert table_memory(None, 1 << 20) == 512 << 20
    monkeypatch.setattr("zkmargin.prover.memory.free_memory", lambda: 400 << 20)
    assert table_memory(None, 1 << 20) == 100 << 20


def product(c: Circuit) -> None:
    """I know two factors of a public number."""
    n = c.public("n")
    assert_product(c.private("p"), c.private("q"), n)


def test_inputs_are_proven_as_their_witness_is(engine: Engine) -> None:
    built = build(product, name="product")
    prover = Prover(insecure_setup(built.r1cs, engine), engine)
    proof, public = prover.prove_inputs(built.program, scalars_to_bytes([33, 3, 11]))
    assert public == [33]
    verify(prover.verifying_key(), public, proof, engine=engine, allow_development=True)
    with pytest.raises(UnsatisfiedWitness):
        prover.prove_inputs(built.program, scalars_to_bytes([34, 3, 11]))
    with pytest.raises(EncodingError):
        prover.prove_inputs(built.program, scalars_to_bytes([33, 3]))


def test_many_inputs(best_engine: Engine) -> None:
    built = build(product, name="product")
    prover = Prover(insecure_setup(built.r1cs, best_engine), best_engine)
    good, bad = scalars_to_bytes([33, 3, 11]), scalars_to_bytes([34, 3, 11])
    first, second, third = prover.prove_many_inputs(built.program, [good, bad, good], threads=2)
    assert isinstance(first, tuple)
    assert isinstance(third, tuple)
    assert isinstance(second, UnsatisfiedWitness)
    assert first[0] != third[0]


def test_a_program_of_another_circuit_is_a_mismatch(example: Example, best_engine: Engine) -> None:
    prover = Prover(insecure_setup(example.r1cs, best_engine), best_engine)
    with pytest.raises(WitnessMismatch):
        prover.prove_inputs(build(product, name="product").program, scalars_to_bytes([33, 3, 11]))
