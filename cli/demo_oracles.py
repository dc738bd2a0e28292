"""The demo's oracles: a risk table made from policy, market and history, and signed by those who computed it again."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from zkmargin.settlement.market import MarketConfig, PriceHistory, recompute
from zkmargin.settlement.risk.engine import RiskInputs, RiskRun, run_engine, verify_table
from zkmargin.settlement.risk.example import example_history, example_settlements
from zkmargin.settlement.risk.policy import RiskPolicy
from zkmargin.settlement.risk.settlement_times import read_settlement_times, settlement_times_json
from zkmargin.settlement.risk.table import require_fresh
from zkmargin.settlement.risk_document import RiskDocument
from zkmargin.verifier import RiskAttestation, signer_address

from .demo_market import Agreed

ORACLES, QUORUM = 3, 2
DOCTORED_PERCENT = 110


@dataclass(frozen=True)
class RiskDesk:
    """What a table is made from besides the market: the policy, past prices, observed settlements."""

    policy: RiskPolicy
    history: PriceHistory
    settlements: dict[str, Any]

    @classmethod
    def at(cls, policy: RiskPolicy, time_ms: int) -> RiskDesk:
        """With a simulated history and simulated settlements up to this time."""
        settlements = settlement_times_json(example_settlements(time_ms))
        return cls(policy, example_history(policy.shape.name, time_ms), settlements)

    def inputs(self, agreed: Agreed) -> RiskInputs:
        times = read_settlement_times(json.dumps(self.settlements))
        return RiskInputs(self.policy, agreed.snapshot, self.history, times)

    def table(self, agreed: Agreed, now_ms: int) -> RiskRun:
        """The risk engine's answer; a snapshot that is too old is refused."""
        require_fresh(self.policy, agreed.snapshot, now_ms)
        return run_engine(self.inputs(agreed))


@dataclass(frozen=True)
class Oracles:
    """Three keys. Each signs a root only for a table that it has computed itself, down from the signed reports."""

    desk: RiskDesk
    config: MarketConfig
    keys: tuple[bytes, ...] = field(
        default_factory=lambda: tuple(secrets.token_bytes(32) for _ in range(ORACLES)), repr=False
    )

    @property
    def addresses(self) -> tuple[bytes, ...]:
        return tuple(signer_address(key) for key in self.keys)

    def check(self, risk: RiskDocument, agreed: Agreed) -> None:
        """What an oracle does before it signs: `SnapshotMismatch` or `TableMismatch` names what does not follow."""
        recompute(agreed.snapshot, agreed.reports, self.config, agreed.previous)
        verify_table(risk, self.desk.inputs(agreed))

    def attest(self, risk: RiskDocument, agreed: Agreed) -> RiskAttestation:
        """Every oracle checks, then signs."""
        for _ in self.keys:
            self.check(risk, agreed)
        return RiskAttestation(self.config.market, risk.root(), risk.oracle_time_ms).signed(self.keys)


def doctored(risk: RiskDocument) -> RiskDocument:
    """The table with its first price raised, as somebody who holds that asset would like it."""
    first, *others = risk.table.assets
    raised = first.price_low_e8 * DOCTORED_PERCENT // 100
    assets = (replace(first, price_low_e8=raised, price_high_e8=max(raised, first.price_high_e8)), *others)
    return replace(risk, table=replace(risk.table, assets=assets))
