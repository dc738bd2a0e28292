"""The limits at which the circuit breaker trips, and how it tries again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import ConfigError
from ..statement import CREDIT_BITS, HORIZON_BITS, ID_BITS

PPM = 10**6
MAX_AMOUNT_E8 = (1 << CREDIT_BITS) - 1
MAX_TIME_MS = (1 << HORIZON_BITS) - 1
MAX_COUNT = (1 << 32) - 1
MAX_SOURCES = 1024


@dataclass(frozen=True)
class BreakerLimits:
    """None switches a limit off. Amounts are what is added to margins, in e8; all caps are for `inflow_window_ms`.

    - `inflow_cap_e8`: for the whole ledger. With `inflow_cap_ppm` it is at most this part of the outstanding margin,
      but not less than `relative_floor_e8`, by which a ledger begins; it drains at the rate of `inflow_cap_e8`.
    - `source_caps_e8`: for single source chains. `account_cap_e8`: for each account.
    - `max_root_silence_ms`: how long a source may bring no new root.
    - `max_disagreement_ppm`, `max_price_gap_ppm`: of `MarketHealth`.
    - `reject_storm`: refusals within `reject_window_ms`. Outsiders can cause it, and so stop the ledger.
    - `half_open_after_ms`: when a breaker that the ledger opened tries again by itself. On trial at most `trial_cap_e8`
      is accepted; after `trial_accepts` requests the breaker closes.
    """

    inflow_cap_e8: int
    inflow_window_ms: int
    inflow_cap_ppm: int | None = None
    relative_floor_e8: int = 0
    source_caps_e8: Mapping[int, int] = field(default_factory=dict)
    account_cap_e8: int | None = None
    max_root_silence_ms: int | None = None
    max_disagreement_ppm: int | None = None
    max_price_gap_ppm: int | None = None
    reject_storm: int | None = None
    reject_window_ms: int = 60_000
    trial_cap_e8: int = 0
    trial_accepts: int = 1
    half_open_after_ms: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "source_caps_e8", dict(self.source_caps_e8))
        _check("inflow_cap_e8", self.inflow_cap_e8, 1, MAX_AMOUNT_E8)
        _check("inflow_window_ms", self.inflow_window_ms, 1, MAX_TIME_MS)
        _check("relative_floor_e8", self.relative_floor_e8, 0, MAX_AMOUNT_E8)
        _check("reject_window_ms", self.reject_window_ms, 1, MAX_TIME_MS)
        _check("trial_cap_e8", self.trial_cap_e8, 0, MAX_AMOUNT_E8)
        _check("trial_accepts", self.trial_accepts, 1, MAX_COUNT)
        self._check_optional()
        self._check_sources()
        if self.inflow_cap_ppm is not None and self.relative_floor_e8 == 0:
            raise ConfigError("relative_floor_e8", "must be above 0: a part of no margin at all lets none come in")
        if self.half_open_after_ms is not None and self.trial_cap_e8 == 0:
            raise ConfigError("trial_cap_e8", "must be above 0: a trial in which nothing may come in cannot end well")

    def _check_optional(self) -> None:
        ranges = {
            "inflow_cap_ppm": (1, MAX_COUNT),
            "account_cap_e8": (1, MAX_AMOUNT_E8),
            "max_root_silence_ms": (1, MAX_TIME_MS),
            "max_disagreement_ppm": (0, MAX_COUNT),
            "max_price_gap_ppm": (0, MAX_COUNT),
            "reject_storm": (1, MAX_COUNT),
            "half_open_after_ms": (1, MAX_TIME_MS),
        }
        for name, (low, high) in ranges.items():
            if getattr(self, name) is not None:
                _check(name, getattr(self, name), low, high)

    def _check_sources(self) -> None:
        if len(self.source_caps_e8) > MAX_SOURCES:
            raise ConfigError("source_caps_e8", f"names more than {MAX_SOURCES} chains")
        for chain_id, cap_e8 in self.source_caps_e8.items():
            _check("source_caps_e8", chain_id, 0, (1 << ID_BITS) - 1)
            _check("source_caps_e8", cap_e8, 1, MAX_AMOUNT_E8)


def _check(name: str, value: int, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise ConfigError(name, f"is not an integer in [{low}, {high}]")
