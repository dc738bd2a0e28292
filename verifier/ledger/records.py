"""What a ledger keeps: one class for each of its tables, and the views of them that callers get."""

from __future__ import annotations

from dataclasses import dataclass, replace

NEVER = -1
"""In place of a sequence: the account has none yet. Sequences start at 0."""


@dataclass(frozen=True, slots=True)
class Head:
    """The log's last entry: its number and hash. A log without entries has number 0 and the target as its hash."""

    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Root:
    """A source root that counts: observed on its chain and not retracted."""

    chain_id: int
    epoch: int
    root: int
    observed_at_ms: int


@dataclass(frozen=True, slots=True)
class RiskTable:
    """The risk root that a quorum of oracles has signed for one time."""

    oracle_time_ms: int
    risk_root: int
    attested_at_ms: int


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as callers see it at one moment; `sequence` and `released_through` are -1 where there is none."""

    account: int
    margin_e8: int
    expiry_ms: int
    sequence: int
    released_through: int
    receipt: int


@dataclass(frozen=True, slots=True)
class Account:
    """Where an account stands.

    `margin_e8` is what is left of its newest credit, the one that `receipt` numbers and that has `sequence`: what a
    release or a repayment took away is gone from it, and 0 is written once it was seen to have expired. Until then
    whoever reads it compares `expiry_ms` with the clock: `margin_at` does. The inflow is that of the account's cap.
    """

    account: int
    sequence: int = NEVER
    released_through: int = NEVER
    receipt: int = 0
    margin_e8: int = 0
    expiry_ms: int = 0
    inflow_e8: int = 0
    inflow_at_ms: int = 0

    def margin_at(self, now_ms: int) -> int:
        return self.margin_e8 if now_ms < self.expiry_ms else 0

    def view(self, now_ms: int) -> AccountView:
        return AccountView(
            account=self.account,
            margin_e8=self.margin_at(now_ms),
            expiry_ms=self.expiry_ms,
            sequence=self.sequence,
            released_through=self.released_through,
            receipt=self.receipt,
        )

    def without_margin(self) -> Account:
        return replace(self, margin_e8=0)


@dataclass(frozen=True, slots=True)
class Decision:
    """An entry of the log that decided on a request: `outcome` is "accepted" or the code of the error."""

    number: int
    at_ms: int
    request_digest: bytes
    settlement_id: bytes
    outcome: str
    detail: str
