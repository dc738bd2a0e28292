"""The FastAPI example: asked in this process, and run as its README says."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from zkmargin.algebra import EncodingError

from .program import EXAMPLES, ROOT, Program, fetch, load
from .venue import Venue

pytest.importorskip("fastapi")
pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

FOLDER = EXAMPLES / "fastapi_margin_service"
PACKAGE = "fastapi_margin_service"


@pytest.fixture(scope="module")
def example() -> Any:
    load(FOLDER / "__init__.py", PACKAGE, [str(FOLDER)])
    return load(FOLDER / "app.py", f"{PACKAGE}.app")


@pytest.fixture
def client(example: Any, venue: Venue) -> Iterator[Any]:
    from fastapi.testclient import TestClient

    with TestClient(example.create_app(str(venue.folder))) as client:
        yield client


def problem_of(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json()["code"]


def test_margin_comes_in_and_orders_take_it_up(client: Any, venue: Venue) -> None:
    body = venue.body(1, credit=100)
    receipt = client.post("/settlements", content=body)
    assert (receipt.status_code, receipt.json()["credit"]) == (200, "100")
    assert client.post("/settlements", content=body).json() == receipt.json()
    account = receipt.json()["account"]
    order = {"account": account, "margin": "60"}
    placed = client.post("/orders", json=order)
    assert (placed.status_code, placed.json()["margin"]) == (201, "60")
    assert problem_of(client.post("/orders", json=order)) == (422, "margin-too-small")
    assert client.get(f"/accounts/{account}").json() == {"account": account, "margin": "100", "taken_up": "60"}
    assert client.delete(f"/orders/{placed.json()['number']}").status_code == 204
    assert client.post("/orders", json=order).status_code == 201
    assert client.get("/health").json() == {"ledger": venue.config.ledger, "waiting": 0}


@pytest.mark.parametrize("body", [b"", b"{}", b"[" * 60_000, b" " * ((1 << 16) + 1)])
def test_what_is_malformed(client: Any, body: bytes) -> None:
    assert problem_of(client.post("/settlements", content=body)) == (400, "malformed")


def test_an_endless_body_is_not_read_to_its_end(example: Any) -> None:
    from starlette.requests import Request

    taken = 0

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 1
        assert taken < 100, "read on and on"
        return {"type": "http.request", "body": b" " * 4096, "more_body": True}

    dependencies = sys.modules[f"{PACKAGE}.dependencies"]
    with pytest.raises(EncodingError, match="at most 65536 bytes"):
        asyncio.run(dependencies._settlement(Request({"type": "http", "method": "POST", "headers": []}, receive)))
    assert taken == 17


def test_refusals_and_other_places(client: Any, venue: Venue) -> None:
    assert problem_of(client.post("/settlements", content=venue.forged(1))) == (422, "proof-rejected")
    assert problem_of(client.get("/accounts/-1")) == (400, "malformed")
    assert problem_of(client.get("/elsewhere")) == (404, "not-found")
    assert problem_of(client.put("/settlements")) == (405, "method-not-allowed")
    for order in (
        {"account": "1", "margin": "-5"},
        {"account": "1", "margin": "1e400"},
        {"account": "<b>", "margin": "1"},
        [],
    ):
        answer = client.post("/orders", json=order)
        assert problem_of(answer) == (400, "malformed")
        assert "<b>" not in answer.text, "what was sent is not sent back"


def test_more_than_may_wait_is_refused_at_once(example: Any, venue: Venue) -> None:
    from fastapi.testclient import TestClient

    with TestClient(example.create_app(str(venue.folder), queue_limit=0)) as client:
        answer = client.post("/settlements", content=venue.body(1))
    assert problem_of(answer) == (503, "overloaded")
    assert int(answer.headers["retry-after"]) > 0


def test_its_description_names_its_documents(client: Any) -> None:
    description = client.get("/openapi.json").json()
    assert set(description["paths"]) == {
        "/settlements",
        "/accounts/{account}",
        "/health",
        "/orders",
        "/orders/{number}",
    }
    receipt = description["components"]["schemas"]["ReceiptDocument"]["properties"]
    assert "request_digest" in receipt


def test_the_readme_s_commands(venue: Venue, start: Callable[..., Program]) -> None:
    readme = (FOLDER / "README.md").read_text()
    (command,) = re.findall(r"^ZKMARGIN_LEDGER=ledger (uvicorn .*) --port 8000$", readme, re.MULTILINE)
    server = start("-m", *command.split(), "--port", "0", cwd=ROOT, ZKMARGIN_LEDGER=str(venue.folder))
    (address,) = re.findall(r"http://[\d.:]+", server.wait_for("Uvicorn running on"))
    calls = re.findall(
        r"^curl (?:--json '(.*)' )?(--data-binary \S+ )?http://127.0.0.1:8000(\S+)$", readme, re.MULTILINE
    )
    assert len(calls) == 4
    for document, sends, place in calls:
        data = venue.body(1) if sends else document.replace("PSEUDONYM", "1000001").encode() or None
        kind = {"Content-Type": "application/json"}
        status, answer = fetch(address + place.replace("PSEUDONYM", "1000001"), data, **kind)
        assert status in (200, 201), answer
    assert server.stop() in (0, -15)
    assert "shutdown complete" in server.output
    with venue.open() as ledger:
        assert len(ledger.receipts()) == 1
