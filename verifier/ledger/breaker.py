"""The circuit breaker's rules, pure: a state and what happened in, the new state and what is to be written down out.

There is a breaker for the whole ledger and one for each source chain. Each is closed (accepts), open (accepts nothing)
or half-open (accepts a little, on trial). A request passes where neither the whole ledger's nor that of any of its
sources is open. The contract on the target chain follows the same rules in the same integers.

A cap is a leaky bucket: it holds what came in, and drains at a full cap for each window. Over any time `t` at most
`cap + cap * t / window` comes in, because the level never exceeds the cap and only draining makes room. It needs one
level and one time, however many requests there were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from .breaker_limits import PPM, BreakerLimits

Scope = int | None
"""A source chain's id, or None for the whole ledger."""
WHOLE: Scope = None


class Position(StrEnum):
    """How a breaker stands: it lets pass all, nothing, or a little on trial."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Who(StrEnum):
    """Who moved a breaker: the ledger by one of these rules, or somebody."""

    LEDGER = "ledger"
    OPERATOR = "operator"


class Cap(StrEnum):
    """Which cap a request would exceed."""

    ACCOUNT = "account"
    SOURCE = "source"
    INFLOW = "inflow"
    TRIAL = "trial"


@dataclass(frozen=True)
class Meter:
    """A bucket that held `level` at `at_ms`."""

    level: int = 0
    at_ms: int = 0

    def level_at(self, now_ms: int, cap: int, window_ms: int) -> int:
        """What is left in it now. A clock that was set back drains nothing."""
        return max(0, self.level - cap * max(0, now_ms - self.at_ms) // window_ms)

    def plus(self, added: int, now_ms: int, cap: int, window_ms: int) -> Meter:
        """The bucket with `added` in it. Nothing added leaves it alone, since each change rounds the draining down.

        Its time never goes back: the time between would drain twice.
        """
        if added == 0:
            return self
        return Meter(self.level_at(now_ms, cap, window_ms) + added, max(self.at_ms, now_ms))


@dataclass(frozen=True)
class ScopeState:
    """One breaker: its position, since when, why and by whom; what it measures; how its trial goes.

    `refusals` is used for the whole ledger alone.
    """

    position: Position = Position.CLOSED
    at_ms: int = 0
    reason: str = ""
    who: Who = Who.LEDGER
    inflow: Meter = field(default_factory=Meter)
    refusals: Meter = field(default_factory=Meter)
    trial_inflow_e8: int = 0
    trial_accepts: int = 0

    @property
    def is_open(self) -> bool:
        return self.position is Position.OPEN


@dataclass(frozen=True)
class Transition:
    """A breaker moved; an entry of the log."""

    scope: Scope
    position: Position
    at_ms: int
    reason: str
    who: Who


@dataclass(frozen=True)
class MarketHealth:
    """What the oracles' aggregator says of the market at a time: how far they disagree, how far prices jumped."""

    oracle_time_ms: int
    disagreement_ppm: int
    price_gap_ppm: int


@dataclass(frozen=True)
class Inflow:
    """What accepting a request whose proof holds would bring: `added_e8` is what it adds to the account's margin."""

    sources: Sequence[int]
    added_e8: int
    outstanding_e8: int
    """All margin of the ledger now, before this request."""
    account: Meter


@dataclass(frozen=True)
class Admission:
    """The answer: `exceeded` is None for a request that is within all caps, and the rest is what has changed.

    `cap_e8` and `level_e8` say what was exceeded in `scope`; `states` holds the breakers that are different now.
    """

    states: Mapping[Scope, ScopeState]
    account: Meter
    transitions: tuple[Transition, ...] = ()
    exceeded: Cap | None = None
    scope: Scope = WHOLE
    level_e8: int = 0
    cap_e8: int = 0


def apply(state: ScopeState, transition: Transition) -> ScopeState:
    """The breaker after a transition. An operator who closes it empties its meters; a trial that ends well does not."""
    moved = replace(
        state,
        position=transition.position,
        at_ms=transition.at_ms,
        reason=transition.reason,
        who=transition.who,
        trial_inflow_e8=0,
        trial_accepts=0,
    )
    if transition.position is Position.CLOSED and transition.who is Who.OPERATOR:
        return replace(moved, inflow=Meter(), refusals=Meter())
    return moved


def trip(state: ScopeState, scope: Scope, now_ms: int, reason: str, who: Who = Who.LEDGER) -> Transition | None:
    """Open a breaker. One that an operator has opened stays the operator's.

    One that the ledger itself has opened is opened anew, so that the time until its trial counts from the last cause.
    """
    if state.is_open and state.who is Who.OPERATOR and who is Who.LEDGER:
        return None
    return Transition(scope, Position.OPEN, now_ms, reason, who)


def probe(scope: Scope, now_ms: int, reason: str) -> Transition:
    """An operator lets a breaker try: half-open, whatever it was."""
    return Transition(scope, Position.HALF_OPEN, now_ms, reason, Who.OPERATOR)


def reset(scope: Scope, now_ms: int, reason: str) -> Transition:
    """An operator closes a breaker; what came in before no longer counts."""
    return Transition(scope, Position.CLOSED, now_ms, reason, Who.OPERATOR)


def due(
    state: ScopeState, scope: Scope, limits: BreakerLimits, now_ms: int, last_root_ms: int | None = None
) -> Transition | None:
    """What time alone does to a breaker: a silent source opens, a breaker that waited long enough becomes half-open.

    `last_root_ms` is when the source's newest root was observed, None for the whole ledger and for a source that has
    not begun. Ask before every decision and before every new root, so that a silence is never overlooked because
    nobody asked while it lasted.
    """
    silence_ms = limits.max_root_silence_ms
    if silence_ms is not None and last_root_ms is not None and now_ms - last_root_ms > silence_ms:
        return None if state.is_open else trip(state, scope, now_ms, f"no new root for more than {silence_ms} ms")
    wait_ms = limits.half_open_after_ms
    if wait_ms is None or not state.is_open or state.who is Who.OPERATOR or now_ms - state.at_ms < wait_ms:
        return None
    return Transition(scope, Position.HALF_OPEN, now_ms, f"open for {wait_ms} ms", Who.LEDGER)


def judge_market(whole: ScopeState, limits: BreakerLimits, market: MarketHealth, now_ms: int) -> Transition | None:
    """Open the whole ledger's breaker where the oracles disagree, or prices jumped, by more than is allowed."""
    checks = (
        ("oracles disagree by", market.disagreement_ppm, limits.max_disagreement_ppm),
        ("prices jumped by", market.price_gap_ppm, limits.max_price_gap_ppm),
    )
    for what, found, most in checks:
        if most is not None and found > most:
            return trip(whole, WHOLE, now_ms, f"{what} {found} ppm, {most} are allowed")
    return None


def count_refusal(whole: ScopeState, limits: BreakerLimits, now_ms: int) -> tuple[ScopeState, Transition | None]:
    """Count a refused request, and open the whole ledger's breaker on a storm of them.

    Anybody can send requests that are refused, so anybody can cause this: it is off unless configured. While the
    breaker is open nothing is counted.
    """
    most = limits.reject_storm
    if most is None or whole.is_open:
        return whole, None
    if whole.refusals.level_at(now_ms, most, limits.reject_window_ms) + 1 > most:
        reason = f"more than {most} refusals within {limits.reject_window_ms} ms"
        storm = Transition(WHOLE, Position.OPEN, now_ms, reason, Who.LEDGER)
        return apply(replace(whole, refusals=Meter()), storm), storm
    refusals = whole.refusals.plus(1, now_ms, most, limits.reject_window_ms)
    return replace(whole, refusals=refusals), None


def cap_in_force(limits: BreakerLimits, outstanding_e8: int) -> int:
    """The whole ledger's inflow cap: the absolute one, or less while little margin is outstanding."""
    if limits.inflow_cap_ppm is None:
        return limits.inflow_cap_e8
    relative = max(limits.relative_floor_e8, outstanding_e8 * limits.inflow_cap_ppm // PPM)
    return min(limits.inflow_cap_e8, relative)


def admit(limits: BreakerLimits, states: Mapping[Scope, ScopeState], inflow: Inflow, now_ms: int) -> Admission:
    """Hold a request, whose proof was found to hold, against the caps: the account's, its sources', the whole ledger's.

    The first that it would exceed refuses it, and charges nothing. The account's cap opens no breaker: it is the
    business of one trader. The others open the breaker of their scope.
    """
    refusal = _account_refusal(limits, states, inflow, now_ms) or _scope_refusal(limits, states, inflow, now_ms)
    return refusal or _charged(limits, states, inflow, now_ms)


def _account_refusal(
    limits: BreakerLimits, states: Mapping[Scope, ScopeState], inflow: Inflow, now_ms: int
) -> Admission | None:
    cap = limits.account_cap_e8
    if cap is None:
        return None
    level = inflow.account.level_at(now_ms, cap, limits.inflow_window_ms)
    if level + inflow.added_e8 <= cap:
        return None
    return Admission({}, inflow.account, exceeded=Cap.ACCOUNT, level_e8=level, cap_e8=cap)


def _scope_refusal(
    limits: BreakerLimits, states: Mapping[Scope, ScopeState], inflow: Inflow, now_ms: int
) -> Admission | None:
    for scope in _scopes(inflow):
        state = states.get(scope, ScopeState())
        exceeded = _exceeded(limits, state, scope, inflow, now_ms)
        if exceeded is None:
            continue
        cap, level_e8, cap_e8 = exceeded
        reason = f"{cap} cap exceeded: {level_e8} e8 and {inflow.added_e8} more, {cap_e8} are allowed"
        opened = Transition(scope, Position.OPEN, now_ms, reason, Who.LEDGER)
        return Admission({scope: apply(state, opened)}, inflow.account, (opened,), cap, scope, level_e8, cap_e8)
    return None


def _scopes(inflow: Inflow) -> list[Scope]:
    """Each source once, in the request's order, then the whole ledger."""
    return [*dict.fromkeys(inflow.sources), WHOLE]


def _exceeded(
    limits: BreakerLimits, state: ScopeState, scope: Scope, inflow: Inflow, now_ms: int
) -> tuple[Cap, int, int] | None:
    """(which cap, its level now, the cap) where the request would exceed one of this scope's."""
    full = _full_cap(limits, scope)
    if full is not None:
        cap = cap_in_force(limits, inflow.outstanding_e8) if scope is WHOLE else full
        level = state.inflow.level_at(now_ms, full, limits.inflow_window_ms)
        if level + inflow.added_e8 > cap:
            return Cap.INFLOW if scope is WHOLE else Cap.SOURCE, level, cap
    trial = state.trial_inflow_e8
    if state.position is Position.HALF_OPEN and trial + inflow.added_e8 > limits.trial_cap_e8:
        return Cap.TRIAL, trial, limits.trial_cap_e8
    return None


def _full_cap(limits: BreakerLimits, scope: Scope) -> int | None:
    """The cap at which the scope's meter drains."""
    return limits.inflow_cap_e8 if scope is None else limits.source_caps_e8.get(scope)


def _charged(limits: BreakerLimits, states: Mapping[Scope, ScopeState], inflow: Inflow, now_ms: int) -> Admission:
    window_ms, account = limits.inflow_window_ms, inflow.account
    if limits.account_cap_e8 is not None:
        account = account.plus(inflow.added_e8, now_ms, limits.account_cap_e8, window_ms)
    changed: dict[Scope, ScopeState] = {}
    closed: list[Transition] = []
    for scope in _scopes(inflow):
        before = state = states.get(scope, ScopeState())
        full = _full_cap(limits, scope)
        if full is not None:
            state = replace(state, inflow=state.inflow.plus(inflow.added_e8, now_ms, full, window_ms))
        if state.position is Position.HALF_OPEN:
            state, transition = _tried(limits, state, scope, inflow.added_e8, now_ms)
            closed += [transition] if transition else []
        if state != before:
            changed[scope] = state
    return Admission(changed, account, tuple(closed))


def _tried(
    limits: BreakerLimits, state: ScopeState, scope: Scope, added_e8: int, now_ms: int
) -> tuple[ScopeState, Transition | None]:
    """A half-open breaker after one more accepted request: on trial still, or closed."""
    accepts = state.trial_accepts + 1
    if accepts < limits.trial_accepts:
        return replace(state, trial_inflow_e8=state.trial_inflow_e8 + added_e8, trial_accepts=accepts), None
    closed = Transition(scope, Position.CLOSED, now_ms, f"{accepts} accepted on trial", Who.LEDGER)
    return apply(state, closed), closed
