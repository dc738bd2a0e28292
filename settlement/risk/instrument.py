"""Instruments as the risk engine sees them: a kind, and for options a strike and an expiry."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..errors import PricingError


class Kind(StrEnum):
    """What one unit pays. One unit is always one unit of the underlying, paid in the quote currency."""

    CALL = "call"
    PUT = "put"
    FUTURE = "future"
    PERPETUAL = "perpetual"

    @property
    def is_option(self) -> bool:
        return self in (Kind.CALL, Kind.PUT)


@dataclass(frozen=True)
class Instrument:
    """One instrument. Options are European and cash-settled; `strike_e8` and `expiry_ms` are None where unused.

    `forward` names the symbol whose agreed price the instrument is valued on: the underlying, or a future on it.
    """

    name: str
    underlying: str
    kind: Kind
    forward: str
    strike_e8: int | None = None
    expiry_ms: int | None = None

    def __post_init__(self) -> None:
        if self.kind.is_option != (self.strike_e8 is not None):
            raise PricingError(self.name, "needs a strike if it is an option, and none otherwise")
        if (self.kind is Kind.PERPETUAL) != (self.expiry_ms is None):
            raise PricingError(self.name, "needs an expiry unless it is a perpetual, which has none")
        if self.strike_e8 is not None and self.strike_e8 <= 0:
            raise PricingError(self.name, "needs a strike above zero")

    def time_left_ms(self, time_ms: int, minimum_ms: int) -> int:
        """Time to expiry, at least `minimum_ms` so that gamma stays bounded; 0 for what has no expiry.

        An instrument that has expired is a `PricingError`: it must be settled and leave the policy.
        """
        if self.expiry_ms is None:
            return 0
        if time_ms >= self.expiry_ms:
            raise PricingError(self.name, "has expired: settle it and take it out of the policy")
        return max(self.expiry_ms - time_ms, minimum_ms)
