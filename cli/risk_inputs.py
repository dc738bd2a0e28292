"""The files a risk table is made from, as options and as what is read from them."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import click

from zkmargin.settlement.market import MarketConfig, ReportBundle, recompute
from zkmargin.settlement.market.canonical import canonical_json, document_digest
from zkmargin.settlement.market.history import PriceHistory
from zkmargin.settlement.market.snapshot import MarketSnapshot
from zkmargin.settlement.risk.engine import RiskInputs
from zkmargin.settlement.risk.latency import RouteTimes
from zkmargin.settlement.risk.policy import RiskPolicy
from zkmargin.settlement.risk.policy_document import policy_json, read_policy
from zkmargin.settlement.risk.settlement_times import read_settlement_times

from .errors import Misuse
from .files import read_file
from .options import FILE

F = TypeVar("F", bound=Callable[..., Any])


def policy_option(function: F) -> F:
    """`--policy`."""
    text = "What people decided: haircuts, charges, models, scenarios."
    return click.option("--policy", "policy_path", type=FILE, required=True, metavar="POLICY.json", help=text)(function)


def snapshot_option(function: F) -> F:
    """`--snapshot`."""
    text = "The market that the sources agreed on, from 'zkmargin market agree'."
    return click.option("--snapshot", "snapshot_path", type=FILE, required=True, metavar="SNAPSHOT.json", help=text)(
        function
    )


def history_option(required: bool) -> Callable[[F], F]:
    """`--history`."""
    text = "Past prices for the volatility forecasts."
    return click.option("--history", "history_path", type=FILE, required=required, metavar="HISTORY.json", help=text)


def times_option(required: bool) -> Callable[[F], F]:
    """`--times`."""
    text = "Observed settlement times, CSV or JSON, for the latency of each route."
    return click.option("--times", "times_path", type=FILE, required=required, metavar="TIMES", help=text)


def input_options(function: F) -> F:
    """All four; history and times may be left out where the policy needs none."""
    return policy_option(snapshot_option(history_option(False)(times_option(False)(function))))


def signed_options(function: F) -> F:
    """`--reports`, `--config` and `--previous`: where the snapshot comes from."""
    for name, variable, metavar, text in (
        ("previous", "previous_path", "SNAPSHOT.json", "The snapshot before, where this one names one."),
        ("config", "config_path", "CONFIG.json", "The market's signers and rules."),
        ("reports", "reports_path", "REPORTS.json", "The signed reports, from 'zkmargin market agree --bundle'."),
    ):
        function = click.option(f"--{name}", variable, type=FILE, metavar=metavar, help=text)(function)
    return function


def recompute_snapshot(
    snapshot: MarketSnapshot, reports: Path | None, config: Path | None, previous: Path | None
) -> int:
    """Check that signed reports make this snapshot, and count them; 0 where none are given."""
    if reports is None and config is None and previous is None:
        return 0
    if reports is None or config is None:
        raise Misuse("--reports and --config go together: the reports say what was signed, the configuration by whom")
    bundle = ReportBundle.from_json(bytes(read_file(reports, "market reports")))
    rules = MarketConfig.from_json(bytes(read_file(config, "market configuration")))
    recompute(snapshot, bundle, rules, None if previous is None else open_snapshot(previous))
    return len(bundle.reports)


def open_policy(path: Path) -> RiskPolicy:
    return read_policy(bytes(read_file(path, "risk policy")))


def open_snapshot(path: Path) -> MarketSnapshot:
    return MarketSnapshot.from_json(bytes(read_file(path, "market snapshot")))


def open_history(path: Path) -> PriceHistory:
    return PriceHistory.from_json(bytes(read_file(path, "price history")))


def open_times(path: Path) -> dict[int, RouteTimes]:
    return read_settlement_times(bytes(read_file(path, "settlement times")))


def open_inputs(policy: Path, snapshot: Path, history: Path | None, times: Path | None) -> RiskInputs:
    return RiskInputs(
        policy=open_policy(policy),
        snapshot=open_snapshot(snapshot),
        history=None if history is None else open_history(history),
        settlement_times={} if times is None else open_times(times),
    )


def input_digests(inputs: RiskInputs) -> dict[str, str]:
    """What names policy and snapshot, keccak256 of their canonical JSON; and the history, which is long, SHA-256."""
    named = {"policy_digest": document_digest(policy_json(inputs.policy)), "snapshot_digest": inputs.snapshot.digest()}
    if inputs.history is not None:
        named["history_sha256"] = sha256(canonical_json(inputs.history.to_json())).digest()
    return {name: "0x" + digest.hex() for name, digest in named.items()}
