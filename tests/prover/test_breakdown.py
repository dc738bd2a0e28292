"""Where the time of a proof goes: the phases, and the operations that their floors count."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zkmargin.algebra import BN254, EngineUnavailable, get_engine
from zkmargin.prover import Prover, UnsatisfiedWitness, WitnessMismatch, insecure_setup
from zkmargin.prover.breakdown import OPERATIONS, Floor, measure

from .conftest import Example, circuit, cubic, powers_chain

native = pytest.mark.skipif(get_engine().name != "native", reason="only the native engine counts and times its work")


@native
def test_every_phase_is_timed_and_those_of_counted_operations_have_a_floor() -> None:
    example = powers_chain(30)
    found = measure(Prover(insecure_setup(example.r1cs)), example.witness, 3)
    assert found.rounds == 3
    assert found.threads >= 1
    names = [phase.name for phase in found.phases]
    assert len(set(names)) == len(names)
    assert set(OPERATIONS) <= set(names)
    assert {phase.name for phase in found.phases if phase.floor is not None} == set(OPERATIONS)
    assert all(phase.seconds >= 0 for phase in found.phases)
    assert found.floor_seconds > 0
    assert max(phase.seconds for phase in found.phases) <= found.total * 3
    assert set(found.costs) == {"product", "butterfly", "g1_addition", "g2_addition"}
    assert all(0 < cost < 1e-3 for cost in found.costs.values())


def test_a_floor_is_operations_times_cost_over_threads() -> None:
    assert Floor("product", 1_000, 2e-9, 4).seconds == pytest.approx(5e-7)


@native
@pytest.mark.parametrize("folded", [True, False])
def test_work_is_counted_in_the_key_and_the_witness(folded: bool) -> None:
    example = cubic()
    key = insecure_setup(example.r1cs)
    key = key if folded else replace(key, folded_points=None)
    work = Prover(key).least_work(example.witness)
    size = key.domain_size
    transforms = 4 if folded else 6
    assert work["butterflies"] == transforms * (size // 2) * (size.bit_length() - 1)
    assert work["products"] == size + _neither_one_nor_minus_one(key.a.coefficients + key.b.coefficients)
    assert work["b1"] == work["b2"]
    assert 0 < work["a"] <= 3 * key.n_wires


def _neither_one_nor_minus_one(coefficients: bytes) -> int:
    found = [int.from_bytes(coefficients[k : k + 32], "little") for k in range(0, len(coefficients), 32)]
    return sum(value not in (1, BN254.r - 1) for value in found)


@native
def test_large_scalars_cost_more_additions_than_bits() -> None:
    rows = [({i: 1}, {0: 1}, {i: 1}) for i in range(1, 200)]
    small, large = (circuit(rows, [1] + [value] * 199) for value in (1, BN254.r // 3))
    prover = Prover(insecure_setup(small.r1cs))
    of_small, of_large = (prover.least_work(example.witness)["a"] for example in (small, large))
    assert 199 <= of_small < 230
    assert of_large > 5 * of_small


@native
def test_what_cannot_be_proven_is_not_measured(cubic_example: Example) -> None:
    prover = Prover(insecure_setup(cubic_example.r1cs))
    with pytest.raises(UnsatisfiedWitness):
        measure(prover, cubic_example.with_wire(3, 5), 1)
    with pytest.raises(WitnessMismatch):
        measure(prover, cubic_example.witness[:-32], 1)


def test_the_reference_engine_counts_nothing(cubic_example: Example) -> None:
    engine = get_engine("reference")
    prover = Prover(insecure_setup(cubic_example.r1cs, engine), engine)
    with pytest.raises(EngineUnavailable, match="counted"):
        measure(prover, cubic_example.witness, 1)
