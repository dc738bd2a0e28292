"""What each reader of outside bytes takes at most: one byte more is refused for its length, before it is parsed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from zkmargin.algebra import BN254, EncodingError, Engine
from zkmargin.verifier import (
    Proof,
    RiskAttestation,
    SettlementRequest,
    SourceRootAttestation,
    StatementError,
    VerifyingKey,
    read_call,
    read_proof,
    read_public_signals,
    write_call,
)
from zkmargin.verifier.proof_forms import proof_form

from .trapdoor import Trapdoor
from .world import World

STATEMENT = [5, 0]


def documents(engine: Engine) -> dict[str, tuple[Callable[[bytes], object], bytes, int]]:
    """Each reader, something that it takes, and its limit as docs/verifying.md has it."""
    trapdoor = Trapdoor(engine, 2)
    proof = trapdoor.forge(STATEMENT)
    risk = RiskAttestation("a market", 1, 2)
    root = SourceRootAttestation(target=1, chain_id=2, epoch=3, root=4, observed_at_ms=5)
    return {
        "proof": (Proof.from_json, encoded(proof.to_json()), 16 << 10),
        "key": (VerifyingKey.from_json, encoded(trapdoor.key.to_json()), 4 << 20),
        "request": (SettlementRequest.from_json, encoded(World(engine).request().to_json()), 64 << 10),
        "public inputs": (read_public_signals, b'["5", "0"]', 1 << 20),
        "risk attestation": (RiskAttestation.from_json, encoded(risk.to_json()), 16 << 10),
        "root attestation": (SourceRootAttestation.from_json, encoded(root.to_json()), 16 << 10),
        "call": (read_call, write_call(proof, STATEMENT).encode(), 1 << 20),
        "any proof": (read_proof, encoded(proof.to_json()), 16 << 10),
    }


def encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "name",
    ["proof", "key", "request", "public inputs", "risk attestation", "root attestation", "call", "any proof"],
)
def test_a_limit_is_kept_to_the_byte(best_engine: Engine, name: str) -> None:
    read, data, limit = documents(best_engine)[name]
    read(data.ljust(limit))
    with pytest.raises(EncodingError, match="more than the"):
        read(data.ljust(limit + 1))


def test_more_than_any_form_has_is_not_parsed_to_tell_its_form() -> None:
    assert proof_form(b"{}".ljust(1 << 20)) == "json"
    with pytest.raises(EncodingError, match="more than the 1048576 allowed"):
        proof_form(b"{}".ljust((1 << 20) + 1))


def test_a_proof_over_another_curve_is_no_calldata(best_engine: Engine) -> None:
    proof = Trapdoor(best_engine, 2).forge(STATEMENT)
    with pytest.raises(EncodingError, match="EIP-197 knows no curve another"):
        replace(proof, curve=replace(BN254, name="another")).to_calldata()


@pytest.mark.parametrize("value", [True, "1", 1.0, None, -1, BN254.r])
def test_what_is_no_field_element_is_not_attested(value: Any) -> None:
    with pytest.raises(StatementError):
        RiskAttestation("a market", value, 2)
    with pytest.raises(StatementError):
        SourceRootAttestation(target=value, chain_id=2, epoch=3, root=4, observed_at_ms=5)
