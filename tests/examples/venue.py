"""A venue in a folder, in the time of now: what `zkmargin ledger init` and a morning of relays would leave."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from zkmargin.algebra import Engine
from zkmargin.settlement.ledger_document import LedgerDocument
from zkmargin.settlement.ledger_folder import CONFIG_NAME, KEY_NAME, LedgerFolder
from zkmargin.verifier import MarginLedger, SettlementRequest

from ..verifier.world import CHAIN, CONFIG, ROOT, World, attestation

HOUR_MS = 3_600_000


class Venue:
    """A ledger that knows a root and a risk table of a moment ago, and requests that it accepts for an hour."""

    def __init__(self, folder: Path, engine: Engine, database: str | None = None) -> None:
        self.folder = folder
        self.database = database
        self.world = World(engine)
        self.oracle_time_ms = time.time_ns() // 1_000_000 - 1_000
        ages = dict.fromkeys(("max_root_age_ms", "max_risk_age_ms", "max_horizon_ms"), 2 * HOUR_MS)
        self.config = replace(CONFIG, **ages)
        folder.mkdir()
        (folder / CONFIG_NAME).write_text(json.dumps(LedgerDocument(self.config, "USD").to_json()))
        (folder / KEY_NAME).write_text(json.dumps(self.world.trapdoor.key.to_json()))
        self.attestation = attestation(oracle_time_ms=self.oracle_time_ms)
        with self.open() as ledger:
            ledger.observe_root(CHAIN, 7, ROOT, self.oracle_time_ms)
            ledger.attest_risk_root(self.attestation)

    def open(self) -> MarginLedger:
        return LedgerFolder.read(self.folder).open(self.database)

    def request(self, number: int = 1, **changes: Any) -> SettlementRequest:
        """By account `1_000_000 + number`, for 100 USD unless `credit` says otherwise."""
        times = {"oracle_time_ms": self.oracle_time_ms, "expiry_ms": self.oracle_time_ms + HOUR_MS}
        return self.world.request(number, **{**times, **changes})

    def body(self, number: int = 1, **changes: Any) -> bytes:
        return json.dumps(self.request(number, **changes).to_json()).encode()

    @cached_property
    def another_proof(self) -> dict[str, Any]:
        """A proof of something else."""
        return self.request(99_999).proof.to_json()

    def forged(self, number: int = 1) -> bytes:
        """A request with the proof of another."""
        return json.dumps({**self.request(number).to_json(), "proof": self.another_proof}).encode()
