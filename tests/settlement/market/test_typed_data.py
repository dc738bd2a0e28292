"""EIP-712 hashing against values of others.

The Mail example is the EIP's own (https://eips.ethereum.org/assets/eip-712/Example.js). The other values were computed
with eth-account 0.14.0 (PyPI): `encode_typed_data(full_message=...)`, its header and body, and `Account.sign_message`.
"""

from __future__ import annotations

from typing import Any

import pytest

from zkmargin.algebra.keccak import keccak256
from zkmargin.settlement.errors import MarketDataError
from zkmargin.settlement.market.typed_data import TypedData, domain_separator
from zkmargin.verifier.signatures import recover_signer, sign_digest, signer_address

MAIL = TypedData(
    {
        "Person": (("name", "string"), ("wallet", "address")),
        "Mail": (("from", "Person"), ("to", "Person"), ("contents", "string")),
    }
)
MAIL_DOMAIN = {"name": "Ether Mail", "version": "1", "chainId": 1, "verifyingContract": b"\xcc" * 20}
COW = bytes.fromhex("cd2a3d9f938e13cd947ec05abc7fe734df8dd826")
LETTER = {
    "from": {"name": "Cow", "wallet": COW},
    "to": {"name": "Bob", "wallet": b"\xbb" * 20},
    "contents": "Hello, Bob!",
}
LETTER_SIGNATURE = bytes.fromhex(
    "4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d"
    "07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c"
)
ALL = TypedData(
    {
        "Inner": (("flag", "bool"), ("low", "int8")),
        "All": (
            ("data", "bytes"),
            ("four", "bytes4"),
            ("grid", "uint16[2][]"),
            ("inner", "Inner[]"),
            ("big", "int256"),
        ),
    }
)
EVERYTHING: dict[str, Any] = {
    "data": bytes([1, 2, 3, 4, 5]),
    "four": bytes.fromhex("deadbeef"),
    "grid": [[1, 2], [3, 65535]],
    "inner": [{"flag": True, "low": -128}, {"flag": False, "low": 127}],
    "big": -(2**255),
}


def test_the_mail_of_the_eip() -> None:
    assert MAIL.encode_type("Mail") == "Mail(Person from,Person to,string contents)Person(string name,address wallet)"
    assert MAIL.type_hash("Mail").hex() == "a0cedeb2dc280ba39b857546d74f5549c3a1d7bdc2dd96bf881f76108e23dac2"
    separator = domain_separator(MAIL_DOMAIN)
    assert separator.hex() == "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f"
    body = MAIL.hash_struct("Mail", LETTER)
    assert body.hex() == "c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e"
    message = MAIL.message(MAIL_DOMAIN, "Mail", LETTER)
    digest = keccak256(message)
    assert message == b"\x19\x01" + separator + body
    assert digest.hex() == "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"
    assert sign_digest(keccak256(b"cow"), digest) == LETTER_SIGNATURE
    assert recover_signer(digest, LETTER_SIGNATURE) == COW == signer_address(keccak256(b"cow"))


def test_every_kind_of_member() -> None:
    separator = domain_separator({"name": "d", "salt": b"\x22" * 32})
    assert separator.hex() == "68f184a047721d44fde090a34dfac0f4db454d834ae72166378a972a5ae35fdf"
    assert (
        ALL.hash_struct("All", EVERYTHING).hex() == "a99a005120d6d51c111286254b696512a9807f6ffa7fccc17fbc365a20f33692"
    )


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("four", bytes(3)),
        ("four", "dead"),
        ("grid", [[1]]),
        ("grid", [[1, 65536]]),
        ("grid", [[1, -1]]),
        ("inner", [{"flag": 1, "low": 0}]),
        ("inner", [{"flag": True, "low": 128}]),
        ("inner", [{"flag": True}]),
        ("big", 2**255),
        ("big", True),
        ("more", 1),
    ],
)
def test_a_value_that_is_not_of_its_type_has_no_hash(member: str, value: Any) -> None:
    with pytest.raises(MarketDataError):
        ALL.hash_struct("All", {**EVERYTHING, member: value})


def test_an_unknown_type_has_no_hash() -> None:
    with pytest.raises(MarketDataError, match="does not know"):
        TypedData({"T": (("x", "ufixed8"),)}).hash_struct("T", {"x": 1})
