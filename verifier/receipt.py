"""What the ledger answers when it accepts a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zkmargin.algebra.fixed_point import format_decimal

FORMAT = "zkmargin.receipt/1"
AMOUNT_SCALE = 8


@dataclass(frozen=True)
class Receipt:
    """One credit, which is the account's whole margin from then on. `replaced_e8` is the margin it took the place of.

    `number` counts the ledger's receipts from 1.
    """

    number: int
    request_digest: bytes
    settlement_id: bytes
    beneficiary: bytes
    account: int
    nullifier: int
    sequence: int
    credit_e8: int
    replaced_e8: int
    expiry_ms: int
    accepted_at_ms: int

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "number": self.number,
            "request_digest": "0x" + self.request_digest.hex(),
            "settlement_id": "0x" + self.settlement_id.hex(),
            "beneficiary": "0x" + self.beneficiary.hex(),
            "account": str(self.account),
            "nullifier": str(self.nullifier),
            "sequence": self.sequence,
            "credit": format_decimal(self.credit_e8, AMOUNT_SCALE),
            "replaced": format_decimal(self.replaced_e8, AMOUNT_SCALE),
            "expiry_ms": self.expiry_ms,
            "accepted_at_ms": self.accepted_at_ms,
        }
