"""The circuit breaker's rules: caps that hold whatever the order of events, and every way between its positions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkmargin.verifier import ConfigError
from zkmargin.verifier.ledger.breaker import (
    WHOLE,
    Admission,
    Cap,
    Inflow,
    MarketHealth,
    Meter,
    Position,
    Scope,
    ScopeState,
    Transition,
    Who,
    admit,
    apply,
    cap_in_force,
    count_refusal,
    due,
    judge_market,
    probe,
    reset,
    trip,
)
from zkmargin.verifier.ledger.breaker_limits import BreakerLimits

NOW = 1_800_000_000_000
WINDOW = 60_000
CAP = 1_000
LIMITS = BreakerLimits(inflow_cap_e8=CAP, inflow_window_ms=WINDOW)
CHAIN, OTHER = 1, 10
CLOSED, OPEN, HALF_OPEN = Position.CLOSED, Position.OPEN, Position.HALF_OPEN


def limits(**changes: Any) -> BreakerLimits:
    return replace(LIMITS, **changes)


class Breakers:
    """A ledger's breakers, driven as the ledger drives them."""

    def __init__(self, limits: BreakerLimits = LIMITS) -> None:
        self.limits = limits
        self.states: dict[Scope, ScopeState] = {}
        self.account = Meter()
        self.log: list[Transition] = []

    def state(self, scope: Scope = WHOLE) -> ScopeState:
        return self.states.get(scope, ScopeState())

    def move(self, transition: Transition | None) -> None:
        if transition is not None:
            self.states[transition.scope] = apply(self.state(transition.scope), transition)
            self.log.append(transition)

    def add(
        self, added_e8: int, now_ms: int = NOW, sources: tuple[int, ...] = (CHAIN,), outstanding_e8: int = 0
    ) -> Admission:
        inflow = Inflow(sources, added_e8, outstanding_e8, self.account)
        admission = admit(self.limits, self.states, inflow, now_ms)
        self.states.update(admission.states)
        self.account = admission.account
        self.log += admission.transitions
        return admission


# Meters.


def test_a_meter_drains_one_cap_a_window() -> None:
    meter = Meter(CAP, NOW)
    assert meter.level_at(NOW, CAP, WINDOW) == CAP
    assert meter.level_at(NOW + WINDOW // 2, CAP, WINDOW) == CAP // 2
    assert meter.level_at(NOW + WINDOW - 1, CAP, WINDOW) == 1
    assert meter.level_at(NOW + WINDOW, CAP, WINDOW) == 0
    assert meter.level_at(NOW + 10**15, CAP, WINDOW) == 0


def test_a_clock_set_back_drains_nothing_then_or_later() -> None:
    meter = Meter(CAP, NOW)
    assert meter.level_at(NOW - 10 * WINDOW, CAP, WINDOW) == CAP
    back = meter.plus(1, NOW - 10 * WINDOW, CAP, WINDOW)
    assert back == Meter(CAP + 1, NOW)
    assert back.level_at(NOW, CAP, WINDOW) == CAP + 1


def test_nothing_added_leaves_a_meter_alone() -> None:
    """Else a flood of requests that add nothing could keep it from draining, a rounding at a time."""
    meter = Meter(CAP, NOW)
    for now_ms in range(NOW, NOW + WINDOW, 50):
        meter = meter.plus(0, now_ms, CAP, WINDOW)
    assert meter.level_at(NOW + WINDOW, CAP, WINDOW) == 0


steps = st.lists(st.tuples(st.integers(-WINDOW, 2 * WINDOW), st.integers(0, CAP + 10)), min_size=1, max_size=40)


@given(steps)
def test_never_more_than_the_cap_and_what_drained(steps: list[tuple[int, int]]) -> None:
    """Over every stretch of accepted requests, by the meter's time, which never goes back."""
    breakers, now_ms = Breakers(), NOW
    accepted: list[tuple[int, int]] = []
    for wait_ms, added_e8 in steps:
        now_ms += wait_ms
        before = breakers.state().inflow
        admission = breakers.add(added_e8, now_ms)
        if admission.exceeded is None:
            accepted.append((breakers.state().inflow.at_ms, added_e8))
            assert breakers.state().inflow.level <= CAP
        else:
            assert admission.exceeded is Cap.INFLOW
            assert breakers.state().is_open
            assert breakers.state().inflow == before, "a refused request charges nothing"
            breakers.states[WHOLE] = replace(breakers.state(), position=CLOSED)
    for first in range(len(accepted)):
        for last in range(first, len(accepted)):
            spent_ms = accepted[last][0] - accepted[first][0]
            assert sum(added for _, added in accepted[first : last + 1]) <= CAP + CAP * spent_ms // WINDOW


@given(steps)
def test_what_fits_is_accepted(steps: list[tuple[int, int]]) -> None:
    """The other side: a request within the cap and what surely drained since is never refused."""
    breakers, now_ms = Breakers(), NOW
    total = 0
    for wait_ms, added_e8 in steps:
        now_ms += abs(wait_ms)
        if total + added_e8 > CAP:
            now_ms, total = now_ms + WINDOW, 0
        if added_e8 <= CAP:
            assert breakers.add(added_e8, now_ms).exceeded is None
            total += added_e8


# Caps.


def test_the_cap_itself_fits_and_one_more_trips() -> None:
    breakers = Breakers()
    assert breakers.add(CAP).exceeded is None
    admission = breakers.add(1)
    assert (admission.exceeded, admission.scope, admission.level_e8, admission.cap_e8) == (Cap.INFLOW, WHOLE, CAP, CAP)
    assert breakers.state().is_open
    assert breakers.state(CHAIN) == ScopeState()
    assert breakers.log == [Transition(WHOLE, OPEN, NOW, breakers.state().reason, Who.LEDGER)]
    assert "1000 e8 and 1 more, 1000 are allowed" in breakers.state().reason


def test_a_credit_that_adds_nothing_always_fits() -> None:
    breakers = Breakers()
    breakers.add(CAP)
    assert breakers.add(0).exceeded is None


@pytest.mark.parametrize(
    ("outstanding_e8", "cap_e8"), [(0, 50), (499, 50), (500, 50), (510, 51), (9_999, 999), (10_000, CAP), (10**6, CAP)]
)
def test_the_relative_cap(outstanding_e8: int, cap_e8: int) -> None:
    relative = limits(inflow_cap_ppm=100_000, relative_floor_e8=50)
    assert cap_in_force(relative, outstanding_e8) == cap_e8
    assert Breakers(relative).add(cap_e8, outstanding_e8=outstanding_e8).exceeded is None
    assert Breakers(relative).add(cap_e8 + 1, outstanding_e8=outstanding_e8).exceeded is Cap.INFLOW


def test_the_relative_cap_drains_at_the_absolute_rate() -> None:
    breakers = Breakers(limits(inflow_cap_ppm=100_000, relative_floor_e8=50))
    breakers.add(50)
    assert breakers.add(50, NOW + WINDOW * 50 // CAP).exceeded is None


def test_a_floor_above_the_cap_does_not_lift_it() -> None:
    assert cap_in_force(limits(inflow_cap_ppm=1, relative_floor_e8=10 * CAP), 0) == CAP


def test_a_source_s_cap_trips_that_source_alone() -> None:
    breakers = Breakers(limits(source_caps_e8={CHAIN: 100}))
    breakers.add(100)
    assert breakers.add(500, sources=(OTHER,)).exceeded is None
    admission = breakers.add(1, sources=(OTHER, CHAIN))
    assert (admission.exceeded, admission.scope, admission.cap_e8) == (Cap.SOURCE, CHAIN, 100)
    assert [breakers.state(scope).is_open for scope in (WHOLE, CHAIN, OTHER)] == [False, True, False]
    assert breakers.state().inflow.level == 600, "the refused request charged nobody"


def test_a_source_named_twice_is_charged_once() -> None:
    breakers = Breakers(limits(source_caps_e8={CHAIN: 100}))
    assert breakers.add(60, sources=(CHAIN, CHAIN)).exceeded is None
    assert breakers.state(CHAIN).inflow.level == 60


def test_an_account_s_cap_refuses_and_trips_nothing() -> None:
    breakers = Breakers(limits(account_cap_e8=100, source_caps_e8={CHAIN: 50}))
    breakers.add(100, sources=(OTHER,))
    admission = breakers.add(60, NOW + WINDOW // 2)
    assert (admission.exceeded, admission.level_e8, admission.cap_e8) == (Cap.ACCOUNT, 50, 100)
    assert breakers.log == []
    assert not admission.states
    assert breakers.add(50, NOW + WINDOW // 2).exceeded is None
    assert breakers.account == Meter(100, NOW + WINDOW // 2)


def test_the_caps_order_is_account_sources_whole() -> None:
    whole: dict[str, Any] = {"inflow_cap_e8": 10}
    sources = {**whole, "source_caps_e8": {CHAIN: 10, OTHER: 10}}
    account = {**sources, "account_cap_e8": 10}
    admissions = [Breakers(limits(**tight)).add(11, sources=(OTHER, CHAIN)) for tight in (account, sources, whole)]
    assert [(admission.exceeded, admission.scope) for admission in admissions] == [
        (Cap.ACCOUNT, WHOLE),
        (Cap.SOURCE, OTHER),
        (Cap.INFLOW, WHOLE),
    ]


def test_without_an_account_cap_the_account_s_meter_stays() -> None:
    breakers = Breakers()
    breakers.add(5)
    assert breakers.account == Meter()


# Positions.


def test_an_operator_s_reset_empties_the_meters() -> None:
    breakers = Breakers(limits(reject_storm=5))
    breakers.add(CAP)
    breakers.states[WHOLE], _ = count_refusal(breakers.state(), breakers.limits, NOW)
    breakers.move(reset(WHOLE, NOW, "looked at it"))
    assert breakers.state() == ScopeState(CLOSED, NOW, "looked at it", Who.OPERATOR)
    assert breakers.add(CAP).exceeded is None


def test_a_trip_and_a_probe_keep_the_meters() -> None:
    breakers = Breakers(limits(trial_cap_e8=CAP))
    breakers.add(CAP)
    breakers.move(trip(breakers.state(), WHOLE, NOW, "a look", Who.OPERATOR))
    breakers.move(probe(WHOLE, NOW, "try"))
    assert breakers.state().position is HALF_OPEN
    assert breakers.add(1).exceeded is Cap.INFLOW


def test_a_trial_closes_after_so_many_accepts() -> None:
    breakers = Breakers(limits(trial_cap_e8=100, trial_accepts=3))
    breakers.move(probe(WHOLE, NOW, "try"))
    for _ in range(2):
        assert breakers.add(30).exceeded is None
        assert breakers.state().position is HALF_OPEN
    assert breakers.add(40).exceeded is None
    assert breakers.state().position is CLOSED
    assert breakers.log[-1] == Transition(WHOLE, CLOSED, NOW, "3 accepted on trial", Who.LEDGER)
    assert breakers.state().inflow.level == 100, "a trial that ends well empties no meter"
    assert breakers.add(CAP - 100).exceeded is None


def test_a_trial_s_cap_opens_again() -> None:
    breakers = Breakers(limits(trial_cap_e8=100, trial_accepts=3, half_open_after_ms=1_000))
    breakers.move(probe(WHOLE, NOW, "try"))
    breakers.add(100)
    admission = breakers.add(1, NOW + 10 * WINDOW)
    assert (admission.exceeded, admission.level_e8, admission.cap_e8) == (Cap.TRIAL, 100, 100)
    assert breakers.state().is_open
    assert breakers.state().at_ms == NOW + 10 * WINDOW
    assert breakers.state().trial_inflow_e8 == breakers.state().trial_accepts == 0
    transition = due(breakers.state(), WHOLE, breakers.limits, NOW + 10 * WINDOW + 1_000)
    assert transition is not None
    assert transition.position is HALF_OPEN


def test_a_trial_s_inflow_adds_up() -> None:
    breakers = Breakers(limits(trial_cap_e8=100, trial_accepts=9))
    breakers.move(probe(WHOLE, NOW, "try"))
    assert [breakers.add(added).exceeded for added in (60, 30)] == [None, None]
    assert (breakers.add(11).level_e8, breakers.state().is_open) == (90, True)


def test_a_source_named_twice_is_on_trial_once() -> None:
    breakers = Breakers(limits(trial_cap_e8=100, trial_accepts=1))
    breakers.move(probe(CHAIN, NOW, "try"))
    assert [transition.position for transition in breakers.add(1, sources=(CHAIN, CHAIN)).transitions] == [CLOSED]


def test_a_trial_of_one_source() -> None:
    breakers = Breakers(limits(trial_cap_e8=100, trial_accepts=1))
    breakers.move(probe(CHAIN, NOW, "try"))
    assert breakers.add(101, sources=(OTHER,)).exceeded is None
    admission = breakers.add(101)
    assert (admission.exceeded, admission.scope) == (Cap.TRIAL, CHAIN)
    breakers.move(probe(CHAIN, NOW, "try"))
    assert breakers.add(100).exceeded is None
    assert breakers.state(CHAIN).position is CLOSED


def test_a_new_probe_begins_the_trial_anew() -> None:
    breakers = Breakers(limits(trial_cap_e8=100, trial_accepts=5))
    breakers.move(probe(WHOLE, NOW, "try"))
    breakers.add(100)
    breakers.move(probe(WHOLE, NOW, "try more"))
    assert breakers.add(100).exceeded is None


def test_the_ledger_s_own_trip_waits_and_half_opens() -> None:
    patient = limits(half_open_after_ms=5_000, trial_cap_e8=1)
    state = apply(ScopeState(), Transition(WHOLE, OPEN, NOW, "cap", Who.LEDGER))
    assert due(state, WHOLE, patient, NOW + 4_999) is None
    assert due(state, WHOLE, patient, NOW + 5_000) == Transition(
        WHOLE, HALF_OPEN, NOW + 5_000, "open for 5000 ms", Who.LEDGER
    )
    assert due(state, WHOLE, LIMITS, NOW + 10**9) is None, "not configured: an operator's business"
    assert due(state, WHOLE, patient, NOW - 10**9) is None, "a clock set back"


def test_an_operator_s_trip_never_half_opens_by_itself() -> None:
    patient = limits(half_open_after_ms=5_000, trial_cap_e8=1)
    state = apply(ScopeState(), Transition(WHOLE, OPEN, NOW, "stop", Who.OPERATOR))
    assert due(state, WHOLE, patient, NOW + 10**9) is None
    assert trip(state, WHOLE, NOW + 1, "cap") is None, "nor does the ledger take it over"
    taken = trip(apply(ScopeState(), Transition(WHOLE, OPEN, NOW, "cap", Who.LEDGER)), WHOLE, NOW, "s", Who.OPERATOR)
    assert taken is not None, "an operator takes over the ledger's trip"
    assert taken.who is Who.OPERATOR


def test_a_second_cause_starts_the_wait_again() -> None:
    state = apply(ScopeState(), Transition(WHOLE, OPEN, NOW, "first", Who.LEDGER))
    again = trip(state, WHOLE, NOW + 100, "second")
    assert again == Transition(WHOLE, OPEN, NOW + 100, "second", Who.LEDGER)


@pytest.mark.parametrize("position", [CLOSED, HALF_OPEN])
def test_closed_and_half_open_breakers_wait_for_nothing(position: Position) -> None:
    state = ScopeState(position, NOW)
    assert due(state, WHOLE, limits(half_open_after_ms=1, trial_cap_e8=1), NOW + 10**9) is None


# Silence.


def test_silence_of_a_source_opens_it() -> None:
    strict = limits(max_root_silence_ms=10_000)
    assert due(ScopeState(), CHAIN, strict, NOW + 10_000, NOW) is None
    opened = due(ScopeState(), CHAIN, strict, NOW + 10_001, NOW)
    assert opened == Transition(CHAIN, OPEN, NOW + 10_001, "no new root for more than 10000 ms", Who.LEDGER)
    assert due(ScopeState(), CHAIN, LIMITS, NOW + 10**9, NOW) is None
    assert due(ScopeState(), CHAIN, strict, NOW + 10**9, None) is None, "a source that has not begun is not silent"
    assert due(ScopeState(), CHAIN, strict, NOW - 10**9, NOW) is None


def test_a_silent_source_does_not_half_open_and_is_told_once() -> None:
    strict = limits(max_root_silence_ms=10_000, half_open_after_ms=1_000, trial_cap_e8=1)
    state = apply(ScopeState(), Transition(CHAIN, OPEN, NOW, "silence", Who.LEDGER))
    assert due(state, CHAIN, strict, NOW + 60_000, NOW) is None
    transition = due(state, CHAIN, strict, NOW + 60_000, NOW + 59_000)
    assert transition is not None
    assert transition.position is HALF_OPEN


def test_silence_ends_a_trial() -> None:
    transition = due(ScopeState(HALF_OPEN, NOW), CHAIN, limits(max_root_silence_ms=1), NOW + 2, NOW)
    assert transition is not None
    assert transition.position is OPEN


# The market, and storms of refusals.


@pytest.mark.parametrize(
    ("disagreement_ppm", "price_gap_ppm", "reason"),
    [
        (500, 900, None),
        (501, 900, "oracles disagree by 501 ppm, 500 are allowed"),
        (500, 901, "prices jumped by 901 ppm, 900 are allowed"),
    ],
)
def test_a_market_gone_wild(disagreement_ppm: int, price_gap_ppm: int, reason: str | None) -> None:
    strict = limits(max_disagreement_ppm=500, max_price_gap_ppm=900)
    market = MarketHealth(NOW, disagreement_ppm, price_gap_ppm)
    transition = judge_market(ScopeState(), strict, market, NOW)
    assert transition == (Transition(WHOLE, OPEN, NOW, reason, Who.LEDGER) if reason else None)
    assert judge_market(ScopeState(), LIMITS, market, NOW) is None


def test_a_calm_market_closes_nothing() -> None:
    state = ScopeState(OPEN, NOW)
    assert judge_market(state, limits(max_price_gap_ppm=900), MarketHealth(NOW, 0, 0), NOW) is None


def test_a_storm_of_refusals() -> None:
    stormy = limits(reject_storm=3, reject_window_ms=3_000)
    state, transition = ScopeState(), None
    for _ in range(3):
        state, transition = count_refusal(state, stormy, NOW)
        assert transition is None
    calm, transition = count_refusal(state, stormy, NOW + 1_000)
    assert (transition, calm.refusals) == (None, Meter(3, NOW + 1_000))
    state, transition = count_refusal(state, stormy, NOW + 999)
    assert state.is_open
    assert transition == Transition(WHOLE, OPEN, NOW + 999, "more than 3 refusals within 3000 ms", Who.LEDGER)
    assert count_refusal(state, stormy, NOW + 999) == (state, None), "an open breaker counts nothing"
    assert count_refusal(ScopeState(), LIMITS, NOW) == (ScopeState(), None)


def test_a_storm_is_counted_anew_after_it_tripped() -> None:
    stormy = limits(reject_storm=1, trial_cap_e8=5)
    state, _ = count_refusal(count_refusal(ScopeState(), stormy, NOW)[0], stormy, NOW)
    state = apply(state, probe(WHOLE, NOW, "try"))
    assert count_refusal(state, stormy, NOW)[1] is None


# Whatever happens.


events = st.lists(
    st.tuples(
        st.integers(-1_000, 2 * WINDOW),
        st.sampled_from(["add", "add", "add", "trip", "probe", "reset", "due", "storm", "market"]),
        st.integers(0, CAP + 100),
        st.sampled_from([(CHAIN,), (OTHER,), (CHAIN, OTHER)]),
        st.sampled_from([WHOLE, CHAIN, OTHER]),
    ),
    max_size=60,
)
FULL = limits(
    inflow_cap_ppm=200_000,
    relative_floor_e8=400,
    source_caps_e8={CHAIN: 300},
    account_cap_e8=600,
    max_price_gap_ppm=900,
    reject_storm=3,
    trial_cap_e8=200,
    trial_accepts=2,
    half_open_after_ms=1_000,
)


@given(events)
def test_the_log_tells_every_position(events: list[tuple[int, str, int, tuple[int, ...], Scope]]) -> None:
    """Positions are a fold of the transitions; no level passes its cap; nothing goes through an open breaker."""
    breakers, now_ms = Breakers(FULL), NOW
    for wait_ms, what, amount, sources, scope in events:
        now_ms += wait_ms
        state = breakers.state(scope)
        if what == "add" and not any(breakers.state(s).is_open for s in (WHOLE, *sources)):
            admission = breakers.add(amount, now_ms, sources, outstanding_e8=4 * amount)
            opened = {t.scope for t in admission.transitions if t.position is OPEN}
            assert opened == ({admission.scope} if admission.exceeded not in (None, Cap.ACCOUNT) else set())
        elif what == "trip":
            breakers.move(trip(state, scope, now_ms, "stop", Who.OPERATOR))
        elif what == "probe":
            breakers.move(probe(scope, now_ms, "try"))
        elif what == "reset":
            breakers.move(reset(scope, now_ms, "go on"))
        elif what == "due":
            breakers.move(due(state, scope, FULL, now_ms))
        elif what == "market":
            breakers.move(judge_market(breakers.state(), FULL, MarketHealth(now_ms, 0, amount), now_ms))
        elif what == "storm":
            breakers.states[WHOLE], transition = count_refusal(breakers.state(), FULL, now_ms)
            breakers.log += [transition] if transition else []
        assert breakers.state().inflow.level <= CAP
        assert breakers.state(CHAIN).inflow.level <= 300
        assert breakers.account.level <= 600
        assert all(state.trial_inflow_e8 <= 200 and state.trial_accepts < 2 for state in breakers.states.values())
    told: dict[Scope, ScopeState] = {}
    for transition in breakers.log:
        told[transition.scope] = apply(told.get(transition.scope, ScopeState()), transition)
    for scope, state in breakers.states.items():
        expected = told.get(scope, ScopeState())
        assert (state.position, state.at_ms, state.reason, state.who) == (
            expected.position,
            expected.at_ms,
            expected.reason,
            expected.who,
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("inflow_cap_e8", 0),
        ("inflow_cap_e8", 1 << 64),
        ("inflow_window_ms", 0),
        ("inflow_window_ms", 1 << 40),
        ("inflow_cap_ppm", 0),
        ("relative_floor_e8", -1),
        ("source_caps_e8", {CHAIN: 0}),
        ("source_caps_e8", {-1: 5}),
        ("source_caps_e8", dict.fromkeys(range(1025), 1)),
        ("account_cap_e8", 0),
        ("max_root_silence_ms", 0),
        ("max_disagreement_ppm", -1),
        ("max_price_gap_ppm", True),
        ("reject_storm", 0),
        ("reject_window_ms", 0),
        ("trial_cap_e8", -1),
        ("trial_accepts", 0),
        ("half_open_after_ms", 1.5),
    ],
)
def test_limits_that_cannot_be_meant(field: str, value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        limits(**{field: value})
    assert caught.value.field == field


def test_limits_that_would_stop_everything() -> None:
    with pytest.raises(ConfigError, match="relative_floor_e8"):
        limits(inflow_cap_ppm=1)
    with pytest.raises(ConfigError, match="trial_cap_e8"):
        limits(half_open_after_ms=1)
