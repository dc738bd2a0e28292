"""Market data: signed reports, the consensus over them, and histories."""

from .bundle import ReportBundle, recompute
from .config import MarketConfig, QuoteRule, Signer
from .consensus import agree
from .history import PriceHistory, PricePoint
from .quotes import PriceQuote, VolatilityQuote
from .reasons import Reason
from .report import MarketReport, ReportDomain
from .signing import Scheme, SignedReport, SigningKey
from .snapshot import AgreedPrice, AgreedVolatility, MarketSnapshot, Provenance, Rejection

__all__ = [
    "AgreedPrice",
    "AgreedVolatility",
    "MarketConfig",
    "MarketReport",
    "MarketSnapshot",
    "PriceHistory",
    "PricePoint",
    "PriceQuote",
    "Provenance",
    "QuoteRule",
    "Reason",
    "Rejection",
    "ReportBundle",
    "ReportDomain",
    "Scheme",
    "SignedReport",
    "Signer",
    "SigningKey",
    "VolatilityQuote",
    "agree",
    "recompute",
]
