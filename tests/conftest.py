"""Fixtures shared by every room's tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from zkmargin.algebra import Engine, get_engine
from zkmargin.algebra.engine import native_problem

from .servers.postgres import PostgresServer, postgres_server

# A slow machine is no failure: Hypothesis would time each example.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", params=["native", "reference"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn. Without a Rust toolchain the native one is skipped, unless CI insists on it."""
    name: str = request.param
    if name == "native" and native_problem() is not None and os.environ.get("ZKMARGIN_REQUIRE_NATIVE") != "1":
        pytest.skip("the native module is not built here (no Rust toolchain); CI sets ZKMARGIN_REQUIRE_NATIVE=1")
    return get_engine(name)


@pytest.fixture(scope="session")
def best_engine() -> Engine:
    """The engine a user gets by default."""
    return get_engine()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server shared by the tests of one process. A test that kills its server starts its own."""
    with postgres_server() as server:
        yield server
