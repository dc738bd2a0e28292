"""The comparison of rules and constraints: agrees on a sample, and notices when they do not."""

from __future__ import annotations

import pytest

from benchmarks import agreement
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
