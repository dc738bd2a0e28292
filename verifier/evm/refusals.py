"""What a contract refuses, as the same typed errors that the ledger in Python raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zkmargin.algebra import EncodingError, PointError, ZkMarginError

from ..errors import (
    AccountCapExceeded,
    AttestationRejected,
    BreakerOpen,
    ContextMismatch,
    CreditTooLarge,
    InflowCapExceeded,
    NullifierUsed,
    ProofRejected,
    RequestExpired,
    RootRejected,
    SettlementIdUsed,
    StaleRiskTable,
    StaleRoot,
    StaleSequence,
    UnattestedRiskTable,
    UnknownRoot,
    WrongHorizon,
    WrongTarget,
)

REVERT_STRING = bytes.fromhex("08c379a0")
"""The selector of Error(string), by which a contract gives its reason."""
MAX_REASON = 200

_WITH_TEXT: dict[str, tuple[Callable[[str], ZkMarginError], str]] = {
    "wrong-target": (WrongTarget, "the proof credits another ledger: make one for this contract's target"),
    "context-mismatch": (ContextMismatch, "the proof was made for another request"),
    "unknown-root": (UnknownRoot, "the contract does not know a source root: have it attested there"),
    "stale-root": (StaleRoot, "a source root is too old for the contract: prove against a newer one"),
    "unattested-risk-table": (UnattestedRiskTable, "the risk table is not attested to the contract for this time"),
    "stale-risk-table": (StaleRiskTable, "the risk table is too old for the contract: prove with a newer one"),
    "wrong-horizon": (WrongHorizon, "the horizon or the terms are not those that the contract derives"),
    "request-expired": (RequestExpired, "the request has expired by the chain's clock"),
    "stale-sequence": (StaleSequence, "the account has shown this state or a newer one: prove its newest"),
    "nullifier-used": (NullifierUsed, "this state of the account has been credited by the contract before"),
    "settlement-id-used": (SettlementIdUsed, "another request was accepted under this settlement id"),
    "credit-too-large": (CreditTooLarge, "the credit is above what the contract credits at once"),
    "proof-rejected": (ProofRejected, "it does not hold for this request at this contract"),
    "account-cap-exceeded": (AccountCapExceeded, "the account's cap would be exceeded: wait, or ask for less"),
    "paused": (BreakerOpen, "the owner has paused the contract"),
    "breaker-open": (BreakerOpen, "the contract's breaker, or that of one of the sources"),
    "root-rejected": (RootRejected, "the contract refuses the root: zero, from the future, or not a newer one"),
    "attestation-rejected": (AttestationRejected, "the contract finds no quorum of known signers in ascending order"),
    "point-error": (PointError, "a point of the proof is none"),
    "public-input-error": (EncodingError, "a public input is no field element"),
    "statement-error": (EncodingError, "a number is out of its range for the contract"),
}
_CAPS = {"source-cap-exceeded": "source", "inflow-cap-exceeded": "inflow", "trial-cap-exceeded": "trial"}


def refusal(code: str) -> ZkMarginError | None:
    """The error of a code; None for what is no code of this ledger's."""
    if code in _CAPS:
        return InflowCapExceeded(f"the {_CAPS[code]} cap would be exceeded: its breaker opens", _CAPS[code], None)
    if code not in _WITH_TEXT:
        return None
    make, text = _WITH_TEXT[code]
    return make(text)


def reason_of(problem: Any) -> str:
    """The reason in a node's answer about a revert, short and printable; empty where none was given."""
    data = getattr(problem, "data", None)
    if isinstance(data, str) and data.startswith("0x"):
        try:
            return _revert_string(bytes.fromhex(data[2:]))
        except ValueError:
            return ""
    return ""


def _revert_string(data: bytes) -> str:
    """The text in the encoding of Error(string): offset, length, bytes."""
    if data[:4] != REVERT_STRING or len(data) < 68:
        return ""
    length = min(int.from_bytes(data[36:68], "big"), MAX_REASON)
    text = data[68 : 68 + length].decode("ascii", "replace")
    return "".join(c if c.isprintable() else " " for c in text)
