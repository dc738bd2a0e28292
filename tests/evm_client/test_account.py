"""Accounts: what a key may look like, keystores of wallets, and that no key ever shows."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from zkmargin.algebra import EncodingError
from zkmargin.verifier.errors import AccountRefused
from zkmargin.verifier.evm.account import EvmAccount
from zkmargin.verifier.signatures import SECP256K1_ORDER, signer_address

KEY = bytes([7]) * 32
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def keystore() -> dict[str, Any]:
    from eth_account import Account

    made: dict[str, Any] = Account.encrypt(KEY, PASSWORD, kdf="pbkdf2", iterations=2)
    return made


def test_a_key_s_address() -> None:
    assert EvmAccount(KEY).address == signer_address(KEY)
    assert EvmAccount.from_hex("0x" + KEY.hex().upper() + "\n").address == signer_address(KEY)


@pytest.mark.parametrize("text", ["", "0x", "07" * 31, "07" * 33, "0x" + "0g" * 32, "00" * 32, f"{SECP256K1_ORDER:x}"])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(AccountRefused) as caught:
        EvmAccount.from_hex(text)
    assert len(text) < 8 or text[2:] not in str(caught.value)


def test_a_wallet_s_keystore(keystore: dict[str, Any]) -> None:
    assert EvmAccount.from_keystore(json.dumps(keystore), PASSWORD).address == signer_address(KEY)
    with pytest.raises(AccountRefused, match="wrong password") as caught:
        EvmAccount.from_keystore(json.dumps(keystore), "sesame")
    assert "sesame" not in str(caught.value)


def test_keystores_that_are_none(keystore: dict[str, Any]) -> None:
    def changed(**kdfparams: Any) -> dict[str, Any]:
        crypto = {**keystore["crypto"], "kdfparams": {**keystore["crypto"]["kdfparams"], **kdfparams}}
        return {**keystore, "crypto": crypto}

    for bad in ([], {}, {**keystore, "version": 1}, {**keystore, "crypto": 5}, changed(c="2"), changed(c=0)):
        with pytest.raises(EncodingError):
            EvmAccount.from_keystore(json.dumps(bad), PASSWORD)
    for costly in (
        changed(c=1 << 40),
        changed(n=1 << 40),
        changed(n=1 << 18, r=1 << 10),
        changed(p=1 << 30),
        changed(dklen=1 << 26),
    ):
        with pytest.raises(EncodingError, match="more work"):
            EvmAccount.from_keystore(json.dumps(costly), PASSWORD)
    with pytest.raises(EncodingError):
        EvmAccount.from_keystore(b" " * (1 << 15), PASSWORD)


def test_work_factors_do_not_hide_behind_capitals(keystore: dict[str, Any]) -> None:
    """The library below reads names in any case, and the last of several."""
    crypto = keystore["crypto"]
    params = {**crypto["kdfparams"], "C": 1 << 40}
    for bad in (
        {**keystore, "crypto": {**crypto, "kdfparams": params}},
        {**keystore, "crypto": {**crypto, "KDFPARAMS": params}},
        {**keystore, "CRYPTO": {**crypto, "kdfparams": {**params, "c": 1}}},
    ):
        with pytest.raises(EncodingError, match="twice"):
            EvmAccount.from_keystore(json.dumps(bad), PASSWORD)
    loud = {name.upper(): value for name, value in keystore.items()}
    assert EvmAccount.from_keystore(json.dumps(loud), PASSWORD).address == signer_address(KEY)


def test_a_damaged_keystore_says_nothing_of_its_contents(keystore: dict[str, Any]) -> None:
    crypto = {**keystore["crypto"], "ciphertext": "zz"}
    with pytest.raises(AccountRefused) as caught:
        EvmAccount.from_keystore(json.dumps({**keystore, "crypto": crypto}), PASSWORD)
    assert "zz" not in str(caught.value)


def test_a_key_does_not_show() -> None:
    account = EvmAccount(KEY)
    assert KEY.hex() not in repr(account) + str(account) + str(vars(account))
    with pytest.raises(TypeError):
        pickle.dumps(account)
