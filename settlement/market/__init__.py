"""Market data: signed reports, the consensus over them, and histories."""

from .history import PriceHistory, PricePoint
from .snapshot import AgreedPrice, AgreedVolatility, MarketSnapshot, Provenance, Rejection

__all__ = [
    "AgreedPrice",
    "AgreedVolatility",
    "MarketSnapshot",
    "PriceHistory",
    "PricePoint",
    "Provenance",
    "Rejection",
]
