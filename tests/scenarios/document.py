"""Ledger scenarios: the format, and the run of one against any ledger. vectors/ledger/README.md describes both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from zkmargin.algebra import Engine, load_json
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

from ..evm.anvil import GENESIS_S
from ..verifier.trapdoor import Trapdoor

FORMAT = "zkmargin.ledger-scenario/1"
FOLDER = Path(__file__).parents[2] / "vectors" / "ledger" / "scenarios"
START = (GENESIS_S + 10_000) * 1000
STEP_MS = 1_000
UNIT = 10**8
CIRCUIT = bytes(range(32))
ORACLES = tuple(bytes([9] * 31 + [i]) for i in range(1, 4))
RELAYS = tuple(bytes([8] * 31 + [i]) for i in range(1, 4))
MARKET = "scenario"
DEFAULT_ROOT, DEFAULT_RISK_ROOT = 4242, 8484

CONFIG = LedgerConfig(
    target_chain_id=31337,
    ledger="scenario",
    circuit_digest=CIRCUIT,
    market=MARKET,
    routes={1: 2_000, 10: 90_000},
    max_root_age_ms=100_000,
    max_risk_age_ms=100_000,
    max_horizon_ms=600_000,
    oracle_signers=tuple(signer_address(key) for key in ORACLES),
    oracle_quorum=2,
    root_signers=tuple(signer_address(key) for key in RELAYS),
    root_quorum=2,
    limits=BreakerLimits(
        inflow_cap_e8=1_000 * UNIT,
        inflow_window_ms=100_000,
        source_caps_e8={10: 300 * UNIT},
        account_cap_e8=700 * UNIT,
        trial_cap_e8=100 * UNIT,
        trial_accepts=2,
        half_open_after_ms=30_000,
    ),
    max_credit_e8=5_000 * UNIT,
)
"""One for all scenarios: each other one would be another contract."""


class ScenarioLedger(Protocol):
    """A ledger under test. Each call gives its outcome in words: a code where it refuses."""

    config: LedgerConfig

    def at(self, now_ms: int) -> None: ...
    def attest_root(self, attestation: SourceRootAttestation) -> str: ...
    def attest_risk(self, attestation: RiskAttestation) -> str: ...
    def accept(self, request: SettlementRequest) -> str: ...
    def accept_many(self, requests: list[SettlementRequest]) -> list[str]: ...
    def release(self, settlement_id: bytes) -> str: ...
    def release_account(self, account: int, through_sequence: int) -> str: ...
    def repay(self, settlement_id: bytes, remaining_e8: int) -> str: ...
    def move(self, verb: str, source: int | None) -> str: ...
    def retract(self, chain_id: int, epoch: int) -> str: ...
    def margin(self, account: int) -> str: ...
    def breaker(self, source: int | None) -> str: ...


@dataclass(frozen=True)
class Scenario:
    """`steps` as in the file."""

    name: str
    steps: list[dict[str, Any]]

    @classmethod
    def read(cls, path: Path) -> Scenario:
        value = load_json(path.read_bytes(), path.name)
        if set(value) != {"format", "about", "steps"} or value["format"] != FORMAT:
            raise ValueError(f"{path.name} is no scenario")
        return cls(path.stem, value["steps"])

    def expected(self, ledger: str) -> list[Any]:
        """What each step is to give; a step may expect something else of one ledger, and then says so by its name."""
        return [step.get(ledger, step["expect"]) for step in self.steps]


class Run:
    """One scenario against one ledger, a second for each step."""

    def __init__(self, ledger: ScenarioLedger, trapdoor: Trapdoor) -> None:
        self._ledger, self._trapdoor, self._now_ms = ledger, trapdoor, START

    def outcomes(self, scenario: Scenario) -> list[Any]:
        return [self._step(step) for step in scenario.steps]

    def _step(self, step: dict[str, Any]) -> Any:
        step = {key: value for key, value in step.items() if key not in ("expect", "ledger", "contract", "why")}
        self._now_ms += STEP_MS + step.pop("after_ms", 0)
        self._ledger.at(self._now_ms)
        return self._actions[step.pop("do")](**step)

    @cached_property
    def _actions(self) -> dict[str, Callable[..., Any]]:
        ledger = self._ledger
        return {
            "attest-root": self._attest_root,
            "attest-risk": self._attest_risk,
            "accept": lambda **request: ledger.accept(self.request(**request)),
            "accept-many": lambda requests: ledger.accept_many([self.request(**request) for request in requests]),
            "release": lambda settlement: ledger.release(_id(settlement)),
            "release-account": lambda account, through: ledger.release_account(account, through),
            "repay": lambda settlement, remaining: ledger.repay(_id(settlement), remaining * UNIT),
            "trip": lambda source=None: ledger.move("trip", source),
            "probe": lambda source=None: ledger.move("probe", source),
            "reset": lambda source=None: ledger.move("reset", source),
            "retract": lambda chain, epoch: ledger.retract(chain, epoch),
            "margin": lambda account: ledger.margin(account),
            "breaker": lambda source=None: ledger.breaker(source),
        }

    def _attest_root(
        self, epoch: int, root: int = DEFAULT_ROOT, chain: int = 1, at_ms: int = 0, signers: int = 2, target: int = 0
    ) -> str:
        statement = SourceRootAttestation(self._ledger.config.target ^ target, chain, epoch, root, START + at_ms)
        return self._ledger.attest_root(statement.signed(RELAYS[:signers]))

    def _attest_risk(
        self, root: int = DEFAULT_RISK_ROOT, at_ms: int = 0, signers: int = 2, market: str = MARKET
    ) -> str:
        return self._ledger.attest_risk(RiskAttestation(market, root, START + at_ms).signed(ORACLES[:signers]))

    def request(
        self,
        n: int,
        credit: int = 100,
        account: int | None = None,
        sequence: int = 1,
        chain: int = 1,
        root: int = DEFAULT_ROOT,
        risk_root: int = DEFAULT_RISK_ROOT,
        oracle_ms: int = 0,
        expiry_ms: int = 300_000,
        horizon_ms: int | None = None,
        settlement: int | None = None,
        nullifier: int | None = None,
        tamper: str | None = None,
    ) -> SettlementRequest:
        """Request `n`, with a proof that holds; `tamper` names what is wrong with it all the same."""
        context = Context((chain,), bytes([n]) * 20, _id(settlement or n), START + expiry_ms, START + oracle_ms)
        span = max(CONFIG.routes.get(chain, 0), expiry_ms - oracle_ms)
        terms = Terms(credit * UNIT, span if horizon_ms is None else horizon_ms, sequence)
        inputs = PublicInputs(
            target=self._ledger.config.target,
            source_roots=(root,),
            risk_root=risk_root,
            account=account or n,
            nullifier=nullifier or 1_000 * n + sequence,
            terms=terms.pack(),
            context=context.digest(),
        )
        return self._tampered(context, terms, inputs, tamper)

    def _tampered(self, context: Context, terms: Terms, inputs: PublicInputs, tamper: str | None) -> SettlementRequest:
        if tamper in ("target", "context", "terms"):
            inputs = replace(inputs, **{tamper: getattr(inputs, tamper) ^ 1})
        values = inputs.signals()
        proof = self._trapdoor.forge([*values[:-1], values[-1] ^ 1] if tamper == "proof" else values)
        if tamper == "point":
            proof = replace(proof, a=proof.a[:32] + (1).to_bytes(32, "little"))
        if tamper == "beneficiary":
            context = replace(context, beneficiary=bytes(20))
        return SettlementRequest(context, terms, tuple(values), proof)


def scenarios() -> list[Scenario]:
    return [Scenario.read(path) for path in sorted(FOLDER.glob("*.json"))]


def trapdoor(engine: Engine) -> Trapdoor:
    return Trapdoor(engine, 7, circuit_digest=CIRCUIT)


def _id(number: int) -> bytes:
    return number.to_bytes(32, "big")
