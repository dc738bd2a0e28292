"""A ledger's contract from outside: what it would refuse, what it accepts, and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zkmargin.algebra import Engine
from zkmargin.algebra.keccak import keccak256

from ..attestation import RiskAttestation, SourceRootAttestation
from ..errors import (
    AttestationRejected,
    ContextMismatch,
    DeploymentMismatch,
    InflowCapExceeded,
    InvalidProof,
    ProofRejected,
    SourceMalformed,
    TransactionFailed,
    UnknownSettlement,
    WrongHorizon,
    WrongTarget,
)
from ..groth16 import Verifier
from ..ledger.config import LedgerConfig
from ..request import SettlementRequest
from ..statement import venue_count
from .deployment import DeploymentRecord
from .encoding import request_tuple
from .node import EvmNode
from .refusals import reason_of, refusal
from .transactions import Mined, Sender

WHOLE = 0
"""The scope of the whole ledger's breaker; every other is a source's chain id."""
POSITIONS = ("closed", "open", "half-open")


@dataclass(frozen=True)
class Credited:
    """A request that the contract has accepted; `mined` is None where it had done so before."""

    number: int
    settlement_id: bytes
    account: int
    sequence: int
    credit_e8: int
    accepted_at_ms: int
    mined: Mined | None


@dataclass(frozen=True)
class ScopeStatus:
    """A breaker and, for a source, its newest root. `source` is None for the whole ledger."""

    source: int | None
    breaker: str
    by_operator: bool
    level_e8: int
    epoch: int | None
    root: int | None
    observed_at_ms: int | None


@dataclass(frozen=True)
class ContractStatus:
    """Where a contract stands. `code_matches` is whether the code is still what was deployed."""

    code_matches: bool
    owner: bytes
    pending_owner: bytes
    paused: bool
    receipts: int
    newest_risk_time_ms: int
    now_ms: int
    block_number: int
    scopes: tuple[ScopeStatus, ...]


class EvmLedger:
    """The contract of a record. Opening it checks the network, the code and the key."""

    def __init__(
        self, node: EvmNode, record: DeploymentRecord, config: LedgerConfig, *, engine: Engine | None = None
    ) -> None:
        if config.target != record.target or config.ledger != "0x" + record.address.hex():
            raise DeploymentMismatch("record", "names another target than its own configuration does")
        node.require_network(record.network_id)
        self.node, self._record, self.config = node, record, config
        self._engine = engine

    @cached_property
    def verifier(self) -> Verifier:
        """The check that the contract does, here."""
        key = self._record.key()
        return Verifier(key, self._engine, self.config.allow_development_key, expect_circuit=self.config.circuit_digest)

    def require_code(self) -> None:
        """Raise `DeploymentMismatch` unless the code at the address is what was deployed."""
        if not self._code_matches():
            raise DeploymentMismatch("code", "is not what the record says was deployed there")

    # Requests.
    def check(self, request: SettlementRequest, sender: bytes | None = None) -> Credited | None:
        """What the contract would refuse now, before anything is paid for: first what can be told without it.

        The earlier acceptance of the same request, or None if it would be accepted.
        """
        self._check_alone(request)
        number = self._call("accept", request_tuple(request), sender=sender)
        if number == 0:
            raise InflowCapExceeded("a cap would be exceeded: sending it would open a breaker", "inflow", None)
        earlier = self._credited(request.context.settlement_id, None)
        return earlier if earlier is not None and earlier.number == number else None

    def accept(self, sender: Sender, request: SettlementRequest) -> Credited:
        """Have a request accepted, and wait until it is. Nothing is sent for one that has been, or would be refused."""
        earlier = self.check(request, sender.account.address)
        if earlier is not None:
            return earlier
        mined = self._send(sender, "accept", request_tuple(request))
        settlement_id = request.context.settlement_id
        for event in self._events("Refused", mined):
            if bytes(event["settlement_id"]) == settlement_id:
                raise refusal(event["code"]) or TransactionFailed(event["code"], mined.transaction)
        credited = self._credited(settlement_id, mined)
        if credited is None:
            raise TransactionFailed("it was mined and left no receipt", mined.transaction)
        return credited

    def credited(self, settlement_id: bytes) -> Credited | None:
        """The acceptance of a settlement; None if there was none."""
        return self._credited(settlement_id, None)

    def margin_of(self, account: int) -> int:
        return int(self._call("margin_of", account))

    # Attestations, and what lowers a credit.
    def check_attestation(self, attestation: RiskAttestation | SourceRootAttestation) -> bool:
        """Whether the contract would learn something: False where it knows already, an error where it would refuse."""
        self._check_signed(attestation)
        if self._is_known(attestation):
            return False
        name, arguments = _attesting(attestation)
        self._call(name, *arguments)
        return True

    def attest(self, sender: Sender, attestation: RiskAttestation | SourceRootAttestation) -> Mined | None:
        """Tell the contract of a risk table or a source root; None where it knows already."""
        if not self.check_attestation(attestation):
            return None
        name, arguments = _attesting(attestation)
        return self._send(sender, name, *arguments)

    def release(self, sender: Sender, settlement_id: bytes) -> Mined:
        self._require_settlement(settlement_id)
        return self._send(sender, "release", settlement_id)

    def release_account(self, sender: Sender, account: int, through_sequence: int) -> Mined:
        return self._send(sender, "release_account", account, through_sequence)

    def repay(self, sender: Sender, settlement_id: bytes, remaining_e8: int) -> Mined:
        self._require_settlement(settlement_id)
        return self._send(sender, "repay", settlement_id, remaining_e8)

    def status(self) -> ContractStatus:
        """Where the contract stands at the node's newest block."""
        with self.node.asked():
            block = self.node.web3.eth.get_block("latest")
            now_s, block_number = (self.node.number(name, block[name]) for name in ("timestamp", "number"))
        sources = sorted(self.config.routes)
        return ContractStatus(
            code_matches=self._code_matches(),
            owner=_address(self._call("owner")),
            pending_owner=_address(self._call("pending_owner")),
            paused=bool(self._call("paused")),
            receipts=int(self._call("receipts")),
            newest_risk_time_ms=int(self._call("newest_risk_time_ms")),
            now_ms=now_s * 1000,
            block_number=block_number,
            scopes=tuple(self._scope(source) for source in (None, *sources)),
        )

    # Inside.
    def _require_settlement(self, settlement_id: bytes) -> None:
        if self.credited(settlement_id) is None:
            raise UnknownSettlement(settlement_id)

    def _check_alone(self, request: SettlementRequest) -> None:
        inputs = request.named_inputs()
        if inputs.target != self.config.target:
            raise WrongTarget("the proof credits another ledger: make one for this contract's target")
        venues, chains = venue_count(self.verifier.key.n_public), len(request.context.source_chain_ids)
        if chains != venues:
            raise ContextMismatch(f"the request names {chains} source chains, this ledger's circuit nets {venues}")
        if inputs.context != request.context.digest():
            raise ContextMismatch("the proof was made for another request")
        if inputs.terms != request.terms.pack():
            raise WrongHorizon("the terms proven are not the terms requested")
        try:
            self.verifier.verify(request.public_inputs, request.proof)
        except InvalidProof as problem:
            raise ProofRejected(problem.reason) from None

    def _check_signed(self, attestation: RiskAttestation | SourceRootAttestation) -> None:
        """What can be told without the contract."""
        if isinstance(attestation, RiskAttestation):
            if attestation.market != self.config.market:
                raise AttestationRejected(f"the risk table is of another market than {self.config.market}")
            attestation.require_quorum(self.config.oracle_signers, self.config.oracle_quorum)
        else:
            if attestation.target != self.config.target:
                raise AttestationRejected("the source root is attested to another ledger")
            attestation.require_quorum(self.config.root_signers, self.config.root_quorum)

    def _is_known(self, attestation: RiskAttestation | SourceRootAttestation) -> bool:
        if isinstance(attestation, RiskAttestation):
            return bool(self._call("risk_root_at", attestation.oracle_time_ms) == attestation.risk_root)
        return bool(self._call("root_observed_at_ms", attestation.chain_id, attestation.root))

    def _credited(self, settlement_id: bytes, mined: Mined | None) -> Credited | None:
        number, account, sequence, credit_e8, accepted_at_ms = self._call("receipt", settlement_id)
        if number == 0:
            return None
        return Credited(number, settlement_id, account, sequence, credit_e8, accepted_at_ms, mined)

    def _scope(self, source: int | None) -> ScopeStatus:
        position, by_operator, _, level_e8, *_ = self._call("breaker", WHOLE if source is None else source)
        epoch, root, observed = (None, None, None) if source is None else self._call("newest_root", source)
        known = bool(root)
        if position >= len(POSITIONS):
            raise SourceMalformed(self.node.name, "answers with a breaker's position that is none")
        return ScopeStatus(
            source=source,
            breaker=POSITIONS[position],
            by_operator=by_operator,
            level_e8=level_e8,
            epoch=epoch if known else None,
            root=root if known else None,
            observed_at_ms=observed if known else None,
        )

    @cached_property
    def _contract(self) -> Any:
        address = self.node.checksummed(self._record.address)
        return self.node.web3.eth.contract(address=address, abi=self._record.abi)

    def _call(self, name: str, *arguments: Any, sender: bytes | None = None) -> Any:
        from web3.exceptions import ContractLogicError

        options: Any = {} if sender is None else {"from": self.node.checksummed(sender)}
        try:
            with self.node.asked(ContractLogicError):
                return self._contract.functions[name](*arguments).call(options)
        except ContractLogicError as problem:
            reason = reason_of(problem)
            raise refusal(reason) or TransactionFailed(f"the contract refuses it: {reason or 'no reason'}") from None

    def _send(self, sender: Sender, name: str, *arguments: Any) -> Mined:
        with self.node.asked():
            data = self._contract.encode_abi(name, args=list(arguments))
        return sender.send(self._record.address, bytes.fromhex(data[2:]))

    def _events(self, name: str, mined: Mined) -> Sequence[Any]:
        from web3.logs import DISCARD

        with self.node.asked():
            events = self._contract.events[name]().process_receipt(mined.receipt, errors=DISCARD)
        return [event["args"] for event in events if event["address"].lower() == "0x" + self._record.address.hex()]

    def _code_matches(self) -> bool:
        return keccak256(self.node.code(self._record.address)) == self._record.code_hash


def _attesting(attestation: RiskAttestation | SourceRootAttestation) -> tuple[str, tuple[Any, ...]]:
    """The contract's function and its arguments, the signatures in the one order it takes."""
    signatures, a = list(attestation.in_order()), attestation
    if isinstance(a, RiskAttestation):
        return "attest_risk_root", (a.risk_root, a.oracle_time_ms, signatures)
    return "attest_source_root", (a.chain_id, a.epoch, a.root, a.observed_at_ms, signatures)


def _address(text: Any) -> bytes:
    return bytes.fromhex(str(text)[2:])
