"""What the service refuses before it looks at it, and what every answer carries."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from zkmargin.verifier import LedgerError, MarginLedger
from zkmargin.verifier.service import PROBLEMS, ServiceSettings, create_app

from ..examples.venue import Venue
from .conftest import JSON, OPERATOR, OPERATOR_TOKEN, RELAY_TOKEN
from .test_settling import PATH, assert_problem, settle


def test_a_declared_body_over_the_limit_is_refused_unread(ledger: MarginLedger, settings: ServiceSettings) -> None:
    def never() -> Iterator[bytes]:
        yield b"{"
        pytest.fail("the body was read")

    with TestClient(create_app(ledger, settings)) as client:
        for length in (str(settings.max_body_bytes + 1), "9" * 18, "9" * 30, "9" * 9000):
            answer = client.post(PATH, content=never(), headers={**JSON, "Content-Length": length})
            assert_problem(answer, 413, "too-large")
            assert answer.headers["connection"] == "close"


def test_a_body_of_unknown_length_is_counted_while_it_is_read(ledger: MarginLedger, settings: ServiceSettings) -> None:
    with TestClient(create_app(ledger, replace(settings, max_body_bytes=1000))) as client:
        answer = client.post(PATH, content=iter([b" " * 600] * 100), headers=JSON)
        assert_problem(answer, 413, "too-large")
        assert_problem(client.post(PATH, content=iter([b" " * 600]), headers=JSON), 400, "malformed")


def test_a_batch_may_be_longer_than_one_request(client: TestClient, settings: ServiceSettings) -> None:
    body = b'{"requests": [' + b" " * settings.max_body_bytes + b"]}"
    assert_problem(client.post(f"{PATH}/batch", content=body, headers=JSON), 400, "malformed")
    assert_problem(settle(client, body), 413, "too-large")


def test_a_long_url_or_head_is_refused(client: TestClient) -> None:
    assert_problem(client.get("/v1/accounts/" + "1" * 3000), 414, "url-too-long")
    assert_problem(client.get("/v1/status?" + "a" * 3000), 414, "url-too-long")
    assert_problem(client.get("/v1/status", headers={"X-Long": "a" * 20_000}), 431, "headers-too-large")


@pytest.mark.parametrize("path", ["/v1/status", "/", "/nothing", "/metrics", "/healthz", "/v1/settlements/0x"])
def test_every_answer_is_guarded(client: TestClient, path: str) -> None:
    headers = client.get(path, headers={"Origin": "https://elsewhere.example"}).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in headers if name.startswith("access-control")]


def test_nothing_is_found_where_nothing_is(client: TestClient) -> None:
    assert_problem(client.get("/nothing"), 404, "not-found")
    assert_problem(client.get("/v1"), 404, "not-found")
    assert_problem(client.get("/v1/status/", follow_redirects=False), 404, "not-found")
    assert_problem(client.put(PATH), 405, "method-not-allowed")
    assert_problem(client.delete("/"), 405, "method-not-allowed")
    assert_problem(client.get(f"{PATH}/0x" + "77" * 32), 404, "unknown-settlement")


@pytest.mark.parametrize(
    "path", ["/v1/decisions?limit=0", "/v1/decisions?limit=1001", "/v1/decisions?after=-1", "/v1/decisions?after=x",
             "/v1/log?after=99999999999999999999", "/v1/accounts/x", "/v1/accounts/00", "/v1/accounts?after=-1",
             "/v1/settlements/0x" + "AB" * 32, "/v1/accounts/" + "9" * 77, "/v1/accounts?order=richest"],
)  # fmt: skip
def test_parameters_are_checked(client: TestClient, path: str) -> None:
    assert_problem(client.get(path), 400, "malformed")


def test_a_lost_database_is_told_to_the_log_alone(
    client: TestClient, ledger: MarginLedger, venue: Venue, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def lost(*_: Any) -> Any:
        raise LedgerError("postgresql://db.internal/margin", "the server went away")

    for name in ("accept_many", "overview", "account"):
        monkeypatch.setattr(ledger, name, lost)
    with caplog.at_level(logging.INFO):
        for answer in (settle(client, venue.body(1)), client.get("/v1/status"), client.get("/v1/accounts/1")):
            assert_problem(answer, 503, "ledger-unavailable")
            assert "internal" not in answer.text
    assert "db.internal" in str([getattr(record, "fields", {}) for record in caplog.records])
    assert client.get("/healthz").status_code == 200
    assert_problem(client.get("/readyz"), 503, "not-ready")


def test_an_unforeseen_error_says_nothing_and_is_placed_in_the_log(
    client: TestClient, ledger: MarginLedger, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(ledger, "overview", broken)
    with caplog.at_level(logging.INFO):
        answer = client.get("/v1/status")
    assert_problem(answer, 500, "internal-error")
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.fields["failure"].startswith("RuntimeError at ")
    assert "test_limits.py" in record.fields["failure"]
    assert "hunter2" not in answer.text + caplog.text + str(record.fields)


def test_logs_hold_no_secret_and_nothing_that_was_sent(client: TestClient, venue: Venue, caplog: Any) -> None:
    with caplog.at_level(logging.DEBUG):
        settle(client, venue.body(1), **{"Idempotency-Key": "my-own-key"})
        client.post("/v1/breaker/trip", json={"reason": "sent-text"}, headers=OPERATOR)
        client.get("/v1/accounts/1000001?secret=in-the-query")
        client.get("/nothing-with-a-name")
    lines = [str(vars(record)) for record in caplog.records if record.name.startswith(("zkmargin", "uvicorn"))]
    assert len(lines) == 4
    for text in (OPERATOR_TOKEN, RELAY_TOKEN, "my-own-key", "sent-text", "in-the-query", "1000001", "with-a-name"):
        assert not any(text in line for line in lines)
    assert "'/v1/accounts/{account}'" in lines[2]


def test_readiness_follows_the_risk_table(ledger: MarginLedger, settings: ServiceSettings, venue: Venue) -> None:
    with TestClient(create_app(ledger, settings)) as client:
        assert client.get("/readyz").json()["ready"]
    with TestClient(create_app(ledger, replace(settings, stale_after_ms=500))) as client:
        assert assert_problem(client.get("/readyz"), 503, "not-ready")["check"] == "oracle"


def test_metrics(client: TestClient, venue: Venue) -> None:
    settle(client, venue.body(1))
    settle(client, venue.forged(2))
    settle(client, b"{}")
    client.get("/nothing")
    for method in ("BREW", "WHEN"):
        client.request(method, "/nothing")
    client.post("/v1/breaker/trip", json={"reason": "a test", "source": 10}, headers=OPERATOR)
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = set(answer.text.splitlines())
    assert {
        'zkmargin_settlements_total{outcome="accepted"} 1.0',
        'zkmargin_settlements_total{outcome="proof-rejected"} 1.0',
        'zkmargin_request_seconds_count{method="POST",route="/v1/settlements",status="400"} 1.0',
        'zkmargin_request_seconds_count{method="GET",route="(none)",status="404"} 1.0',
        'zkmargin_request_seconds_count{method="other",route="(none)",status="404"} 2.0',
        'zkmargin_breaker_state{source="10",state="open"} 1.0',
        'zkmargin_breaker_state{source="10",state="closed"} 0.0',
        'zkmargin_breaker_state{source="all",state="closed"} 1.0',
        'zkmargin_root_age_seconds{source="10"} NaN',
        "zkmargin_queue_depth 0.0",
        "zkmargin_outstanding 100.0",
    } <= lines
    for name in ("zkmargin_oracle_age_seconds", 'zkmargin_root_age_seconds{source="1"}'):
        (age,) = [float(line.split()[-1]) for line in lines if line.startswith(name)]
        assert 1 <= age < 600


def test_the_list_of_problems(client: TestClient) -> None:
    listed = client.get("/v1/problems").json()["problems"]
    assert {entry["code"]: entry["status"] for entry in listed} == {
        code: kind.status for code, kind in PROBLEMS.items()
    }
