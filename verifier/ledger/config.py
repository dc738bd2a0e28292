"""What a margin ledger is told when it is opened: who it is, whom it trusts, and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import ConfigError, StatementError
from ..signatures import ADDRESS_BYTES, MAX_SIGNATURES
from ..statement import CREDIT_BITS, HORIZON_BITS, ID_BITS, check_range, printable_name, target_digest
from .breaker_limits import BreakerLimits

MAX_HORIZON_MS = (1 << HORIZON_BITS) - 1
MAX_CREDIT_E8 = (1 << CREDIT_BITS) - 1


@dataclass(frozen=True)
class LedgerConfig:
    """The ledger at (`target_chain_id`, `ledger`), taking proofs of one circuit.

    `routes` gives the latency of the way from each source chain. `clock_skew_ms` is how far ahead of this machine's
    clock a relay's or an oracle's may run. `limits` are those of the circuit breaker. Oracles attest the risk tables of
    `market`; `root_signers`, if there are any, source roots.
    """

    target_chain_id: int
    ledger: str
    circuit_digest: bytes
    market: str
    routes: Mapping[int, int]
    max_root_age_ms: int
    max_risk_age_ms: int
    max_horizon_ms: int
    oracle_signers: tuple[bytes, ...]
    oracle_quorum: int
    limits: BreakerLimits
    max_credit_e8: int = MAX_CREDIT_E8
    clock_skew_ms: int = 0
    root_signers: tuple[bytes, ...] = ()
    root_quorum: int = 0
    allow_development_key: bool = False
    target: int = field(init=False)
    """The public input by which a proof names this ledger."""

    def __post_init__(self) -> None:
        try:
            target = target_digest(self.target_chain_id, self.ledger, self.circuit_digest)
            printable_name("market", self.market)
        except StatementError as problem:
            raise ConfigError(problem.field, problem.reason) from None
        object.__setattr__(self, "target", target)
        object.__setattr__(self, "routes", dict(self.routes))
        self._check_limits()
        self._check_routes()
        _check_signers("oracle", self.oracle_signers, self.oracle_quorum)
        if self.root_signers or self.root_quorum != 0:
            _check_signers("root", self.root_signers, self.root_quorum)

    def latency_ms(self, source_chain_ids: tuple[int, ...]) -> int | None:
        """The slowest of the routes; None where one of the chains has none."""
        latencies = [self.routes.get(chain_id) for chain_id in source_chain_ids]
        known = [latency for latency in latencies if latency is not None]
        return max(known) if len(known) == len(latencies) else None

    def _check_limits(self) -> None:
        times = ("max_root_age_ms", "max_risk_age_ms", "max_horizon_ms")
        for name in times:
            _check(name, getattr(self, name), 1, MAX_HORIZON_MS)
        _check("clock_skew_ms", self.clock_skew_ms, 0, MAX_HORIZON_MS)
        _check("max_credit_e8", self.max_credit_e8, 1, MAX_CREDIT_E8)

    def _check_routes(self) -> None:
        if not self.routes:
            raise ConfigError("routes", "is empty: no source chain could be credited")
        for chain_id, latency in self.routes.items():
            try:
                check_range("routes", chain_id, ID_BITS)
            except StatementError as problem:
                raise ConfigError("routes", problem.reason) from None
            _check("routes", latency, 0, self.max_horizon_ms)
        if strangers := self.limits.source_caps_e8.keys() - self.routes.keys():
            raise ConfigError("source_caps_e8", f"names chain {min(strangers)}, from which there is no route")


def _check_signers(who: str, signers: tuple[bytes, ...], quorum: int) -> None:
    name = f"{who}_signers"
    if not 1 <= len(signers) <= MAX_SIGNATURES or len(set(signers)) != len(signers):
        raise ConfigError(name, f"must be 1 to {MAX_SIGNATURES} different addresses")
    if any(type(signer) is not bytes or len(signer) != ADDRESS_BYTES for signer in signers):
        raise ConfigError(name, f"must be addresses of {ADDRESS_BYTES} bytes")
    _check(f"{who}_quorum", quorum, 1, len(signers))


def _check(name: str, value: int, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise ConfigError(name, f"is not an integer in [{low}, {high}]")
