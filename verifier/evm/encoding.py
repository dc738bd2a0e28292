"""Requests as the contract takes them: the tuple of its struct `Request`, from the request that the ledger takes."""

from __future__ import annotations

from ..proof import Proof
from ..request import SettlementRequest

RequestTuple = tuple[list[int], list[int], list[int], int, int, int, int, int, int, int, int, bytes, bytes]


def request_tuple(request: SettlementRequest) -> RequestTuple:
    """`target` and `context` are not in it: the contract has the one and computes the other."""
    inputs, context, terms = request.named_inputs(), request.context, request.terms
    return (
        proof_words(request.proof),
        list(context.source_chain_ids),
        list(inputs.source_roots),
        inputs.risk_root,
        inputs.account,
        inputs.nullifier,
        terms.credit_e8,
        terms.horizon_ms,
        terms.sequence,
        context.expiry_ms,
        context.oracle_time_ms,
        context.beneficiary,
        context.settlement_id,
    )


def proof_words(proof: Proof) -> list[int]:
    """A.x, A.y, B.x, B.y, C.x, C.y, the imaginary part of each coordinate of B first (EIP-197)."""
    data = proof.to_calldata()
    return [int.from_bytes(data[i : i + 32], "big") for i in range(0, len(data), 32)]
