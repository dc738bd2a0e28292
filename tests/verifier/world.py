"""A target chain in a box: a ledger's configuration, its oracles, a clock, and honest requests to tamper with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zkmargin.algebra import Engine
from zkmargin.verifier import (
    BreakerLimits,
    Context,
    LedgerConfig,
    MarginLedger,
    PublicInputs,
    RiskAttestation,
    SettlementRequest,
    SourceRootAttestation,
    Terms,
    signer_address,
)

if __package__:
    from .trapdoor import Trapdoor
else:
    from trapdoor import Trapdoor

NOW = 1_800_000_000_000
ORACLE_TIME = NOW - 500
EXPIRY = NOW + 60_000
CHAIN, OTHER_CHAIN = 1, 10
LATENCY = 2_000
ROOT, OTHER_ROOT = 4242, 4343
RISK_ROOT = 8484
CIRCUIT = bytes(range(32))
MARKET = "usd-majors"
ORACLE_KEYS = tuple(bytes([9] * 31 + [i]) for i in range(1, 5))
ROOT_KEYS = tuple(bytes([8] * 31 + [i]) for i in range(1, 3))
UNIT = 10**8

CONFIG = LedgerConfig(
    target_chain_id=8453,
    ledger="venue-b",
    circuit_digest=CIRCUIT,
    market=MARKET,
    routes={CHAIN: LATENCY, OTHER_CHAIN: 90_000},
    max_root_age_ms=30_000,
    max_risk_age_ms=5_000,
    max_horizon_ms=600_000,
    oracle_signers=tuple(signer_address(key) for key in ORACLE_KEYS[:3]),
    oracle_quorum=2,
    root_signers=tuple(signer_address(key) for key in ROOT_KEYS),
    root_quorum=2,
    limits=BreakerLimits(inflow_cap_e8=1_000_000 * UNIT, inflow_window_ms=60_000),
)


def attestation(
    risk_root: int = RISK_ROOT, oracle_time_ms: int = ORACLE_TIME, keys: tuple[bytes, ...] = ORACLE_KEYS[:2]
) -> RiskAttestation:
    return RiskAttestation(MARKET, risk_root, oracle_time_ms).signed(keys)


def root_attestation(
    epoch: int, root: int, keys: tuple[bytes, ...] = ROOT_KEYS, *, observed_at_ms: int = NOW, chain_id: int = CHAIN
) -> SourceRootAttestation:
    return SourceRootAttestation(CONFIG.target, chain_id, epoch, root, observed_at_ms).signed(keys)


def limited(**limits: Any) -> LedgerConfig:
    """The configuration with other limits of the breaker."""
    return replace(CONFIG, limits=replace(CONFIG.limits, **limits))


@dataclass
class Clock:
    now_ms: int = NOW

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, milliseconds: int) -> None:
        self.now_ms += milliseconds


class World:
    """Requests are made by whoever holds the trapdoor, so each can say anything and still carry a valid proof."""

    def __init__(self, engine: Engine, venues: int = 1) -> None:
        self.engine = engine
        self.venues = venues
        self.trapdoor = Trapdoor(engine, 6 + venues, circuit_digest=CIRCUIT)

    def open(
        self,
        path: Path | str,
        config: LedgerConfig = CONFIG,
        clock: Callable[[], int] | None = None,
        prepared: bool = True,
    ) -> MarginLedger:
        """A ledger that has observed the roots and the risk table which honest requests refer to."""
        ledger = MarginLedger.open(path, config, self.trapdoor.key, clock=clock or Clock(), engine=self.engine)
        if prepared:
            ledger.observe_root(CHAIN, 7, ROOT, NOW - 1_000)
            ledger.observe_root(OTHER_CHAIN, 3, OTHER_ROOT, NOW - 1_000)
            ledger.attest_risk_root(attestation())
        return ledger

    def request(
        self, number: int = 1, *, credit: int = 100, signals: dict[str, Any] | None = None, **changes: Any
    ) -> SettlementRequest:
        """Request `number` is by account `number`. `changes` go into context and terms, and so into the public inputs;
        `signals` then changes public inputs alone."""
        chains = (CHAIN, OTHER_CHAIN)[: self.venues]
        context = Context(
            source_chain_ids=changes.pop("source_chain_ids", chains),
            beneficiary=changes.pop("beneficiary", bytes([number % 256]) * 20),
            settlement_id=changes.pop("settlement_id", number.to_bytes(32, "big")),
            expiry_ms=changes.pop("expiry_ms", EXPIRY),
            oracle_time_ms=changes.pop("oracle_time_ms", ORACLE_TIME),
        )
        horizon = max(max(CONFIG.routes[c] for c in chains), context.expiry_ms - context.oracle_time_ms)
        terms = Terms(credit * UNIT, changes.pop("horizon_ms", max(horizon, 0)), changes.pop("sequence", 1))
        inputs = PublicInputs(
            target=CONFIG.target,
            source_roots=(ROOT, OTHER_ROOT)[: self.venues],
            risk_root=RISK_ROOT,
            account=1_000_000 + number,
            nullifier=2_000_000 + 1_000 * number + terms.sequence,
            terms=terms.pack(),
            context=context.digest(),
        )
        if changes:
            raise TypeError(f"unknown changes {list(changes)}")
        return self.signed(context, terms, replace(inputs, **(signals or {})))

    def signed(self, context: Context, terms: Terms, inputs: PublicInputs) -> SettlementRequest:
        values = inputs.signals()
        return SettlementRequest(context, terms, tuple(values), self.trapdoor.forge(values))
