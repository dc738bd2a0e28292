"""Relays, oracles and the operator over HTTP: who may do what, and what it does."""

from __future__ import annotations

import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from zkmargin.verifier import MarginLedger
from zkmargin.verifier.service import ServiceSettings, create_app

from ..examples.venue import Venue
from ..verifier.world import CHAIN, attestation, root_attestation
from .conftest import OPERATOR, RELAY
from .test_settling import assert_problem, settle


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def report(epoch: int = 8, root: int = 777, **changes: Any) -> dict[str, Any]:
    return {"chain_id": CHAIN, "epoch": epoch, "root": str(root), "observed_at_ms": now_ms() - 5} | changes


def test_a_relay_reports_a_root_with_its_token(client: TestClient, venue: Venue) -> None:
    assert client.post("/v1/roots", json=report(), headers=RELAY).json() == {"noted": True, "chain_id": 1, "epoch": 8}
    answer = settle(client, venue.body(1, signals={"source_roots": (777,)}))
    assert answer.status_code == 200
    assert_problem(client.post("/v1/roots", json=report(root=778), headers=RELAY), 409, "root-rejected")
    assert client.post("/v1/roots", json=report(9, 779), headers=OPERATOR).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong-wrong-wrong-wrong-wrong"}, {"Authorization": RELAY["Authorization"][7:]},
     {"Authorization": RELAY["Authorization"].replace("Bearer", "Basic")}, {"Authorization": "Bearer \xff"}],
)  # fmt: skip
def test_without_the_token_nothing_is_taken(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/v1/roots", json=report(), headers={k: v.encode("latin-1") for k, v in headers.items()})  # type: ignore[arg-type]
    assert_problem(answer, 401, "unauthorised")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_quorum_of_root_signers_needs_no_token(client: TestClient) -> None:
    signed = root_attestation(8, 777, observed_at_ms=now_ms() - 5)
    assert client.post("/v1/roots", json=signed.to_json()).json()["noted"]
    lonely = root_attestation(9, 778, observed_at_ms=now_ms() - 5).to_json()
    lonely["signatures"].pop()
    assert_problem(client.post("/v1/roots", json=lonely), 422, "attestation-rejected")
    assert_problem(client.post("/v1/roots", json=lonely, headers=OPERATOR), 422, "attestation-rejected")


def test_a_risk_table_needs_its_signatures_alone(client: TestClient) -> None:
    signed = attestation(risk_root=5, oracle_time_ms=now_ms() - 5).to_json()
    assert client.post("/v1/risk-roots", json=signed).json()["noted"]
    signed["risk_root"] = "6"
    assert_problem(client.post("/v1/risk-roots", json=signed, headers=OPERATOR), 422, "attestation-rejected")
    assert_problem(client.post("/v1/risk-roots", json={}), 400, "malformed")


OPERATORS = (
    ("/v1/settlements/0x" + "01" * 32 + "/release", None),
    ("/v1/settlements/0x" + "01" * 32 + "/repay", {"remaining": "1"}),
    ("/v1/accounts/1000001/release", {"through_sequence": 1}),
    ("/v1/breaker/trip", {"reason": "a test"}),
    ("/v1/breaker/probe", {"reason": "a test"}),
    ("/v1/breaker/reset", {"reason": "a test"}),
    ("/v1/roots/retract", {"chain_id": CHAIN, "epoch": 7, "reason": "a test"}),
)


@pytest.mark.parametrize(("path", "body"), OPERATORS)
def test_the_operators_routes_need_the_operators_token(client: TestClient, path: str, body: Any) -> None:
    for headers in ({}, RELAY):
        assert_problem(client.post(path, json=body, headers=headers), 401, "unauthorised")
    assert client.post(path, json=body, headers=OPERATOR).status_code in (200, 404)


@pytest.mark.parametrize(("path", "body"), [*OPERATORS, ("/v1/roots", report()), ("/v1/market", {})])
def test_a_service_without_tokens_takes_no_orders(ledger: MarginLedger, path: str, body: Any) -> None:
    with TestClient(create_app(ledger, ServiceSettings())) as client:
        for headers in ({}, OPERATOR, RELAY, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}):
            assert_problem(client.post(path, json=body, headers=headers), 401, "unauthorised")


def test_the_operator_lowers_and_ends_credits(client: TestClient, venue: Venue) -> None:
    receipt = settle(client, venue.body(1)).json()
    base, account = f"/v1/settlements/{receipt['settlement_id']}", f"/v1/accounts/{receipt['account']}"
    client.post("/v1/breaker/trip", json={"reason": "it works all the same"}, headers=OPERATOR)
    assert client.post(f"{base}/repay", json={"remaining": "40.5"}, headers=OPERATOR).json() == {"margin": "40.5"}
    assert client.post(f"{base}/repay", json={"remaining": "90"}, headers=OPERATOR).json() == {"margin": "40.5"}
    assert client.get(account).json()["margin"] == "40.5"
    assert client.post(f"{base}/release", headers=OPERATOR).json() == {"margin": "0"}
    assert client.post(f"{account}/release", json={"through_sequence": 2**64 - 1}, headers=OPERATOR).is_success
    assert client.get(account).json()["released_through"] == 2**64 - 1
    unknown = "/v1/settlements/0x" + "77" * 32
    assert_problem(client.post(f"{unknown}/release", headers=OPERATOR), 404, "unknown-settlement")


def test_breakers_by_source_and_whole(client: TestClient, venue: Venue) -> None:
    def states() -> dict[int | None, str]:
        return {b["source"]: b["state"] for b in client.get("/v1/breaker").json()["breakers"]}

    assert set(states().values()) == {"closed"}
    client.post("/v1/breaker/trip", json={"reason": "reorganised", "source": CHAIN}, headers=OPERATOR)
    assert states()[CHAIN] == "open"
    assert states()[None] == "closed"
    assert_problem(settle(client, venue.body(1)), 503, "breaker-open")
    client.post("/v1/breaker/probe", json={"reason": "let us see", "source": CHAIN}, headers=OPERATOR)
    assert states()[CHAIN] == "half-open"
    client.post("/v1/breaker/reset", json={"reason": "fine", "source": CHAIN}, headers=OPERATOR)
    assert settle(client, venue.body(1)).status_code == 200


def test_a_retracted_root_counts_no_more(client: TestClient, venue: Venue) -> None:
    order = {"chain_id": CHAIN, "epoch": 7, "reason": "the block is gone"}
    assert client.post("/v1/roots/retract", json=order, headers=OPERATOR).json() == {"done": True}
    client.post("/v1/breaker/reset", json={"reason": "seen", "source": CHAIN}, headers=OPERATOR)
    assert_problem(settle(client, venue.body(1)), 409, "unknown-root")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/breaker/trip", {"reason": ""}),
        ("/v1/breaker/trip", {"reason": 5}),
        ("/v1/breaker/trip", {"reason": "a test", "source": "1"}),
        ("/v1/breaker/trip", {"reason": "a test", "source": True}),
        ("/v1/breaker/trip", {"reason": "a test", "source": 424242}),
        ("/v1/breaker/trip", {"reason": "a test", "more": 1}),
        ("/v1/accounts/1/release", {"through_sequence": -1}),
        ("/v1/accounts/1/release", {"through_sequence": True}),
        ("/v1/accounts/01/release", {"through_sequence": 1}),
        ("/v1/accounts/" + "9" * 77 + "/release", {"through_sequence": 1}),
        ("/v1/settlements/0x12/release", None),
        ("/v1/settlements/0x" + "01" * 32 + "/repay", {"remaining": 5}),
        ("/v1/settlements/0x" + "01" * 32 + "/repay", {"remaining": "-5"}),
        ("/v1/settlements/0x" + "01" * 32 + "/repay", {"remaining": "9" * 60}),
        ("/v1/roots", {}),
        ("/v1/roots", report(root=-5)),
        ("/v1/roots", report(epoch=True)),
        ("/v1/roots", report(observed_at_ms="1")),
        ("/v1/roots/retract", {"chain_id": "x", "epoch": 1, "reason": "a test"}),
        ("/v1/market", {"oracle_time_ms": "x", "disagreement_ppm": 0, "price_gap_ppm": 0}),
    ],
)
def test_malformed_orders(client: TestClient, path: str, body: Any) -> None:
    assert_problem(client.post(path, json=body, headers=OPERATOR), 400, "malformed")


def test_the_newest_decisions_are_found_among_many_roots(client: TestClient, venue: Venue) -> None:
    for number in (1, 2, 3):
        settle(client, venue.body(number))
    for epoch in range(8, 20):
        assert client.post("/v1/roots", json=report(epoch, 700 + epoch), headers=RELAY).status_code == 200
    found = client.get("/v1/decisions?order=newest&limit=2").json()["decisions"]
    assert found == client.get("/v1/decisions").json()["decisions"][1:]
