"""Attestations: the digests of EIP-712 held against another implementation, their signatures, and their documents."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkmargin.algebra import BN254, EncodingError
from zkmargin.algebra.keccak import keccak256
from zkmargin.verifier import (
    AttestationRejected,
    RiskAttestation,
    SourceRootAttestation,
    StatementError,
    sign_attestation,
    signer_address,
)
from zkmargin.verifier.attestation import Attestation
from zkmargin.verifier.signatures import SECP256K1_ORDER, recover_signer

from .world import NOW, ORACLE_KEYS, ROOT_KEYS, attestation, root_attestation

U64 = st.integers(0, (1 << 64) - 1)
ELEMENT = st.integers(0, BN254.r - 1)
KEY = ORACLE_KEYS[0]

RISK_DIGEST = "af30185b3566efb47db09a3614cd659f2e9eb1aea769ac25516d381409e55356"
ROOT_DIGEST = "ed03319b8ac3c5c01341354c0c0a6bf13c47c2b47ea39bf4bec8de83bed7ea3c"

DOMAIN_TYPES = [{"name": "name", "type": "string"}, {"name": "version", "type": "string"}]
RISK_TYPES = [
    {"name": "market", "type": "bytes32"},
    {"name": "riskRoot", "type": "uint256"},
    {"name": "oracleTimeMs", "type": "uint64"},
]
ROOT_TYPES = [
    {"name": "target", "type": "uint256"},
    {"name": "chainId", "type": "uint64"},
    {"name": "epoch", "type": "uint64"},
    {"name": "root", "type": "uint256"},
    {"name": "observedAtMs", "type": "uint64"},
]


def foreign(kind: str, types: list[dict[str, str]], message: dict[str, Any]) -> Any:
    """The message as eth-account prepares it for signing."""
    messages = pytest.importorskip("eth_account.messages")
    return messages.encode_typed_data(
        full_message={
            "types": {"EIP712Domain": DOMAIN_TYPES, kind: types},
            "primaryType": kind,
            "domain": {"name": "zkmargin", "version": "1"},
            "message": message,
        }
    )


def foreign_digest(signable: Any) -> bytes:
    return keccak256(b"\x19" + signable.version + signable.header + signable.body)


def foreign_risk(honest: RiskAttestation) -> Any:
    market = keccak256(honest.market.encode())
    message = {"market": market, "riskRoot": honest.risk_root, "oracleTimeMs": honest.oracle_time_ms}
    return foreign("RiskTable", RISK_TYPES, message)


@given(market=st.text("abcß€", min_size=1, max_size=40), root=ELEMENT, time=U64)
def test_a_risk_table_is_hashed_as_wallets_hash_it(market: str, root: int, time: int) -> None:
    honest = RiskAttestation(market, root, time)
    assert honest.digest() == foreign_digest(foreign_risk(honest))


@given(target=ELEMENT, root=ELEMENT, chain=U64, epoch=U64, time=U64)
def test_a_source_root_is_hashed_as_wallets_hash_it(target: int, root: int, chain: int, epoch: int, time: int) -> None:
    message = {"target": target, "chainId": chain, "epoch": epoch, "root": root, "observedAtMs": time}
    signable = foreign("SourceRoot", ROOT_TYPES, message)
    assert SourceRootAttestation(target, chain, epoch, root, time).digest() == foreign_digest(signable)


def test_a_wallets_signature_counts() -> None:
    account = pytest.importorskip("eth_account").Account
    honest = attestation(keys=(KEY,))
    theirs = bytes(account.sign_message(foreign_risk(honest), KEY).signature)
    assert theirs == honest.signatures[0] == sign_attestation(KEY, honest)
    replace(honest, signatures=(theirs,)).require_quorum([signer_address(KEY)], 1)


def test_digests_are_pinned() -> None:
    """Oracles and contracts that exist compute these: a change here breaks them."""
    assert RiskAttestation("usd-majors", 1, 2).digest().hex() == RISK_DIGEST
    assert SourceRootAttestation(1, 2, 3, 4, 5).digest().hex() == ROOT_DIGEST


@pytest.mark.parametrize("honest", [attestation(), root_attestation(8, 5)], ids=["risk", "root"])
def test_every_member_is_signed(honest: Attestation) -> None:
    values = vars(honest)
    for name, value in values.items():
        if name != "signatures":
            moved = replace(honest, **{name: value + "x" if isinstance(value, str) else value + 1})
            assert moved.digest() != honest.digest(), name
    assert replace(honest, signatures=()).digest() == honest.digest()


def test_a_contract_gets_signatures_by_ascending_signer() -> None:
    honest = attestation(keys=ORACLE_KEYS)
    for shuffled in (honest, replace(honest, signatures=honest.signatures[::-1])):
        signers = [recover_signer(honest.digest(), signature) for signature in shuffled.in_order()]
        assert signers == sorted(signer_address(key) for key in ORACLE_KEYS)


def test_each_signature_has_one_form() -> None:
    honest = attestation(keys=(KEY,))
    digest, signature = honest.digest(), honest.signatures[0]
    assert recover_signer(digest, signature) == signer_address(KEY)
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
    honest = attestation(keys=(KEY,))
    for bit in range(0, 8 * 65, 13):
        changed = bytearray(honest.signatures[0])
        changed[bit // 8] ^= 1 << bit % 8
        try:
            assert recover_signer(honest.digest(), bytes(changed)) != signer_address(KEY)
        except AttestationRejected:
            continue


def test_addresses_are_ethereum_s() -> None:
    """The addresses of the private keys 1 and 2, as every Ethereum tool prints them."""
    assert signer_address((1).to_bytes(32, "big")).hex() == "7e5f4552091a69125d5dfcb7b8c2659029395bdf"
    assert signer_address((2).to_bytes(32, "big")).hex() == "2b5ad5c4795c026514f8317c7a215e218dccd6cf"


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), "00" * 16])
def test_a_private_key_is_32_bytes(key: bytes) -> None:
    with pytest.raises(StatementError):
        sign_attestation(key, attestation())


@pytest.mark.parametrize("market", ["", "a\nb", "x" * 256, "€" * 86, 5, None])
def test_a_market_is_a_short_printable_name(market: Any) -> None:
    with pytest.raises(StatementError) as caught:
        RiskAttestation(market, 1, NOW)
    assert caught.value.field == "market"


def test_a_risk_attestation_travels_as_json() -> None:
    honest = attestation()
    document = honest.to_json()
    assert RiskAttestation.from_json(document) == honest
    for change in (
        {"format": "zkmargin.risk-attestation/1"},
        {"market": ""},
        {"market": 5},
        {"risk_root": 5},
        {"risk_root": str(BN254.r)},
        {"oracle_time_ms": "5"},
        {"signatures": "0x"},
        {"signatures": ["0x" + "AB" * 65]},
        {"signatures": ["0x00"] * 65},
        {"more": 1},
    ):
        with pytest.raises(EncodingError):
            RiskAttestation.from_json({**document, **change})


def test_a_source_root_attestation_travels_as_json() -> None:
    honest = root_attestation(8, 5, ROOT_KEYS)
    document = honest.to_json()
    assert SourceRootAttestation.from_json(document) == honest
    for change in (
        {"format": "zkmargin.risk-attestation/2"},
        {"target": 5},
        {"target": str(BN254.r)},
        {"chain_id": "1"},
        {"chain_id": -1},
        {"epoch": 1 << 64},
        {"root": "05"},
        {"root": str(BN254.r)},
        {"observed_at_ms": True},
        {"signatures": {}},
        {"signatures": ["0x00"] * 65},
        {"more": 1},
    ):
        with pytest.raises(EncodingError):
            SourceRootAttestation.from_json({**document, **change})
