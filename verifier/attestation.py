"""Oracle attestations: a quorum of known signers stands behind a risk root at one time.

Signatures are Ethereum's: recoverable ECDSA over secp256k1, the signer named by its address. The digest that is signed
is laid out in docs/statement-digests.md.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from zkmargin.algebra import Buffer, EncodingError
from zkmargin.algebra.keccak import keccak256

from .errors import AttestationRejected
from .json_members import check_format, check_members, read_decimal, read_hex, read_object
from .statement import DIGEST_BYTES, TIME_BITS, check_bytes, check_element, check_range, keccak_words, word

SIGNATURE_BYTES = 65
ADDRESS_BYTES = 20
PRIVATE_KEY_BYTES = 32
MAX_SIGNATURES = 64
SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
FORMAT = "zkmargin.risk-attestation/1"
WHAT = "risk attestation"
MAX_JSON_BYTES = 1 << 14


@dataclass(frozen=True)
class RiskAttestation:
    """`signatures` (65 bytes each: r | s | v) of oracles over `risk_root` at `oracle_time_ms`."""

    risk_root: int
    oracle_time_ms: int
    signatures: tuple[bytes, ...]

    def __post_init__(self) -> None:
        check_element("risk_root", self.risk_root)
        check_range("oracle_time_ms", self.oracle_time_ms, TIME_BITS)

    def digest(self) -> bytes:
        """What each oracle signs."""
        return attestation_digest(self.risk_root, self.oracle_time_ms)

    def require_quorum(self, signers: Collection[bytes], quorum: int) -> None:
        """Raise `AttestationRejected` unless `quorum` different known oracles signed, and nobody else or twice.

        One bad signature refuses the whole attestation: whoever assembles it can leave it out, and a count over what
        is left would hide that somebody tampered.
        """
        if self.risk_root == 0:
            raise AttestationRejected(f"{WHAT}: the risk root is zero")
        if len(self.signatures) > MAX_SIGNATURES:
            raise AttestationRejected(f"{WHAT}: more than {MAX_SIGNATURES} signatures")
        digest, seen = self.digest(), set[bytes]()
        for index, signature in enumerate(self.signatures):
            signer = recover_signer(digest, signature)
            if signer not in signers:
                raise AttestationRejected(f"{WHAT}: signature {index} is by 0x{signer.hex()}, no oracle of this ledger")
            if signer in seen:
                raise AttestationRejected(f"{WHAT}: 0x{signer.hex()} signed twice")
            seen.add(signer)
        if len(seen) < quorum:
            raise AttestationRejected(f"{WHAT}: {len(seen)} oracles signed and {quorum} are needed")

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "risk_root": str(self.risk_root),
            "oracle_time_ms": self.oracle_time_ms,
            "signatures": ["0x" + signature.hex() for signature in self.signatures],
        }

    @classmethod
    def from_json(cls, data: Buffer | str | dict[str, Any]) -> RiskAttestation:
        value = read_object(data, WHAT, max_bytes=MAX_JSON_BYTES)
        check_members(value, {"format", "risk_root", "oracle_time_ms", "signatures"}, set(), WHAT)
        check_format(value, FORMAT, WHAT)
        signatures = value["signatures"]
        if not isinstance(signatures, list) or len(signatures) > MAX_SIGNATURES:
            raise EncodingError(f"{WHAT}: signatures is not a list of at most {MAX_SIGNATURES}", what=WHAT)
        return cls(
            risk_root=read_decimal(value["risk_root"], f"{WHAT} risk_root"),
            oracle_time_ms=value["oracle_time_ms"],
            signatures=tuple(read_hex(item, SIGNATURE_BYTES, f"{WHAT} signature") for item in signatures),
        )


def attestation_digest(risk_root: int, oracle_time_ms: int) -> bytes:
    """The 32 bytes an oracle signs."""
    return keccak_words(FORMAT, word(risk_root), word(oracle_time_ms))


def sign_attestation(private_key: bytes, risk_root: int, oracle_time_ms: int) -> bytes:
    """An oracle's signature, deterministic (RFC 6979) and with the low s that `recover_signer` demands.

    Plain Python in variable time: for oracles that sign a table every few seconds on a machine of their own.
    """
    return sign_digest(private_key, RiskAttestation(risk_root, oracle_time_ms, ()).digest())


def sign_digest(private_key: bytes, digest: bytes) -> bytes:
    """r | s | v over any 32 bytes, as `sign_attestation` makes it. Never sign a digest that somebody else made up."""
    check_bytes("private_key", private_key, PRIVATE_KEY_BYTES)
    check_bytes("digest", digest, DIGEST_BYTES)
    from py_ecc.secp256k1.secp256k1 import ecdsa_raw_sign

    v, r, s = ecdsa_raw_sign(digest, private_key)
    return bytes(word(r) + word(s) + bytes([v]))


def signer_address(private_key: bytes) -> bytes:
    """The Ethereum address of a private key."""
    check_bytes("private_key", private_key, PRIVATE_KEY_BYTES)
    from py_ecc.secp256k1.secp256k1 import privtopub

    return _address(privtopub(private_key))


def recover_signer(digest: bytes, signature: bytes) -> bytes:
    """The address whose key made this signature; r, s and v must be in range, and s low, so that it has one form."""
    if type(signature) is not bytes or len(signature) != SIGNATURE_BYTES:
        raise AttestationRejected(f"{WHAT}: a signature is not {SIGNATURE_BYTES} bytes")
    r, s, v = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    if not 0 < r < SECP256K1_ORDER or not 0 < s <= SECP256K1_ORDER // 2 or v not in (27, 28):
        raise AttestationRejected(f"{WHAT}: a signature's r, s or v is out of range, or its s is not the low one")
    from py_ecc.secp256k1.secp256k1 import ecdsa_raw_recover

    try:
        point = ecdsa_raw_recover(digest, (v, r, s))
    except ValueError:
        raise AttestationRejected(f"{WHAT}: a signature's r is not on the curve") from None
    if not any(point):
        raise AttestationRejected(f"{WHAT}: a signature recovers to the point at infinity")
    return _address(point)


def _address(public_key: tuple[int, int]) -> bytes:
    x, y = public_key
    return keccak256(word(int(x)) + word(int(y)))[-ADDRESS_BYTES:]
