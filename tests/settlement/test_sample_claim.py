"""The made-up claim that proofs are timed with: true for every shape, and the same each time."""

from __future__ import annotations

import pytest

from zkmargin.circuits.margin import SHAPES, SMALL, compile_margin, declared_shape
from zkmargin.settlement.sample_claim import sample_claim

DECLARED = ["portfolio,depth=3", "small,venues=2,assets=2,underlyings=1,tiers=1,name=narrow", "standard,scenarios=0"]


@pytest.mark.parametrize("shape", [*SHAPES, *DECLARED])
def test_it_is_true_for_every_shape(shape: str) -> None:
    claim = sample_claim(declared_shape(shape))
    evaluation = claim.evaluation()
    assert evaluation.surplus_2e34 >= 0
    assert evaluation.scenarios_reach
    assert claim.holdings().reserved_for_target_e8 >= claim.credit_e8
    assert claim == sample_claim(declared_shape(shape))


def test_its_witness_satisfies_the_circuit() -> None:
    circuit = compile_margin(SMALL)
    circuit.check(circuit.witness(sample_claim(SMALL).circuit_inputs()))
