"""An account that sends transactions: its key comes from a keystore or from the environment, and shows nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zkmargin.algebra import Buffer, EncodingError, load_json
from zkmargin.algebra.extras import require

from ..errors import AccountRefused
from ..signatures import PRIVATE_KEY_BYTES, SECP256K1_ORDER

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

WHAT = "keystore"
MAX_KEYSTORE_BYTES = 1 << 14
DERIVED_BYTES = 32
"""Of the password's hash: half for the cipher, half for the check. The work grows with it."""
MAX_SCRYPT_BYTES = 1 << 30
MAX_PBKDF2_ROUNDS = 1 << 24


class EvmAccount:
    """`address` are 20 bytes."""

    def __init__(self, private_key: bytes) -> None:
        if type(private_key) is not bytes or len(private_key) != PRIVATE_KEY_BYTES:
            raise AccountRefused(f"a private key is {PRIVATE_KEY_BYTES} bytes")
        if not 0 < int.from_bytes(private_key, "big") < SECP256K1_ORDER:
            raise AccountRefused("a private key is above zero and below the order of secp256k1")
        require("eth_account", "evm")
        from eth_account import Account

        self._account: LocalAccount = Account.from_key(private_key)
        self.address = bytes.fromhex(self._account.address[2:])

    @classmethod
    def from_hex(cls, text: str) -> EvmAccount:
        """The key as 64 hexadecimal digits, as an environment variable holds it. No error repeats any of it."""
        digits = text.strip().removeprefix("0x")
        if len(digits) != 2 * PRIVATE_KEY_BYTES or not set(digits) <= set("0123456789abcdefABCDEF"):
            raise AccountRefused("a private key is 0x and 64 hexadecimal digits")
        return cls(bytes.fromhex(digits))

    @classmethod
    def from_keystore(cls, data: Buffer | str, password: str) -> EvmAccount:
        """Web3 Secret Storage, version 3, as every Ethereum wallet writes it."""
        keystore = _read_keystore(data)
        require("eth_account", "evm")
        from eth_account import Account

        try:
            key = bytes(Account.decrypt(keystore, password))
        except Exception:
            # Whatever the libraries below say: they may quote what they were given.
            raise AccountRefused("the keystore cannot be opened: wrong password, or a damaged file") from None
        return cls(key)

    def sign(self, transaction: dict[str, Any]) -> bytes:
        """The transaction as it is sent."""
        return bytes(self._account.sign_transaction(transaction).raw_transaction)

    def __repr__(self) -> str:
        return f"EvmAccount(0x{self.address.hex()})"

    def __reduce__(self) -> str:
        raise TypeError("an account cannot be pickled: its key would be written in the open")


def _read_keystore(data: Buffer | str) -> dict[str, Any]:
    """The document, once its work factors are such that opening it cannot exhaust the machine."""
    value = _lower_case(load_json(data, WHAT, max_bytes=MAX_KEYSTORE_BYTES))
    crypto = value.get("crypto") if isinstance(value, dict) else None
    params = crypto.get("kdfparams") if isinstance(crypto, dict) else None
    if not isinstance(params, dict) or value.get("version") != 3:
        raise EncodingError(f"{WHAT}: not an Ethereum keystore of version 3", what=WHAT)
    n, r, p, rounds = (params.get(name, 1) for name in ("n", "r", "p", "c"))
    if any(type(number) is not int or number < 1 for number in (n, r, p, rounds)):
        raise EncodingError(f"{WHAT}: work factors that are none", what=WHAT)
    if 128 * n * r * p > MAX_SCRYPT_BYTES or rounds > MAX_PBKDF2_ROUNDS or params.get("dklen") != DERIVED_BYTES:
        raise EncodingError(f"{WHAT}: asks for more work than any wallet does", what=WHAT)
    return dict(value)


def _lower_case(value: Any) -> Any:
    """Names as the library below reads them, so that it sees no other work factors than those that are checked here."""
    if not isinstance(value, dict):
        return value
    lowered = {name.lower(): _lower_case(member) for name, member in value.items()}
    if len(lowered) != len(value):
        raise EncodingError(f"{WHAT}: has a member twice", what=WHAT)
    return lowered
