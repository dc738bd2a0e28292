"""Junk in any place of a policy is an error of this library that says where, never anything else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from zkmargin.settlement.errors import DocumentError, RiskError
from zkmargin.settlement.risk.example import example_policy, example_snapshot
from zkmargin.settlement.risk.forecast import Forecast
from zkmargin.settlement.risk.policy_document import policy_json, read_policy
from zkmargin.settlement.risk.table import build_risk_table

DOCUMENT = policy_json(example_policy("small"))
SNAPSHOT = example_snapshot("small")
FORECASTS = {name: Forecast.fixed(600_000) for name in ("BTC", "ETH", "SOL", "USDC")}
JUNK = (None, True, 0, -1, 1 << 70, "", "NaN", "-1", "1e9", "x" * 300, "\u0000", [], [[]], [{}], {}, {"a": 1})


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every member and entry at every depth."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in members:
        yield (*way, step)
        yield from places(inner, (*way, step))


def outcome(document: Any) -> type[BaseException] | None:
    """What reading the policy and making a table from it raises."""
    try:
        policy = read_policy(json.dumps(document))
    except DocumentError:
        return DocumentError
    try:
        build_risk_table(policy, SNAPSHOT, FORECASTS)
    except RiskError:
        return RiskError
    return None


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: repr(junk)[:20])
def test_junk_in_any_place(junk: Any) -> None:
    outcomes = []
    for *way, last in places(DOCUMENT):
        copy = json.loads(json.dumps(DOCUMENT))
        target = copy
        for step in way:
            target = target[step]
        target[last] = junk
        outcomes.append(outcome(copy))
    assert outcomes.count(DocumentError) > len(outcomes) // 2


@pytest.mark.parametrize("step", sorted(DOCUMENT))
def test_every_field_must_be_there(step: str) -> None:
    with pytest.raises(DocumentError) as refused:
        read_policy(json.dumps({name: value for name, value in DOCUMENT.items() if name != step}))
    assert refused.value.field == step
