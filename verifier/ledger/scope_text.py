"""What a ledger keeps for each scope of its breaker, and the text that a store keeps of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .breaker import WHOLE, Meter, Position, Scope, ScopeState, Who
from .log import canonical

_WHOLE_NAME = "whole"


@dataclass(frozen=True)
class ScopeRecord:
    """The breaker, and for a source when a root of it was last retracted: what was attested before may be of the lost
    branch."""

    breaker: ScopeState = field(default_factory=ScopeState)
    retracted_at_ms: int = -1


def scope_name(scope: Scope) -> str:
    return _WHOLE_NAME if scope is WHOLE else str(scope)


def scope_of(name: str) -> Scope:
    return WHOLE if name == _WHOLE_NAME else int(name)


def to_members(record: ScopeRecord) -> dict[str, Any]:
    """Everything that differs from a new scope's, for the log and the store."""
    breaker = record.breaker
    members: dict[str, Any] = {"position": str(breaker.position), "at_ms": breaker.at_ms}
    if breaker.reason:
        members |= {"reason": breaker.reason, "who": str(breaker.who)}
    for name in ("inflow", "refusals"):
        meter: Meter = getattr(breaker, name)
        if meter != Meter():
            members[name] = [str(meter.level), meter.at_ms]
    if breaker.position is Position.HALF_OPEN:
        members |= {"trial_inflow_e8": str(breaker.trial_inflow_e8), "trial_accepts": breaker.trial_accepts}
    if record.retracted_at_ms >= 0:
        members["retracted_at_ms"] = record.retracted_at_ms
    return members


def from_members(members: Mapping[str, Any]) -> ScopeRecord:
    breaker = ScopeState(
        position=Position(members["position"]),
        at_ms=members["at_ms"],
        reason=members.get("reason", ""),
        who=Who(members.get("who", Who.LEDGER)),
        inflow=_meter(members.get("inflow")),
        refusals=_meter(members.get("refusals")),
        trial_inflow_e8=int(members.get("trial_inflow_e8", 0)),
        trial_accepts=members.get("trial_accepts", 0),
    )
    return ScopeRecord(breaker, members.get("retracted_at_ms", -1))


def to_text(record: ScopeRecord) -> str:
    return canonical(to_members(record))


def from_text(text: str) -> ScopeRecord:
    return from_members(json.loads(text))


def _meter(members: Any) -> Meter:
    return Meter() if members is None else Meter(int(members[0]), members[1])
