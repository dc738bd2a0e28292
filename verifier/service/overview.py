"""The document that says how the ledger stands: what `/v1/status` answers and the page shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..ledger.breakers import BreakerState
from ..ledger.config import LedgerConfig
from ..ledger.overview import Overview
from .documents import amount, hex_text


def status_document(config: LedgerConfig, overview: Overview) -> dict[str, Any]:
    def age_ms(time_ms: int | None) -> int | None:
        return None if time_ms is None else overview.now_ms - time_ms

    return {
        "ledger": config.ledger,
        "target_chain_id": config.target_chain_id,
        "target": str(config.target),
        "now_ms": overview.now_ms,
        "oracle": {"age_ms": age_ms(overview.newest_risk_table_ms), "max_age_ms": config.max_risk_age_ms},
        "roots": [
            {"source": source, "age_ms": age_ms(time_ms), "max_age_ms": config.max_root_age_ms}
            for source, time_ms in overview.newest_roots_ms.items()
        ],
        "breakers": breaker_documents(overview.breakers),
        "outstanding": amount(overview.outstanding_e8),
        "receipts": overview.last_receipt,
        "log": {"number": overview.head.number, "hash": hex_text(overview.head.hash)},
    }


def breaker_documents(breakers: Iterable[BreakerState]) -> list[dict[str, Any]]:
    return [
        {
            "source": breaker.source,
            "state": breaker.position.value,
            "at_ms": breaker.at_ms,
            "reason": breaker.reason,
            "by": breaker.by,
            "inflow": amount(breaker.inflow_e8),
            "cap": None if breaker.cap_e8 is None else amount(breaker.cap_e8),
        }
        for breaker in breakers
    ]
