"""What relays and oracles tell the ledger (row L1): zero, future, contradicting and unsigned reports are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zkmargin.algebra import BN254
from zkmargin.verifier import (
    AttestationRejected,
    MarginLedger,
    RiskAttestation,
    RootRejected,
    StaleRoot,
    StatementError,
    UnattestedRiskTable,
)

from .world import (
    CHAIN,
    CONFIG,
    MARKET,
    NOW,
    ORACLE_KEYS,
    ORACLE_TIME,
    RISK_ROOT,
    ROOT,
    ROOT_KEYS,
    Clock,
    World,
    attestation,
    root_attestation,
)


def test_a_zero_root_is_no_root(ledger: MarginLedger) -> None:
    with pytest.raises(RootRejected, match="zero"):
        ledger.observe_root(CHAIN, 8, 0, NOW)
    with pytest.raises(AttestationRejected, match="zero"):
        ledger.attest_risk_root(attestation(risk_root=0))


def test_nothing_is_taken_from_the_future(ledger: MarginLedger) -> None:
    ledger.observe_root(CHAIN, 8, 5, NOW)
    with pytest.raises(RootRejected, match="future"):
        ledger.observe_root(CHAIN, 9, 6, NOW + 1)
    ledger.attest_risk_root(attestation(oracle_time_ms=NOW))
    with pytest.raises(AttestationRejected, match="future"):
        ledger.attest_risk_root(attestation(oracle_time_ms=NOW + 1))


def test_skewed_clocks_are_allowed_for_as_configured(world: World, ledger_place: str, clock: Clock) -> None:
    ledger = world.open(ledger_place, replace(CONFIG, clock_skew_ms=50), clock)
    ledger.observe_root(CHAIN, 8, ROOT + 5, NOW + 50)
    ledger.attest_risk_root(attestation(oracle_time_ms=NOW + 50))
    request = world.request(oracle_time_ms=NOW + 50, signals={"source_roots": (ROOT + 5,)})
    clock.now_ms = NOW - 1
    with pytest.raises(StaleRoot):
        ledger.accept(request)
    clock.now_ms = NOW
    assert ledger.accept(request).number == 1
    with pytest.raises(RootRejected):
        ledger.observe_root(CHAIN, 9, 6, NOW + 51)


def test_a_chain_without_a_route(ledger: MarginLedger) -> None:
    with pytest.raises(RootRejected, match="no route"):
        ledger.observe_root(77, 1, 5, NOW)


def test_epochs_only_grow_and_have_one_root(ledger: MarginLedger) -> None:
    ledger.observe_root(CHAIN, 9, 99, NOW)
    for epoch, root in ((9, 98), (8, 97), (0, 96), (10, 99), (10, ROOT)):
        with pytest.raises(RootRejected):
            ledger.observe_root(CHAIN, epoch, root, NOW)
    ledger.observe_root(CHAIN, 9, 99, NOW)
    ledger.observe_root(CHAIN, 10, 100, NOW)
    ledger.observe_root(CHAIN, (1 << 64) - 1, 101, NOW)


def test_observing_again_does_not_make_a_root_younger(world: World, ledger: MarginLedger, clock: Clock) -> None:
    clock.now_ms = NOW + CONFIG.max_root_age_ms
    ledger.observe_root(CHAIN, 7, ROOT, clock.now_ms)
    ledger.attest_risk_root(attestation(oracle_time_ms=clock.now_ms))
    with pytest.raises(StaleRoot):
        ledger.accept(world.request(oracle_time_ms=clock.now_ms))


@pytest.mark.parametrize("root", [-1, BN254.r, True, "5", None])
def test_roots_are_field_elements(ledger: MarginLedger, root: int) -> None:
    with pytest.raises(StatementError):
        ledger.observe_root(CHAIN, 8, root, NOW)
    with pytest.raises(StatementError):
        RiskAttestation(MARKET, root, NOW)
    with pytest.raises(StatementError):
        ledger.margin_of(root)


@pytest.mark.parametrize("number", [-1, 1 << 64, True, 1.0])
def test_chain_ids_epochs_and_times_are_in_range(ledger: MarginLedger, number: int) -> None:
    for arguments in ((number, 8, 5, NOW), (CHAIN, number, 5, NOW)):
        with pytest.raises(StatementError):
            ledger.observe_root(*arguments)
    with pytest.raises((StatementError, RootRejected)):
        ledger.observe_root(CHAIN, 8, 5, number)


def test_a_quorum_of_different_known_oracles_is_needed(ledger: MarginLedger) -> None:
    known, stranger = ORACLE_KEYS[:3], ORACLE_KEYS[3]
    for keys, reason in (
        ((), "0 known"),
        (known[:1], "1 known"),
        ((known[0], known[0]), "signed twice"),
        ((*known[:2], known[1]), "signed twice"),
        ((known[0], stranger), "no signer of this ledger"),
        ((*known, stranger), "no signer of this ledger"),
    ):
        with pytest.raises(AttestationRejected, match=reason):
            ledger.attest_risk_root(attestation(321, NOW, keys))
    ledger.attest_risk_root(attestation(321, NOW, known[1:]))


def test_an_oracle_that_was_removed_no_longer_counts(world: World, ledger_place: str) -> None:
    signers = CONFIG.oracle_signers[1:]
    ledger = world.open(ledger_place, replace(CONFIG, oracle_signers=signers), prepared=False)
    with pytest.raises(AttestationRejected):
        ledger.attest_risk_root(attestation())


def test_a_signature_is_for_one_root_and_one_time(ledger: MarginLedger) -> None:
    honest = attestation()
    for moved in (replace(honest, risk_root=RISK_ROOT + 1), replace(honest, oracle_time_ms=ORACLE_TIME - 1)):
        with pytest.raises(AttestationRejected):
            ledger.attest_risk_root(moved)


def test_two_tables_for_one_time_are_refused(world: World, ledger: MarginLedger) -> None:
    ledger.attest_risk_root(attestation())
    with pytest.raises(AttestationRejected, match="another risk root"):
        ledger.attest_risk_root(attestation(RISK_ROOT + 1))
    assert ledger.breaker().is_open
    ledger.reset_breaker("a test")
    with pytest.raises(UnattestedRiskTable):
        ledger.accept(world.request(signals={"risk_root": RISK_ROOT + 1}))


def test_a_table_of_another_market_never_counts(ledger: MarginLedger) -> None:
    other = RiskAttestation("eur-majors", RISK_ROOT + 9, NOW).signed(ORACLE_KEYS[:3])
    with pytest.raises(AttestationRejected, match="another market"):
        ledger.attest_risk_root(other)
    with pytest.raises(AttestationRejected, match="no signer"):
        ledger.attest_risk_root(replace(other, market=MARKET))


def test_a_quorum_of_root_signers_stands_for_a_relay(world: World, ledger: MarginLedger) -> None:
    ledger.attest_source_root(root_attestation(8, ROOT + 8))
    assert ledger.accept(world.request(signals={"source_roots": (ROOT + 8,)})).number == 1
    for keys, reason in ((ROOT_KEYS[:1], "1 known"), (ORACLE_KEYS[:2], "no signer"), (ROOT_KEYS * 2, "twice")):
        with pytest.raises(AttestationRejected, match=reason):
            ledger.attest_source_root(root_attestation(9, ROOT + 9, keys))


def test_a_root_attested_to_another_ledger_does_not_count(ledger: MarginLedger) -> None:
    foreign = replace(root_attestation(8, ROOT + 8), target=CONFIG.target + 1).signed(ROOT_KEYS)
    with pytest.raises(AttestationRejected, match="another ledger"):
        ledger.attest_source_root(foreign)


def test_an_attested_root_meets_the_same_checks_as_an_observed_one(ledger: MarginLedger) -> None:
    for refused in (
        root_attestation(8, 0),
        root_attestation(7, ROOT + 1),
        root_attestation(8, ROOT + 1, observed_at_ms=NOW + 1),
        root_attestation(8, ROOT + 1, chain_id=77),
    ):
        with pytest.raises(RootRejected):
            ledger.attest_source_root(refused)


def test_without_root_signers_no_root_can_be_attested(world: World, ledger_place: str) -> None:
    ledger = world.open(ledger_place, replace(CONFIG, root_signers=(), root_quorum=0))
    with pytest.raises(AttestationRejected, match="no root signers"):
        ledger.attest_source_root(root_attestation(8, ROOT + 8, ()))
