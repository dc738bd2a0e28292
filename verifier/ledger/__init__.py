"""The target chain's ledger: what it accepts, what it keeps, and where."""

from .breaker import MarketHealth, Position
from .breaker_limits import BreakerLimits
from .breakers import BreakerState
from .config import LedgerConfig
from .log import LogEntry
from .margin_ledger import MarginLedger
from .overview import Overview
from .records import AccountView, Decision, Head, Root
from .replay import LogReport

__all__ = [
    "AccountView",
    "BreakerLimits",
    "BreakerState",
    "Decision",
    "Head",
    "LedgerConfig",
    "LogEntry",
    "LogReport",
    "MarginLedger",
    "MarketHealth",
    "Overview",
    "Position",
    "Root",
]
