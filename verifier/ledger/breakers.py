"""The breakers of a ledger's state: what time has done to them, who may pass, and what others are told of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import BreakerOpen
from .breaker import WHOLE, Position, Scope, ScopeState, Transition, apply, due
from .breaker_limits import BreakerLimits
from .entries import record_transition
from .state import State


@dataclass(frozen=True, slots=True)
class BreakerState:
    """One breaker as callers see it: that of a source chain, or of the whole ledger where `source` is None.

    `by` is "ledger" or "operator". `inflow_e8` is the level of its meter now, out of `cap_e8`; a source without a cap
    has None.
    """

    source: int | None
    position: Position
    at_ms: int
    reason: str
    by: str
    inflow_e8: int
    cap_e8: int | None
    trial_inflow_e8: int = 0
    trial_accepts: int = 0

    @property
    def is_open(self) -> bool:
        return self.position is Position.OPEN


@dataclass(frozen=True)
class Standing:
    """The breakers of some scopes at one time, and the transitions that led there from what is written down."""

    states: Mapping[Scope, ScopeState]
    transitions: tuple[Transition, ...]

    def require_passable(self) -> None:
        """Raise `BreakerOpen` where one of them is open; the whole ledger's is asked first."""
        for scope, state in self.states.items():
            if state.is_open:
                raise BreakerOpen(state.reason, scope)


def standing(state: State, limits: BreakerLimits, sources: Iterable[int], now_ms: int) -> Standing:
    """The whole ledger's breaker and those of the sources now, whether or not anybody has looked at them lately."""
    states: dict[Scope, ScopeState] = {}
    transitions = []
    for scope in (WHOLE, *sources):
        states[scope] = state.scope(scope).breaker
        if transition := due(states[scope], scope, limits, now_ms, last_root_ms(state, limits, scope)):
            states[scope] = apply(states[scope], transition)
            transitions.append(transition)
    return Standing(states, tuple(transitions))


def last_root_ms(state: State, limits: BreakerLimits, scope: Scope) -> int | None:
    """When the source's newest root was observed, if silence is watched at all."""
    if scope is None or limits.max_root_silence_ms is None:
        return None
    newest = state.newest_root(scope)
    return None if newest is None else newest.observed_at_ms


def write_down(state: State, found: Standing) -> None:
    """Log what time has done."""
    for transition in found.transitions:
        move(state, transition)


def move(state: State, transition: Transition | None) -> None:
    """Log a transition, if there is one, and put its breaker where it leads."""
    if transition is not None:
        record_transition(state, transition, apply(state.scope(transition.scope).breaker, transition))


def view(scope: Scope, breaker: ScopeState, limits: BreakerLimits, now_ms: int) -> BreakerState:
    cap_e8 = limits.inflow_cap_e8 if scope is None else limits.source_caps_e8.get(scope)
    return BreakerState(
        source=scope,
        position=breaker.position,
        at_ms=breaker.at_ms,
        reason=breaker.reason,
        by=str(breaker.who),
        inflow_e8=0 if cap_e8 is None else breaker.inflow.level_at(now_ms, cap_e8, limits.inflow_window_ms),
        cap_e8=cap_e8,
        trial_inflow_e8=breaker.trial_inflow_e8,
        trial_accepts=breaker.trial_accepts,
    )
