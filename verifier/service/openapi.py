"""The service's OpenAPI description: bodies, answers, examples, and who may do what."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from .problems import MEDIA_TYPE, PROBLEMS, Problem
from .schemas import SCHEMAS

Responses = dict[int | str, dict[str, Any]]

JSON = "application/json"
OF_BODY = ("too-large", "unsupported-media-type", "slow-body")
OPERATOR, RELAY = "operator", "relay"

DESCRIPTION = (
    "A margin ledger over HTTP. Hand in a settlement request with its proof and get a receipt; read margins, decisions"
    " and the breaker. Amounts are decimal text, field elements decimal digits, bytes 0x and hex. Refusals are problem"
    " documents (RFC 9457) with a stable `code`. A request may always be sent again: the receipt is the same."
)


@lru_cache(maxsize=1)
def examples() -> dict[str, Any]:
    """An example of each document, by the name of its schema."""
    text = (files(__package__) / "examples.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def answers(schema: str | None, *codes: str, body: bool = False) -> Responses:
    """The responses of a route: 200 with this schema, and these problems grouped by their status.

    Every route may also answer `malformed`, and a problem of the message itself, which `default` stands for.
    """
    responses: Responses = {"default": _problems("Any other problem", ())}
    if schema is not None:
        responses[200] = {"description": "Done", "content": {JSON: _content(schema)}}
    grouped: dict[int, list[str]] = {}
    for code in ("malformed", *codes, *(OF_BODY if body else ())):
        grouped.setdefault(PROBLEMS[code].status, []).append(code)
    for status, group in grouped.items():
        responses[status] = _problems("; ".join(PROBLEMS[code].title for code in group), tuple(group))
    return responses


def _problems(description: str, codes: tuple[str, ...]) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Problem"}}
    if codes:
        content["examples"] = {code: {"value": Problem(code).to_json()} for code in codes}
    return {"description": description, "content": {MEDIA_TYPE: content}}


def _content(schema: str) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{schema}"}}
    if schema in examples():
        content["example"] = examples()[schema]
    return content


def _body(*schemas: str, token: str | None = None, optional_token: bool = False) -> dict[str, Any]:
    if len(schemas) == 1:
        content = _content(schemas[0])
    else:
        content = {
            "schema": {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in schemas]},
            "examples": {name: {"value": examples()[name]} for name in schemas},
        }
    extra: dict[str, Any] = {"requestBody": {"required": True, "content": {JSON: content}}}
    if token is not None:
        extra["security"] = [{token: []}] + ([{}] if optional_token else [])
    return extra


SETTLEMENT_BODY = _body("SettlementRequest")
BATCH_BODY = _body("SettlementBatch")
ROOT_BODY = _body("RootReport", "SourceRootAttestation", token=RELAY, optional_token=True)
RISK_BODY = _body("RiskAttestation")
MARKET_BODY = _body("MarketHealth", token=RELAY)
REASON_BODY = _body("Reason", token=OPERATOR)
REPAY_BODY = _body("Repayment", token=OPERATOR)
THROUGH_BODY = _body("Through", token=OPERATOR)
RETRACT_BODY = _body("Retraction", token=OPERATOR)
NO_BODY: dict[str, Any] = {"security": [{OPERATOR: []}]}

STREAM_ANSWER: Responses = {
    200: {
        "description": "Events `decision`, each with a Decision as its data, and `change`",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
METRICS_ANSWER: Responses = {
    200: {"description": "Measurements", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


def describe(app: FastAPI, version: str) -> dict[str, Any]:
    """The whole description."""
    document = get_openapi(title="zkmargin ledger", version=version, description=DESCRIPTION, routes=app.routes)
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(SCHEMAS)
    bearer = {"type": "http", "scheme": "bearer"}
    components["securitySchemes"] = {
        OPERATOR: {**bearer, "description": "The operator's token"},
        RELAY: {**bearer, "description": "The relay's token; the operator's is taken as well"},
    }
    return document
