"""Fixtures of the verifier's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkmargin.algebra import Engine
from zkmargin.verifier import MarginLedger

from .world import Clock, World


@pytest.fixture(scope="session")
def world(best_engine: Engine) -> World:
    return World(best_engine)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "margin.sqlite"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(world: World, path: Path, clock: Clock) -> MarginLedger:
    return world.open(path, clock=clock)
