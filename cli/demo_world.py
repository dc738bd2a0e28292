"""The world of the demo: a source venue with its market, three oracles, a target ledger, and a trader."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from zkmargin.circuits import CompiledCircuit
from zkmargin.circuits.margin import key_commitment
from zkmargin.prover import Prover, ProvingKey
from zkmargin.prover.randomness import secret_scalar
from zkmargin.settlement.credit_document import CreditRequest
from zkmargin.settlement.example_market import example_risk_document
from zkmargin.settlement.lifecycle import Credit
from zkmargin.settlement.risk_document import RiskDocument
from zkmargin.settlement.venue import SourceVenue
from zkmargin.verifier import LedgerConfig, MarginLedger, RiskAttestation, sign_attestation, signer_address

E8 = 10**8
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
SOURCE, SOURCE_CHAIN = "Alpha", 1001
TARGET, TARGET_CHAIN, LEDGER_NAME = "Beta", 2002, "beta-margin"
ROUTE_LATENCY_MS = 90_000
QUORUM = 2
CREDIT_E8 = 60_000 * E8

DEPOSITS = {"BTC": 1 * E8, "ETH": 6 * E8, "USDC": 5_000 * E8}
TRADES = {"BTC-PERP": -E8 // 2, "ETH-CALL-4K": 3 * E8}
CRASH_PERCENT = 30


@dataclass
class World:
    """Everything that lives outside the proof. `now_ms` is the clock of the target."""

    circuit: CompiledCircuit
    key: ProvingKey
    prover: Prover
    now_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    secret: int = field(default_factory=secret_scalar, repr=False)
    oracle_keys: tuple[bytes, ...] = field(
        default_factory=lambda: tuple(secrets.token_bytes(32) for _ in range(3)), repr=False
    )

    def __post_init__(self) -> None:
        self.risk = example_risk_document(self.now_ms)
        self.venue = SourceVenue(SOURCE, SOURCE_CHAIN, self.risk.shape, self.risk.table, horizon_ms=HOUR_MS)

    def ledger_config(self) -> LedgerConfig:
        """Beta's: it allows the development key because this is a demo."""
        return LedgerConfig(
            target_chain_id=TARGET_CHAIN,
            ledger=LEDGER_NAME,
            circuit_digest=self.circuit.digest,
            routes={SOURCE_CHAIN: ROUTE_LATENCY_MS},
            max_root_age_ms=30 * MINUTE_MS,
            max_risk_age_ms=HOUR_MS,
            max_horizon_ms=2 * HOUR_MS,
            oracle_signers=tuple(signer_address(key) for key in self.oracle_keys),
            oracle_quorum=QUORUM,
            inflow_cap_e8=1_000_000 * E8,
            inflow_window_ms=HOUR_MS,
            max_credit_e8=250_000 * E8,
            clock_skew_ms=2_000,
            allow_development_key=True,
        )

    def open_ledger(self, path: Path) -> MarginLedger:
        clock: Callable[[], int] = lambda: self.now_ms  # noqa: E731 (a clock that the story moves)
        return MarginLedger.open(
            path, self.ledger_config(), self.key.verifying_key(), clock=clock, engine=self.prover.engine
        )

    def attestation(self) -> RiskAttestation:
        """All three oracles sign the table in force."""
        root, at_ms = self.risk.root(), self.risk.oracle_time_ms
        return RiskAttestation(root, at_ms, tuple(sign_attestation(key, root, at_ms) for key in self.oracle_keys))

    def funded_account(self) -> int:
        """The trader's account: deposits and positions at Alpha."""
        account = self.venue.open_account(key_commitment(self.secret))
        for name, amount in DEPOSITS.items():
            self.venue.deposit(account, self.risk.asset_names.index(name), amount)
        for name, quantity in TRADES.items():
            self.venue.trade(account, self.risk.instrument_names.index(name), quantity)
        return account

    def crowd(self, count: int) -> None:
        """Other customers, so that the tree has more than one leaf."""
        for number in range(count):
            account = self.venue.open_account(key_commitment(secret_scalar()))
            self.venue.deposit(account, 3, (number + 1) * 1_000 * E8)

    def credit(self, account: int, credit_e8: int = CREDIT_E8) -> Credit:
        """A request with a settlement id of its own."""
        request = CreditRequest(
            target_chain_id=TARGET_CHAIN,
            ledger=LEDGER_NAME,
            credit_e8=credit_e8,
            quote=self.risk.quote,
            source_chain_ids=(SOURCE_CHAIN,),
            beneficiary=bytes.fromhex("be" * 20),
            settlement_id=secrets.token_bytes(32),
            expiry_ms=self.now_ms + HOUR_MS,
            route_latency_ms=ROUTE_LATENCY_MS,
        )
        return Credit(self.venue, account, self.secret, request, self.circuit, self.prover)

    def crash(self) -> RiskDocument:
        """New prices: coins lose CRASH_PERCENT, Alpha margins by the new table from now on."""
        table, kept = self.risk.table, 100 - CRASH_PERCENT
        assets = tuple(
            asset
            if name == "USDC"
            else replace(
                asset, price_low_e8=asset.price_low_e8 * kept // 100, price_high_e8=asset.price_high_e8 * kept // 100
            )
            for name, asset in zip(self.risk.asset_names, table.assets, strict=True)
        )
        self.risk = replace(self.risk, oracle_time_ms=self.now_ms, table=replace(table, assets=assets))
        self.venue.table = self.risk.table
        return self.risk
