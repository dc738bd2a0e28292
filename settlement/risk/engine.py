"""The risk engine: from policy, snapshot, price history and settlement times to a table, and back to check one.

Forecasts and latencies are computed at the snapshot's time, so nothing depends on when the engine runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ForecastError, TableMismatch
from ..market.history import PriceHistory
from ..market.snapshot import MarketSnapshot
from ..risk_document import RiskDocument
from .forecast import Forecast, forecast
from .latency import RouteLatency, RouteTimes, all_latencies, worst_latency_ms
from .policy import RiskPolicy
from .regime import Regime
from .table import build_risk_table


@dataclass(frozen=True)
class RiskInputs:
    """All that a table depends on."""

    policy: RiskPolicy
    snapshot: MarketSnapshot
    history: PriceHistory | None = None
    settlement_times: Mapping[int, RouteTimes] = field(default_factory=dict)


@dataclass(frozen=True)
class RiskRun:
    """A table, and what it was made from on the way."""

    document: RiskDocument
    forecasts: Mapping[str, Forecast]
    latencies: Mapping[int, RouteLatency]


def run_engine(inputs: RiskInputs) -> RiskRun:
    """The table of the inputs; a `RiskError` names what cannot be computed."""
    policy, snapshot = inputs.policy, inputs.snapshot
    forecasts = forecast_assets(policy, inputs.history, snapshot.time_ms)
    latencies = all_latencies(inputs.settlement_times, policy.latency, latency_multiplier_ppm(policy, forecasts))
    document = build_risk_table(policy, snapshot, forecasts, latency_ms=worst_latency_ms(list(latencies.values())))
    return RiskRun(document, forecasts, latencies)


def forecast_assets(policy: RiskPolicy, history: PriceHistory | None, time_ms: int) -> dict[str, Forecast]:
    """One forecast per asset of the policy; an asset without history has its floor."""
    forecasts = {}
    for asset in policy.assets:
        if not asset.model.from_history:
            forecasts[asset.name] = Forecast.fixed(asset.model.floor_ppm)
            continue
        if history is None or asset.name not in history.symbols:
            raise ForecastError(f"asset {asset.name}", "has no price history: give one, or set from_history to false")
        prices = history.column(asset.name)
        try:
            forecasts[asset.name] = forecast(
                history.times_ms,
                prices,
                policy.forecast,
                asset.model,
                time_ms=time_ms,
                horizon_ms=policy.horizon_ms,
            )
        except ForecastError as problem:
            raise ForecastError(f"asset {asset.name}: {problem.name}", problem.reason) from None
    return forecasts


def latency_multiplier_ppm(policy: RiskPolicy, forecasts: Mapping[str, Forecast]) -> int:
    """The latency multiplier of the most turbulent asset: chains are congested when any large market is in turmoil.

    Assets without a history say nothing; where none has one, the market counts as normal.
    """
    rows = policy.forecast.regime.multipliers
    told = (rows[one.regime].latency_ppm for one in forecasts.values() if one.returns)
    return max(told, default=rows[Regime.NORMAL].latency_ppm)


def verify_table(published: RiskDocument, inputs: RiskInputs) -> RiskRun:
    """Compute the table again; `TableMismatch` names the first number that differs."""
    run = run_engine(inputs)
    expected, found = dict(_numbers(run.document.to_json())), dict(_numbers(published.to_json()))
    for place in (*expected, *found):
        if expected.get(place) != found.get(place):
            raise TableMismatch(place, expected.get(place, "nothing"), found.get(place, "nothing"))
    return run


def _numbers(value: Any, place: str = "") -> Iterator[tuple[str, object]]:
    """Every leaf of a JSON document with its place, as `assets[0].sigma`."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _numbers(inner, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _numbers(inner, f"{place}[{index}]")
    else:
        yield place, value
