"""The comparison of rules and constraints: agrees on a sample, and notices when they do not."""

from __future__ import annotations

import pytest

from benchmarks import agreement, agreement_proofs
from zkmargin.algebra import get_engine
from zkmargin.circuits.margin import SHAPES, declared_shape, rules


@pytest.mark.parametrize("shape", [*SHAPES.values(), declared_shape("standard,venues=2,tiers=4,scenarios=5")], ids=str)
def test_rules_and_constraints_agree_on_a_sample(shape) -> None:
    found = agreement.compare(shape, 600, 3, get_engine("native"))
    assert found.total() == 600
    kinds = {kind for kind, _ in found}
    assert kinds == {"random", "just enough", "one unit short"}
    assert not any(holds for kind, holds in found if kind == "one unit short")
    assert found["just enough", True] > 0


@pytest.mark.parametrize("rule", ["delta_gamma_2e34", "short_contingency_2e34", "liquidity_2e34", "counted_e17"])
def test_a_rule_that_is_another_is_noticed(monkeypatch, rule) -> None:
    """A thousandth less asked for, or more counted, than the constraints do."""
    true, share = getattr(rules, rule), 1001 if rule == "counted_e17" else 999
    monkeypatch.setattr(rules, rule, lambda *given: true(*given) * share // 1000)
    with pytest.raises(AssertionError, match="rules say True"):
        agreement.compare(SHAPES["small"], 2_000, 3, get_engine("native"))


def test_claims_are_proven_exactly_where_the_rules_hold() -> None:
    proven, refused = agreement_proofs.prove_all(
        declared_shape("small,venues=2,scenarios=3,depth=2"), 12, 1, get_engine("native")
    )
    assert proven + refused == 12
    assert proven > 0
    assert refused > 0


def test_rules_that_refuse_what_the_circuit_takes_are_noticed(monkeypatch) -> None:
    monkeypatch.setattr(agreement_proofs, "is_true", lambda claim: False)
    with pytest.raises(AssertionError, match="a false claim is satisfied"):
        agreement_proofs.prove_all(SHAPES["small"], 12, 1, get_engine("native"))
