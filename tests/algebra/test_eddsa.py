"""EdDSA-Poseidon: circomlibjs's numbers, and everything about a signature that must not be accepted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkmargin.algebra import (
    BABY_JUBJUB,
    BN254,
    EddsaSignature,
    EncodingError,
    PointError,
    SignatureError,
    eddsa_public_key,
    eddsa_sign,
    eddsa_verify,
    pack_point,
)
from zkmargin.algebra.eddsa import eddsa_challenge
from zkmargin.algebra.square_root import square_root

P, ORDER = BABY_JUBJUB.p, BABY_JUBJUB.order
SECRET = bytes(range(32))
MESSAGE = 1234
KEY = eddsa_public_key(SECRET)
SIGNATURE = eddsa_sign(SECRET, MESSAGE)


def test_circomlibjs_numbers() -> None:
    """prv2pub and signPoseidon of circomlibjs 0.1.7; tests/interop asks the package itself."""
    assert KEY == (
        1120771572304984668855649788542860110303223894298952018121329196339919157573,
        20197087425205130352574209034729275460185533126585197591053247747830393653846,
    )
    assert (
        EddsaSignature(
            r=(
                1580098384235905420545007514700365116063110329219163409790379914642787678633,
                3510495650391349777362125545131421502622657879888285313996332792666017079418,
            ),
            s=2364737380600710657163606088999809402815886481217102136244489934842695318164,
        )
        == SIGNATURE
    )
    assert pack_point(KEY).hex() == "56ca90f80d7c374ae7485e9bcc47d4ac399460948da6aeeb899311097925a72c"


@given(st.binary(min_size=32, max_size=32), st.one_of(st.integers(0, 2), st.integers(0, BN254.r - 1)))
@settings(max_examples=10, deadline=None)
def test_signatures_verify_for_their_message_and_key_only(secret: bytes, message: int) -> None:
    key, signature = eddsa_public_key(secret), eddsa_sign(secret, message)
    eddsa_verify(key, message, signature)
    assert EddsaSignature.from_bytes(signature.to_bytes()) == signature
    for other in (
        (key, (message + 1) % P, signature),
        (BABY_JUBJUB.negate(key), message, signature),
        (BABY_JUBJUB.add(key, BABY_JUBJUB.base), message, signature),
        (key, message, replace(signature, s=(signature.s + 1) % ORDER)),
        (key, message, replace(signature, r=BABY_JUBJUB.negate(signature.r))),
        (key, message, replace(signature, r=BABY_JUBJUB.add(signature.r, (0, P - 1)))),
    ):
        with pytest.raises(SignatureError):
            eddsa_verify(*other)


def test_a_signature_cannot_be_altered_by_the_order() -> None:
    """S + order satisfies the same equation: a second signature of the same message, without the secret."""
    for s in (SIGNATURE.s + ORDER, SIGNATURE.s - ORDER, ORDER, -1):
        with pytest.raises(EncodingError, match="S is not below the order"):
            eddsa_verify(KEY, MESSAGE, replace(SIGNATURE, s=s))
    altered = pack_point(SIGNATURE.r) + (SIGNATURE.s + ORDER).to_bytes(32, "little")
    with pytest.raises(EncodingError, match="S is not below the order"):
        EddsaSignature.from_bytes(altered)


def test_keys_of_small_order_are_refused() -> None:
    """With one, anybody signs: 8 h A is neutral, so R = S * B verifies for every message."""
    forged = EddsaSignature(BABY_JUBJUB.multiply(5, BABY_JUBJUB.base), 5)
    quarter = (square_root(pow(BABY_JUBJUB.a, -1, P), P), 0)
    for key in ((0, 1), (0, P - 1), quarter):
        assert BABY_JUBJUB.contains(key)
        right = BABY_JUBJUB.add(forged.r, BABY_JUBJUB.multiply(8 * eddsa_challenge(forged.r, key, 9), key))
        assert BABY_JUBJUB.multiply(forged.s, BABY_JUBJUB.base) == right
        with pytest.raises(PointError, match="small order"):
            eddsa_verify(key, 9, forged)


def test_points_off_the_curve_are_refused() -> None:
    for bad in ((KEY[0] + 1, KEY[1]), (0, 0), (KEY[0] + P, KEY[1])):
        with pytest.raises(PointError, match="public key is not a point"):
            eddsa_verify(bad, MESSAGE, SIGNATURE)
        with pytest.raises(PointError, match="R is not a point"):
            eddsa_verify(KEY, MESSAGE, replace(SIGNATURE, r=bad))


def test_malformed_parts_are_refused() -> None:
    for message in (-1, BN254.r, True):
        with pytest.raises(EncodingError, match="message"):
            eddsa_verify(KEY, message, SIGNATURE)
        with pytest.raises(EncodingError, match="message"):
            eddsa_sign(SECRET, message)
    for secret in (SECRET[:31], SECRET + b"\0", b""):
        with pytest.raises(EncodingError, match="a secret key has 32 bytes"):
            eddsa_public_key(secret)
        with pytest.raises(EncodingError, match="a secret key has 32 bytes"):
            eddsa_sign(secret, MESSAGE)
    for length in (0, 63, 65):
        with pytest.raises(EncodingError, match="a signature has 64 bytes"):
            EddsaSignature.from_bytes((SIGNATURE.to_bytes() + b"\0")[:length])
