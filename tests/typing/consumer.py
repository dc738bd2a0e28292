"""A margin service's use of the verifier, type-checked strictly by mypy and pyright against the public API.

`assert_type` holds each answer to exactly the type that it is documented to have; `Any` nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import assert_type

from zkmargin.algebra import EncodingError, ZkMarginError
from zkmargin.settlement.ledger_folder import LedgerFolder
from zkmargin.verifier import (
    AccountView,
    BreakerLimits,
    BreakerState,
    Decision,
    Head,
    InvalidProof,
    LedgerConfig,
    LogEntry,
    LogReport,
    MarginLedger,
    MarketHealth,
    Overview,
    Proof,
    Receipt,
    Rejected,
    RiskAttestation,
    Root,
    SettlementRequest,
    SourceRootAttestation,
    Verifier,
    VerifyingKey,
    read_proof,
    read_public_signals,
)


def is_valid(key_file: Path, proof_file: Path, public_file: Path) -> bool:
    """A service that only checks."""
    verifier = Verifier(VerifyingKey.from_json(key_file.read_bytes()))
    read = read_proof(proof_file.read_bytes())
    assert_type(read.proof, Proof)
    try:
        verifier.verify(read_public_signals(public_file.read_bytes()), read.proof)
    except InvalidProof:
        return False
    return True


def which_are_valid(verifier: Verifier, items: list[tuple[list[int], Proof]]) -> list[bool]:
    """Many at once."""
    problems = verifier.verify_many(items)
    assert_type(problems, list[ZkMarginError | None])
    return [problem is None for problem in problems]


def configuration(circuit_digest: bytes, routes: Mapping[int, int], oracles: tuple[bytes, ...]) -> LedgerConfig:
    """A configuration of one's own, the rest left as it comes."""
    return LedgerConfig(
        target_chain_id=8453,
        ledger="venue-b",
        market="main",
        circuit_digest=circuit_digest,
        routes=routes,
        max_root_age_ms=30_000,
        max_risk_age_ms=5_000,
        max_horizon_ms=600_000,
        oracle_signers=oracles,
        oracle_quorum=2,
        limits=BreakerLimits(inflow_cap_e8=10**14, inflow_window_ms=60_000, max_root_silence_ms=60_000),
    )


def credit(database: Path, config: LedgerConfig, key: VerifyingKey, body: bytes) -> Receipt | str:
    """A service that credits: the receipt, or the stable code of the refusal."""
    with MarginLedger.open(database, config, key) as ledger:
        assert_type(ledger, MarginLedger)
        try:
            return ledger.accept(SettlementRequest.from_json(body))
        except (Rejected, EncodingError) as refusal:
            return refusal.code


def credit_many(ledger: MarginLedger, bodies: list[bytes]) -> dict[str, int]:
    """How often each outcome came, in one transaction."""
    outcomes = ledger.accept_many([SettlementRequest.from_json(body) for body in bodies])
    assert_type(outcomes, list[Receipt | ZkMarginError])
    counts: dict[str, int] = {}
    for outcome in outcomes:
        code = "accepted" if isinstance(outcome, Receipt) else outcome.code
        counts[code] = counts.get(code, 0) + 1
    return counts


def report(ledger: MarginLedger, attestations: list[bytes], roots: list[bytes]) -> None:
    """What a relay does."""
    for data in attestations:
        ledger.attest_risk_root(RiskAttestation.from_json(data))
    for data in roots:
        ledger.attest_source_root(SourceRootAttestation.from_json(data))
    ledger.observe_root(1, 7, 42, 1_800_000_000_000)
    ledger.retract_root(1, 7, "reorganised")
    ledger.observe_market(MarketHealth(oracle_time_ms=1_800_000_000_000, disagreement_ppm=0, price_gap_ppm=0))


def wind_down(ledger: MarginLedger, settlement_id: bytes, account: int) -> int:
    """What lowers margin answers with the margin that is left."""
    assert_type(ledger.repay(settlement_id, 0), int)
    assert_type(ledger.release(settlement_id), int)
    ledger.trip_breaker("closing", source=1)
    ledger.probe_breaker("trying", source=1)
    ledger.reset_breaker("open again", source=1)
    return ledger.release_account(account, 9)


def look(folder: Path, account: int, settlement_id: bytes) -> bool:
    """Every question."""
    with LedgerFolder.read(folder).open() as ledger:
        assert_type(ledger.margin_of(account), int)
        assert_type(ledger.account(account), AccountView)
        assert_type(ledger.accounts(limit=5), list[AccountView])
        assert_type(ledger.breaker(), BreakerState)
        assert_type(ledger.breakers(), list[BreakerState])
        assert_type(ledger.receipt(settlement_id), Receipt | None)
        assert_type(ledger.receipts(after=5), list[Receipt])
        assert_type(ledger.decisions(), list[Decision])
        assert_type(ledger.newest_decisions(3), list[Decision])
        assert_type(ledger.log(), list[LogEntry])
        assert_type(ledger.newest_root(1), Root | None)
        assert_type(ledger.overview(), Overview)
        noted = ledger.head()
        assert_type(noted, Head)
        assert_type(ledger.verify_log(noted), LogReport)
        return ledger.breaker().is_open
