"""Settlement requests over HTTP: receipts, refusals with their codes, batches, idempotency, back-pressure."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from zkmargin.verifier import MarginLedger
from zkmargin.verifier.service import ServiceSettings, create_app
from zkmargin.verifier.service.bodies import Refused
from zkmargin.verifier.service.idempotency import IdempotencyKeys

from ..examples.venue import Venue
from .conftest import JSON, OPERATOR

PATH = "/v1/settlements"


def settle(client: TestClient, body: bytes, **headers: str) -> Any:
    return client.post(PATH, content=body, headers={**JSON, **headers})


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["instance"].startswith("urn:uuid:")
    return problem


def test_a_request_gets_a_receipt_and_the_same_one_again(client: TestClient, venue: Venue) -> None:
    first = settle(client, venue.body(1))
    assert first.status_code == 200
    assert first.json()["credit"] == "100"
    assert settle(client, venue.body(1)).json() == first.json()
    settlement_id = first.json()["settlement_id"]
    assert client.get(f"{PATH}/{settlement_id}").json() == first.json()
    assert client.get(PATH).json() == {"receipts": [first.json()]}
    account = client.get(f"/v1/accounts/{first.json()['account']}").json()
    assert (account["margin"], account["sequence"], account["receipt"]) == ("100", 1, 1)


def test_refusals_carry_the_ledgers_codes(client: TestClient, venue: Venue) -> None:
    settle(client, venue.body(1))
    assert_problem(settle(client, venue.forged(2)), 422, "proof-rejected")
    assert_problem(settle(client, venue.body(3, signals={"source_roots": (4,)})), 409, "unknown-root")
    assert_problem(settle(client, venue.body(1, settlement_id=bytes([9]) * 32)), 409, "stale-sequence")
    assert_problem(settle(client, venue.body(4, signals={"target": 5})), 422, "wrong-target")
    assert_problem(settle(client, venue.body(5, horizon_ms=1)), 422, "wrong-horizon")
    outcomes = [decision["outcome"] for decision in client.get("/v1/decisions").json()["decisions"]]
    assert outcomes == ["accepted", "proof-rejected", "unknown-root", "stale-sequence", "wrong-target", "wrong-horizon"]


def test_an_open_breaker_says_when_to_come_again(client: TestClient, venue: Venue) -> None:
    client.post("/v1/breaker/trip", json={"reason": "a test"}, headers=OPERATOR)
    answer = settle(client, venue.body(1))
    assert "a test" in assert_problem(answer, 503, "breaker-open")["detail"]
    assert answer.headers["retry-after"] == "30"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"{", b'{"format": 1.5}', b"\xff", b"[" * 5000, b'{"a":1,"a":2}', b'"' + b"9" * 999],
)
def test_what_is_no_request_is_malformed(client: TestClient, body: bytes) -> None:
    assert_problem(settle(client, body), 400, "malformed")


def test_points_off_the_curve_are_malformed(client: TestClient, venue: Venue) -> None:
    document = json.loads(venue.body(1))
    document["proof"]["pi_a"][0] = "1"
    problem = assert_problem(settle(client, json.dumps(document).encode()), 400, "malformed")
    assert problem["kind"] == "point-error"


def test_only_json_is_taken(client: TestClient, venue: Venue) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = client.post(PATH, content=venue.body(1), headers={"Content-Type": kind})
        assert_problem(answer, 415, "unsupported-media-type")
    assert settle(client, venue.body(1), **{"Content-Type": "Application/JSON; charset=utf-8"}).status_code == 200


def test_an_idempotency_key_belongs_to_one_request(client: TestClient, venue: Venue) -> None:
    key = {"Idempotency-Key": "order-1"}
    assert_problem(settle(client, venue.forged(3), **key), 422, "proof-rejected")  # and takes no key
    first = settle(client, venue.body(1), **key)
    assert settle(client, venue.body(1), **key).json() == first.json()
    assert_problem(settle(client, venue.body(2), **key), 422, "idempotency-key-reused")
    assert settle(client, venue.body(2), **{"Idempotency-Key": "order-2"}).status_code == 200
    assert settle(client, venue.body(1), **{"Idempotency-Key": "order-3"}).json() == first.json()


def test_a_key_is_taken_while_its_request_is_under_way() -> None:
    keys = IdempotencyKeys(9)
    keys.begin("a", b"one")
    keys.begin("a", b"one")
    with pytest.raises(Refused):
        keys.begin("a", b"two")
    keys.end("a", b"one", accepted=False)
    keys.begin("a", b"two")
    keys.end("a", b"two", accepted=True)
    with pytest.raises(Refused):
        keys.begin("a", b"one")


def test_only_so_many_batches_are_in_hand(ledger: MarginLedger, settings: ServiceSettings, venue: Venue) -> None:
    app = create_app(ledger, replace(settings, max_batches=1))
    batch = {"requests": [json.loads(venue.body(1))]}
    with TestClient(app) as client:
        with app.state.core.batches:
            assert_problem(client.post(f"{PATH}/batch", json=batch), 503, "overloaded")
            assert settle(client, venue.body(2)).status_code == 200
        for _ in range(3):
            assert client.post(f"{PATH}/batch", json=batch).status_code == 200
            assert client.post(f"{PATH}/batch", json=[]).status_code == 400


@pytest.mark.parametrize("key", ["", "x" * 256, "a b"])
def test_a_key_that_is_none_is_malformed(client: TestClient, venue: Venue, key: str) -> None:
    assert_problem(settle(client, venue.body(1), **{"Idempotency-Key": key}), 400, "malformed")


def test_old_keys_are_forgotten(ledger: MarginLedger, settings: ServiceSettings, venue: Venue) -> None:
    with TestClient(create_app(ledger, replace(settings, idempotency_keys=1))) as client:
        settle(client, venue.body(1), **{"Idempotency-Key": "a"})
        settle(client, venue.body(2), **{"Idempotency-Key": "b"})
        assert settle(client, venue.body(3), **{"Idempotency-Key": "a"}).status_code == 200


def test_a_batch_answers_each_in_its_order(client: TestClient, venue: Venue) -> None:
    items = [json.loads(body) for body in (venue.body(1), venue.forged(2), venue.body(3), venue.body(1))]
    items.insert(2, {"format": "nonsense"})
    text = venue.body(4).decode()  # a request in quotes is no request
    answer = client.post(f"{PATH}/batch", json={"requests": [*items, text]})
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [result.get("receipt", {}).get("number") for result in results] == [1, None, None, 2, 1, None]
    assert [result.get("problem", {}).get("code") for result in results] == [
        *(None, "proof-rejected", "malformed", None, None, "malformed")
    ]


@pytest.mark.parametrize("value", [{}, {"requests": []}, {"requests": {}}, [], {"requests": [{}] * 257}])
def test_what_is_no_batch_is_malformed(client: TestClient, value: Any) -> None:
    assert_problem(client.post(f"{PATH}/batch", json=value), 400, "malformed")


def test_a_batch_that_could_never_wait_is_malformed_and_not_put_off(
    ledger: MarginLedger, settings: ServiceSettings, venue: Venue
) -> None:
    with TestClient(create_app(ledger, replace(settings, queue_limit=1))) as client:
        item = json.loads(venue.body(1))
        assert_problem(client.post(f"{PATH}/batch", json={"requests": [item] * 2}), 400, "malformed")
        assert client.post(f"{PATH}/batch", json={"requests": [item]}).is_success


class Stuck:
    """Holds the ledger's workers until it is let go."""

    def __init__(self, ledger: MarginLedger, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go, self.entered = threading.Event(), threading.Semaphore(0)
        real = ledger.accept_many

        def slow(requests: Any) -> Any:
            self.entered.release()
            assert self.go.wait(60)
            return real(requests)

        monkeypatch.setattr(ledger, "accept_many", slow)


@pytest.fixture
def stuck(ledger: MarginLedger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stuck]:
    holding = Stuck(ledger, monkeypatch)
    yield holding
    holding.go.set()


def test_a_full_queue_pushes_back_and_orders_still_work(
    stuck: Stuck, ledger: MarginLedger, settings: ServiceSettings, venue: Venue
) -> None:
    with TestClient(create_app(ledger, replace(settings, queue_limit=2))) as client, ThreadPoolExecutor(8) as pool:
        under_way = []
        for number in (1, 2):
            under_way.append(pool.submit(settle, client, venue.body(number)))
            assert stuck.entered.acquire(timeout=60)
        under_way += [pool.submit(settle, client, venue.body(number)) for number in (3, 4)]
        while b"zkmargin_queue_depth 2.0" not in client.get("/metrics").content:
            pass
        answer = settle(client, venue.body(5))
        assert_problem(answer, 503, "overloaded")
        assert answer.headers["retry-after"] == "1"
        assert client.post("/v1/accounts/1000001/release", json={"through_sequence": 7}, headers=OPERATOR).is_success
        stuck.go.set()
        assert [answer.result().status_code for answer in under_way] == [409, 200, 200, 200]
    assert len(ledger.receipts()) == 3
