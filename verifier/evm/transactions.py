"""Sending a transaction and waiting until it counts: gas, fees, nonce, confirmations, reorganisations."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zkmargin.algebra import ZkMarginError
from zkmargin.algebra.keccak import keccak256

from ..errors import AccountRefused, FeeTooHigh, SourceError, TransactionFailed, TransactionPending
from .account import EvmAccount
from .node import EvmNode, node_text
from .refusals import reason_of, refusal

GWEI = 10**9
DEFAULT_TIP_WEI = GWEI
HASH_BYTES = 32
KNOWN_ALREADY = ("already known", "already imported", "known transaction")
"""How nodes say that they have a transaction already: what was meant has happened."""


@dataclass(frozen=True)
class SendingPolicy:
    """`confirmations` counts the transaction's own block. A fee above `max_fee_wei` for a unit of gas is not paid."""

    confirmations: int = 1
    timeout_s: float = 300
    max_fee_wei: int | None = None
    gas_margin_percent: int = 20
    poll_s: float = 0.5


@dataclass(frozen=True)
class Mined:
    """A transaction that has had its effect; `receipt` is the node's."""

    transaction: str
    block_number: int
    block_hash: str
    gas_used: int
    receipt: Any


class Sender:
    """One account on one node. `announce` hears the hash of a transaction before it is sent."""

    def __init__(
        self,
        node: EvmNode,
        account: EvmAccount,
        policy: SendingPolicy | None = None,
        announce: Callable[[str], None] = lambda transaction: None,
    ) -> None:
        self.node, self.account = node, account
        self._policy, self._announce = policy or SendingPolicy(), announce

    def nonce(self) -> int:
        """That of the account's next transaction, those still waiting counted."""
        with self.node.asked():
            return self.node.number("nonce", self.node.web3.eth.get_transaction_count(self._address, "pending"))

    def send(self, to: bytes | None, data: bytes, *, nonce: int | None = None) -> Mined:
        """Call a contract, or create one where `to` is None. A refusal is raised before anything is paid for.

        It is signed for the network that the node was required to be of: never for one that the node names now.
        """
        call: dict[str, Any] = {"from": self._address, "data": "0x" + data.hex(), "value": 0}
        if to is not None:
            call["to"] = self.node.checksummed(to)
        if self.node.network_id is None:
            raise TransactionFailed("nobody has said for which network: require_network comes first")
        nonce = self.nonce() if nonce is None else nonce
        call |= {"nonce": nonce, "chainId": self.node.network_id, "gas": self._gas(call), **self._fees()}
        raw = self.account.sign({key: value for key, value in call.items() if key != "from"})
        transaction = "0x" + keccak256(raw).hex()
        # Before: a node that takes it and breaks off must not leave a transaction that nobody knows of.
        self._announce(transaction)
        self._submit(raw, transaction)
        return self._wait(transaction, nonce, call)

    def wait(self, transaction: str) -> Mined:
        """Wait for a transaction of this account that was sent before."""
        call = self.sent(transaction)
        return self._wait(transaction, call["nonce"], call)

    def sent(self, transaction: str) -> dict[str, Any]:
        """A transaction of this account that the node has, mined or waiting, as it was sent."""
        from web3.exceptions import TransactionNotFound

        try:
            with self.node.asked(TransactionNotFound):
                found: Any = self.node.web3.eth.get_transaction(transaction)  # type: ignore[arg-type]  # hex is taken
                call = {key: found[key] for key in ("from", "to", "nonce", "gas") if found.get(key) is not None}
                call["data"] = "0x" + bytes(found["input"]).hex()
                self.node.number("nonce", call["nonce"])
        except TransactionNotFound:
            raise TransactionFailed("the node does not have it", transaction) from None
        if call["from"] != self._address:
            raise TransactionFailed("it is of another account", transaction)
        return call

    @property
    def _address(self) -> Any:
        return self.node.checksummed(self.account.address)

    def _gas(self, call: dict[str, Any]) -> int:
        """What the node estimates and a margin: the state may have moved a little until the transaction runs."""
        from web3.exceptions import ContractLogicError

        try:
            with self.node.asked(ContractLogicError):
                estimate = self.node.web3.eth.estimate_gas(dict(call))  # type: ignore[arg-type]  # a plain dict is one
        except ContractLogicError as problem:
            raise _refused(problem) from None
        return self.node.number("gas estimate", estimate) * (100 + self._policy.gas_margin_percent) // 100

    def _fees(self) -> dict[str, int]:
        """EIP-1559 where the chain has it: room for the base fee to double, of which only what is needed is paid."""
        eth = self.node.web3.eth
        with self.node.asked():
            found = eth.get_block("latest").get("baseFeePerGas")
            if found is None:
                price = self.node.number("gas price", eth.gas_price)
                self._check_fee(price)
                return {"gasPrice": price}
            base, tip = self.node.number("base fee", found), self._tip()
        self._check_fee(base + tip)
        ceiling = 2 * base + tip
        allowed = self._policy.max_fee_wei
        return {
            "maxFeePerGas": ceiling if allowed is None else min(ceiling, allowed),
            "maxPriorityFeePerGas": tip,
            "type": 2,
        }

    def _tip(self) -> int:
        from web3.exceptions import Web3Exception

        try:
            return self.node.number("priority fee", self.node.web3.eth.max_priority_fee)
        except Web3Exception:
            return DEFAULT_TIP_WEI

    def _check_fee(self, fee_wei: int) -> None:
        allowed = self._policy.max_fee_wei
        if allowed is not None and fee_wei > allowed:
            raise FeeTooHigh(allowed, fee_wei)

    def _submit(self, raw: bytes, transaction: str) -> None:
        from web3.exceptions import Web3RPCError

        try:
            with self.node.asked(Web3RPCError):
                self.node.web3.eth.send_raw_transaction(raw)
        except Web3RPCError as problem:
            text = node_text(problem)
            if any(words in text.lower() for words in KNOWN_ALREADY):
                return
            if "insufficient funds" in text.lower():
                raise AccountRefused(f"0x{self.account.address.hex()} cannot pay for the transaction") from None
            raise TransactionFailed(text) from None
        except SourceError:
            raise TransactionPending("the node broke off, and may have taken it", transaction) from None

    def _wait(self, transaction: str, nonce: int, call: dict[str, Any]) -> Mined:
        """Until its block has the confirmations asked for. A block that goes again is waited for anew."""
        deadline = time.monotonic() + self._policy.timeout_s
        while True:
            try:
                receipt, newest = self._receipt(transaction), self._newest()
                replaced = receipt is None and self._is_replaced(transaction, nonce)
            except SourceError:
                # Sent is sent: that the node is away for a while changes nothing of it.
                receipt, newest, replaced = None, 0, False
            if receipt is not None and newest - receipt["blockNumber"] + 1 >= self._policy.confirmations:
                return self._mined(transaction, receipt, call)
            if replaced:
                raise TransactionFailed("another transaction of the account took its nonce", transaction)
            if time.monotonic() > deadline:
                state = "was not mined" if receipt is None else "is not deep enough yet"
                raise TransactionPending(f"{state} within {self._policy.timeout_s:g} s", transaction)
            time.sleep(self._policy.poll_s)

    def _newest(self) -> int:
        with self.node.asked():
            return self.node.number("block number", self.node.web3.eth.block_number)

    def _receipt(self, transaction: str) -> Any:
        from web3.exceptions import TransactionNotFound

        try:
            with self.node.asked(TransactionNotFound):
                receipt = self.node.web3.eth.get_transaction_receipt(transaction)  # type: ignore[arg-type]  # hex is taken
                for name in ("blockNumber", "status", "gasUsed"):
                    self.node.number(name, receipt.get(name))
                if len(bytes(receipt["blockHash"])) != HASH_BYTES:
                    raise ValueError("blockHash")
                return receipt
        except TransactionNotFound:
            return None

    def _is_replaced(self, transaction: str, nonce: int) -> bool:
        """Whether a block has used up the nonce, and not with the transaction waited for."""
        with self.node.asked():
            used = self.node.web3.eth.get_transaction_count(self._address, "latest") > nonce
        # Asked once more: it may have been mined between the two questions.
        return used and self._receipt(transaction) is None

    def _mined(self, transaction: str, receipt: Any, call: dict[str, Any]) -> Mined:
        if receipt["status"] != 1:
            raise self._failed(transaction, receipt, call)
        block_hash = "0x" + bytes(receipt["blockHash"]).hex()
        return Mined(transaction, receipt["blockNumber"], block_hash, receipt["gasUsed"], receipt)

    def _failed(self, transaction: str, receipt: Any, call: dict[str, Any]) -> ZkMarginError:
        """Why it reverted: the same call again on the state after its block, which usually says the same."""
        from web3.exceptions import ContractLogicError

        again = {key: call[key] for key in ("from", "to", "data", "gas") if key in call}
        try:
            with self.node.asked(ContractLogicError):
                self.node.web3.eth.call(again, receipt["blockNumber"])  # type: ignore[arg-type]  # a plain dict is one
        except ContractLogicError as problem:
            return _refused(problem, transaction)
        return TransactionFailed("it reverted and would not do so again", transaction)


def _refused(problem: Any, transaction: str = "") -> ZkMarginError:
    reason = reason_of(problem)
    return refusal(reason) or TransactionFailed(f"the contract refuses it: {reason or 'no reason given'}", transaction)
