"""`zkmargin backtest`: files that repeat, a verdict as an exit code, and bad input as one line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from .conftest import edited, invoke

pytestmark = pytest.mark.xdist_group("cli")
SHORT = ("--days", "5", "--horizon-minutes", "10", "--no-pictures")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small backtest."""
    place = tmp_path_factory.mktemp("backtest")
    done = invoke("backtest", "run", "--seed", "1", *SHORT, "-o", place / "a")
    assert done.code == 0, done.stderr
    return place


def test_a_simulated_market_is_the_same_again_and_backtests_as_an_import(tmp_path: Path) -> None:
    for name in ("a", "b"):
        done = invoke(
            "backtest", "simulate", "--seed", "3", "--days", "5", "-o", tmp_path / f"{name}.json",
            "--chain", tmp_path / f"{name}-chain.csv", "--json",
        )  # fmt: skip
        assert done.code == 0, done.stderr
        assert done.json["rows"] == 5 * 288 + 1
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert (tmp_path / "a-chain.csv").read_bytes() == (tmp_path / "b-chain.csv").read_bytes()
    done = invoke("backtest", "run", "--history", tmp_path / "a.json", *SHORT, "-o", tmp_path / "out", "--json")
    assert done.code == 0, done.stderr
    assert json.loads((tmp_path / "out/report.json").read_text())["setup"]["source"] == "imported"
    assert len(done.json["horizons"][0]["portfolios"]) == 12


def test_prices_can_be_written_as_csv_and_nothing_else(tmp_path: Path) -> None:
    assert invoke("backtest", "simulate", "--days", "1", "-o", tmp_path / "a.csv").code == 0
    assert (tmp_path / "a.csv").read_text().startswith("time,symbol,close\n1767225600000,BTC,64000\n")
    assert invoke("backtest", "simulate", "--days", "1", "-o", tmp_path / "a.txt").code == 2


def test_the_same_run_gives_the_same_files(folder: Path) -> None:
    done = invoke("backtest", "run", "--seed", "1", *SHORT, "-o", folder / "again")
    assert done.code == 0
    for name in ("report.json", "report.csv"):
        assert (folder / "a" / name).read_bytes() == (folder / "again" / name).read_bytes()
    assert "long-perp" in done.stdout
    assert "no coverage is rejected" in done.stdout


def test_a_report_is_told_and_drawn_again(folder: Path, tmp_path: Path) -> None:
    done = invoke("backtest", "report", folder / "a/report.json", "-o", tmp_path / "drawn", "--json")
    assert done.code == 0, done.stderr
    assert done.json["covered"] is True
    assert (tmp_path / "drawn/report.csv").read_bytes() == (folder / "a/report.csv").read_bytes()
    assert len(list((tmp_path / "drawn").glob("*.svg"))) == 6
    assert invoke("backtest", "report", folder / "a/report.json").stdout.count("%") == 12


def test_a_rejected_coverage_is_exit_code_1_and_its_files_are_there(tmp_path: Path) -> None:
    weak = ("backtest", "run", "--seed", "1", *SHORT, "--confidence", "1", "-o", tmp_path / "weak")
    done = invoke(*weak, "--require-coverage", "--json")
    assert (done.code, done.json["error"]) == (1, "coverage-rejected")
    assert "long-perp at 10 min" in done.json["message"]
    again = invoke("backtest", "report", tmp_path / "weak/report.json", "--require-coverage")
    assert again.code == 1
    assert again.stderr.startswith("error: a coverage of 99.9 % is rejected for ")
    assert invoke(*weak, "--force").code == 0, "without --require-coverage the verdict is only told"


@pytest.mark.parametrize(
    "options",
    [
        ("--coverage", "100"),
        ("--coverage", "1e1"),
        ("--confidence", "0"),
        ("--significance", "nan"),
        ("--days", "1"),
        ("--horizon-minutes", "7"),
        ("--horizon-minutes", "10", "--horizon-minutes", "10"),
        ("--history", "x.json"),
    ],
)
def test_options_that_make_no_backtest(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = invoke("backtest", "run", "--seed", "1", "--days", "5", *options, "-o", tmp_path / "out")
    assert done.code == 2
    assert done.stderr.startswith("error: ")
    assert "internal error" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_outputs_are_not_overwritten(folder: Path) -> None:
    assert invoke("backtest", "run", "--seed", "1", *SHORT, "-o", folder / "a").code == 2


def test_a_report_of_another_format_is_bad_input(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "report.json"
    copy.write_bytes((folder / "a/report.json").read_bytes())
    edited(copy, lambda document: document.update(format="zkmargin.backtest-report/9"))
    assert invoke("backtest", "report", copy).code == 2
    copy.write_text("{")
    assert invoke("backtest", "report", copy).code == 2


def test_a_missing_painter_is_missed_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr("zkmargin.settlement.backtest.study.run_study", lambda *_: pytest.fail("the work was begun"))
    done = invoke("backtest", "run", "--seed", "1", "--days", "5", "-o", tmp_path / "out")
    assert (done.code, done.stderr) == (2, "error: this needs the package matplotlib: pip install 'zkmargin[plots]'\n")


def test_the_figures_are_told_as_tables(folder: Path) -> None:
    told = invoke("backtest", "report", folder / "a/report.json", "--markdown")
    assert told.code == 0, told.stderr
    assert told.stdout.startswith("| coin | volatility |")
    tables = invoke("backtest", "report", folder / "a/report.json", "--markdown", "--json").json["tables"]
    assert "\n\n".join(tables.values()) == told.stdout.rstrip("\n")
    assert list(tables)[:2] == ["returns", "coverage"]
