"""EdDSA over Baby Jubjub with Poseidon as its challenge hash, as circomlibjs has it: same keys, same signatures.

A signature of the message m (one field element) is (R, S) with S * B = R + 8 h A, where B is the base point, A the
public key and h = Poseidon(R.x, R.y, A.x, A.y, m). Signing is deterministic.

**Hazard:** this is a reference in plain integers. Its running time depends on the secret, so sign where nobody can
measure it, or with a hardened implementation.
"""

from __future__ import annotations

from dataclasses import dataclass

from .baby_jubjub import BABY_JUBJUB, POINT_BYTES, pack_point, unpack_point
from .blake512 import blake512
from .curves import BN254
from .edwards import EdwardsPoint
from .encoding import Buffer, check_canonical
from .errors import EncodingError, PointError, SignatureError
from .poseidon import poseidon_hash

SECRET_BYTES = 32
SIGNATURE_BYTES = 64


@dataclass(frozen=True)
class EddsaSignature:
    """The commitment R (circomlib calls it R8) and the response S."""

    r: EdwardsPoint
    s: int

    def to_bytes(self) -> bytes:
        """R packed, then S, little-endian."""
        return pack_point(self.r) + self.s.to_bytes(SIGNATURE_BYTES - POINT_BYTES, "little")

    @classmethod
    def from_bytes(cls, data: Buffer) -> EddsaSignature:
        """The inverse of `to_bytes`; refuses an S that is not below the order, and what `unpack_point` refuses."""
        raw = bytes(memoryview(data))
        if len(raw) != SIGNATURE_BYTES:
            raise EncodingError(f"a signature has {SIGNATURE_BYTES} bytes, not {len(raw)}", what="signature")
        signature = cls(unpack_point(raw[:POINT_BYTES]), int.from_bytes(raw[POINT_BYTES:], "little"))
        _require_reduced(signature.s)
        return signature


def eddsa_public_key(secret: bytes) -> EdwardsPoint:
    """The public key of 32 secret bytes."""
    return BABY_JUBJUB.multiply(_secret_scalar(_expanded(secret)), BABY_JUBJUB.base)


def eddsa_sign(secret: bytes, message: int) -> EddsaSignature:
    """Sign one canonical field element."""
    check_canonical([message], BN254.r, "message")
    expanded = _expanded(secret)
    scalar = _secret_scalar(expanded)
    public_key = BABY_JUBJUB.multiply(scalar, BABY_JUBJUB.base)
    nonce = int.from_bytes(blake512(expanded[32:] + message.to_bytes(32, "little")), "little") % BABY_JUBJUB.order
    r = BABY_JUBJUB.multiply(nonce, BABY_JUBJUB.base)
    # The public key is scalar * base, and the equation has 8 h A: hence the 8.
    s = (nonce + eddsa_challenge(r, public_key, message) * 8 * scalar) % BABY_JUBJUB.order
    return EddsaSignature(r, s)


def eddsa_verify(public_key: EdwardsPoint, message: int, signature: EddsaSignature) -> None:
    """Return if the signature is right; `SignatureError` if not, `EncodingError` or `PointError` for malformed parts.

    Refused as malformed: a message that is not canonical, S >= order (a second signature for the same message), a key
    or an R off the curve, and a key of small order, for which anybody could sign.
    """
    check_canonical([message], BN254.r, "message")
    _require_reduced(signature.s)
    require_public_key(public_key)
    BABY_JUBJUB.require(signature.r, "signature's R")
    challenge = eddsa_challenge(signature.r, public_key, message)
    right = BABY_JUBJUB.add(signature.r, BABY_JUBJUB.multiply(8 * challenge, public_key))
    if BABY_JUBJUB.multiply(signature.s, BABY_JUBJUB.base) != right:
        raise SignatureError("the signature is not one of this message by this key")


def eddsa_challenge(r: EdwardsPoint, public_key: EdwardsPoint, message: int) -> int:
    """h, a canonical field element."""
    return poseidon_hash([*r, *public_key, message])


def require_public_key(public_key: EdwardsPoint) -> None:
    """Refuse a key off the curve or of small order."""
    BABY_JUBJUB.require(public_key, "public key")
    if BABY_JUBJUB.has_small_order(public_key):
        raise PointError("public key: a point of small order, for which anybody can sign", what="public key")


def _require_reduced(s: int) -> None:
    if type(s) is not int or not 0 <= s < BABY_JUBJUB.order:
        raise EncodingError("signature: S is not below the order of the subgroup", what="signature")


def _expanded(secret: bytes) -> bytes:
    if len(secret) != SECRET_BYTES:
        raise EncodingError(f"a secret key has {SECRET_BYTES} bytes, not {len(secret)}", what="secret key")
    return blake512(secret)


def _secret_scalar(expanded: bytes) -> int:
    """As in RFC 8032: of 32 bytes the low three bits and the top one cleared, the next one set; then without the low
    three, as the base point is 8 times a generator already."""
    clamped = int.from_bytes(expanded[:32], "little") & ((1 << 255) - 8) | 1 << 254
    return clamped >> 3
