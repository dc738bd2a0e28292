"""The ready service inside somebody's own application, as the typed consumer does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .program import ROOT, load
from .venue import Venue

pytest.importorskip("fastapi")
pytest.importorskip("httpx")


def test_the_service_works_below_a_path_and_leaves_the_ledger_to_its_owner(venue: Venue) -> None:
    from fastapi.testclient import TestClient

    consumer = load(Path(ROOT / "tests/typing/service_consumer.py"), "service_consumer")
    kind = {"Content-Type": "application/json"}
    with TestClient(consumer.own_application(venue.folder)) as client:
        receipt = client.post("/ledger/v1/settlements", content=venue.body(1), headers=kind)
        assert (receipt.status_code, receipt.json()["number"]) == (200, 1)
        refused = client.post("/ledger/v1/settlements", content=venue.forged(2), headers=kind)
        assert (refused.status_code, refused.json()["code"]) == (422, "proof-rejected")
        assert client.get(f"/ledger/v1/accounts/{receipt.json()['account']}").json()["margin"] == "100"
        assert client.get("/ledger/healthz").status_code == 200
    with venue.open() as ledger:
        assert len(ledger.receipts()) == 1
