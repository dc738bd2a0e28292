"""Recovery of a signer's key: py_ecc's signatures, both implementations equal, and what no key can have signed."""

from __future__ import annotations

import hashlib
import os

import pytest
from py_ecc.secp256k1.secp256k1 import ecdsa_raw_sign, privtopub

from zkmargin.algebra import EncodingError, secp256k1
from zkmargin.algebra.engine import native_problem
from zkmargin.algebra.secp256k1 import ORDER, recover_public_key


@pytest.fixture(params=["native", "plain"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "native" and not secp256k1.HAS_NATIVE:
        if os.environ.get("ZKMARGIN_REQUIRE_NATIVE") == "1":
            pytest.fail("ZKMARGIN_REQUIRE_NATIVE=1, and the native module is not installed")
        pytest.skip("the native module is not installed")
    monkeypatch.setattr(secp256k1, "HAS_NATIVE", request.param == "native")


def key_of(private: bytes) -> bytes:
    return b"".join(int(c).to_bytes(32, "big") for c in privtopub(private))


@pytest.mark.parametrize("number", range(4))
@pytest.mark.usefixtures("either")
def test_the_key_that_signed(number: int) -> None:
    private, digest = (hashlib.sha256(bytes([number, part])).digest() for part in (0, 1))
    v, r, s = ecdsa_raw_sign(digest, private)
    assert recover_public_key(digest, r, s, odd=v == 28) == key_of(private)
    # the same signature in its other form, and what it would be with the other y
    assert recover_public_key(digest, r, ORDER - s, odd=v == 27) == key_of(private)
    assert recover_public_key(digest, r, s, odd=v == 27) not in (None, key_of(private))


@pytest.mark.usefixtures("either")
def test_a_digest_above_the_order() -> None:
    private, digest = bytes(31) + b"\x05", b"\xff" * 32
    v, r, s = ecdsa_raw_sign(digest, private)
    assert recover_public_key(digest, r, s, odd=v == 28) == key_of(private)


@pytest.mark.usefixtures("either")
def test_what_no_key_signed() -> None:
    digest = bytes(range(32))
    # x = 5 is not on the curve
    assert recover_public_key(digest, 5, 7, odd=False) is None
    # R = G and s = z: (s R - z G) / r is the point at infinity
    generator_x = 0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798
    assert recover_public_key(digest, generator_x, int.from_bytes(digest, "big"), odd=False) is None


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize(("r", "s"), [(0, 1), (1, 0), (ORDER, 1), (1, ORDER), (-1, 1), (1, 1 << 256)])
def test_out_of_range(r: int, s: int) -> None:
    with pytest.raises(EncodingError):
        recover_public_key(bytes(32), r, s, odd=False)


@pytest.mark.parametrize("digest", [b"", bytes(31), bytes(33), bytearray(32)], ids=repr)
def test_a_digest_is_32_bytes(digest: bytes) -> None:
    with pytest.raises(EncodingError):
        recover_public_key(digest, 1, 1, odd=False)


def test_the_native_module_has_it_wherever_it_is() -> None:
    assert (native_problem() is None) == secp256k1.HAS_NATIVE
