"""A node of these tests' own, a ledger deployed on it by the client, and requests made with a known trapdoor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

pytest.importorskip("web3")

from zkmargin.algebra import Engine
from zkmargin.settlement.ledger_document import LedgerDocument
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
from zkmargin.verifier.evm.account import EvmAccount
from zkmargin.verifier.evm.deployment import DeploymentRecord, deploy_ledger, plan_ledger
from zkmargin.verifier.evm.ledger_client import EvmLedger
from zkmargin.verifier.evm.node import EvmNode
from zkmargin.verifier.evm.transactions import Sender, SendingPolicy

from ..evm.anvil import GENESIS_S, running_anvil
from ..evm.chain import Chain
from ..verifier.trapdoor import Trapdoor

NETWORK = 31337
NOW_S = GENESIS_S + 10_000
NOW = NOW_S * 1000
CHAIN, LATENCY = 1, 2_000
CIRCUIT = bytes(range(32))
ORACLES = tuple(bytes([9] * 31 + [i]) for i in range(1, 4))
RELAYS = tuple(bytes([8] * 31 + [i]) for i in range(1, 3))
MARKET = "usd-majors"
UNIT = 10**8
ROOT, RISK_ROOT = 4242, 8484
OWNER_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
"""Of anvil's first account, which every installation of it has."""
QUICK = SendingPolicy(timeout_s=10, poll_s=0.01)

CONFIG = LedgerConfig(
    target_chain_id=NETWORK,
    ledger="to be deployed",
    circuit_digest=CIRCUIT,
    market=MARKET,
    routes={CHAIN: LATENCY, 10: 90_000},
    max_root_age_ms=30_000,
    max_risk_age_ms=30_000,
    max_horizon_ms=600_000,
    oracle_signers=tuple(signer_address(key) for key in ORACLES),
    oracle_quorum=2,
    root_signers=tuple(signer_address(key) for key in RELAYS),
    root_quorum=2,
    limits=BreakerLimits(inflow_cap_e8=1_000 * UNIT, inflow_window_ms=60_000),
    max_credit_e8=5_000 * UNIT,
)


@dataclass
class Target:
    """The deployed ledger as its owner sees it."""

    url: str
    chain: Chain
    trapdoor: Trapdoor
    record: DeploymentRecord
    node: EvmNode
    sender: Sender

    @property
    def config(self) -> LedgerConfig:
        return replace(CONFIG, ledger="0x" + self.record.address.hex())

    @property
    def contract(self) -> Any:
        address = self.chain.web3.to_checksum_address("0x" + self.record.address.hex())
        return self.chain.web3.eth.contract(address=address, abi=self.record.abi)

    def ledger(self) -> EvmLedger:
        return EvmLedger(self.node, self.record, self.config, engine=self.trapdoor.engine)

    def tick(self, seconds: int = 1) -> None:
        """The next block's time."""
        self.chain.mine_at((self.chain.web3.eth.get_block("latest")["timestamp"] + seconds) * 1000)

    def prepare(self) -> None:
        """What honest requests refer to."""
        ledger = self.ledger()
        ledger.attest(self.sender, risk_attestation())
        ledger.attest(self.sender, root_attestation(self.config.target, 7, ROOT))

    def request(self, number: int = 1, *, credit: int = 100, root: int = ROOT, **changes: Any) -> SettlementRequest:
        """Request `number` is by account `number`; `changes` go into the public inputs alone."""
        context = Context((CHAIN,), bytes([number]) * 20, number.to_bytes(32, "big"), NOW + 60_000, NOW)
        terms = Terms(credit * UNIT, 60_000, 1)
        inputs = PublicInputs(
            self.config.target, (root,), RISK_ROOT, 100 + number, 200 + number, terms.pack(), context.digest()
        )
        values = replace(inputs, **changes).signals()
        return SettlementRequest(context, terms, tuple(values), self.trapdoor.forge(values))


def risk_attestation(risk_root: int = RISK_ROOT, at_ms: int = NOW) -> RiskAttestation:
    return RiskAttestation(MARKET, risk_root, at_ms).signed(ORACLES[:2])


def root_attestation(target: int, epoch: int, root: int, at_ms: int = NOW) -> SourceRootAttestation:
    return SourceRootAttestation(target, CHAIN, epoch, root, at_ms).signed(RELAYS)


def document(config: LedgerConfig) -> dict[str, Any]:
    return LedgerDocument(config, "USD").to_json()


def deployed(url: str, trapdoor: Trapdoor) -> Target:
    node = EvmNode(url)
    sender = Sender(node, EvmAccount.from_hex(OWNER_KEY), QUICK)
    planned = plan_ledger(sender, CONFIG, trapdoor.key, engine=trapdoor.engine)
    record = deploy_ledger(sender, planned, trapdoor.key, document)
    return Target(url, Chain(url), trapdoor, record, node, sender)


@pytest.fixture(scope="session")
def trapdoor(best_engine: Engine) -> Trapdoor:
    return Trapdoor(best_engine, 7, circuit_digest=CIRCUIT)


@pytest.fixture(scope="session")
def node_url() -> Iterator[str]:
    with running_anvil() as url:
        yield url


@pytest.fixture(scope="session")
def first_target(node_url: str, trapdoor: Trapdoor) -> Target:
    return deployed(node_url, trapdoor)


@pytest.fixture
def fresh(first_target: Target) -> Iterator[Target]:
    """Just deployed, the clock at NOW."""
    snapshot = first_target.chain.snapshot()
    first_target.chain.mine_at(NOW)
    yield first_target
    first_target.chain.revert(snapshot)


@pytest.fixture
def target(fresh: Target) -> Target:
    """And told of root and risk table."""
    fresh.prepare()
    return fresh
