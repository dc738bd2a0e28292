"""Market data: signed reports, the consensus over them, and histories."""

from .history import PriceHistory, PricePoint
from .quotes import PriceQuote, VolatilityQuote
from .report import MarketReport, ReportDomain
from .signing import Scheme, SignedReport, SigningKey
from .snapshot import AgreedPrice, AgreedVolatility, MarketSnapshot, Provenance, Rejection

__all__ = [
    "AgreedPrice",
    "AgreedVolatility",
    "MarketReport",
    "MarketSnapshot",
    "PriceHistory",
    "PricePoint",
    "PriceQuote",
    "Provenance",
    "Rejection",
    "ReportDomain",
    "Scheme",
    "SignedReport",
    "SigningKey",
    "VolatilityQuote",
]
