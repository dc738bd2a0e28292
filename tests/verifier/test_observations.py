"""What relays and oracles tell the ledger (row L1): zero, future, contradicting and unsigned reports are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from zkmargin.algebra import BN254, EncodingError
from zkmargin.verifier import (
    AttestationRejected,
    MarginLedger,
    RiskAttestation,
    RootRejected,
    StaleRoot,
    StatementError,
    UnattestedRiskTable,
    attestation_digest,
    sign_attestation,
    signer_address,
)
from zkmargin.verifier.attestation import SECP256K1_ORDER, recover_signer

from .world import CHAIN, CONFIG, NOW, ORACLE_KEYS, ORACLE_TIME, RISK_ROOT, ROOT, Clock, World, attestation


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


def test_skewed_clocks_are_allowed_for_as_configured(world: World, path: Path, clock: Clock) -> None:
    ledger = world.open(path, replace(CONFIG, clock_skew_ms=50), clock)
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
        RiskAttestation(root, NOW, ())
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
        ((), "0 oracles"),
        (known[:1], "1 oracles"),
        ((known[0], known[0]), "signed twice"),
        ((*known[:2], known[1]), "signed twice"),
        ((known[0], stranger), "no oracle of this ledger"),
        ((*known, stranger), "no oracle of this ledger"),
    ):
        with pytest.raises(AttestationRejected, match=reason):
            ledger.attest_risk_root(attestation(321, NOW, keys))
    ledger.attest_risk_root(attestation(321, NOW, known[1:]))


def test_an_oracle_that_was_removed_no_longer_counts(world: World, path: Path) -> None:
    signers = CONFIG.oracle_signers[1:]
    ledger = world.open(path, replace(CONFIG, oracle_signers=signers), prepared=False)
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
    with pytest.raises(UnattestedRiskTable):
        ledger.accept(world.request(signals={"risk_root": RISK_ROOT + 1}))


def test_each_signature_has_one_form() -> None:
    key, digest = ORACLE_KEYS[0], attestation_digest(RISK_ROOT, ORACLE_TIME)
    signature = sign_attestation(key, RISK_ROOT, ORACLE_TIME)
    assert recover_signer(digest, signature) == signer_address(key)
    r, s, v = signature[:32], int.from_bytes(signature[32:64], "big"), signature[64:]
    high_s = (SECP256K1_ORDER - s).to_bytes(32, "big")
    word = (SECP256K1_ORDER).to_bytes(32, "big")
    for changed in (
        r + high_s + bytes([55 - v[0]]),
        r + bytes(32) + v,
        bytes(32) + signature[32:],
        word + signature[32:],
        r + word + v,
        *(signature[:64] + bytes([bad]) for bad in (0, 1, 26, 29, 255)),
        signature[:-1],
        signature + b"\0",
        b"",
        (5).to_bytes(32, "big") + signature[32:],
    ):
        with pytest.raises(AttestationRejected):
            recover_signer(digest, changed)


def test_every_bit_of_a_signature_counts() -> None:
    """A flipped bit is refused or names somebody else."""
    digest, signature = (
        attestation_digest(RISK_ROOT, ORACLE_TIME),
        sign_attestation(ORACLE_KEYS[0], RISK_ROOT, ORACLE_TIME),
    )
    signer = signer_address(ORACLE_KEYS[0])
    for bit in range(0, 8 * 65, 13):
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            assert recover_signer(digest, bytes(changed)) != signer
        except AttestationRejected:
            continue


def test_addresses_are_ethereum_s() -> None:
    """The addresses of the private keys 1 and 2, as every Ethereum tool prints them."""
    assert signer_address((1).to_bytes(32, "big")).hex() == "7e5f4552091a69125d5dfcb7b8c2659029395bdf"
    assert signer_address((2).to_bytes(32, "big")).hex() == "2b5ad5c4795c026514f8317c7a215e218dccd6cf"


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), "00" * 16])
def test_a_private_key_is_32_bytes(key: bytes) -> None:
    with pytest.raises(StatementError):
        sign_attestation(key, RISK_ROOT, ORACLE_TIME)


def test_attestations_travel_as_json() -> None:
    honest = attestation()
    document = honest.to_json()
    assert RiskAttestation.from_json(document) == honest
    for change in (
        {"format": "zkmargin.risk-attestation/2"},
        {"risk_root": RISK_ROOT},
        {"risk_root": str(BN254.r)},
        {"oracle_time_ms": "5"},
        {"signatures": "0x"},
        {"signatures": ["0x" + "AB" * 65]},
        {"signatures": ["0x00"] * 65},
        {"more": 1},
    ):
        with pytest.raises(EncodingError):
            RiskAttestation.from_json({**document, **change})
