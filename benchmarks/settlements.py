"""Settlement requests with proofs that hold, by the thousand: made by who knows the secrets of the key.

A ledger's folder for them comes along, with limits of time wide enough for an hour of load.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from zkmargin.algebra import BN254, Engine, g1_to_bytes, scalars_to_bytes
from zkmargin.settlement.ledger_document import LedgerDocument
from zkmargin.settlement.ledger_folder import CONFIG_NAME, KEY_NAME, LedgerFolder
from zkmargin.verifier import Context, MarginLedger, Proof, PublicInputs, SettlementRequest, Terms

WORLD: Any = import_module("tests.verifier.world")
"""The tests' target chain in a box; without types here, since tests are checked by running them."""
HOUR_MS = 3_600_000
A, B = 7, 11


class Load:
    """A ledger in `folder`, and requests that it accepts for an hour: number n is by account n, for one unit."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder = folder
        self._world = WORLD.World(engine)
        self.now_ms = time.time_ns() // 1_000_000 - 1_000
        ages = dict.fromkeys(("max_root_age_ms", "max_risk_age_ms", "max_horizon_ms"), 2 * HOUR_MS)
        self.config = replace(WORLD.CONFIG, **ages)
        folder.mkdir()
        (folder / CONFIG_NAME).write_text(json.dumps(LedgerDocument(self.config, "USD").to_json()))
        (folder / KEY_NAME).write_text(json.dumps(self._world.trapdoor.key.to_json()))

    def prepare(self, where: str | None = None) -> None:
        """Start the ledger, and report a root and a risk table of now."""
        with self.open(where) as ledger:
            ledger.observe_root(WORLD.CHAIN, 7, WORLD.ROOT, self.now_ms)
            ledger.attest_risk_root(WORLD.attestation(oracle_time_ms=self.now_ms))

    def open(self, where: str | None = None) -> MarginLedger:
        return LedgerFolder.read(self.folder).open(where)

    def requests(self, first: int, count: int) -> Iterator[SettlementRequest]:
        """One multiplication each: A and B are the same for all, and C is solved for."""
        trapdoor, engine = self._world.trapdoor, self._world.engine
        stated = [self._statement(number) for number in range(first, first + count)]
        inverse = pow(trapdoor.delta, -1, BN254.r)
        scalars = []
        for _, _, values in stated:
            statement = trapdoor.k[0] + sum(k * x for k, x in zip(trapdoor.k[1:], values, strict=True))
            scalars.append((A * B - trapdoor.alpha * trapdoor.beta - trapdoor.gamma * statement) * inverse % BN254.r)
        points = engine.g1_multiples(g1_to_bytes([BN254.g1]), scalars_to_bytes(scalars))
        pattern = trapdoor.forge([0] * len(trapdoor.k[1:]), A, B)
        for index, (context, terms, values) in enumerate(stated):
            proof = Proof(pattern.a, pattern.b, points[64 * index : 64 * index + 64])
            yield SettlementRequest(context, terms, tuple(values), proof)

    def _statement(self, number: int) -> tuple[Context, Terms, list[int]]:
        expiry_ms = self.now_ms + HOUR_MS
        context = Context((WORLD.CHAIN,), bytes(20), number.to_bytes(32, "big"), expiry_ms, self.now_ms)
        terms = Terms(WORLD.UNIT, expiry_ms - self.now_ms, 1)
        inputs = PublicInputs(
            target=self.config.target,
            source_roots=(WORLD.ROOT,),
            risk_root=WORLD.RISK_ROOT,
            account=1_000_000 + number,
            nullifier=1_000_000_000 + number,
            terms=terms.pack(),
            context=context.digest(),
        )
        return context, terms, inputs.signals()


def body(request: SettlementRequest) -> bytes:
    """As a client sends it."""
    document: dict[str, Any] = request.to_json()
    return json.dumps(document).encode()
