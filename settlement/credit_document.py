"""The credit asked for as a JSON document, `zkmargin.credit-request/1`: target, amount, beneficiary, expiry, route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zkmargin.algebra import Buffer, load_json
from zkmargin.verifier import Context, target_digest

from .errors import DocumentError
from .fields import Fields, amount_text

FORMAT = "zkmargin.credit-request/1"
DOCUMENT = "credit request"
UINT64 = 1 << 64


@dataclass(frozen=True)
class CreditRequest:
    """What the trader wants from one target, before there is a proof."""

    target_chain_id: int
    ledger: str
    credit_e8: int
    quote: str
    source_chain_ids: tuple[int, ...]
    beneficiary: bytes
    settlement_id: bytes
    expiry_ms: int
    route_latency_ms: int

    @classmethod
    def from_json(cls, data: Buffer | str) -> CreditRequest:
        fields = Fields(load_json(data, DOCUMENT), DOCUMENT)
        fields.expect("format", FORMAT)
        quote = fields.text("quote", max_length=16)
        request = cls(
            target_chain_id=fields.integer("target_chain_id", 0, UINT64),
            ledger=fields.text("ledger"),
            credit_e8=fields.amount("credit", quote),
            quote=quote,
            source_chain_ids=tuple(fields.integer_list("source_chain_ids", 0, UINT64)),
            beneficiary=fields.hex_bytes("beneficiary", 20),
            settlement_id=fields.hex_bytes("settlement_id", 32),
            expiry_ms=fields.integer("expiry_ms", 0, UINT64),
            route_latency_ms=fields.integer("route_latency_ms", 0, UINT64),
        )
        fields.done()
        return request

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "quote": self.quote,
            "target_chain_id": self.target_chain_id,
            "ledger": self.ledger,
            "credit": amount_text(self.credit_e8, self.quote),
            "source_chain_ids": list(self.source_chain_ids),
            "beneficiary": "0x" + self.beneficiary.hex(),
            "settlement_id": "0x" + self.settlement_id.hex(),
            "expiry_ms": self.expiry_ms,
            "route_latency_ms": self.route_latency_ms,
        }

    def target(self, circuit_digest: bytes) -> int:
        """The public input that names the ledger."""
        return target_digest(self.target_chain_id, self.ledger, circuit_digest)

    def horizon_ms(self, oracle_time_ms: int) -> int:
        """max(latency of the route, expiry - oracle time), as the ledger derives it for itself."""
        if self.expiry_ms <= oracle_time_ms:
            raise DocumentError(DOCUMENT, "expiry_ms", "lies before the risk table's oracle_time_ms")
        return max(self.route_latency_ms, self.expiry_ms - oracle_time_ms)

    def context(self, oracle_time_ms: int) -> Context:
        return Context(
            source_chain_ids=self.source_chain_ids,
            beneficiary=self.beneficiary,
            settlement_id=self.settlement_id,
            expiry_ms=self.expiry_ms,
            oracle_time_ms=oracle_time_ms,
        )
