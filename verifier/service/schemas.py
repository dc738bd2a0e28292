"""The JSON schemas of the service's documents, by the names that OpenAPI gives them.

They describe what the readers in this package check; the readers decide. A test sends every example through them.
"""

from __future__ import annotations

from typing import Any

from .problems import PROBLEMS, TYPE_PREFIX

Schema = dict[str, Any]

UINT64 = (1 << 64) - 1
INT63 = (1 << 63) - 1


def _object(properties: Schema, optional: tuple[str, ...] = (), *, closed: bool = True) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": not closed}


def _list(items: Schema, most: int | None = None, least: int = 0) -> Schema:
    schema: Schema = {"type": "array", "items": items, "minItems": least}
    return schema if most is None else {**schema, "maxItems": most}


def _hex(size: int) -> Schema:
    return {"type": "string", "pattern": f"^0x[0-9a-f]{{{2 * size}}}$"}


def _integer(most: int = INT63, least: int = 0) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


FIELD: Schema = {"type": "string", "pattern": "^(0|[1-9][0-9]{0,76})$", "description": "A field element in decimal"}
AMOUNT: Schema = {"type": "string", "pattern": r"^(0|[1-9][0-9]*)(\.[0-9]{1,8})?$", "description": "Up to 8 decimals"}
TIME: Schema = {**_integer(), "description": "Milliseconds since 1970"}
POINT: Schema = _list({"type": "string"}, 3, 3)
REASON: Schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[ -~]*[!-~][ -~]*$"}
SIGNATURES: Schema = _list(_hex(65), 64)
POSITION: Schema = {"type": "string", "enum": ["closed", "half-open", "open"]}

SCHEMAS: Schema = {
    "Proof": {
        "description": "A Groth16 proof: as snarkjs writes it, or in hexadecimal, 128 compressed bytes or calldata.",
        "anyOf": [
            _object(
                {
                    "pi_a": POINT,
                    "pi_b": _list(_list({"type": "string"}, 2, 2), 3, 3),
                    "pi_c": POINT,
                    "protocol": {"const": "groth16"},
                    "curve": {"const": "bn128"},
                }
            ),
            _hex(128),
            _hex(256),
        ],
    },
    "SettlementRequest": _object(
        {
            "format": {"const": "zkmargin.settlement-request/1"},
            "source_chain_ids": _list(_integer(UINT64), 15, 1),
            "beneficiary": _hex(20),
            "settlement_id": _hex(32),
            "expiry_ms": _integer(UINT64),
            "oracle_time_ms": _integer(UINT64),
            "terms": _object({"credit": AMOUNT, "horizon_ms": _integer((1 << 40) - 1), "sequence": _integer(UINT64)}),
            "public": _list(FIELD, 21, 7),
            "proof": _ref("Proof"),
        }
    ),
    "SettlementBatch": _object({"requests": _list(_ref("SettlementRequest"), 256, 1)}),
    "Receipt": _object(
        {
            "format": {"const": "zkmargin.receipt/1"},
            "number": _integer(),
            "request_digest": _hex(32),
            "settlement_id": _hex(32),
            "beneficiary": _hex(20),
            "account": FIELD,
            "nullifier": FIELD,
            "sequence": _integer(UINT64),
            "credit": AMOUNT,
            "replaced": AMOUNT,
            "expiry_ms": _integer(UINT64),
            "accepted_at_ms": TIME,
        }
    ),
    "BatchResult": _object(
        {
            "results": _list(
                {"oneOf": [_object({"receipt": _ref("Receipt")}), _object({"problem": _ref("Problem")})]},
            )
        }
    ),
    "Receipts": _object({"receipts": _list(_ref("Receipt"), 1000)}),
    "Account": _object(
        {
            "account": FIELD,
            "margin": AMOUNT,
            "expiry_ms": _integer(UINT64),
            "sequence": _or_null(_integer(UINT64)),
            "released_through": _or_null(_integer(UINT64)),
            "receipt": {**_integer(), "description": "The number of its newest receipt, 0 where there is none"},
        }
    ),
    "Accounts": _object({"accounts": _list(_ref("Account"), 1000)}),
    "Breaker": _object(
        {
            "source": {**_or_null(_integer(UINT64)), "description": "A source chain, null for the whole ledger"},
            "state": POSITION,
            "at_ms": TIME,
            "reason": {"type": "string"},
            "by": {"type": "string", "enum": ["ledger", "operator"]},
            "inflow": {**AMOUNT, "description": "What its meter holds now"},
            "cap": _or_null(AMOUNT),
        }
    ),
    "Breakers": _object({"breakers": _list(_ref("Breaker"))}),
    "Decision": _object(
        {
            "number": _integer(),
            "at_ms": TIME,
            "request_digest": _hex(32),
            "settlement_id": _hex(32),
            "outcome": {"type": "string", "description": "accepted, or the code of the problem"},
            "detail": {"type": "string"},
        }
    ),
    "Decisions": _object({"decisions": _list(_ref("Decision"), 1000)}),
    "LogEntry": _object(
        {
            "number": _integer(),
            "at_ms": TIME,
            "kind": {"type": "string"},
            "body": {"type": "string", "description": "Canonical JSON, as the hash covers it"},
            "hash": _hex(32),
        }
    ),
    "Log": _object({"entries": _list(_ref("LogEntry"), 1000)}),
    "Status": _object(
        {
            "ledger": {"type": "string"},
            "target_chain_id": _integer(UINT64),
            "target": FIELD,
            "now_ms": TIME,
            "oracle": _object({"age_ms": _or_null({"type": "integer"}), "max_age_ms": _integer()}),
            "roots": _list(
                _object({"source": _integer(UINT64), "age_ms": _or_null({"type": "integer"}), "max_age_ms": _integer()})
            ),
            "breakers": _list(_ref("Breaker")),
            "outstanding": AMOUNT,
            "receipts": _integer(),
            "log": _object({"number": _integer(), "hash": _hex(32)}),
        }
    ),
    "RootReport": _object(
        {"chain_id": _integer(UINT64), "epoch": _integer(UINT64), "root": FIELD, "observed_at_ms": _integer(UINT64)}
    ),
    "SourceRootAttestation": _object(
        {
            "format": {"const": "zkmargin.source-root-attestation/1"},
            "target": FIELD,
            "chain_id": _integer(UINT64),
            "epoch": _integer(UINT64),
            "root": FIELD,
            "observed_at_ms": _integer(UINT64),
            "signatures": SIGNATURES,
        }
    ),
    "RiskAttestation": _object(
        {
            "format": {"const": "zkmargin.risk-attestation/2"},
            "market": {"type": "string", "minLength": 1, "maxLength": 255},
            "risk_root": FIELD,
            "oracle_time_ms": _integer(UINT64),
            "signatures": SIGNATURES,
        }
    ),
    "MarketHealth": _object(
        {"oracle_time_ms": _integer(), "disagreement_ppm": _integer(), "price_gap_ppm": _integer()}
    ),
    "Reason": _object({"reason": REASON, "source": _or_null(_integer(UINT64))}, ("source",)),
    "Repayment": _object({"remaining": AMOUNT}),
    "Through": _object({"through_sequence": _integer(UINT64)}),
    "Retraction": _object({"chain_id": _integer(UINT64), "epoch": _integer(UINT64), "reason": REASON}),
    "Noted": {
        "type": "object",
        "properties": {"noted": {"const": True}},
        "required": ["noted"],
        "additionalProperties": {"type": "integer"},
    },
    "Left": _object({"margin": AMOUNT}),
    "Done": _object({"done": {"const": True}}),
    "Alive": _object({"alive": {"const": True}}),
    "Ready": _object({"ready": {"const": True}, "oracle_age_ms": {"type": "integer"}}),
    "Problem": {
        "type": "object",
        "description": "RFC 9457. `code` is stable; /v1/problems lists them all.",
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string", "enum": sorted(PROBLEMS)},
            "detail": {"type": "string"},
            "instance": {"type": "string", "description": "Names this occurrence; the service's log has it too"},
            "kind": {"type": "string", "description": "Of malformed input: what kind of malformed"},
            "what": {"type": "string", "description": "Of malformed input: what was being read"},
        },
        "required": ["type", "title", "status", "code"],
    },
    "Problems": _object(
        {
            "problems": _list(
                _object(
                    {
                        "type": {"type": "string", "pattern": f"^{TYPE_PREFIX}"},
                        "code": {"type": "string"},
                        "status": {"type": "integer"},
                        "title": {"type": "string"},
                    }
                )
            )
        }
    ),
}
