"""What the tests ask of a node: deploy, send, call, and set the clock; a refusal is the reason the contract gave."""

from __future__ import annotations

from typing import Any

from web3 import HTTPProvider, Web3
from web3.exceptions import ContractLogicError
from web3.logs import DISCARD

from zkmargin.verifier.evm.compile import Compiled

GAS = 30_000_000


class Refused(Exception):
    """The contract reverted; `reason` is its string."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Chain:
    """One node, and its first account as the sender of everything that names no other."""

    def __init__(self, url: str) -> None:
        self.web3 = Web3(HTTPProvider(url))
        self.accounts: list[str] = list(self.web3.eth.accounts)
        self.chain_id: int = self.web3.eth.chain_id

    def deploy(self, compiled: Compiled, *arguments: Any, sender: str | None = None) -> Any:
        factory = self.web3.eth.contract(abi=compiled.abi, bytecode=compiled.initcode)
        receipt = self._mined(factory.constructor(*arguments).transact(self._from(sender)))
        return self.web3.eth.contract(address=receipt["contractAddress"], abi=compiled.abi)

    def deploy_code(self, abi: list[dict[str, Any]], initcode: bytes) -> Any:
        return self.deploy(Compiled("", abi, initcode, b"", {}))

    def send(self, call: Any, sender: str | None = None) -> Any:
        """The receipt of a transaction; `Refused` if the contract reverts."""
        try:
            return self._mined(call.transact(self._from(sender)))
        except ContractLogicError as problem:
            raise Refused(_reason(problem)) from None

    def call(self, call: Any, sender: str | None = None) -> Any:
        """What a call returns without changing anything."""
        try:
            return call.call(self._from(sender))
        except ContractLogicError as problem:
            raise Refused(_reason(problem)) from None

    def events(self, contract: Any, name: str, receipt: Any) -> list[dict[str, Any]]:
        """The arguments of each event of this name, in order."""
        found = contract.events[name]().process_receipt(receipt, errors=DISCARD)
        return [dict(event["args"]) for event in found]

    def set_time(self, now_ms: int) -> None:
        """The time of the next block, in whole seconds, and of calls until then."""
        if now_ms % 1000:
            raise ValueError("a block's time is in whole seconds")
        self.request("evm_setNextBlockTimestamp", now_ms // 1000)

    def mine_at(self, now_ms: int) -> None:
        """An empty block at this time."""
        self.set_time(now_ms)
        self.request("evm_mine")

    def snapshot(self) -> str:
        return str(self.request("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        self.request("evm_revert", snapshot)

    def request(self, method: str, *parameters: Any) -> Any:
        answer: Any = self.web3.provider.make_request(method, list(parameters))  # type: ignore[arg-type]  # anvil's own
        assert "error" not in answer, answer
        return answer["result"]

    def _from(self, sender: str | None) -> Any:
        return {"from": sender or self.accounts[0], "gas": GAS}

    def _mined(self, transaction: Any) -> Any:
        receipt = self.web3.eth.wait_for_transaction_receipt(transaction, timeout=20, poll_latency=0.01)
        if receipt["status"] != 1:
            raise Refused(self._replayed(transaction))
        return receipt

    def _replayed(self, transaction: Any) -> str:
        sent = self.web3.eth.get_transaction(transaction)
        try:
            self.web3.eth.call(
                {"from": sent["from"], "to": sent["to"], "data": sent["input"], "gas": GAS},
                sent["blockNumber"],
            )
        except ContractLogicError as problem:
            return _reason(problem)
        return ""


def _reason(problem: ContractLogicError) -> str:
    return str(problem.message or "").removeprefix("execution reverted").removeprefix(": ")
