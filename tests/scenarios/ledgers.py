"""The two ledgers that scenarios are run against: the one in Python, and the contract on a node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from zkmargin.algebra import ZkMarginError
from zkmargin.verifier import (
    LedgerConfig,
    MarginLedger,
    Receipt,
    RiskAttestation,
    SettlementRequest,
    SourceRootAttestation,
)
from zkmargin.verifier.evm.contracts import created_address, ledger_contract
from zkmargin.verifier.evm.encoding import request_tuple

from ..evm.chain import Chain, Refused
from ..verifier.trapdoor import Trapdoor
from ..verifier.world import Clock
from .document import CONFIG, START

DONE = "done"
REASON = "scenario"
POSITIONS = ("closed", "open", "half-open")
CAPS = {"source-cap-exceeded", "inflow-cap-exceeded", "trial-cap-exceeded"}
"""The contract's codes for what the ledger in Python calls one error with a member `cap`."""


class PythonLedger:
    """A `MarginLedger`, its clock set by the scenario."""

    def __init__(self, place: str, trapdoor: Trapdoor) -> None:
        self.config: LedgerConfig = CONFIG
        self._clock = Clock(START)
        self._ledger = MarginLedger.open(place, CONFIG, trapdoor.key, clock=self._clock, engine=trapdoor.engine)

    def close(self) -> None:
        self._ledger.close()

    def at(self, now_ms: int) -> None:
        self._clock.now_ms = now_ms

    def attest_root(self, attestation: SourceRootAttestation) -> str:
        return _said(lambda: self._ledger.attest_source_root(attestation))

    def attest_risk(self, attestation: RiskAttestation) -> str:
        return _said(lambda: self._ledger.attest_risk_root(attestation))

    def accept(self, request: SettlementRequest) -> str:
        return _said(lambda: f"receipt {self._ledger.accept(request).number}")

    def accept_many(self, requests: list[SettlementRequest]) -> list[str]:
        answers = self._ledger.accept_many(requests)
        return [f"receipt {a.number}" if isinstance(a, Receipt) else a.code for a in answers]

    def release(self, settlement_id: bytes) -> str:
        return _said(lambda: f"margin {self._ledger.release(settlement_id)}")

    def release_account(self, account: int, through_sequence: int) -> str:
        return _said(lambda: f"margin {self._ledger.release_account(account, through_sequence)}")

    def repay(self, settlement_id: bytes, remaining_e8: int) -> str:
        return _said(lambda: f"margin {self._ledger.repay(settlement_id, remaining_e8)}")

    def move(self, verb: str, source: int | None) -> str:
        return _said(lambda: getattr(self._ledger, f"{verb}_breaker")(REASON, source))

    def retract(self, chain_id: int, epoch: int) -> str:
        return _said(lambda: self._ledger.retract_root(chain_id, epoch, REASON))

    def margin(self, account: int) -> str:
        return f"margin {self._ledger.margin_of(account)}"

    def breaker(self, source: int | None) -> str:
        return str(self._ledger.breaker(source).position.value)


def _said(call: Callable[[], Any]) -> str:
    try:
        answer = call()
    except ZkMarginError as problem:
        return problem.code
    return DONE if answer is None else str(answer)


class ContractLedger:
    """The contract, deployed by its owner; each transaction is called first, for what it returns."""

    def __init__(self, chain: Chain, trapdoor: Trapdoor) -> None:
        owner = bytes.fromhex(chain.accounts[0][2:])
        nonce = chain.web3.eth.get_transaction_count(chain.accounts[0])
        self.config = replace(CONFIG, ledger="0x" + created_address(owner, nonce).hex())
        self._chain = chain
        self._contract = chain.deploy(ledger_contract(self.config, trapdoor.key, engine=trapdoor.engine))

    def at(self, now_ms: int) -> None:
        """An empty block at this time; what follows comes in blocks of the same second."""
        self._chain.mine_at(now_ms)
        self._now_ms = now_ms

    def attest_root(self, attestation: SourceRootAttestation) -> str:
        a = attestation
        return self._done("attest_source_root", a.chain_id, a.epoch, a.root, a.observed_at_ms, list(a.in_order()))

    def attest_risk(self, attestation: RiskAttestation) -> str:
        a = attestation
        events = self._sent("attest_risk_root", a.risk_root, a.oracle_time_ms, list(a.in_order()))[1]
        if isinstance(events, str):
            return events
        # What opens the breaker cannot revert, so the event says what the ledger in Python raises.
        return "attestation-rejected" if self._logged("OraclesDisagree", events) else DONE

    def accept(self, request: SettlementRequest) -> str:
        number, receipt = self._sent("accept", request_tuple(request))
        if isinstance(receipt, str):
            return receipt
        refused = self._refused(receipt)
        return refused[0] if refused else f"receipt {number}"

    def accept_many(self, requests: list[SettlementRequest]) -> list[str]:
        numbers, receipt = self._sent("accept_many", [request_tuple(request) for request in requests])
        if isinstance(receipt, str):
            return [receipt] * len(requests)
        refused = iter(self._refused(receipt))
        return [f"receipt {number}" if number else next(refused) for number in numbers]

    def release(self, settlement_id: bytes) -> str:
        return self._margin_left("release", settlement_id)

    def release_account(self, account: int, through_sequence: int) -> str:
        return self._margin_left("release_account", account, through_sequence)

    def repay(self, settlement_id: bytes, remaining_e8: int) -> str:
        return self._margin_left("repay", settlement_id, remaining_e8)

    def move(self, verb: str, source: int | None) -> str:
        return self._done(verb, REASON, source or 0)

    def retract(self, chain_id: int, epoch: int) -> str:
        return self._done("retract_root", chain_id, epoch, REASON)

    def margin(self, account: int) -> str:
        return f"margin {self._contract.functions.margin_of(account).call()}"

    def breaker(self, source: int | None) -> str:
        return POSITIONS[self._contract.functions.breaker(source or 0).call()[0]]

    def _done(self, name: str, *arguments: Any) -> str:
        receipt = self._sent(name, *arguments)[1]
        return receipt if isinstance(receipt, str) else DONE

    def _margin_left(self, name: str, *arguments: Any) -> str:
        margin, receipt = self._sent(name, *arguments)
        return receipt if isinstance(receipt, str) else f"margin {margin}"

    def _sent(self, name: str, *arguments: Any) -> tuple[Any, Any]:
        """What the call returns, and its transaction's receipt; or the code of its refusal in the receipt's place."""
        call = self._contract.functions[name](*arguments)
        try:
            answer = self._chain.call(call)
            self._chain.set_time(self._now_ms)
            return answer, self._chain.send(call)
        except Refused as problem:
            return None, problem.reason

    def _refused(self, receipt: Any) -> list[str]:
        codes = [event["args"]["code"] for event in self._logged("Refused", receipt)]
        return ["inflow-cap-exceeded" if code in CAPS else code for code in codes]

    def _logged(self, name: str, receipt: Any) -> Any:
        from web3.logs import DISCARD

        return self._contract.events[name]().process_receipt(receipt, errors=DISCARD)
