"""The contracts of one key and one ledger, compiled: what `deploy` puts on a chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from zkmargin.algebra import Engine
from zkmargin.algebra.keccak import keccak256

from ..errors import CircuitMismatch, ConfigError
from ..keys import VerifyingKey, judge_key
from ..statement import venue_count
from .compile import MAX_RUNTIME_BYTES, Compiled, compile_contract
from .key_points import key_points
from .vyper_deployment import vyper_deployment_module
from .vyper_key import vyper_key_module

if TYPE_CHECKING:
    from ..ledger.config import LedgerConfig


def verifier_contract(
    key: VerifyingKey,
    folded: Sequence[int] = (),
    *,
    allow_development: bool = False,
    engine: Engine | None = None,
) -> Compiled:
    """A verifier of this key, its first public inputs fixed to `folded`. The key is judged first."""
    judge_key(key, allow_development, engine=engine)
    return compile_contract("Groth16Verifier", {"verifying_key": vyper_key_module(key_points(key, folded, engine))})


def ledger_contract(config: LedgerConfig, key: VerifyingKey, *, engine: Engine | None = None) -> Compiled:
    """The ledger of this configuration, whose `ledger` is the address at which it is going to stand."""
    if key.circuit_digest != config.circuit_digest:
        raise CircuitMismatch(config.circuit_digest, key.circuit_digest)
    judge_key(key, config.allow_development_key, engine=engine)
    venues = venue_count(key.n_public)
    generated = {
        "deployment": vyper_deployment_module(config, venues),
        "verifying_key": vyper_key_module(key_points(key, [config.target], engine)),
    }
    compiled = compile_contract("MarginLedger", generated)
    if len(compiled.runtime) > MAX_RUNTIME_BYTES:
        raise ConfigError("routes", f"and signers are too many: {len(compiled.runtime)} bytes of code, above EIP-170's")
    return compiled


def created_address(deployer: bytes, nonce: int) -> bytes:
    """Where a contract will stand that this address creates with the transaction of this nonce (yellow paper, 7)."""
    if type(nonce) is not int or not 0 <= nonce < 1 << 64:
        raise ConfigError("nonce", "is not an integer in [0, 2^64)")
    digits = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    encoded = digits if len(digits) == 1 and digits[0] < 0x80 else bytes([0x80 + len(digits)]) + digits
    listed = bytes([0x80 + len(deployer)]) + deployer + encoded
    return keccak256(bytes([0xC0 + len(listed)]) + listed)[-20:]
