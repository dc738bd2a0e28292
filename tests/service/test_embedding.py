"""The service inside another program: mounted, without its extra, and light where only its documents are wanted."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from zkmargin.algebra import extras
from zkmargin.algebra.errors import MissingExtra
from zkmargin.verifier import MarginLedger
from zkmargin.verifier.aio import AsyncMarginLedger
from zkmargin.verifier.service import ServiceSettings, create_app, serve

from ..examples.venue import Venue
from .conftest import JSON, OPERATOR


def test_mounted_in_another_application(ledger: MarginLedger, settings: ServiceSettings, venue: Venue) -> None:
    host = FastAPI()
    host.mount("/margin", create_app(ledger, settings))
    with TestClient(host) as client:
        answer = client.post("/margin/v1/settlements", content=venue.body(1), headers=JSON)
        assert answer.json()["number"] == 1
        assert client.post("/margin/v1/settlements", content=b"{}", headers=JSON).json()["code"] == "malformed"
        assert client.get("/margin/").headers["content-security-policy"].startswith("default-src 'none'; script-src")
        assert client.get("/margin/page.js").status_code == 200
        big = client.post("/margin/v1/settlements/batch", content=b" " * settings.max_body_bytes + b"1", headers=JSON)
        assert big.json()["code"] == "malformed"
        body = b" " * settings.max_body_bytes + b"1"
        assert client.post("/margin/v1/settlements", content=body, headers=JSON).json()["code"] == "too-large"


def test_two_services_in_one_process_count_apart(ledger: MarginLedger, venue: Venue) -> None:
    with TestClient(create_app(ledger)) as first, TestClient(create_app(ledger)) as second:
        first.post("/v1/settlements", content=venue.body(1), headers=JSON)
        assert 'zkmargin_settlements_total{outcome="accepted"} 1.0' in first.get("/metrics").text
        assert "zkmargin_settlements_total{" not in second.get("/metrics").text


def test_the_ledger_stays_its_openers(ledger: MarginLedger, venue: Venue) -> None:
    with TestClient(create_app(ledger)) as client:
        client.post("/v1/settlements", content=venue.body(1), headers=JSON)
    assert len(ledger.receipts()) == 1
    shared = AsyncMarginLedger(ledger)
    for _ in range(2):
        with TestClient(create_app(shared, ServiceSettings(page=False))) as client:
            assert client.get("/v1/status").is_success
            assert client.get("/").status_code == 404


def test_the_page_is_only_read(client: TestClient) -> None:
    assert client.post("/page.js", headers=OPERATOR).status_code == 405


@pytest.mark.parametrize("call", [create_app, serve])
def test_a_missing_extra_is_named(call: Any, ledger: MarginLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(extras, "import_module", missing)
    with pytest.raises(MissingExtra, match=r"pip install 'zkmargin\[serve\]'"):
        call(ledger)


def test_problem_documents_load_no_framework() -> None:
    script = (
        "import sys; from zkmargin.verifier.service import problem_of, create_app; import zkmargin.cli.serve;"
        "print([m for m in ('fastapi', 'starlette', 'pydantic', 'uvicorn', 'prometheus_client', 'asyncio', 'numpy')"
        " if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "[]\n"
