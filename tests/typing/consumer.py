"""A margin service's use of the verifier, type-checked strictly by mypy and pyright against the public API."""

from __future__ import annotations

from pathlib import Path

from zkmargin.verifier import (
    InvalidProof,
    LedgerConfig,
    MarginLedger,
    Proof,
    Receipt,
    Rejected,
    SettlementRequest,
    Verifier,
    VerifyingKey,
    read_public_signals,
)


def is_valid(key_file: Path, proof_file: Path, public_file: Path) -> bool:
    """A service that only checks."""
    verifier = Verifier(VerifyingKey.from_json(key_file.read_bytes()))
    try:
        verifier.verify(read_public_signals(public_file.read_bytes()), Proof.from_json(proof_file.read_bytes()))
    except InvalidProof:
        return False
    return True


def credit(database: Path, config: LedgerConfig, key: VerifyingKey, body: bytes) -> Receipt | str:
    """A service that credits: the receipt, or the stable code of the refusal."""
    with MarginLedger.open(database, config, key) as ledger:
        try:
            return ledger.accept(SettlementRequest.from_json(body))
        except Rejected as refusal:
            return refusal.code
