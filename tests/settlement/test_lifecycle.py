"""The life of a credit between two venues: real proofs, a real ledger, and orders in which it must not be cheated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from zkmargin.algebra import get_engine
from zkmargin.circuits.margin import SMALL, Reservation, compile_margin, key_commitment
from zkmargin.prover import Prover, insecure_setup
from zkmargin.settlement.book import AccountBook, BookIdentity
from zkmargin.settlement.credit_document import CreditRequest
from zkmargin.settlement.errors import LifecycleError, VenueError
from zkmargin.settlement.example_market import example_risk_document
from zkmargin.settlement.lifecycle import Credit, margin_claim, settlement_request
from zkmargin.verifier import (
    BreakerLimits,
    LedgerConfig,
    MarginLedger,
    ProofRejected,
    Rejected,
    RiskAttestation,
    StaleSequence,
    signer_address,
)

E8 = 10**8
NOW = 1_800_000_060_000
HOUR_MS = 3_600_000
USDC = 3
SECRET = 77
MARKET = "example"
ORACLE = bytes([7]) * 32
RISK = example_risk_document()
REQUEST = CreditRequest(
    target_chain_id=2002,
    ledger="beta-margin",
    credit_e8=20_000 * E8,
    quote="USD",
    source_chain_ids=(1001,),
    beneficiary=bytes(range(20)),
    settlement_id=bytes([1]) * 32,
    expiry_ms=RISK.oracle_time_ms + HOUR_MS,
    route_latency_ms=90_000,
)


@pytest.fixture(scope="module")
def prover() -> Prover:
    return Prover(insecure_setup(compile_margin(SMALL).r1cs), get_engine())


@pytest.fixture
def ledger(tmp_path: Path, prover: Prover) -> MarginLedger:
    return open_ledger(tmp_path, prover, "beta-margin")


def open_ledger(folder: Path, prover: Prover, name: str) -> MarginLedger:
    config = LedgerConfig(
        target_chain_id=2002,
        ledger=name,
        circuit_digest=compile_margin(SMALL).digest,
        market=MARKET,
        routes={1001: 90_000},
        max_root_age_ms=HOUR_MS,
        max_risk_age_ms=HOUR_MS,
        max_horizon_ms=24 * HOUR_MS,
        oracle_signers=(signer_address(ORACLE),),
        oracle_quorum=1,
        limits=BreakerLimits(inflow_cap_e8=10**6 * E8, inflow_window_ms=HOUR_MS),
        allow_development_key=True,
    )
    ledger = MarginLedger.open(folder / f"{name}.sqlite", config, prover.verifying_key(), clock=lambda: NOW)
    ledger.attest_risk_root(RiskAttestation(MARKET, RISK.root(), RISK.oracle_time_ms).signed([ORACLE]))
    return ledger


@pytest.fixture
def credit(prover: Prover) -> Credit:
    venue = AccountBook.create(":memory:", BookIdentity.of_risk_table("Alpha", 1001, RISK))
    venue.set_risk_table(RISK, HOUR_MS)
    account = venue.open_account(key_commitment(SECRET))
    venue.deposit(account, USDC, 30_000 * E8)
    return Credit(venue, account, SECRET, REQUEST, compile_margin(SMALL), prover)


def publish(credit: Credit, ledger: MarginLedger):
    tree = credit.venue.publish()
    ledger.observe_root(1001, tree.epoch, tree.source_root, NOW)
    return tree


def test_a_credit_from_reservation_to_release(credit: Credit, ledger: MarginLedger) -> None:
    credit.reserve()
    receipt = credit.accept(ledger, credit.prove(publish(credit, ledger), RISK))
    assert ledger.margin_of(receipt.account) == receipt.credit_e8 == 20_000 * E8
    with pytest.raises(VenueError):
        credit.venue.withdraw(credit.account, USDC, 20_000 * E8)
    assert credit.release(ledger) == 20_000 * E8
    assert ledger.margin_of(receipt.account) == 0
    assert credit.venue.account(credit.account).reservations == (Reservation(0, 0),) * 2
    credit.venue.withdraw(credit.account, USDC, 29_000 * E8)


def test_a_proof_kept_back_is_worthless_after_the_release(credit: Credit, ledger: MarginLedger) -> None:
    """Two proofs of one reservation: one is credited and released, and the other one comes when the money has left."""
    credit.reserve()
    first = credit.prove(publish(credit, ledger), RISK)
    credit.venue.deposit(credit.account, USDC, 1)
    later = replace(credit, request=replace(REQUEST, settlement_id=bytes([2]) * 32))
    second = later.prove(publish(later, ledger), RISK)
    receipt = credit.accept(ledger, first)
    credit.release(ledger)
    credit.venue.withdraw(credit.account, USDC, 29_000 * E8)
    with pytest.raises(StaleSequence):
        later.accept(ledger, second)
    assert ledger.margin_of(receipt.account) == 0


def test_the_same_reservation_is_never_credited_twice(credit: Credit, ledger: MarginLedger) -> None:
    credit.reserve()
    first = credit.prove(publish(credit, ledger), RISK)
    credit.venue.deposit(credit.account, USDC, 1)
    later = replace(credit, request=replace(REQUEST, settlement_id=bytes([2]) * 32))
    second = later.prove(publish(later, ledger), RISK)
    credit.accept(ledger, first)
    receipt = later.accept(ledger, second)
    assert receipt.replaced_e8 == 20_000 * E8
    assert ledger.margin_of(receipt.account) == 20_000 * E8


def test_a_reservation_that_was_never_credited_can_be_freed(credit: Credit, ledger: MarginLedger) -> None:
    credit.reserve()
    unused = credit.prove(publish(credit, ledger), RISK)
    assert credit.release(ledger) == 20_000 * E8
    with pytest.raises(StaleSequence):
        credit.accept(ledger, unused)


def test_nothing_is_freed_before_the_target_has_let_go(credit: Credit, ledger: MarginLedger) -> None:
    credit.reserve()
    credit.accept(ledger, credit.prove(publish(credit, ledger), RISK))
    ledger.close()
    with pytest.raises(Exception, match=r"closed|ledger"):
        credit.release(ledger)
    assert credit.venue.account(credit.account).reserved_for(credit.target) == 20_000 * E8


def test_another_ledger_is_refused(credit: Credit, tmp_path: Path, prover: Prover) -> None:
    other = open_ledger(tmp_path, prover, "gamma-margin")
    credit.reserve()
    settlement = credit.prove(publish(credit, other), RISK)
    with pytest.raises(LifecycleError):
        credit.accept(other, settlement)
    with pytest.raises(LifecycleError):
        credit.release(other)
    with pytest.raises(Rejected):
        other.accept(settlement)


def test_a_proof_of_something_else_is_refused(credit: Credit, ledger: MarginLedger) -> None:
    credit.reserve()
    tree = publish(credit, ledger)
    settlement = credit.prove(tree, RISK)
    claim = margin_claim(RISK, [tree.opening(0)], SECRET, REQUEST, credit.circuit.digest)
    public = list(settlement.public_inputs)
    with pytest.raises(LifecycleError):
        settlement_request(claim, REQUEST, RISK, [*public[:-1], public[-1] + 1], settlement.proof)
    again = credit.prove(tree, RISK)
    forged = replace(settlement, proof=replace(settlement.proof, c=again.proof.c))
    with pytest.raises(ProofRejected):
        ledger.accept(forged)
