"""What a follower does to its ledger: nothing twice, nothing out of order, and no memory of its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from zkmargin.verifier.errors import LedgerError, SourceUnavailable, ZkMarginError
from zkmargin.verifier.roots import FollowEvent, RootFollower, RootReport, RootView, Withdrawal
from zkmargin.verifier.roots.view import HeldRoot

from ..verifier.world import CHAIN, CONFIG, NOW, OTHER_CHAIN, ROOT_KEYS, root_attestation
from .conftest import Followed


@dataclass
class Told:
    """A source that says what the test puts into it."""

    final: list[RootReport] = field(default_factory=list)
    withdrawn: list[Withdrawal] = field(default_factory=list)
    problem: ZkMarginError | None = None
    asked: list[tuple[list[int], int]] = field(default_factory=list)
    name: str = "told"

    def chain_ids(self, routes: Sequence[int]) -> Sequence[int]:
        return [CHAIN, OTHER_CHAIN]

    def poll(self, held: Sequence[HeldRoot], since_ms: int) -> RootView:
        self.asked.append(([root.epoch for root in held], since_ms))
        if self.problem is not None:
            raise self.problem
        return RootView(tuple(self.final), tuple(self.withdrawn))


def report(epoch: int, root: int = 0, chain_id: int = CHAIN, at_ms: int = NOW - 10) -> RootReport:
    return RootReport(chain_id, epoch, root or 100 + epoch, at_ms)


def test_new_roots_are_observed_in_order_and_once(followed: Followed) -> None:
    source = Told([report(3), report(1), report(2), report(1, chain_id=OTHER_CHAIN)])
    assert followed.step(source) == [("observed", 1), ("observed", 2), ("observed", 3), ("observed", 1)]
    assert followed.ledger.held(CHAIN) == [(1, 101), (2, 102), (3, 103)]
    assert followed.step(source) == []


def test_a_root_passed_over_does_not_come_back(followed: Followed) -> None:
    followed.step(Told([report(5)]))
    assert followed.step(Told([report(4), report(5)])) == []
    assert followed.ledger.held(CHAIN) == [(5, 105)]


def test_a_contradiction_is_reported_and_changes_nothing(followed: Followed) -> None:
    followed.step(Told([report(5)]))
    assert followed.step(Told([report(5, 999)])) == [("refused", 5)]
    assert followed.ledger.held(CHAIN) == [(5, 105)]


def test_the_source_hears_what_is_held_and_fresh(followed: Followed) -> None:
    old = NOW - CONFIG.max_root_age_ms - 1
    followed.ledger.observe_root(CHAIN, 1, 101, old)
    followed.ledger.observe_root(CHAIN, 2, 102, NOW - 5)
    source = Told()
    followed.step(source)
    assert source.asked == [([2], NOW - CONFIG.max_root_age_ms)]


def test_a_withdrawal_retracts_the_root_and_all_newer_ones(followed: Followed) -> None:
    followed.step(Told([report(epoch) for epoch in (1, 2, 3)]))
    gone = [Withdrawal(CHAIN, epoch, 100 + epoch, "gone") for epoch in (3, 2)]
    assert followed.step(Told([report(1), report(4)], gone)) == [("retracted", 2), ("observed", 4)]
    assert followed.ledger.retractions == [(CHAIN, 2, "gone")]
    assert followed.ledger.held(CHAIN) == [(1, 101), (4, 104)]


def test_after_a_retraction_the_epoch_s_other_root_is_observed_at_once(followed: Followed) -> None:
    followed.step(Told([report(1), report(2)]))
    source = Told([report(1), report(2, 777)], [Withdrawal(CHAIN, 2, 102, "gone")])
    assert followed.step(source) == [("observed", 2), ("retracted", 2)]
    assert followed.ledger.held(CHAIN) == [(1, 101), (2, 777)]


def test_only_what_is_held_can_be_withdrawn(followed: Followed) -> None:
    followed.step(Told([report(1)]))
    others = [Withdrawal(CHAIN, 1, 999, "x"), Withdrawal(CHAIN, 2, 102, "x"), Withdrawal(OTHER_CHAIN, 1, 101, "x")]
    assert followed.step(Told([], others)) == []
    assert followed.ledger.retractions == []


def test_attested_roots_need_their_quorum(followed: Followed) -> None:
    good, bad = root_attestation(1, 101), root_attestation(2, 102, ROOT_KEYS[:1])
    assert followed.step(Told([RootReport.attested(good), RootReport.attested(bad)])) == [
        ("observed", 1),
        ("refused", 2),
    ]


@pytest.mark.parametrize("problem", [SourceUnavailable("told", "is away"), LedgerError("x", "is locked")])
def test_a_failure_is_said_once_and_the_next_poll_makes_up(followed: Followed, problem: ZkMarginError) -> None:
    source, events = Told([report(1)], problem=problem), list[FollowEvent]()
    follower = RootFollower(followed.ledger, source, events.append, clock=followed.clock)
    assert not follower.step()
    assert not follower.step()
    assert [event.kind for event in events] == ["failed"]
    source.problem = None
    assert follower.step()
    source.problem = problem
    assert not follower.step()
    assert [event.kind for event in events if event.kind != "silent"] == ["failed", "observed", "failed"]


def test_silence_is_reported_once_until_it_ends(followed: Followed) -> None:
    source, events = Told([report(1)]), list[FollowEvent]()
    follower = RootFollower(followed.ledger, source, events.append, clock=followed.clock, silence_ms=1_000)

    def silent() -> list[int | None]:
        del events[:]
        follower.step()
        return [event.chain_id for event in events if event.kind == "silent"]

    assert silent() == [OTHER_CHAIN]
    assert silent() == []
    followed.clock.advance(1_000)
    assert silent() == [CHAIN]
    source.final.append(report(2, at_ms=followed.clock.now_ms))
    assert silent() == []
    followed.clock.advance(2_000)
    assert silent() == [CHAIN]


def test_it_waits_longer_after_each_failure_and_no_longer_than_told(followed: Followed) -> None:
    waits = list[float]()

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0)
            return False

    source = Told(problem=SourceUnavailable("told", "is away"))
    follower = RootFollower(
        followed.ledger, source, lambda event: None, clock=followed.clock, interval_s=2, max_interval_s=9
    )
    follower.run(Stop(), steps=5)
    source.problem = None
    follower.run(Stop(), steps=2)
    assert waits == [4, 8, 9, 9, 2]


def test_it_stops_when_told(followed: Followed) -> None:
    stop = threading.Event()
    stop.set()
    source = Told()
    RootFollower(followed.ledger, source, lambda event: None, clock=followed.clock).run(stop)
    assert source.asked == []
