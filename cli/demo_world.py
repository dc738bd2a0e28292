"""The world of the demo: a source venue with its account book, the market, the oracles, a target ledger, a trader."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from zkmargin.circuits import CompiledCircuit
from zkmargin.circuits.margin import Shape, key_commitment
from zkmargin.prover import Claim, Prover, ProvingKey
from zkmargin.prover.secret_scalar import secret_scalar
from zkmargin.settlement.book import AccountBook, BookIdentity, NewAccount, PublishedEpoch
from zkmargin.settlement.credit_document import CreditRequest
from zkmargin.settlement.lifecycle import Credit, margin_claim
from zkmargin.settlement.risk.engine import RiskRun
from zkmargin.settlement.risk.example import example_policy
from zkmargin.settlement.risk_document import RiskDocument
from zkmargin.verifier import BreakerLimits, LedgerConfig, MarginLedger, RiskAttestation

from . import demo_oracles
from .demo_market import Agreed, Market, Quotes
from .demo_oracles import Oracles, RiskDesk

E8 = 10**8
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
HORIZON_MS = 2 * HOUR_MS
"""The longest that the ledger allows, and so what the policy's scenarios reach over."""
SOURCE, SOURCE_CHAIN = "Alpha", 1001
TARGET, TARGET_CHAIN, LEDGER_NAME = "Beta", 2002, "beta-margin"
BOOK = "alpha.book"
CREDIT_E8 = 60_000 * E8
CROWD = 300

DEPOSITS = {"BTC": 1 * E8, "ETH": 6 * E8, "USDC": 5_000 * E8}
LOAN = ("USDC", 1_000 * E8)
TRADES = (("BTC-PERP", -E8 // 2, 0), ("ETH-CALL-7D", 3 * E8, -105 * E8), ("ETH-PUT-7D", -4 * E8, 150 * E8))
"""Instrument, quantity, and what it costs or brings in LOAN's asset; what the shape has no room for is left out."""


@dataclass
class World:
    """Everything that lives outside the proof. `now_ms` is everybody's clock, which the story moves."""

    shape: Shape
    circuit: CompiledCircuit
    key: ProvingKey
    prover: Prover
    folder: Path
    now_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    secret: int = field(default_factory=secret_scalar, repr=False)

    def __post_init__(self) -> None:
        self.policy = replace(example_policy(self.shape.name, self.now_ms), horizon_ms=HORIZON_MS)
        self.market = Market(self.policy, TARGET_CHAIN)
        self.desk = RiskDesk.at(self.policy, self.now_ms - MINUTE_MS)
        self.oracles = Oracles(self.desk, self.market.config)
        self.quotes = Quotes.at_start(self.shape.name, self.now_ms)

    def agree(self, previous: Agreed | None = None) -> Agreed:
        """The sources report, and agree or not."""
        self.agreed = self.market.agree(self.quotes, self.now_ms, None if previous is None else previous.snapshot)
        return self.agreed

    def make_table(self) -> RiskRun:
        """The risk table of the market agreed on last."""
        self.run = self.desk.table(self.agreed, self.now_ms)
        return self.run

    @property
    def risk(self) -> RiskDocument:
        """The table in force."""
        return self.run.document

    @property
    def route_latency_ms(self) -> int:
        return self.run.latencies[SOURCE_CHAIN].latency_ms

    def attestation(self) -> RiskAttestation:
        """The oracles' signatures, each after its own check."""
        return self.oracles.attest(self.risk, self.agreed)

    def open_book(self) -> AccountBook:
        """Alpha's book, in a new file, with the table in force."""
        identity = BookIdentity.of_risk_table(SOURCE, SOURCE_CHAIN, self.risk)
        self.book = AccountBook.create(self.folder / BOOK, identity, self.prover.engine, clock=self._clock)
        self.margin_by_table()
        return self.book

    def margin_by_table(self) -> None:
        """Alpha judges its accounts by the table in force from now on."""
        self.book.set_risk_table(self.risk, self.policy.horizon_ms)

    def book_bytes(self) -> bytes:
        """The book's file as it is now, whatever its write-ahead log still holds."""
        copy = self.folder / "copy.book"
        with closing(sqlite3.connect(self.folder / BOOK)) as here, closing(sqlite3.connect(copy)) as there:
            here.backup(there)
        return copy.read_bytes()

    def ledger_config(self) -> LedgerConfig:
        """Beta's: it allows the development key because this is a demo."""
        return LedgerConfig(
            target_chain_id=TARGET_CHAIN,
            ledger=LEDGER_NAME,
            circuit_digest=self.circuit.digest,
            market=self.market.config.market,
            routes={SOURCE_CHAIN: self.route_latency_ms},
            max_root_age_ms=30 * MINUTE_MS,
            max_risk_age_ms=HOUR_MS,
            max_horizon_ms=self.policy.horizon_ms,
            oracle_signers=self.oracles.addresses,
            oracle_quorum=demo_oracles.QUORUM,
            limits=BreakerLimits(inflow_cap_e8=1_000_000 * E8, inflow_window_ms=HOUR_MS),
            max_credit_e8=250_000 * E8,
            clock_skew_ms=2_000,
            allow_development_key=True,
        )

    def open_ledger(self) -> MarginLedger:
        key, engine = self.key.verifying_key(), self.prover.engine
        return MarginLedger.open(
            self.folder / "ledger.sqlite", self.ledger_config(), key, clock=self._clock, engine=engine
        )

    def crowd(self) -> int:
        """Other customers, imported in one go; how many."""
        asset = self.risk.asset_names.index("USDC")
        others = (
            NewAccount(key_commitment(secret_scalar()), ((asset, (1 + secrets.randbelow(100)) * 1_000 * E8),))
            for _ in range(CROWD)
        )
        return len(self.book.import_accounts(others))

    def funded_account(self) -> int:
        """The trader's account: deposits, a loan and positions at Alpha."""
        book, names = self.book, self.risk.asset_names
        account = book.open_account(key_commitment(self.secret))
        for name, amount in DEPOSITS.items():
            book.deposit(account, names.index(name), amount)
        cash = names.index(LOAN[0])
        book.borrow(account, cash, LOAN[1])
        for name, quantity, paid in TRADES:
            if name in self.risk.instrument_names:
                instrument = self.risk.instrument_names.index(name)
                book.trade(account, instrument, quantity, [(cash, paid)] if paid else [])
        return account

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
            route_latency_ms=self.route_latency_ms,
        )
        return Credit(self.book, account, self.secret, request, self.circuit, self.prover)

    def claim(self, credit: Credit, epoch: PublishedEpoch) -> Claim:
        """What the trader would prove under this epoch."""
        opening = epoch.opening(credit.account)
        return margin_claim(self.risk, [opening], self.secret, credit.request, self.circuit.digest)

    @property
    def _clock(self) -> Callable[[], int]:
        return lambda: self.now_ms
