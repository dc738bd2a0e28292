"""A follower and a real ledger: unknown, stale and reorganised roots are refused, a final one is credited."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zkmargin.algebra import Engine
from zkmargin.verifier import MarginLedger, Rejected, SettlementRequest
from zkmargin.verifier.roots import FileSource, RootFollower

from ..verifier.world import CHAIN, CONFIG, NOW, ROOT, Clock, World, attestation
from .test_feed import line


@pytest.fixture(scope="module")
def world(best_engine: Engine) -> World:
    return World(best_engine)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(world: World, clock: Clock, tmp_path: Path) -> Iterator[MarginLedger]:
    with world.open(tmp_path / "margin.sqlite", clock=clock, prepared=False) as ledger:
        ledger.attest_risk_root(attestation())
        yield ledger


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "roots.jsonl"
    path.write_text("")
    return path


def outcome(ledger: MarginLedger, request: SettlementRequest) -> str:
    try:
        return f"receipt {ledger.accept(request).number}"
    except Rejected as problem:
        return problem.code


def test_only_what_the_source_stands_behind_is_credited(
    world: World, ledger: MarginLedger, clock: Clock, feed: Path
) -> None:
    def follow(text: str) -> None:
        feed.write_text(feed.read_text() + text)
        RootFollower(ledger, FileSource(feed), lambda event: None, clock=clock).step()

    first = world.request(1)
    assert outcome(ledger, first) == "unknown-root"
    follow(line(7, ROOT))
    assert outcome(ledger, first) == "receipt 1"
    follow(line(8, ROOT + 1))
    other = world.request(2, signals={"source_roots": (ROOT + 1,)})
    follow(line(8, ROOT + 1, withdrawn="reorganised"))
    assert outcome(ledger, other) == "breaker-open", "the source's breaker opens until somebody has looked"
    ledger.reset_breaker("looked", CHAIN)
    assert outcome(ledger, other) == "unknown-root"
    follow(line(8, ROOT + 2))
    assert outcome(ledger, world.request(3, signals={"source_roots": (ROOT + 2,)})) == "receipt 2"
    assert ledger.margin_of(first.named_inputs().account) == first.terms.credit_e8, "what was credited stays"


def test_a_stale_root_is_refused_and_not_observed_anew(
    world: World, ledger: MarginLedger, clock: Clock, feed: Path
) -> None:
    clock.now_ms = NOW + CONFIG.max_root_age_ms + 1
    feed.write_text(line(7, ROOT))
    RootFollower(ledger, FileSource(feed), lambda event: None, clock=clock).step()
    assert ledger.newest_root(CHAIN) is None
    ledger.observe_root(CHAIN, 7, ROOT, NOW)
    ledger.attest_risk_root(attestation(oracle_time_ms=clock.now_ms))
    assert outcome(ledger, world.request(oracle_time_ms=clock.now_ms)) == "stale-root"
