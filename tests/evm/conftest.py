"""Fixtures of the EVM's tests: one node for the session, its state put back after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .anvil import running_anvil
from .chain import Chain


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
