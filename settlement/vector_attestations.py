"""The vectors of attestations: honest ones of both kinds with their digests, and what no quorum is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from zkmargin.verifier import RiskAttestation, SourceRootAttestation, signer_address
from zkmargin.verifier.signatures import SECP256K1_ORDER

Attestation = RiskAttestation | SourceRootAttestation
KEYS = tuple(bytes(31) + bytes([number]) for number in (1, 2, 3))
"""Private keys that everybody knows."""
STRANGER = bytes(31) + b"\x04"
QUORUM = 2
OK = "ok"


def attestation_vectors() -> dict[str, Any]:
    """A file of kind `attestation`."""
    honest: dict[str, Attestation] = {
        "risk table": RiskAttestation("usd-majors", 1234567, 1_800_000_000_000),
        "risk table of a market in another script": RiskAttestation("рынок €", 1, 0),
        "source root": SourceRootAttestation(7654321, 1001, 5, 1234567, 1_800_000_000_000),
        "source root, largest numbers": SourceRootAttestation(1, 2**64 - 1, 2**64 - 1, 1, 2**64 - 1),
    }
    cases = [_case(name, attestation.signed(KEYS[:QUORUM])) for name, attestation in honest.items()]
    for name in ("risk table", "source root"):
        cases += [_case(f"{name}: {what}", bad, "attestation-rejected") for what, bad in _bad(honest[name])]
    return {
        "kind": "attestation",
        "signers": ["0x" + signer_address(key).hex() for key in KEYS],
        "quorum": QUORUM,
        "cases": [*cases, *_malformed(honest["risk table"].signed(KEYS))],
    }


def _case(name: str, attestation: Attestation, expect: str = OK) -> dict[str, Any]:
    case = {"name": name, "attestation": attestation.to_json(), "digest": "0x" + attestation.digest().hex()}
    return case if expect == OK else {**case, "expect": expect}


def _bad(honest: Attestation) -> Iterator[tuple[str, Attestation]]:
    signed = honest.signed(KEYS)
    first, second, _ = signed.signatures
    yield "nobody signed", honest
    yield "too few signed", replace(signed, signatures=(first,))
    yield "one signed twice", replace(signed, signatures=(first, first))
    yield "a stranger signed too", honest.signed((*KEYS, STRANGER))
    yield "another statement was signed", replace(_moved(honest), signatures=signed.signatures)
    s = int.from_bytes(second[32:64], "big")
    high = second[:32] + (SECP256K1_ORDER - s).to_bytes(32, "big") + bytes([55 - second[64]])
    yield "a signature with the high s", replace(signed, signatures=(first, high))
    yield "a signature with v of 0", replace(signed, signatures=(first, second[:64] + bytes(1)))


def _moved(honest: Attestation) -> Attestation:
    if isinstance(honest, RiskAttestation):
        return replace(honest, risk_root=honest.risk_root + 1)
    return replace(honest, epoch=honest.epoch + 1)


def _malformed(honest: Attestation) -> Iterator[dict[str, Any]]:
    digest = "0x" + honest.digest().hex()
    for name, change, expect in (
        ("no market", {"market": ""}, "statement-error"),
        ("a root that is no field element", {"risk_root": str(2**255)}, "statement-error"),
        ("a short signature", {"signatures": ["0x00"]}, "encoding-error"),
    ):
        yield {"name": name, "attestation": {**honest.to_json(), **change}, "digest": digest, "expect": expect}
