"""A ledger on a real node, its oracles and root signers, and honest requests to tamper with."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

from eth_utils import to_checksum_address

from zkmargin.algebra import Engine
from zkmargin.verifier import (
    BreakerLimits,
    Context,
    LedgerConfig,
    PublicInputs,
    RiskAttestation,
    SettlementRequest,
    SourceRootAttestation,
    Terms,
    signer_address,
)
from zkmargin.verifier.evm.contracts import created_address, ledger_contract
from zkmargin.verifier.evm.encoding import request_tuple

from ..verifier.trapdoor import Trapdoor
from .anvil import GENESIS_S
from .chain import Chain

NOW = (GENESIS_S + 10_000) * 1000
START = NOW + 20_000
"""When a test begins. The node's clock goes on meanwhile; where it matters a test sets the next block's time."""

ORACLE_TIME = NOW - 500
EXPIRY = NOW + 60_000
CHAINS, ROOTS = (1, 10, 100), (4242, 4343, 4444)
LATENCIES = {1: 2_000, 10: 90_000, 100: 5_000}
RISK_ROOT = 8484
CIRCUIT = bytes(range(32))
KEYS = tuple(bytes([9] * 31 + [i]) for i in range(1, 5))
UNIT = 10**8
BENEFICIARY = 5
"""Which of the node's accounts an honest request names as its beneficiary."""

CONFIG = LedgerConfig(
    target_chain_id=31337,
    ledger="0x" + "00" * 20,
    circuit_digest=CIRCUIT,
    market="test",
    routes={chain: LATENCIES[chain] for chain in CHAINS[:2]},
    max_root_age_ms=120_000,
    max_risk_age_ms=90_000,
    max_horizon_ms=600_000,
    oracle_signers=tuple(signer_address(key) for key in KEYS[:3]),
    oracle_quorum=2,
    root_signers=tuple(signer_address(key) for key in KEYS[1:4]),
    root_quorum=2,
    max_credit_e8=5_000_000 * UNIT,
    limits=BreakerLimits(
        inflow_cap_e8=1_000_000 * UNIT, inflow_window_ms=60_000, trial_cap_e8=500 * UNIT, trial_accepts=2
    ),
)


class EvmWorld:
    """A ledger is deployed once; what a test does to it is undone by the fixture that gives it out."""

    def __init__(self, chain: Chain, engine: Engine, venues: int = 1, **changes: Any) -> None:
        self.chain, self.engine, self.venues = chain, engine, venues
        self.trapdoor = Trapdoor(engine, 6 + venues, circuit_digest=CIRCUIT)
        self.owner = chain.accounts[0]
        nonce = chain.web3.eth.get_transaction_count(self.owner)
        address = created_address(bytes.fromhex(self.owner[2:]), nonce)
        self.config = replace(CONFIG, ledger="0x" + address.hex(), **changes)
        self.compiled = ledger_contract(self.config, self.trapdoor.key, engine=engine)
        self.contract = chain.deploy(self.compiled)
        assert self.contract.address == to_checksum_address(address)

    @cached_property
    def functions(self) -> Any:
        return self.contract.functions

    def prepare(self) -> None:
        """What honest requests refer to, and the clock at NOW."""
        self.chain.mine_at(NOW)
        for chain_id in self.config.routes:
            self.observe(chain_id, 7, ROOTS[CHAINS.index(chain_id)])
        self.attest()

    def observe(self, chain_id: int, epoch: int, root: int, at_ms: int = NOW - 1000, **changes: Any) -> Any:
        return self.chain.send(self.observe_call(chain_id, epoch, root, at_ms, **changes))

    def observe_call(
        self, chain_id: int, epoch: int, root: int, at_ms: int = NOW - 1000, keys: tuple[bytes, ...] = KEYS[1:3]
    ) -> Any:
        signed = SourceRootAttestation(self.config.target, chain_id, epoch, root, at_ms).signed(keys)
        return self.functions.attest_source_root(chain_id, epoch, root, at_ms, list(signed.in_order()))

    def attest(self, risk_root: int = RISK_ROOT, at_ms: int = ORACLE_TIME, keys: tuple[bytes, ...] = KEYS[:2]) -> Any:
        return self.chain.send(self.attest_call(risk_root, at_ms, keys))

    def attest_call(self, risk_root: int, at_ms: int, keys: tuple[bytes, ...] = KEYS[:2]) -> Any:
        signed = RiskAttestation(self.config.market, risk_root, at_ms).signed(keys)
        return self.functions.attest_risk_root(risk_root, at_ms, list(signed.in_order()))

    def request(
        self, number: int = 1, *, credit: int = 100, account: int | None = None, signals: Any = None, **changes: Any
    ) -> SettlementRequest:
        """Request `number` is by account `number` unless another is named, as in the tests of the Python ledger."""
        chains = CHAINS[: self.venues]
        context = Context(
            source_chain_ids=changes.pop("source_chain_ids", chains),
            beneficiary=changes.pop("beneficiary", bytes.fromhex(self.chain.accounts[BENEFICIARY][2:])),
            settlement_id=changes.pop("settlement_id", number.to_bytes(32, "big")),
            expiry_ms=changes.pop("expiry_ms", EXPIRY),
            oracle_time_ms=changes.pop("oracle_time_ms", ORACLE_TIME),
        )
        horizon = max(max(LATENCIES[chain] for chain in chains), context.expiry_ms - context.oracle_time_ms)
        terms = Terms(credit * UNIT, changes.pop("horizon_ms", max(horizon, 0)), changes.pop("sequence", 1))
        inputs = PublicInputs(
            target=self.config.target,
            source_roots=changes.pop("roots", ROOTS[: self.venues]),
            risk_root=changes.pop("risk_root", RISK_ROOT),
            account=1_000_000 + (account or number),
            nullifier=changes.pop("nullifier", 2_000_000 + 1_000 * number + terms.sequence),
            terms=terms.pack(),
            context=context.digest(),
        )
        if changes:
            raise TypeError(f"unknown changes {list(changes)}")
        values = replace(inputs, **(signals or {})).signals()
        return SettlementRequest(context, terms, tuple(values), self.trapdoor.forge(values, a=7 + number))

    def accept(self, request: SettlementRequest, at_ms: int | None = None) -> int:
        """Send it, in a block of that time if one is given; see `accept_tuple`."""
        if at_ms is not None:
            self.chain.set_time(at_ms)
        return self.accept_tuple(request_tuple(request))

    def accept_tuple(self, arguments: Any) -> int:
        """The number of the receipt, 0 where a cap refused it; `Refused` where the contract reverts.

        Read off the transaction itself: a call before it would see another time.
        """
        call = self.functions.accept(arguments)
        receipt = self.chain.send(call)
        if accepted := self.events("Accepted", receipt):
            return int(accepted[0]["number"])
        return 0 if self.events("Refused", receipt) else int(self.chain.call(call))

    def events(self, name: str, receipt: Any) -> list[dict[str, Any]]:
        return self.chain.events(self.contract, name, receipt)

    def margin(self, number: int = 1) -> int:
        return int(self.functions.margin_of(1_000_000 + number).call()) // UNIT
