"""Whatever happens to a ledger, in any order: its tables are what its log adds up to, and margins are a model's."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zkmargin.algebra import Engine
from zkmargin.verifier import MarginLedger, MarketHealth, Receipt, RootRejected, SettlementRequest

from .world import CHAIN, CONFIG, NOW, UNIT, Clock, World

ACCOUNTS = (1, 2, 3)
DAY_MS = 86_400_000
CONFIG_OF_A_LIFE = replace(
    CONFIG,
    max_root_age_ms=DAY_MS,
    max_risk_age_ms=DAY_MS,
    limits=replace(
        CONFIG.limits,
        inflow_cap_e8=300 * UNIT,
        inflow_window_ms=2_000,
        inflow_cap_ppm=900_000,
        relative_floor_e8=150 * UNIT,
        source_caps_e8={CHAIN: 280 * UNIT},
        account_cap_e8=200 * UNIT,
        max_root_silence_ms=20_000,
        max_disagreement_ppm=10,
        reject_storm=6,
        reject_window_ms=5_000,
        half_open_after_ms=700,
        trial_cap_e8=60 * UNIT,
        trial_accepts=2,
    ),
)
LIFETIMES_MS = st.sampled_from([300, 3_000, 400_000])
CREDIT = st.tuples(st.sampled_from(ACCOUNTS), st.integers(0, 120), st.integers(1, 4), LIFETIMES_MS)
MOVE = st.tuples(st.sampled_from(["trip", "probe", "reset"]), st.sampled_from([None, CHAIN]))
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("accept"), st.lists(CREDIT, min_size=1, max_size=4)),
        st.tuples(st.just("repay"), st.tuples(st.integers(0, 20), st.integers(0, 100))),
        st.tuples(st.just("release"), st.integers(0, 20)),
        st.tuples(st.just("release_account"), st.tuples(st.sampled_from(ACCOUNTS), st.integers(0, 20))),
        st.tuples(st.just("root"), st.integers(0, 3)),
        st.tuples(st.just("retract"), st.integers(8, 12)),
        st.tuples(st.just("breaker"), MOVE),
        st.tuples(st.just("market"), st.integers(9, 11)),
        st.tuples(st.just("wait"), st.sampled_from([1, 299, 700, 2_000, 25_000, -400])),
    ),
    min_size=3,
    max_size=14,
)


@dataclass
class Life:
    """A ledger, what was told to it, and a model of its accounts: (credit, expiry, sequence), released through."""

    world: World
    ledger: MarginLedger
    clock: Clock
    latest_ms: int = NOW
    sequence: int = 0
    epoch: int = 7
    receipts: list[Receipt] = field(default_factory=list)
    credits: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    released: dict[int, int] = field(default_factory=dict)

    def request(self, account: int, credit: int, step: int, lifetime_ms: int) -> SettlementRequest:
        self.sequence += step
        return self.world.request(
            account,
            credit=credit,
            sequence=self.sequence,
            settlement_id=self.sequence.to_bytes(32, "big"),
            expiry_ms=self.latest_ms + lifetime_ms,
        )

    def accept(self, wanted: list[tuple[int, int, int, int]]) -> None:
        for outcome in self.ledger.accept_many([self.request(*one) for one in wanted]):
            if isinstance(outcome, Receipt):
                self.receipts.append(outcome)
                self.credits[outcome.account] = outcome.credit_e8, outcome.expiry_ms, outcome.sequence

    def repay(self, choice: tuple[int, int]) -> None:
        if self.receipts:
            receipt = self.receipts[choice[0] % len(self.receipts)]
            self.ledger.repay(receipt.settlement_id, choice[1] * UNIT)
            credit, expiry, sequence = self.credits[receipt.account]
            if sequence == receipt.sequence:
                self.credits[receipt.account] = min(credit, choice[1] * UNIT), expiry, sequence

    def release(self, choice: int) -> None:
        if self.receipts:
            receipt = self.receipts[choice % len(self.receipts)]
            self.ledger.release(receipt.settlement_id)
            self._released(receipt.account, receipt.sequence)

    def release_account(self, choice: tuple[int, int]) -> None:
        account = 1_000_000 + choice[0]
        self.ledger.release_account(account, choice[1])
        self._released(account, choice[1])

    def _released(self, account: int, through: int) -> None:
        self.released[account] = max(through, self.released.get(account, -1))

    def root(self, step: int) -> None:
        self.epoch += step
        try:
            self.ledger.observe_root(CHAIN, self.epoch, 50_000 + self.epoch, self.clock.now_ms)
        except RootRejected:
            assert step == 0 or self.epoch <= 12

    def retract(self, epoch: int) -> None:
        self.ledger.retract_root(CHAIN, epoch, "a fork")

    def breaker(self, choice: tuple[str, int | None]) -> None:
        getattr(self.ledger, f"{choice[0]}_breaker")("a test", choice[1])

    def market(self, disagreement_ppm: int) -> None:
        self.ledger.observe_market(MarketHealth(NOW - 1_000, disagreement_ppm, 0))

    def wait(self, milliseconds: int) -> None:
        """A clock may be set back, too."""
        self.clock.advance(milliseconds)
        self.latest_ms = max(self.latest_ms, self.clock.now_ms)

    def margin(self, account: int) -> int:
        credit, expiry, sequence = self.credits.get(account, (0, 0, -1))
        return credit if self.clock.now_ms < expiry and sequence > self.released.get(account, -1) else 0


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(events=EVENTS)
def test_a_life(best_engine: Engine, tmp_path_factory: pytest.TempPathFactory, events: list[tuple[str, Any]]) -> None:
    world, clock = World(best_engine), Clock()
    path = tmp_path_factory.mktemp("life") / "margin.sqlite"
    with world.open(path, CONFIG_OF_A_LIFE, clock) as ledger:
        life = Life(world, ledger, clock)
        for kind, choice in events:
            getattr(life, kind)(choice)
            for number in ACCOUNTS:
                found, expected = ledger.margin_of(1_000_000 + number), life.margin(1_000_000 + number)
                # What was written off as expired stays so when the clock goes back.
                assert found == expected or (found == 0 and clock.now_ms < life.latest_ms)
        ledger.verify_log()
