"""The risk engine: Greeks, forecasts, latency and scenarios, made into one risk table."""

from .engine import RiskInputs, RiskRun, forecast_assets, run_engine, verify_table
from .exact_pricing import ExactValuation, Quoted, exact_price, exact_value
from .forecast import AssetModel, Forecast, ForecastModel
from .garch import Garch, fit_garch
from .instrument import Instrument, Kind
from .latency import LatencyRule, RouteLatency, RouteTimes, latency_bound_ms, route_latency
from .policy import AssetPolicy, RiskPolicy, UnderlyingPolicy
from .policy_document import policy_json, read_policy
from .regime import Multipliers, Regime, RegimeRule
from .scenarios import Revaluation, Scenario, default_scenarios
from .settlement_times import read_settlement_times
from .table import build_risk_table, require_fresh

__all__ = [
    "AssetModel",
    "AssetPolicy",
    "ExactValuation",
    "Forecast",
    "ForecastModel",
    "Garch",
    "Instrument",
    "Kind",
    "LatencyRule",
    "Multipliers",
    "Quoted",
    "Regime",
    "RegimeRule",
    "Revaluation",
    "RiskInputs",
    "RiskPolicy",
    "RiskRun",
    "RouteLatency",
    "RouteTimes",
    "Scenario",
    "UnderlyingPolicy",
    "build_risk_table",
    "default_scenarios",
    "exact_price",
    "exact_value",
    "fit_garch",
    "forecast_assets",
    "latency_bound_ms",
    "policy_json",
    "read_policy",
    "read_settlement_times",
    "require_fresh",
    "route_latency",
    "run_engine",
    "verify_table",
]
