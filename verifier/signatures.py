"""Ethereum's signatures: recoverable ECDSA over secp256k1, the signer named by its address, and a quorum of signers."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from zkmargin.algebra.keccak import keccak256
from zkmargin.algebra.secp256k1 import ORDER, recover_public_key

from .errors import AttestationRejected
from .statement import DIGEST_BYTES, check_bytes, word

SIGNATURE_BYTES = 65
ADDRESS_BYTES = 20
PRIVATE_KEY_BYTES = 32
MAX_SIGNATURES = 64
SECP256K1_ORDER = ORDER


def sign_digest(private_key: bytes, digest: bytes) -> bytes:
    """r | s | v over any 32 bytes, deterministic (RFC 6979), with the low s that `recover_signer` demands.

    Never sign a digest that somebody else made up. Plain Python in variable time: for oracles and relays that sign
    every few seconds on a machine of their own.
    """
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
        raise AttestationRejected(f"a signature is not {SIGNATURE_BYTES} bytes")
    r, s, v = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    if not 0 < r < SECP256K1_ORDER or not 0 < s <= SECP256K1_ORDER // 2 or v not in (27, 28):
        raise AttestationRejected("a signature's r, s or v is out of range, or its s is not the low one")
    key = recover_public_key(digest, r, s, odd=v == 28)
    if key is None:
        raise AttestationRejected("a signature is by no key: its r is not on the curve, or the key is at infinity")
    return keccak256(key)[-ADDRESS_BYTES:]


def require_quorum(
    what: str, digest: bytes, signatures: Sequence[bytes], signers: Collection[bytes], quorum: int
) -> None:
    """Raise `AttestationRejected` unless `quorum` different known signers signed, and nobody else or twice.

    One bad signature refuses all of them: whoever assembles an attestation can leave it out, and a count over what is
    left would hide that somebody tampered.
    """
    if len(signatures) > MAX_SIGNATURES:
        raise AttestationRejected(f"{what}: more than {MAX_SIGNATURES} signatures")
    seen = set[bytes]()
    for index, signature in enumerate(signatures):
        signer = recover_signer(digest, signature)
        if signer not in signers:
            raise AttestationRejected(f"{what}: signature {index} is by 0x{signer.hex()}, no signer of this ledger")
        if signer in seen:
            raise AttestationRejected(f"{what}: 0x{signer.hex()} signed twice")
        seen.add(signer)
    if len(seen) < quorum:
        raise AttestationRejected(f"{what}: {len(seen)} known signers signed and {quorum} are needed")


def by_signer(digest: bytes, signatures: Sequence[bytes]) -> tuple[bytes, ...]:
    """The signatures in ascending order of their signers' addresses: the one order a contract takes."""
    return tuple(sorted(signatures, key=lambda signature: recover_signer(digest, signature)))


def _address(public_key: tuple[int, int]) -> bytes:
    x, y = public_key
    return keccak256(word(int(x)) + word(int(y)))[-ADDRESS_BYTES:]
