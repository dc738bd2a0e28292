"""Fixtures of the EVM's tests: one node for the session, its state put back after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from zkmargin.algebra import Engine

from .anvil import running_anvil
from .chain import Chain
from .world import EvmWorld


@pytest.fixture(scope="session")
def anvil_url() -> Iterator[str]:
    with running_anvil() as url:
        yield url


@pytest.fixture(scope="session")
def node(anvil_url: str) -> Chain:
    """The node as it is; what a test changes here stays."""
    return Chain(anvil_url)


@pytest.fixture
def chain(node: Chain) -> Iterator[Chain]:
    """The node, put back afterwards to where it was."""
    snapshot = node.snapshot()
    yield node
    node.revert(snapshot)


@pytest.fixture(scope="session")
def deployed(node: Chain, best_engine: Engine) -> EvmWorld:
    """The ledger most tests use, with roots and a risk table."""
    world = EvmWorld(node, best_engine)
    world.prepare()
    return world


@pytest.fixture
def world(deployed: EvmWorld, chain: Chain) -> EvmWorld:
    chain.set_time(chain.web3.eth.get_block("latest")["timestamp"] * 1000 + 1000)
    return deployed
