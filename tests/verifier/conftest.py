"""Fixtures of the verifier's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zkmargin.algebra import Engine
from zkmargin.verifier import MarginLedger

from ..servers.postgres import fresh_url
from .world import Clock, World


@pytest.fixture(scope="session")
def world(best_engine: Engine) -> World:
    return World(best_engine)


@pytest.fixture(params=["sqlite", "postgres"])
def ledger_place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a ledger can be opened that nobody has opened before: on each kind of store in turn."""
    if request.param == "sqlite":
        return str(tmp_path / "margin.sqlite")
    return fresh_url(request.getfixturevalue("postgres"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "margin.sqlite"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(world: World, ledger_place: str, clock: Clock) -> Iterator[MarginLedger]:
    with world.open(ledger_place, clock=clock) as opened:
        yield opened
