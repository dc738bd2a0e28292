"""The description agrees with the service: examples pass, and generated requests meet no surprise."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from jsonschema_rs import validator_for
from schemathesis import checks

from zkmargin.verifier import MarginLedger, RiskAttestation, SettlementRequest, SourceRootAttestation
from zkmargin.verifier.service import PROBLEMS, ServiceSettings, create_app
from zkmargin.verifier.service.openapi import examples
from zkmargin.verifier.service.schemas import SCHEMAS

from .conftest import OPERATOR

EXAMPLES_EACH = 12
STATUSES = {200} | {kind.status for kind in PROBLEMS.values()} - {500}


@pytest.fixture
def description(client: TestClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/v1/openapi.json").json()
    return document


def test_every_schema_has_an_example_that_is_valid(description: dict[str, Any]) -> None:
    for name, example in examples().items():
        schema = {"$ref": f"#/components/schemas/{name}", "components": description["components"]}
        validator_for(schema).validate(example)
    assert set(SCHEMAS) - set(examples()) <= {"Proof", "Problem", "Problems", "Breaker", "Decision", "LogEntry"}


def test_the_examples_of_bodies_can_be_read() -> None:
    for name, kind in (
        ("SettlementRequest", SettlementRequest),
        ("RiskAttestation", RiskAttestation),
        ("SourceRootAttestation", SourceRootAttestation),
    ):
        assert kind.from_json(examples()[name]).to_json() == examples()[name]  # type: ignore[attr-defined]
    for item in examples()["SettlementBatch"]["requests"]:
        SettlementRequest.from_json(item)


def test_every_route_says_what_it_answers(description: dict[str, Any]) -> None:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            assert {"200", "default"} <= set(operation["responses"]), (path, method)
            for status, answer in operation["responses"].items():
                for code in answer.get("content", {}).get("application/problem+json", {}).get("examples", {}):
                    assert PROBLEMS[code].status == int(status)
            if method == "post" and "operator" in operation["tags"]:
                assert operation["security"] == [{"operator": []}]
    assert "HTTPValidationError" not in json.dumps(description)


def test_generated_requests(ledger: MarginLedger, settings: ServiceSettings) -> None:
    """Bounded: valid and invalid requests for each operation, none of which may be answered by an error of ours."""
    app = create_app(ledger, settings)
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", app).exclude(path="/v1/decisions/stream")
    wanted = [checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance]
    for result in schema.get_all_operations():
        operation = result.ok()

        @hypothesis_settings(
            max_examples=EXAMPLES_EACH,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def sent(case: Any) -> None:
            answer = case.call_and_validate(headers=OPERATOR, checks=wanted)
            assert answer.status_code in STATUSES

        sent()
