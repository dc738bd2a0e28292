"""Is the margin right? Paths through time, and how often a loss exceeds the margin held against it."""

from .coverage import CoverageTest, Verdict, coverage_test
from .histories import history_of, path_of
from .model import AssetModel, MarketModel, Regime, crypto_model
from .path import MarketPath, TermStructure
from .portfolio import PORTFOLIOS, STABLE, Leg, Portfolio
from .report import Report
from .report_document import report_from_json, report_to_csv, report_to_json
from .simulation import simulate
from .study import StudySettings, run_study
from .table_settings import TableSettings

__all__ = [
    "PORTFOLIOS",
    "STABLE",
    "AssetModel",
    "CoverageTest",
    "Leg",
    "MarketModel",
    "MarketPath",
    "Portfolio",
    "Regime",
    "Report",
    "StudySettings",
    "TableSettings",
    "TermStructure",
    "Verdict",
    "coverage_test",
    "crypto_model",
    "history_of",
    "path_of",
    "report_from_json",
    "report_to_csv",
    "report_to_json",
    "run_study",
    "simulate",
]
