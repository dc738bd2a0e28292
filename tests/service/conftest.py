"""A service over a ledger that knows a root and a risk table of a moment ago."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from zkmargin.algebra import Engine
from zkmargin.verifier import MarginLedger
from zkmargin.verifier.service import ServiceSettings, Token, create_app

from ..examples.venue import Venue

OPERATOR_TOKEN = "operator-operator-operator-1"
RELAY_TOKEN = "relay-relay-relay-relay-relay-1"
OPERATOR = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
RELAY = {"Authorization": f"Bearer {RELAY_TOKEN}"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def venue(tmp_path: Path, best_engine: Engine) -> Venue:
    return Venue(tmp_path / "venue", best_engine)


@pytest.fixture
def ledger(venue: Venue) -> Iterator[MarginLedger]:
    with venue.open() as opened:
        yield opened


@pytest.fixture
def settings() -> ServiceSettings:
    return ServiceSettings(operator_token=Token(OPERATOR_TOKEN), relay_token=Token(RELAY_TOKEN), follow_interval_s=0.05)


@pytest.fixture
def client(ledger: MarginLedger, settings: ServiceSettings) -> Iterator[TestClient]:
    with TestClient(create_app(ledger, settings), raise_server_exceptions=True) as opened:
        yield opened
