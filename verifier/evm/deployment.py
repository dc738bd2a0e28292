"""Putting a ledger's contract on a chain, with every check before and after, and the record of what stands there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from zkmargin.algebra import Buffer, EncodingError, Engine, load_json
from zkmargin.algebra.keccak import keccak256

from ..errors import ConfigError, DeploymentMismatch
from ..json_members import check_format, check_members, read_decimal, read_hex
from ..keys import VerifyingKey
from ..ledger.config import LedgerConfig
from ..statement import ID_BITS, check_range
from .compile import Compiled
from .contracts import created_address, ledger_contract
from .transactions import Mined, Sender

FORMAT = "zkmargin.deployment/1"
WHAT = "deployment record"
MAX_JSON_BYTES = 4 << 20

_MEMBERS = {
    "format",
    "network_id",
    "address",
    "target",
    "circuit_digest",
    "key_digest",
    "code_hash",
    "deployer",
    "transaction",
    "block_number",
    "block_hash",
    "config",
    "verification_key",
    "abi",
}


@dataclass(frozen=True)
class DeploymentRecord:
    """A ledger's contract as it was deployed. `config` is the ledger's configuration as the caller writes it."""

    network_id: int
    address: bytes
    target: int
    circuit_digest: bytes
    key_digest: bytes
    code_hash: bytes
    deployer: bytes
    transaction: str
    block_number: int
    block_hash: str
    config: dict[str, Any]
    verification_key: dict[str, Any]
    abi: list[dict[str, Any]]

    def key(self) -> VerifyingKey:
        """The verifying key, if it is still the one of the digest."""
        key = VerifyingKey.from_json(self.verification_key)
        if key_digest(key) != self.key_digest:
            raise EncodingError(f"{WHAT}: the verification key is not that of key_digest", what=WHAT)
        return key

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "network_id": self.network_id,
            "address": "0x" + self.address.hex(),
            "target": str(self.target),
            "circuit_digest": "0x" + self.circuit_digest.hex(),
            "key_digest": "0x" + self.key_digest.hex(),
            "code_hash": "0x" + self.code_hash.hex(),
            "deployer": "0x" + self.deployer.hex(),
            "transaction": self.transaction,
            "block_number": self.block_number,
            "block_hash": self.block_hash,
            "config": self.config,
            "verification_key": self.verification_key,
            "abi": self.abi,
        }

    @classmethod
    def from_json(cls, data: Buffer | str) -> DeploymentRecord:
        value = load_json(data, WHAT, max_bytes=MAX_JSON_BYTES)
        if not isinstance(value, dict):
            raise EncodingError(f"{WHAT}: not a JSON object", what=WHAT)
        check_members(value, _MEMBERS, set(), WHAT)
        check_format(value, FORMAT, WHAT)
        for name, kind in (("config", dict), ("verification_key", dict), ("abi", list)):
            if type(value[name]) is not kind:
                raise EncodingError(f"{WHAT}: {name} is not a JSON {'list' if kind is list else 'object'}", what=WHAT)
        for name in ("network_id", "block_number"):
            check_range(name, value[name], ID_BITS)
        sizes = {"address": 20, "deployer": 20, "circuit_digest": 32, "key_digest": 32, "code_hash": 32}
        hexes = {name: read_hex(value[name], size, f"{WHAT} {name}") for name, size in sizes.items()}
        for name in ("transaction", "block_hash"):
            read_hex(value[name], 32, f"{WHAT} {name}")
        return cls(
            network_id=value["network_id"],
            target=read_decimal(value["target"], f"{WHAT} target"),
            transaction=value["transaction"],
            block_number=value["block_number"],
            block_hash=value["block_hash"],
            config=value["config"],
            verification_key=value["verification_key"],
            abi=value["abi"],
            **hexes,
        )


def key_digest(key: VerifyingKey) -> bytes:
    """keccak256 of the key's points in their canonical bytes: alpha, beta, gamma, delta, IC."""
    return keccak256(key.alpha1 + key.beta2 + key.gamma2 + key.delta2 + key.ic)


@dataclass(frozen=True)
class Planned:
    """What is about to be deployed: the configuration with the address in it, and the code."""

    config: LedgerConfig
    compiled: Compiled
    address: bytes
    nonce: int


def plan_ledger(
    sender: Sender,
    config: LedgerConfig,
    key: VerifyingKey,
    *,
    engine: Engine | None = None,
    sent: str | None = None,
) -> Planned:
    """Judge the key, work out the address the contract is going to have, and compile the contract for it.

    The ledger's name in `config` gives way to the address; a name that is another address already is refused, because
    whoever wrote it meant that one. `sent` is a deployment that was sent before and not waited for to its end.
    """
    sender.node.require_network(config.target_chain_id)
    nonce = sender.nonce() if sent is None else sender.sent(sent)["nonce"]
    address = created_address(sender.account.address, nonce)
    name = "0x" + address.hex()
    if config.ledger.startswith("0x") and config.ledger.lower() != name:
        raise ConfigError("ledger", f"is not {name}, where the account's next contract is going to stand")
    config = replace(config, ledger=name)
    return Planned(config, ledger_contract(config, key, engine=engine), address, nonce)


def deploy_ledger(
    sender: Sender,
    planned: Planned,
    key: VerifyingKey,
    write_config: Callable[[LedgerConfig], dict[str, Any]],
    *,
    sent: str | None = None,
) -> DeploymentRecord:
    """Deploy, or wait for the deployment `sent` before, and compare what stands on the chain with what was meant."""
    if sent is not None:
        mined = sender.wait(sent)
    elif sender.node.code(planned.address):
        raise DeploymentMismatch("address", f"0x{planned.address.hex()} has code already")
    else:
        mined = sender.send(None, planned.compiled.initcode, nonce=planned.nonce)
    _check_deployed(sender, planned, mined)
    return DeploymentRecord(
        network_id=planned.config.target_chain_id,
        address=planned.address,
        target=planned.config.target,
        circuit_digest=planned.config.circuit_digest,
        key_digest=key_digest(key),
        code_hash=keccak256(planned.compiled.runtime),
        deployer=sender.account.address,
        transaction=mined.transaction,
        block_number=mined.block_number,
        block_hash=mined.block_hash,
        config=write_config(planned.config),
        verification_key=key.to_json(),
        abi=planned.compiled.abi,
    )


def _check_deployed(sender: Sender, planned: Planned, mined: Mined) -> None:
    stands_at = str(mined.receipt.get("contractAddress")).lower()
    if stands_at != "0x" + planned.address.hex():
        raise DeploymentMismatch("address", f"is {stands_at[:42]} and should be 0x{planned.address.hex()}")
    if sender.node.code(planned.address) != planned.compiled.runtime:
        raise DeploymentMismatch("code", "is not what was compiled: do not use it")
