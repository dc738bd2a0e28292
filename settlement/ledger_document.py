"""The configuration of a margin ledger as a JSON document, `zkmargin.ledger-config/2`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zkmargin.algebra import Buffer, load_json
from zkmargin.verifier import LedgerConfig

from .breaker_document import limits_json, read_limits
from .fields import Fields, amount_text

FORMAT = "zkmargin.ledger-config/2"
DOCUMENT = "ledger configuration"
UINT64 = 1 << 64
TIMES = ("max_root_age_ms", "max_risk_age_ms", "max_horizon_ms", "clock_skew_ms")


@dataclass(frozen=True)
class LedgerDocument:
    """The configuration, and the currency its amounts are in."""

    config: LedgerConfig
    quote: str

    @classmethod
    def from_json(cls, data: Buffer | str) -> LedgerDocument:
        """Read the document; a configuration that contradicts itself is a `ConfigError`."""
        fields = Fields(load_json(data, DOCUMENT), DOCUMENT)
        fields.expect("format", FORMAT)
        quote = fields.text("quote", max_length=16)
        routes = fields.objects("routes", _read_route)
        if len(dict(routes)) != len(routes):
            raise fields.fail("routes", "names a chain twice")
        config = LedgerConfig(
            target_chain_id=fields.integer("target_chain_id", 0, UINT64),
            ledger=fields.text("ledger"),
            circuit_digest=fields.hex_bytes("circuit_digest", 32),
            market=fields.text("market", max_length=255),
            routes=dict(routes),
            oracle_signers=tuple(fields.objects("oracles", lambda row: row.hex_bytes("address", 20))),
            oracle_quorum=fields.integer("oracle_quorum", 1, UINT64),
            root_signers=tuple(fields.objects("root_signers", lambda row: row.hex_bytes("address", 20))),
            root_quorum=fields.integer("root_quorum", 0, UINT64),
            limits=read_limits(fields.inner("breaker"), quote),
            max_credit_e8=fields.amount("max_credit", quote),
            allow_development_key=fields.flag("allow_development_key"),
            **{name: fields.integer(name, 0, UINT64) for name in TIMES},
        )
        fields.done()
        return cls(config, quote)

    def to_json(self) -> dict[str, Any]:
        config, quote = self.config, self.quote
        return {
            "format": FORMAT,
            "quote": quote,
            "target_chain_id": config.target_chain_id,
            "ledger": config.ledger,
            "circuit_digest": "0x" + config.circuit_digest.hex(),
            "market": config.market,
            "routes": [{"chain_id": chain, "latency_ms": latency} for chain, latency in sorted(config.routes.items())],
            "oracles": [{"address": "0x" + signer.hex()} for signer in config.oracle_signers],
            "oracle_quorum": config.oracle_quorum,
            "root_signers": [{"address": "0x" + signer.hex()} for signer in config.root_signers],
            "root_quorum": config.root_quorum,
            "breaker": limits_json(config.limits, quote),
            "max_credit": amount_text(config.max_credit_e8, quote),
            **{name: getattr(config, name) for name in TIMES},
            "allow_development_key": config.allow_development_key,
        }


def _read_route(row: Fields) -> tuple[int, int]:
    return row.integer("chain_id", 0, UINT64), row.integer("latency_ms", 0, UINT64)
