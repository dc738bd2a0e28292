"""The target chain's ledger: what it accepts, what it keeps, and where."""

from typing import TYPE_CHECKING

from zkmargin.algebra.lazy import lazily

if TYPE_CHECKING:
    from .breaker import MarketHealth, Position
    from .breaker_limits import BreakerLimits
    from .breakers import BreakerState
    from .config import LedgerConfig
    from .log import LogEntry
    from .margin_ledger import MarginLedger
    from .overview import Overview
    from .records import AccountView, Decision, Head, Root
    from .replay import LogReport
else:
    lazily(
        __name__,
        {
            ".breaker": "MarketHealth Position",
            ".breaker_limits": "BreakerLimits",
            ".breakers": "BreakerState",
            ".config": "LedgerConfig",
            ".log": "LogEntry",
            ".margin_ledger": "MarginLedger",
            ".overview": "Overview",
            ".records": "AccountView Decision Head Root",
            ".replay": "LogReport",
        },
    )

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
