"""The market's commands: keys, reports, an agreement, its check, and what each refuses."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from zkmargin.cli import files

from .conftest import edited, invoke

NOW_MS = 1_800_000_000_000
RULE = {"band": "2 %", "min_confidence": "0.01 %", "max_move": "10 %", "max_move_per_minute": "6 %"}
SOURCES = {"alpha": "ed25519", "beta": "secp256k1", "gamma": "ed25519"}
BTC = {"alpha": 64_000, "beta": 64_010, "gamma": 63_990}


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sources with keys, a configuration, and a report of each."""
    root = tmp_path_factory.mktemp("market")
    signers = []
    for source, scheme in SOURCES.items():
        made = invoke("market", "keygen", root / f"{source}.key", "--scheme", scheme, "--json")
        assert made.code == 0, made.stderr
        signers.append(
            {
                "source": source,
                "scheme": scheme,
                "identity": made.json["identity"],
                "not_before_ms": 0,
                "not_after_ms": NOW_MS + 10**9,
            }
        )
    config = {
        "format": "zkmargin.market-config/1",
        "chain_id": 2002,
        "verifying_contract": "0x" + "11" * 20,
        "market": "spot",
        "quote": "USD",
        "signers": signers,
        "quorum": 3,
        "max_age_ms": 10_000,
        "max_future_ms": 500,
        "symbols": ["BTC"],
        "instruments": ["BTC-CALL"],
        "price_rule": RULE,
        "volatility_rule": RULE,
    }
    (root / "config.json").write_text(json.dumps(config))
    volatilities = {"BTC-CALL": {"bid": "58 %", "ask": "62 %"}}
    for source, mid in BTC.items():
        (root / f"{source}.csv").write_text(f"symbol,bid,ask\nBTC,{mid - 5},{mid + 5}\n")
        quotes = {"format": "zkmargin.market-quotes/1", "quote": "USD", "prices": {}, "volatilities": volatilities}
        (root / f"{source}.json").write_text(json.dumps(quotes))
        done = report(root, source, root / f"{source}.report")
        assert done.code == 0, done.stderr
    return root


def report(root: Path, source: str, out: Path, *, sequence: int = 1, time_ms: int = NOW_MS) -> Any:
    options = ["--config", root / "config.json", "--key", root / f"{source}.key", "-o", out]
    clock = ["--sequence", sequence, "--time-ms", time_ms]
    return invoke("market", "report", root / f"{source}.csv", root / f"{source}.json", *options, *clock)


def agree(root: Path, out: Path, *reports: Path, options: tuple[object, ...] = ()) -> Any:
    found = reports or tuple(root / f"{source}.report" for source in SOURCES)
    base = ["--config", root / "config.json", "-o", out, "--now-ms", NOW_MS + 100]
    return invoke("market", "agree", *found, *base, *options, "--json")


def test_the_whole_way_from_keys_to_a_checked_snapshot(market: Path, tmp_path: Path) -> None:
    snapshot, bundle = tmp_path / "snapshot.json", tmp_path / "reports.json"
    done = agree(market, snapshot, options=("--bundle", bundle))
    assert done.code == 0, done.stderr
    assert done.json["prices"]["BTC"] == {
        "price": "64000 USD",
        "confidence": "10 USD",
        "sources": ["alpha", "beta", "gamma"],
        "outliers": [],
    }
    assert done.json["volatilities"]["BTC-CALL"]["sigma"] == "60 %"
    checked = invoke("market", "recompute", snapshot, bundle, "--config", market / "config.json", "--json")
    assert checked.code == 0, checked.stderr
    assert checked.json == {"valid": True, "digest": done.json["digest"], "reports": 3}
    from_bundle = agree(market, tmp_path / "again.json", bundle)
    assert (tmp_path / "again.json").read_bytes() == snapshot.read_bytes()
    assert from_bundle.json == done.json
    people = invoke("market", "show", snapshot).stdout
    assert "BTC: 64000 +- 10 USD, from alpha, beta, gamma" in people
    assert "BTC-CALL: 60 % +- 2 %" in people


def test_a_key_is_its_owners_alone_and_never_shown(market: Path) -> None:
    for source in SOURCES:
        path = market / f"{source}.key"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        shown = invoke("market", "show", path, "--json")
        assert shown.code == 2
        assert json.loads(path.read_text())["secret"] not in shown.stdout + shown.stderr


def test_a_changed_snapshot_does_not_come_from_its_reports(market: Path, tmp_path: Path) -> None:
    snapshot, bundle = tmp_path / "snapshot.json", tmp_path / "reports.json"
    assert agree(market, snapshot, options=("--bundle", bundle)).code == 0

    def dearer(document: Any) -> None:
        document["prices"]["BTC"]["price"] = "64001 USD"

    edited(snapshot, dearer)
    done = invoke("market", "recompute", snapshot, bundle, "--config", market / "config.json", "--json")
    assert (done.code, done.json["error"], done.json["field"]) == (1, "snapshot-mismatch", "prices.BTC")


def test_no_consensus_is_exit_code_1_and_says_why(market: Path, tmp_path: Path) -> None:
    out = tmp_path / "snapshot.json"
    stale = tmp_path / "stale.report"
    assert report(market, "gamma", stale, time_ms=NOW_MS - 20_000).code == 0
    done = agree(market, out, market / "alpha.report", market / "beta.report", stale)
    assert (done.code, done.json["error"]) == (1, "no-consensus")
    assert done.json["failures"] == ["2 reports count and 3 are needed"]
    assert "gamma stale" in done.json["message"]
    assert not out.exists()


def test_a_malformed_report_is_left_out_with_a_warning(market: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.report"
    bad.write_text((market / "gamma.report").read_text().replace("63985 USD", "NaN USD"))
    reports = [market / f"{source}.report" for source in SOURCES]
    done = agree(market, tmp_path / "with.json", bad, *reports)
    assert done.code == 0
    assert "prices.BTC.bid" in done.json["warnings"][0]
    refused = agree(market, tmp_path / "without.json", bad, *reports[:2])
    assert (refused.code, refused.json["error"]) == (1, "no-consensus")


def test_the_breaker_is_exit_code_1(market: Path, tmp_path: Path) -> None:
    first = tmp_path / "first.json"
    assert agree(market, first).code == 0
    again = agree(market, tmp_path / "second.json", options=("--previous", first))
    assert (again.code, again.json["error"]) == (1, "snapshot-out-of-order")

    def cheaper(document: Any) -> None:
        document["prices"]["BTC"]["price"] = "50000 USD"
        document["time_ms"] -= 60_000

    edited(first, cheaper)
    moved = agree(market, tmp_path / "third.json", options=("--previous", first))
    assert (moved.code, moved.json["error"]) == (1, "movement-refused")


def test_a_key_of_nobody_and_a_crossed_quote_sign_nothing(market: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    assert invoke("market", "keygen", tmp_path / "new.key", "--scheme", "secp256k1").code == 0
    options = ["--config", market / "config.json", "--sequence", 1, "-o", out]
    stranger = invoke("market", "report", market / "alpha.csv", *options, "--key", tmp_path / "new.key", "--json")
    assert (stranger.code, stranger.json["error"]) == (2, "misuse")
    crossed = tmp_path / "crossed.csv"
    crossed.write_text("symbol,bid,ask\nBTC,2,1\n")
    refused = invoke("market", "report", crossed, *options, "--key", market / "alpha.key", "--json")
    assert (refused.code, refused.json["error"]) == (2, "market-data-error")
    twice = invoke(
        "market", "report", market / "alpha.csv", market / "alpha.csv", *options, "--key", market / "alpha.key"
    )
    assert twice.code == 2
    assert not out.exists()


@pytest.mark.parametrize("name", ["config.json", "alpha.report", "alpha.key"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff", b'{"format": "zkmargin.market-snapshot/1"}'])
def test_malformed_files_are_one_line_and_exit_code_2(market: Path, tmp_path: Path, name: str, content: bytes) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(content)
    paths = {other: market / other for other in ("config.json", "alpha.report", "alpha.key")} | {name: bad}
    out = tmp_path / "out"
    if name == "alpha.report":
        done = invoke("market", "recompute", bad, bad, "--config", paths["config.json"])
    else:
        options = ["--config", paths["config.json"], "--key", paths["alpha.key"], "--sequence", 1, "-o", out]
        done = invoke("market", "report", market / "alpha.csv", *options)
    assert done.code == 2
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
    assert not out.exists()
    assert invoke("market", "show", bad).code == 2


def test_nothing_is_overwritten_unasked(market: Path, tmp_path: Path) -> None:
    out = tmp_path / "snapshot.json"
    out.write_text("mine")
    assert agree(market, out).code == 2
    assert out.read_text() == "mine"
    assert agree(market, out, options=("--force",)).code == 0


def test_show_says_what_each_document_holds(market: Path, tmp_path: Path) -> None:
    assert "report 1 of alpha for spot" in invoke("market", "show", market / "alpha.report").stdout
    assert "3 of 3 signers must agree on BTC, BTC-CALL" in invoke("market", "show", market / "config.json").stdout
    bundle = tmp_path / "reports.json"
    assert agree(market, tmp_path / "s.json", options=("--bundle", bundle)).code == 0
    assert len(invoke("market", "show", bundle, "--json").json["reports"]) == 3


def test_prices_are_imported_from_the_exchanges_columns(tmp_path: Path) -> None:
    for symbol, times in (("BTC", (1, 2, 3)), ("ETH", (1, 3, 4))):
        rows = "".join(f"{time},9,{time * 10}\n" for time in times)
        (tmp_path / f"{symbol}.csv").write_text("Open time,Volume,Close\n" + rows)
    out = tmp_path / "history.json"
    words = ["--column", "time=Open time", "--column", "close=Close", "--time-unit", "s"]
    files = [tmp_path / "BTC.csv", tmp_path / "ETH.csv"]
    done = invoke(
        "market", "import", "prices", *files, *words, "--symbol", "BTC", "--symbol", "ETH", "-o", out, "--json"
    )
    assert done.code == 0, done.stderr
    assert done.json == {"history": str(out), "symbols": ["BTC", "ETH"], "times": 2, "left_out": 2}
    assert json.loads(out.read_text())["rows"] == [[1000, "10", "10"], [3000, "30", "30"]]
    assert "2 times, 1000 to 3000 ms" in invoke("market", "show", out).stdout
    one_symbol = invoke("market", "import", "prices", *files, *words, "--symbol", "BTC", "-o", tmp_path / "x.json")
    assert one_symbol.code == 2
    assert invoke("market", "import", "prices", files[0], "--column", "close", "-o", tmp_path / "x.json").code == 2


def test_snapshots_become_a_history(market: Path, tmp_path: Path) -> None:
    first, second, out = tmp_path / "1.json", tmp_path / "2.json", tmp_path / "history.json"
    assert agree(market, first).code == 0
    for source in SOURCES:
        assert report(market, source, tmp_path / source, sequence=2, time_ms=NOW_MS + 60_000).code == 0
    later = ["--config", market / "config.json", "--now-ms", NOW_MS + 60_000, "--previous", first, "-o", second]
    assert invoke("market", "agree", *(tmp_path / source for source in SOURCES), *later).code == 0
    done = invoke("market", "history", second, first, "-o", out, "--json")
    assert done.code == 0, done.stderr
    assert (done.json["symbols"], done.json["times"]) == (["BTC"], 2)
    assert json.loads(out.read_text())["rows"] == [[NOW_MS, "64000"], [NOW_MS + 60_000, "64000"]]
    told = invoke("market", "history", first, first, "-o", out, "--force")
    assert (told.code, told.stderr) == (2, f"error: snapshots are two of {NOW_MS} ms\n")


def test_what_could_not_be_read_back_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, out = tmp_path / "prices.csv", tmp_path / "history.json"
    path.write_text("time,symbol,close\n1,BTC,1\n")
    monkeypatch.setitem(files.SIZE_LIMITS, "price history", 10)
    done = invoke("market", "import", "prices", path, "-o", out)
    assert done.code == 2
    assert "split the input" in done.stderr
    assert not out.exists()


def test_a_faulty_row_is_exit_code_2_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("time,symbol,bid,ask\n1,BTC,1,2\n2,BTC,NaN,2\n")
    done = invoke("market", "import", "prices", path, "-o", tmp_path / "x.json", "--json")
    assert (done.code, done.json["error"], done.json["line"], done.json["field"]) == (2, "row-error", 3, "bid")
    sound = tmp_path / "sound.csv"
    sound.write_text("time,symbol,bid,ask\n1,ETH,1,2\n")
    done = invoke("market", "import", "prices", sound, path, "-o", tmp_path / "x.json")
    assert done.stderr.startswith(f"error: {path}: line 3: bid is not a number")
    path.write_text("time,symbol,bid,ask\n")
    assert invoke("market", "import", "prices", path, "-o", tmp_path / "x.json").code == 2
    assert not (tmp_path / "x.json").exists()


def test_an_imported_chain_can_be_reported(market: Path, tmp_path: Path) -> None:
    path, out, quotes = tmp_path / "chain.csv", tmp_path / "chain.json", tmp_path / "quotes.json"
    path.write_text(
        "time,instrument,underlying,kind,strike,expiry,spot,bid_volatility,ask_volatility\n"
        "1,BTC-CALL,BTC,call,70000,9,64000,58,62\n"
    )
    done = invoke("market", "import", "options", path, "-o", out, "--quotes", quotes, "--json")
    assert done.code == 0, done.stderr
    assert done.json["instruments"] == ["BTC-CALL"]
    assert json.loads(out.read_text())["options"][0]["strike"] == "70000 USD"
    options = ["--config", market / "config.json", "--key", market / "alpha.key", "--sequence", 2]
    reported = invoke("market", "report", market / "alpha.csv", quotes, *options, "-o", tmp_path / "r.json")
    assert reported.code == 0, reported.stderr
    assert "1 price, implied volatilities: 1" in reported.stdout
