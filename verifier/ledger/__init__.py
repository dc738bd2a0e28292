"""The target chain's ledger: what it accepts, what it keeps, and where."""

from .config import LedgerConfig
from .margin_ledger import MarginLedger
from .rows import BreakerState, Decision

__all__ = ["BreakerState", "Decision", "LedgerConfig", "MarginLedger"]
