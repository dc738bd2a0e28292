"""Market data: signed reports, the consensus over them, and histories."""

from .bundle import ReportBundle, read_reports, recompute
from .config import MarketConfig, QuoteRule, Signer
from .consensus import agree
from .csv_rows import TimeUnit
from .health import market_health
from .history import PriceHistory, PricePoint
from .option_chain import OptionKind, OptionQuote, option_chain_json, read_option_chain, volatility_quotes
from .option_csv import OptionLayout, VolatilityUnit, read_options_csv
from .price_csv import PriceLayout, at_common_times, read_prices_csv
from .quotes import PriceQuote, VolatilityQuote
from .quotes_document import MarketQuotes
from .reasons import Reason
from .report import MarketReport, ReportDomain
from .signing import Scheme, SignedReport, SigningKey
from .snapshot import AgreedPrice, AgreedVolatility, MarketSnapshot, Provenance, Rejection
from .snapshot_history import snapshot_history

__all__ = [
    "AgreedPrice",
    "AgreedVolatility",
    "MarketConfig",
    "MarketQuotes",
    "MarketReport",
    "MarketSnapshot",
    "OptionKind",
    "OptionLayout",
    "OptionQuote",
    "PriceHistory",
    "PriceLayout",
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
    "TimeUnit",
    "VolatilityQuote",
    "VolatilityUnit",
    "agree",
    "at_common_times",
    "market_health",
    "option_chain_json",
    "read_option_chain",
    "read_options_csv",
    "read_prices_csv",
    "read_reports",
    "recompute",
    "snapshot_history",
    "volatility_quotes",
]
