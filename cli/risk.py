"""`zkmargin risk`: the risk engine, from agreed market data to a risk table and back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from zkmargin.settlement.errors import ForecastError
from zkmargin.settlement.risk.engine import (
    forecast_assets,
    run_engine,
    verify_table,
)
from zkmargin.settlement.risk.example import (
    SHAPE_ASSETS,
    example_history,
    example_policy,
    example_settlements,
    example_snapshot,
)
from zkmargin.settlement.risk.garch import fit_garch
from zkmargin.settlement.risk.greeks import instrument_greeks
from zkmargin.settlement.risk.latency import all_latencies
from zkmargin.settlement.risk.model_document import garch_json
from zkmargin.settlement.risk.policy_document import policy_json
from zkmargin.settlement.risk.regime import Regime
from zkmargin.settlement.risk.settlement_times import settlement_times_json
from zkmargin.settlement.risk.table import require_fresh
from zkmargin.settlement.risk_document import RiskDocument

from .files import NewFile, json_bytes, read_file, require_free, write_files
from .options import FILE, Group, force_option
from .output import Output, counted
from .risk_inputs import (
    history_option,
    input_digests,
    input_options,
    open_history,
    open_inputs,
    open_policy,
    open_snapshot,
    open_times,
    policy_option,
    recompute_snapshot,
    signed_options,
    snapshot_option,
    times_option,
)
from .risk_show import forecast_lines, forecasts_json, latencies_json, latency_lines, run_json

MAX_TIME_MS = (1 << 63) - 1
TIME = click.IntRange(0, MAX_TIME_MS)


@click.group("risk", cls=Group)
def COMMAND() -> None:
    """The risk engine: Greeks, volatility forecasts, latencies, and the risk table they make."""


@COMMAND.command("example")
@click.argument("folder", type=FILE, metavar="DIR")
@click.option("--shape", type=click.Choice(list(SHAPE_ASSETS)), default="small", show_default=True)
@click.option("--time-ms", type=TIME, help="The market's time in milliseconds since 1970; default: now.")
@force_option
@click.pass_obj
def example(output: Output, folder: Path, shape: str, time_ms: int | None, force: bool) -> None:
    """Write an example policy, market snapshot, price history and settlement times, with made-up numbers."""
    at_ms = _now_ms() if time_ms is None else time_ms
    documents: dict[str, Any] = {
        "policy.json": policy_json(example_policy(shape, at_ms)),
        "snapshot.json": example_snapshot(shape, at_ms).to_json(),
        "history.json": example_history(shape, at_ms).to_json(),
        "times.json": settlement_times_json(example_settlements(at_ms)),
    }
    write_files([NewFile(folder / name, json_bytes(document)) for name, document in documents.items()], force)
    output.result(
        {"folder": str(folder), "files": list(documents), "time_ms": at_ms},
        [f"{', '.join(documents)} in {folder}"],
    )


@COMMAND.command("greeks")
@policy_option
@snapshot_option
@click.pass_obj
def greeks(output: Output, policy_path: Path, snapshot_path: Path) -> None:
    """Price and Greeks of every instrument, per unit, at the snapshot's time."""
    rows = instrument_greeks(open_policy(policy_path), open_snapshot(snapshot_path))
    columns = ("price", "delta", "gamma", "vega", "theta")
    lines = [f"{'instrument':<20}" + "".join(f"{name:>18}" for name in columns)]
    lines += [f"{name:<20}" + "".join(f"{numbers[column]:>18}" for column in columns) for name, numbers in rows.items()]
    output.result({"instruments": rows}, lines)


@COMMAND.command("forecast")
@policy_option
@history_option(True)
@click.option("--time-ms", type=TIME, help="The forecast's time; default: the end of the history.")
@click.pass_obj
def forecast(output: Output, policy_path: Path, history_path: Path, time_ms: int | None) -> None:
    """The volatility forecast and the regime of every asset."""
    policy, history = open_policy(policy_path), open_history(history_path)
    found = forecast_assets(policy, history, history.times_ms[-1] if time_ms is None else time_ms)
    output.result({"forecasts": forecasts_json(found)}, forecast_lines(found))


@COMMAND.command("fit")
@history_option(True)
@click.option("--symbol", required=True, help="Which column of the history.")
@click.pass_obj
def fit(output: Output, history_path: Path, symbol: str) -> None:
    """Fit GARCH(1,1) to a history, for an asset's `garch` field in the policy. Needs the extra `risk`."""
    history = open_history(history_path)
    steps = {later - sooner for sooner, later in zip(history.times_ms, history.times_ms[1:], strict=False)}
    if len(steps) != 1:
        raise ForecastError("history", "needs steps of one length to fit GARCH: fill the gaps")
    found = garch_json(fit_garch([float(price) for price in history.column(symbol)], steps.pop()))
    output.result({"symbol": symbol, "garch": found}, [f"{name}: {value}" for name, value in found.items()])


@COMMAND.command("latency")
@policy_option
@times_option(True)
@click.option("--regime", type=click.Choice([regime.value for regime in Regime]), default=Regime.NORMAL.value)
@click.pass_obj
def latency(output: Output, policy_path: Path, times_path: Path, regime: str) -> None:
    """The latency that can be promised for every route, from observed settlement times."""
    policy = open_policy(policy_path)
    multiplier_ppm = policy.forecast.regime.multipliers[Regime(regime)].latency_ppm
    found = all_latencies(open_times(times_path), policy.latency, multiplier_ppm)
    output.result({"regime": regime, "routes": latencies_json(found)}, latency_lines(found))


@COMMAND.command("table")
@input_options
@click.option("-o", "--output", "risk_path", type=FILE, required=True, metavar="RISK.json")
@click.option("--now-ms", type=TIME, help="The clock for the snapshot's age; default: the system's.")
@force_option
@click.pass_obj
def table(
    output: Output,
    policy_path: Path,
    snapshot_path: Path,
    history_path: Path | None,
    times_path: Path | None,
    risk_path: Path,
    now_ms: int | None,
    force: bool,
) -> None:
    """Make the risk table. The same inputs give the same bytes everywhere."""
    require_free([risk_path], force)
    inputs = open_inputs(policy_path, snapshot_path, history_path, times_path)
    require_fresh(inputs.policy, inputs.snapshot, _now_ms() if now_ms is None else now_ms)
    run = run_engine(inputs)
    write_files([NewFile(risk_path, json_bytes(run.document.to_json()))], force)
    output.result(
        {"risk": str(risk_path), **input_digests(inputs), **run_json(run)},
        [*forecast_lines(run.forecasts), *latency_lines(run.latencies), f"risk_root {run.document.root()}"],
    )


@COMMAND.command("verify")
@click.argument("risk_path", type=FILE, metavar="RISK.json")
@input_options
@signed_options
@click.pass_obj
def verify(
    output: Output,
    risk_path: Path,
    policy_path: Path,
    snapshot_path: Path,
    history_path: Path | None,
    times_path: Path | None,
    reports_path: Path | None,
    config_path: Path | None,
    previous_path: Path | None,
) -> None:
    """Compute a published risk table again. Exit code 1 and the first number that differs where it is another.

    With --reports and --config the snapshot is computed again too, from the sources' signed reports.
    """
    published = RiskDocument.from_json(bytes(read_file(risk_path, "risk table")))
    inputs = open_inputs(policy_path, snapshot_path, history_path, times_path)
    reports = recompute_snapshot(inputs.snapshot, reports_path, config_path, previous_path)
    run = verify_table(published, inputs)
    source = f"{counted(reports, 'signed report')} and the other inputs" if reports else "its inputs"
    output.result(
        {"valid": True, "reports": reports, **input_digests(inputs), **run_json(run)},
        [f"the table follows from {source}: risk_root {run.document.root()}"],
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
