"""The target chain's ledger: what it accepts, what it keeps, and where."""

from .breaker import MarketHealth, Position
from .breaker_limits import BreakerLimits
from .breakers import BreakerState
from .config import LedgerConfig
from .log import LogEntry
from .margin_ledger import MarginLedger
from .records import AccountView, Decision

__all__ = [
    "AccountView",
    "BreakerLimits",
    "BreakerState",
    "Decision",
    "LedgerConfig",
    "LogEntry",
    "MarginLedger",
    "MarketHealth",
    "Position",
]
