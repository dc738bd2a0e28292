"""Fixtures of the EVM's tests: a node that keeps what is done to it, and a ledger that is put back after each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zkmargin.algebra import Engine

from .anvil import running_anvil
from .chain import Chain
from .world import START, EvmWorld

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker for all of them: compiling a contract takes seconds, and each worker would."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("evm"))


@pytest.fixture(scope="session")
def anvil_url() -> Iterator[str]:
    with running_anvil() as url:
        yield url


@pytest.fixture(scope="session")
def node(anvil_url: str) -> Chain:
    """The node as it is; what a test changes here stays."""
    return Chain(anvil_url)


@pytest.fixture(scope="session")
def deployed(best_engine: Engine) -> Iterator[EvmWorld]:
    """The ledger most tests use, with roots and a risk table, on a node whose time nobody else moves."""
    with running_anvil() as url:
        world = EvmWorld(Chain(url), best_engine)
        world.prepare()
        yield world


@pytest.fixture
def world(deployed: EvmWorld) -> Iterator[EvmWorld]:
    """The ledger as it was prepared, the next block at START."""
    snapshot = deployed.chain.snapshot()
    deployed.chain.set_time(START)
    yield deployed
    deployed.chain.revert(snapshot)
