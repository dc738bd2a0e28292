"""What the risk engine's commands show: forecasts and latencies, for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zkmargin.settlement.fields import percent_text
from zkmargin.settlement.risk.engine import RiskRun
from zkmargin.settlement.risk.forecast import Forecast
from zkmargin.settlement.risk.latency import RouteLatency


def run_json(run: RiskRun) -> dict[str, Any]:
    return {
        "risk_root": str(run.document.root()),
        "oracle_time_ms": run.document.oracle_time_ms,
        "forecasts": forecasts_json(run.forecasts),
        "routes": latencies_json(run.latencies),
    }


def forecasts_json(forecasts: Mapping[str, Forecast]) -> dict[str, Any]:
    return {
        name: {
            "sigma": percent_text(one.sigma_ppm),
            "regime": one.regime.value,
            "ewma": percent_text(one.ewma_ppm),
            "garch": percent_text(one.garch_ppm),
            "returns": one.returns,
        }
        for name, one in forecasts.items()
    }


def forecast_lines(forecasts: Mapping[str, Forecast]) -> list[str]:
    return [
        f"{name:<12} sigma {percent_text(one.sigma_ppm):>12}  {one.regime.value:<10} {_sources(one)}".rstrip()
        for name, one in forecasts.items()
    ]


def _sources(one: Forecast) -> str:
    if not one.returns:
        return "fixed by the policy"
    garch = f", GARCH {percent_text(one.garch_ppm)}" if one.garch_ppm else ""
    return f"EWMA {percent_text(one.ewma_ppm)}{garch}, of {one.returns} returns"


def latencies_json(latencies: Mapping[int, RouteLatency]) -> list[dict[str, int]]:
    """With the two fields that a ledger's configuration has for a route."""
    return [
        {
            "chain_id": chain,
            "latency_ms": one.latency_ms,
            "bound_ms": one.bound_ms,
            "observed": one.observed,
            "pending": one.pending,
        }
        for chain, one in latencies.items()
    ]


def latency_lines(latencies: Mapping[int, RouteLatency]) -> list[str]:
    return [
        f"chain {chain}: allow {one.latency_ms} ms (bound {one.bound_ms} ms, "
        f"of {one.observed} settlements, {one.pending} under way)"
        for chain, one in latencies.items()
    ]
