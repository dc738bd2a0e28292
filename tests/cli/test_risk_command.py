"""The risk engine's commands: from an example to a table, and what they say of a table that is not its inputs'."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from zkmargin.settlement.risk.example import EXAMPLE_TIME_MS

from .conftest import Done, edited, invoke


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's files, and the table they make."""
    folder = tmp_path_factory.mktemp("risk") / "files"
    told = invoke("risk", "example", folder, "--time-ms", EXAMPLE_TIME_MS)
    assert told.code == 0, told.stderr
    assert table(folder, folder / "risk.json").code == 0
    return folder


@pytest.fixture
def files(made: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    for path in made.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def inputs(folder: Path) -> list[object]:
    names = {"policy": "policy", "snapshot": "snapshot", "history": "history", "times": "times"}
    return [part for option, name in names.items() for part in (f"--{option}", folder / f"{name}.json")]


def table(folder: Path, risk: Path, *more: object) -> Done:
    return invoke("risk", "table", *inputs(folder), "-o", risk, "--now-ms", EXAMPLE_TIME_MS, *more)


def test_the_same_inputs_make_the_same_file(files: Path) -> None:
    again = table(files, files / "again.json", "--json")
    assert (files / "again.json").read_bytes() == (files / "risk.json").read_bytes()
    assert again.json["forecasts"]["BTC"]["regime"] == "normal"
    assert again.json["routes"][0]["chain_id"] == 1001
    verified = invoke("risk", "verify", files / "risk.json", *inputs(files), "--json")
    assert verified.code == 0
    for name in ("risk_root", "policy_digest", "snapshot_digest", "history_sha256"):
        assert verified.json[name] == again.json[name]


def test_another_table_exits_with_one_and_names_the_number(files: Path) -> None:
    def lower(document: Any) -> None:
        document["instruments"][1]["gamma"] -= 1

    told = invoke("risk", "verify", edited(files / "risk.json", lower), *inputs(files), "--json")
    assert (told.code, told.json["error"], told.json["field"]) == (1, "table-mismatch", "instruments[1].gamma")
    assert told.json["expected"] == told.json["found"] + 1


def test_another_snapshot_is_noticed(files: Path) -> None:
    def dearer(document: Any) -> None:
        document["prices"]["BTC"]["price"] = "64001 USD"

    edited(files / "snapshot.json", dearer)
    told = invoke("risk", "verify", files / "risk.json", *inputs(files))
    assert told.code == 1
    assert "assets[0].price_low is 63936 USD in the published table; its inputs make 63937 USD" in told.stderr


def test_a_stale_snapshot_makes_no_table(files: Path) -> None:
    late = table(files, files / "late.json", "--now-ms", EXAMPLE_TIME_MS + 300_001)
    assert (late.code, (files / "late.json").exists()) == (2, False)
    assert "is 300001 ms old" in late.stderr


def test_a_table_is_not_overwritten(files: Path) -> None:
    assert table(files, files / "risk.json").code == 2
    assert table(files, files / "risk.json", "--force").code == 0


def test_without_history_the_asset_is_named(files: Path) -> None:
    told = invoke(
        "risk",
        "table",
        "--policy",
        files / "policy.json",
        "--snapshot",
        files / "snapshot.json",
        "-o",
        files / "x.json",
        "--now-ms",
        EXAMPLE_TIME_MS,
    )
    assert told.code == 2
    assert "asset BTC has no price history" in told.stderr


def test_greeks_forecast_and_latency(files: Path) -> None:
    shown = invoke("risk", "greeks", "--policy", files / "policy.json", "--snapshot", files / "snapshot.json", "--json")
    assert shown.json["instruments"]["BTC-PERP"]["delta"] == "1"
    policy = ["--policy", files / "policy.json"]
    found = invoke("risk", "forecast", *policy, "--history", files / "history.json", "--json")
    assert found.json["forecasts"]["USDC"]["sigma"] == "0.5 %"
    calm, rough = (
        invoke("risk", "latency", *policy, "--times", files / "times.json", "--regime", regime, "--json").json
        for regime in ("calm", "turbulent")
    )
    assert rough["routes"][0]["latency_ms"] == 2 * calm["routes"][0]["latency_ms"]
    assert calm["routes"][0]["pending"] == 1


def test_settlement_times_may_be_csv(files: Path) -> None:
    rows = json.loads((files / "times.json").read_text())["settlements"]
    lines = [f"{row['chain_id']},{row['started_ms']},{row.get('settled_ms', '')}" for row in rows]
    (files / "times.csv").write_text("\n".join(["chain_id,started_ms,settled_ms", *lines]) + "\n")
    policy = ["--policy", files / "policy.json"]
    one, other = (invoke("risk", "latency", *policy, "--times", files / f"times.{kind}") for kind in ("csv", "json"))
    assert (one.code, one.stdout) == (0, other.stdout)


def test_fit(files: Path) -> None:
    found = invoke("risk", "fit", "--history", files / "history.json", "--symbol", "BTC", "--json")
    assert found.json["garch"]["step_ms"] == 3_600_000
    assert invoke("risk", "fit", "--history", files / "history.json", "--symbol", "DOGE").code == 2

    def gap(document: Any) -> None:
        del document["rows"][5]

    told = invoke("risk", "fit", "--history", edited(files / "history.json", gap), "--symbol", "BTC")
    assert (told.code, "steps of one length" in told.stderr) == (2, True)


@pytest.fixture
def signed(files: Path) -> Path:
    """A market of one source that signs exactly the example's prices, and the table from its snapshot."""
    example, policy = (json.loads((files / f"{name}.json").read_text()) for name in ("snapshot", "policy"))
    key = invoke("market", "keygen", files / "key.json", "--scheme", "secp256k1", "--json").json
    rule = {"band": "2 %", "min_confidence": "0.05 %", "max_move": "10 %", "max_move_per_minute": "6 %"}
    signer = {"source": "only", "scheme": "secp256k1", "identity": key["identity"]}
    config = {
        "format": "zkmargin.market-config/1",
        "chain_id": 2002,
        "verifying_contract": "0x" + "11" * 20,
        "market": policy["market"],
        "quote": "USD",
        "signers": [{**signer, "not_before_ms": 0, "not_after_ms": EXAMPLE_TIME_MS * 2}],
        "quorum": 1,
        "max_age_ms": 10_000,
        "max_future_ms": 500,
        "symbols": sorted(example["prices"]),
        "instruments": sorted(example["volatilities"]),
        "price_rule": rule,
        "volatility_rule": rule,
    }
    quotes = {
        "format": "zkmargin.market-quotes/1",
        "quote": "USD",
        "prices": {name: {"bid": row["price"], "ask": row["price"]} for name, row in example["prices"].items()},
        "volatilities": {
            name: {"bid": row["sigma"], "ask": row["sigma"]} for name, row in example["volatilities"].items()
        },
    }
    for name, document in (("config", config), ("quotes", quotes)):
        (files / f"{name}.json").write_text(json.dumps(document))
    who, when = ["--config", files / "config.json"], ["--sequence", 1, "--time-ms", EXAMPLE_TIME_MS]
    told = invoke(
        "market", "report", files / "quotes.json", *who, *when, "--key", files / "key.json", "-o", files / "report.json"
    )
    assert told.code == 0, told.stderr
    out = ["-o", files / "snapshot.json", "--bundle", files / "reports.json", "--force"]
    told = invoke("market", "agree", files / "report.json", *who, *out, "--now-ms", EXAMPLE_TIME_MS)
    assert told.code == 0, told.stderr
    assert table(files, files / "risk.json", "--force").code == 0
    return files


def test_a_table_is_checked_down_to_the_signed_reports(signed: Path) -> None:
    reports = ["--reports", signed / "reports.json", "--config", signed / "config.json"]
    told = invoke("risk", "verify", signed / "risk.json", *inputs(signed), *reports)
    assert told.code == 0, told.stderr
    assert "follows from 1 signed report and the other inputs" in told.stdout

    def dearer(document: Any) -> None:
        document["prices"]["BTC"]["price"] = "64001 USD"

    edited(signed / "snapshot.json", dearer)
    assert table(signed, signed / "risk.json", "--force").code == 0
    assert invoke("risk", "verify", signed / "risk.json", *inputs(signed)).code == 0
    told = invoke("risk", "verify", signed / "risk.json", *inputs(signed), *reports, "--json")
    assert (told.code, told.json["error"], told.json["field"]) == (1, "snapshot-mismatch", "prices.BTC")


def test_reports_without_configuration_are_misuse(files: Path) -> None:
    told = invoke("risk", "verify", files / "risk.json", *inputs(files), "--reports", files / "times.json")
    assert (told.code, "go together" in told.stderr) == (2, True)
