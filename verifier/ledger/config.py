"""What a margin ledger is told when it is opened: who it is, whom it trusts, and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..attestation import ADDRESS_BYTES, MAX_SIGNATURES
from ..errors import ConfigError, StatementError
from ..statement import CREDIT_BITS, HORIZON_BITS, ID_BITS, check_range, target_digest

MAX_HORIZON_MS = (1 << HORIZON_BITS) - 1
MAX_CREDIT_E8 = (1 << CREDIT_BITS) - 1


@dataclass(frozen=True)
class LedgerConfig:
    """The ledger at (`target_chain_id`, `ledger`), taking proofs of one circuit.

    `routes` gives the latency of the way from each source chain. `clock_skew_ms` is how far ahead of this machine's
    clock a relay's or an oracle's may run. At most `inflow_cap_e8` is credited within any `inflow_window_ms`.
    """

    target_chain_id: int
    ledger: str
    circuit_digest: bytes
    routes: Mapping[int, int]
    max_root_age_ms: int
    max_risk_age_ms: int
    max_horizon_ms: int
    oracle_signers: tuple[bytes, ...]
    oracle_quorum: int
    inflow_cap_e8: int
    inflow_window_ms: int
    max_credit_e8: int = MAX_CREDIT_E8
    clock_skew_ms: int = 0
    allow_development_key: bool = False
    target: int = field(init=False)
    """The public input by which a proof names this ledger."""

    def __post_init__(self) -> None:
        try:
            target = target_digest(self.target_chain_id, self.ledger, self.circuit_digest)
        except StatementError as problem:
            raise ConfigError(problem.field, problem.reason) from None
        object.__setattr__(self, "target", target)
        object.__setattr__(self, "routes", dict(self.routes))
        self._check_limits()
        self._check_routes()
        self._check_oracles()

    def latency_ms(self, source_chain_ids: tuple[int, ...]) -> int | None:
        """The slowest of the routes; None where one of the chains has none."""
        latencies = [self.routes.get(chain_id) for chain_id in source_chain_ids]
        known = [latency for latency in latencies if latency is not None]
        return max(known) if len(known) == len(latencies) else None

    def _check_limits(self) -> None:
        times = ("max_root_age_ms", "max_risk_age_ms", "max_horizon_ms", "inflow_window_ms")
        for name in times:
            _check(name, getattr(self, name), 1, MAX_HORIZON_MS)
        _check("clock_skew_ms", self.clock_skew_ms, 0, MAX_HORIZON_MS)
        _check("max_credit_e8", self.max_credit_e8, 1, MAX_CREDIT_E8)
        _check("inflow_cap_e8", self.inflow_cap_e8, 1, MAX_CREDIT_E8)

    def _check_routes(self) -> None:
        if not self.routes:
            raise ConfigError("routes", "is empty: no source chain could be credited")
        for chain_id, latency in self.routes.items():
            try:
                check_range("routes", chain_id, ID_BITS)
            except StatementError as problem:
                raise ConfigError("routes", problem.reason) from None
            _check("routes", latency, 0, self.max_horizon_ms)

    def _check_oracles(self) -> None:
        signers = self.oracle_signers
        if not 1 <= len(signers) <= MAX_SIGNATURES or len(set(signers)) != len(signers):
            raise ConfigError("oracle_signers", f"must be 1 to {MAX_SIGNATURES} different addresses")
        if any(type(signer) is not bytes or len(signer) != ADDRESS_BYTES for signer in signers):
            raise ConfigError("oracle_signers", f"must be addresses of {ADDRESS_BYTES} bytes")
        _check("oracle_quorum", self.oracle_quorum, 1, len(signers))


def _check(name: str, value: int, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise ConfigError(name, f"is not an integer in [{low}, {high}]")
